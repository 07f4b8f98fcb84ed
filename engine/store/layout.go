package store

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/anacrolix/torrent/metainfo"
)

// noFile stands for bytes of the torrent that belong to no file on disk:
// padding. They read as zeros and are dropped when written.
const noFile = -1

// extent is a run of the torrent's bytes that lies in one file, from base on.
type extent struct {
	start, length int64
	file          int
	base          int64
}

// layout says which bytes of a torrent lie in which file. It is immutable.
type layout struct {
	// extents are ordered, not empty, and do not overlap.
	extents     []extent
	total       int64
	pieceLength int64
	pieces      int
	// wanted are the pieces of the chosen files; nil are all. What else is in
	// them lies in the file with the index rest, of restSize bytes.
	wanted   []bool
	rest     int
	restSize int64
}

// span is a part of one file, or of padding, and the part of the torrent's
// bytes that goes there.
type span struct {
	file           int
	offset, length int64
}

// spans are the parts that make up length bytes of the torrent from offset on;
// they end at the torrent's end.
func (l *layout) spans(offset, length int64) iter.Seq[span] {
	return func(yield func(span) bool) {
		end := min(offset+length, l.total)
		i, _ := slices.BinarySearchFunc(l.extents, offset, func(e extent, at int64) int {
			return cmp.Compare(e.start+e.length, at+1)
		})
		for offset < end {
			next := span{file: noFile, length: end - offset}
			if i < len(l.extents) {
				if e := l.extents[i]; e.start > offset {
					next.length = min(next.length, e.start-offset)
				} else {
					next = span{e.file, e.base + offset - e.start, min(end, e.start+e.length) - offset}
					i++
				}
			}
			if !yield(next) {
				return
			}
			offset += next.length
		}
	}
}

// piece returns where a piece begins and how long it is.
func (l *layout) piece(index int) (offset, length int64) {
	offset = int64(index) * l.pieceLength
	return offset, min(l.pieceLength, l.total-offset)
}

// entry is a file or empty folder of a torrent.
type entry struct {
	path       []string
	size       int64
	executable bool
	// dir marks an empty folder.
	dir bool
	// left marks what is not wanted.
	left bool
}

// content is what an info dictionary describes, without its padding.
type content struct {
	name string
	// single says that there is one entry, a file, and no folder around it.
	single  bool
	entries []entry
	layout  layout
}

// readInfo checks an info dictionary, which comes from a stranger, and finds
// out what is in it.
func readInfo(info *metainfo.Info) (*content, error) {
	if n := len(info.Files); n > MaxFiles+1 {
		return nil, fmt.Errorf("%w: %d files", ErrBadShare, n)
	}
	if info.PieceLength <= 0 || info.PieceLength > maxPieceLength {
		return nil, fmt.Errorf("%w: pieces of %d bytes", ErrBadShare, info.PieceLength)
	}
	c := &content{name: info.BestName()}
	c.layout.pieceLength = info.PieceLength
	for file := range info.UpvertedFilesIter() {
		if err := c.add(info, file); err != nil {
			return nil, err
		}
	}
	c.layout.pieces = info.NumPieces()
	if want := (c.layout.total + info.PieceLength - 1) / info.PieceLength; want != int64(c.layout.pieces) {
		return nil, fmt.Errorf("%w: %d pieces instead of %d", ErrBadShare, c.layout.pieces, want)
	}
	c.single = !info.IsDir() || info.Attr == attrSingle && len(c.entries) == 1 && !c.entries[0].dir
	return c, nil
}

func (c *content) add(info *metainfo.Info, file metainfo.FileInfo) error {
	if file.Length < 0 || file.TorrentOffset < c.layout.total || file.Length > math.MaxInt64/4-file.TorrentOffset {
		return fmt.Errorf("%w: a file of %d bytes", ErrBadShare, file.Length)
	}
	c.layout.total = file.TorrentOffset + file.Length
	attr := file.Attr
	if !info.IsDir() {
		attr = info.Attr
	}
	index := noFile
	switch {
	case attr == attrDirectory && file.Length == 0:
		c.entries = append(c.entries, entry{path: file.BestPath(), dir: true})
	case info.IsDir() && strings.ContainsAny(attr, attrPadding+attrLink):
		// Padding is nobody's file, and links are not made.
	default:
		index = len(c.entries)
		path := file.BestPath()
		if !info.IsDir() {
			path = []string{info.BestName()}
		}
		c.entries = append(c.entries, entry{
			path: path, size: file.Length, executable: strings.Contains(attr, attrExecutable)})
	}
	if file.Length > 0 {
		c.layout.extents = append(c.layout.extents, extent{start: file.TorrentOffset, length: file.Length, file: index})
	}
	return nil
}
