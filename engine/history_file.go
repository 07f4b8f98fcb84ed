package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	historyName    = "history.json"
	historyLock    = "history.lock"
	historyVersion = 1
	// historyMost is how many finished transfers are remembered.
	historyMost = 10_000
)

// errHistoryDamaged means that the history was unreadable and was moved aside.
var errHistoryDamaged = errors.New("engine: the history was damaged")

// historyFile keeps what was finished in the state folder. Several processes may
// share that, so each changes what the file says under a lock. Its methods wait
// for the disk.
type historyFile struct{ folder string }

// historyContent is what the file says, the newest first.
type historyContent struct {
	Version  int         `json:"version"`
	Finished []historied `json:"finished"`
}

// historied is a Finished as the file has it.
type historied struct {
	ID            TransferID `json:"id"`
	Name          string     `json:"name"`
	Direction     Direction  `json:"direction"`
	Files         int        `json:"files"`
	Total         int64      `json:"total"`
	LANBytes      int64      `json:"lan_bytes,omitempty"`
	InternetBytes int64      `json:"internet_bytes,omitempty"`
	RelayedBytes  int64      `json:"relayed_bytes,omitempty"`
	Receivers     int        `json:"receivers,omitempty"`
	Peers         []string   `json:"peers,omitempty"`
	Began         time.Time  `json:"began"`
	Finished      time.Time  `json:"finished"`
	Placed        string     `json:"placed,omitempty"`
}

// possible reports whether an entry can be shown; somebody may have edited it.
func (h historied) possible() bool {
	return h.ID != "" && (h.Direction == Send || h.Direction == Receive) &&
		min(int64(h.Files), h.Total, h.LANBytes, h.InternetBytes, h.RelayedBytes, int64(h.Receivers)) >= 0
}

func (f *historyFile) path() string { return filepath.Join(f.folder, historyName) }

// read returns what the file says, the newest first. A damaged file is moved
// aside: that is errHistoryDamaged once, with no entries.
func (f *historyFile) read() ([]Finished, error) {
	text, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var content historyContent
	var format struct{ Version int }
	err = json.Unmarshal(text, &format)
	if err == nil && format.Version > historyVersion {
		return nil, fmt.Errorf("engine: %s was written by a newer Causeway", f.path())
	}
	if err = cmp.Or(err, json.Unmarshal(text, &content)); err != nil || content.Version < 1 {
		aside := fmt.Sprintf("%s.damaged-%d", f.path(), time.Now().Unix())
		if moving := os.Rename(f.path(), aside); moving != nil {
			return nil, moving
		}
		return nil, errors.Join(fmt.Errorf("%w: it is now %s", errHistoryDamaged, aside), err)
	}
	all := make([]Finished, 0, len(content.Finished))
	for _, entry := range content.Finished {
		if entry.possible() {
			all = append(all, Finished(entry))
		}
	}
	return newestFirst(all), nil
}

func newestFirst(all []Finished) []Finished {
	slices.SortStableFunc(all, func(a, b Finished) int {
		return cmp.Or(b.Finished.Compare(a.Finished), cmp.Compare(a.ID, b.ID))
	})
	return all[:min(len(all), historyMost)]
}

// load is read while no other process writes.
func (f *historyFile) load() (all []Finished, err error) {
	lockErr := locked(f.folder, historyLock, func() error {
		all, err = f.read()
		return nil
	})
	return all, cmp.Or(lockErr, err)
}

// apply makes changes to what the file says. An error other than
// errHistoryDamaged leaves the file as it was.
func (f *historyFile) apply(changes []historyChange) error {
	var damaged error
	err := locked(f.folder, historyLock, func() error {
		all, err := f.read()
		if errors.Is(err, errHistoryDamaged) {
			damaged, err = err, nil
		}
		if err != nil {
			return err
		}
		for _, change := range changes {
			all = change.to(all)
		}
		content := historyContent{Version: historyVersion, Finished: make([]historied, 0, len(all))}
		for _, entry := range newestFirst(all) {
			content.Finished = append(content.Finished, historied(entry))
		}
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		return replaceFile(f.folder, historyName, text)
	})
	return cmp.Or(err, damaged)
}

// fileStamp tells whether a file has changed.
type fileStamp struct {
	at   time.Time
	size int64
}

// stamp is zero where there is no file.
func (f *historyFile) stamp() fileStamp {
	info, err := os.Stat(f.path())
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.ModTime(), info.Size()}
}
