package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Finish puts a share that is all here under its final name and returns the
// absolute path. It never takes the place of something else: where the name is
// taken it adds " (2)", " (3)" and so on. The files are on the disk when it
// returns, and are served from there. Called again it returns the same path.
// Missing pieces give ErrIncomplete; after an error it can be called again.
func (s *Sink) Finish(ctx context.Context) (string, error) {
	s.finishing.Lock()
	defer s.finishing.Unlock()
	if done, err := s.checkReady(); done || err != nil {
		path, _ := s.Path()
		if err != nil {
			path = ""
		}
		return path, err
	}
	if err := s.flush(); err != nil {
		return "", err
	}
	latest, err := s.complete(ctx)
	if err != nil {
		return "", err
	}
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch owned, stores := s.ledger.counts(); {
	case s.closed:
		return "", ErrClosed
	case owned < s.content.layout.wantedPieces() || stores < owned:
		return "", fmt.Errorf("%w: one was lost", ErrIncomplete)
	}
	return s.moveToFinal(latest)
}

// checkReady reports whether there is nothing left to do, or why it cannot be
// done now.
func (s *Sink) checkReady() (done bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return false, ErrClosed
	case s.placed != nil, s.final != "":
		return true, nil
	case s.ledger == nil:
		return false, fmt.Errorf("%w: nothing was received yet", ErrIncomplete)
	}
	if owned, _ := s.ledger.counts(); owned < s.content.layout.wantedPieces() {
		return false, fmt.Errorf("%w: %d of %d are here", ErrIncomplete, owned, s.content.layout.wantedPieces())
	}
	return false, nil
}

// complete makes what has no bytes, checks the files against their sizes, sets
// permissions, and syncs that. It returns the newest modification time.
func (s *Sink) complete(ctx context.Context) (latest time.Time, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return latest, ErrClosed
	}
	touched := map[int]struct{}{}
	latest = time.Unix(0, 0)
	for i, e := range s.content.entries {
		if err := ctx.Err(); err != nil {
			return latest, err
		}
		if e.left {
			continue
		}
		changed, modTime, err := s.partial.complete(i, e)
		if err != nil {
			s.problems.report(aboutWriting, err)
			return latest, err
		}
		if changed {
			touched[i] = struct{}{}
		}
		if modTime.After(latest) {
			latest = modTime
		}
	}
	if err := s.partial.sync(touched); err != nil {
		s.problems.report(aboutSyncing, err)
		return latest, err
	}
	modTime, err := s.partial.restTime()
	if modTime.After(latest) {
		latest = modTime
	}
	return latest, err
}

// restTime is when the file of the rest was last written to, and makes sure that
// all of it is there.
func (p *partial) restTime() (time.Time, error) {
	if p.rest == "" {
		return time.Time{}, nil
	}
	info, err := os.Lstat(p.rest)
	if err != nil {
		return time.Time{}, readError("finish", p.rest, err)
	}
	if info.Size() != p.layout.restSize {
		return time.Time{}, fileError(ErrChanged, "finish", p.rest, errNotTheSame)
	}
	return info.ModTime(), nil
}

// complete makes or checks one entry. It reports whether it has to be synced,
// and a file's modification time.
func (p *partial) complete(index int, e entry) (changed bool, modTime time.Time, err error) {
	if e.dir {
		if err := p.makeFolder(p.names[index]); err != nil {
			return false, modTime, writeError("create", p.fullPath(index), err)
		}
		return false, modTime, nil
	}
	if e.size == 0 && !p.made(index) {
		h, err := p.handles.acquire(index, p.open)
		if err != nil {
			return false, modTime, err
		}
		p.handles.release(h)
		changed = true
	}
	info, err := p.root.Lstat(p.names[index])
	if err != nil {
		return false, modTime, readError("finish", p.fullPath(index), err)
	}
	if !info.Mode().IsRegular() || info.Size() != e.size {
		return false, modTime, fileError(ErrChanged, "finish", p.fullPath(index), errNotTheSame)
	}
	if e.executable && runtime.GOOS != "windows" {
		// Whoever may read it may run it; never more than these nine bits.
		mode := info.Mode().Perm()
		if err := p.root.Chmod(p.names[index], mode|mode&0o444>>2); err != nil {
			return false, modTime, writeError("chmod", p.fullPath(index), err)
		}
		changed = true
	}
	if changed {
		p.mark(index)
	}
	return changed, info.ModTime(), nil
}

// moveToFinal moves the folder, or the single file in it, with nothing open.
func (s *Sink) moveToFinal(latest time.Time) (string, error) {
	inner := ""
	if s.content.single {
		inner = s.partial.names[0]
	}
	names, rest := s.partial.names, s.partial.rest
	s.partial.close()
	finished, err := s.move(inner, latest)
	if err == nil {
		err = s.ledger.record(finished)
	}
	if err != nil && finished.Kind == 0 {
		// Nothing was moved: go on with the partial folder.
		again, reopening := openPartial(s.inDir(s.folder), &s.content.layout, names, rest)
		if reopening == nil {
			again.survey()
			s.partial = again
		}
		s.problems.report(aboutWriting, err)
		return "", errors.Join(err, reopening)
	}
	if err != nil {
		// The next start finds out by itself; the files are where they belong.
		s.problems.report(aboutJournal, err)
	}
	if s.content.single {
		os.Remove(s.inDir(s.folder))
	}
	s.final = finished.Name
	s.placed = newInPlace(s.content.layout, s.finalFiles(names, finished), s.problems)
	s.partial = nil
	return s.inDir(s.final), nil
}

// move finds a free name, journals it and moves. The record it returns is empty
// when nothing was moved.
func (s *Sink) move(inner string, latest time.Time) (Record, error) {
	from, base := s.inDir(s.folder, inner), s.shareName(s.rules)
	for n := 1; n < maxNumbering; n++ {
		name := s.rules.numbered(base, n, !s.content.single)
		if _, err := os.Lstat(s.inDir(name)); err == nil {
			continue
		}
		target := Record{Kind: TargetChosen, Name: name, Inner: inner, Latest: latest}
		if err := s.ledger.record(target); err != nil {
			return Record{}, err
		}
		err := renameNoReplace(from, s.inDir(name))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return Record{}, writeError("move", from, err)
		}
		if err := syncFolder(s.inDir(name)); err != nil {
			s.problems.log.Warn("cannot sync the download folder", "error", err)
		}
		return Record{Kind: Finished, Name: name, Latest: latest}, nil
	}
	return Record{}, writeError("move", from, fs.ErrExist)
}

// Discard closes the Sink and deletes the journal and, unless the share was
// finished, the partial folder. Files in it that are not the share's are left,
// and the folder with them, where the share is known by then; finished files
// always stay.
func (s *Sink) Discard() error {
	s.finishing.Lock()
	defer s.finishing.Unlock()
	s.shut()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.final == "" && s.claimed {
		if err := s.deletePartial(); err != nil {
			return err
		}
	}
	for _, file := range []string{s.config.Journal, s.config.Journal + restSuffix} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return writeError("delete", file, err)
		}
	}
	return nil
}

func (s *Sink) deletePartial() error {
	path := s.inDir(s.folder)
	var err error
	switch {
	case s.partial != nil:
		err = deleteOwn(path, s.partial.names)
	case s.past != nil && s.past.Stored() == 0 && !s.past.began():
		err = os.Remove(path) // nothing was ever written
	default:
		err = os.RemoveAll(path) // follows no links
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if entries, reading := os.ReadDir(path); reading == nil && len(entries) > 0 {
			s.problems.log.Info("left what is not ours in a partial folder", "folder", path, "entries", len(entries))
			return nil
		}
		return writeError("delete", path, err)
	}
	return nil
}

// began reports whether any piece was written.
func (j *Journal) began() bool {
	return slices.ContainsFunc(j.Records, func(r Record) bool { return r.Kind == PieceBegun })
}

// deleteOwn deletes the named entries and then the folders that are empty.
func deleteOwn(path string, names []string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	folders := map[string]struct{}{}
	for _, name := range names {
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			folders[dir] = struct{}{}
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			folders[name] = struct{}{} // an empty folder that other files are in
		}
	}
	deepest := make([]string, 0, len(folders))
	for dir := range folders {
		deepest = append(deepest, dir)
	}
	slices.SortFunc(deepest, func(a, b string) int {
		return strings.Count(b, string(filepath.Separator)) - strings.Count(a, string(filepath.Separator))
	})
	for _, dir := range deepest {
		root.Remove(dir)
	}
	root.Close()
	return os.Remove(path)
}
