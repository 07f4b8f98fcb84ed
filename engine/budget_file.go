package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

const (
	budgetName    = "relayed.json"
	budgetLock    = "relayed.lock"
	budgetVersion = 1
	// budgetMonths bounds the months that are remembered.
	budgetMonths = 13
	// lockWait is how long another process may have a file of the state folder.
	lockWait = 500 * time.Millisecond
)

// budgetFile keeps the counts of relayed bytes in the state folder. Several
// processes may share that, so counts are added to what the file says under a
// lock, and never written over. Its methods wait for the disk.
type budgetFile struct{ folder string }

// budgetContent is what the file says.
type budgetContent struct {
	Version int              `json:"version"`
	Months  map[string]usage `json:"months"`
}

// read returns the counts by month. A file that is damaged is moved aside,
// which is an error once, and counts from nothing afterwards.
func (f *budgetFile) read() (map[string]usage, error) {
	at := filepath.Join(f.folder, budgetName)
	text, err := os.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]usage{}, nil
	}
	if err != nil {
		return nil, err
	}
	var content budgetContent
	if err := json.Unmarshal(text, &content); err != nil || content.Version < 1 {
		aside := fmt.Sprintf("%s.damaged-%d", at, time.Now().Unix())
		err = errors.Join(fmt.Errorf("engine: %s is damaged", at), err, os.Rename(at, aside))
		return map[string]usage{}, err
	}
	if content.Version > budgetVersion {
		return nil, fmt.Errorf("engine: %s was written by a newer Causeway", at)
	}
	if content.Months == nil { // left out, or null
		content.Months = map[string]usage{}
	}
	for month, counted := range content.Months {
		content.Months[month] = counted.checked()
	}
	return content.Months, nil
}

// checked drops counts that cannot be, of a file that somebody has edited.
func (u usage) checked() usage {
	u.Direct = max(u.Direct, 0)
	maps.DeleteFunc(u.Relays, func(_ string, bytes int64) bool { return bytes < 0 })
	return u
}

// load reads the counts as of now.
func (f *budgetFile) load() (map[string]usage, error) {
	var known map[string]usage
	err := locked(f.folder, budgetLock, func() (err error) {
		known, err = f.read()
		return err
	})
	if known == nil {
		known = map[string]usage{}
	}
	return known, err
}

// add adds to the counts and returns the sums, with what other processes have
// added. An error leaves the file as it was.
func (f *budgetFile) add(since map[string]usage) (map[string]usage, error) {
	var known map[string]usage
	err := locked(f.folder, budgetLock, func() (err error) {
		if known, err = f.read(); err != nil || len(since) == 0 {
			return err
		}
		for month, counted := range since {
			known[month] = known[month].plus(counted)
		}
		months := slices.Sorted(maps.Keys(known))
		for _, old := range months[:max(0, len(months)-budgetMonths)] {
			delete(known, old)
		}
		text, err := json.MarshalIndent(budgetContent{budgetVersion, known}, "", "  ")
		if err != nil {
			return err
		}
		return replaceFile(f.folder, budgetName, text)
	})
	return known, err
}

// locked runs work while nobody else with the same lock in a state folder does,
// in this process or another.
func locked(folder, name string, work func() error) error {
	lock := flock.New(filepath.Join(folder, name), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return fmt.Errorf("engine: another Causeway holds %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	return work()
}
