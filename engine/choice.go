package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/causeway-app/causeway/engine/store"
)

// choice is what a receiver has chosen of a share. It is never changed.
type choice struct {
	// Files are indexes of Contents.Files in order, as "0-4,7": a hundred
	// thousand numbers would be written each time the record is.
	Files string `json:"files"`
	// Count and Bytes are how many files that is, and their size together.
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

func newChoice(indexes []int, size int64) *choice {
	if indexes == nil {
		return nil
	}
	var ranges []string
	for at := 0; at < len(indexes); {
		end := at + 1
		for end < len(indexes) && indexes[end] == indexes[end-1]+1 {
			end++
		}
		text := strconv.Itoa(indexes[at])
		if end > at+1 {
			text += "-" + strconv.Itoa(indexes[end-1])
		}
		ranges, at = append(ranges, text), end
	}
	return &choice{Files: strings.Join(ranges, ","), Count: len(indexes), Bytes: size}
}

var errChoice = errors.New("engine: the record does not say what was chosen")

// parse returns the indexes; nil, for all files, where nothing was chosen.
func (c *choice) parse() ([]int, error) {
	if c == nil {
		return nil, nil
	}
	indexes, next := []int{}, 0
	for text := range strings.SplitSeq(c.Files, ",") {
		from, to, ranged := strings.Cut(text, "-")
		if !ranged {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err = errors.Join(err, err2); err != nil || first < next || last < first || last > store.MaxFiles {
			return nil, fmt.Errorf("%w: %.40q", errChoice, text)
		}
		for ; first <= last; first++ {
			indexes = append(indexes, first)
		}
		next = last + 1
	}
	if len(indexes) != c.Count || c.Bytes < 0 {
		return nil, fmt.Errorf("%w: %d files are not %d", errChoice, len(indexes), c.Count)
	}
	return indexes, nil
}

// check makes sure that indexes can be had.
func (c *choice) check() error {
	_, err := c.parse()
	return err
}

// indexes is parse of a choice that was checked.
func (c *choice) indexes() []int {
	indexes, _ := c.parse()
	return indexes
}
