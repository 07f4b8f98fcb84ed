// Package store is what a transfer keeps on disk. It lists and hashes what is
// shared, reads it in place without ever touching it, and writes what arrives
// below one fresh folder, with a journal of the pieces that are safely there.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
)

// The errors of this package. Those about a file also wrap an *fs.PathError
// with its path.
var (
	// ErrNothing means that no path was given.
	ErrNothing = errors.New("store: nothing to share")
	// ErrUnreadable means that a file or folder cannot be opened or read.
	ErrUnreadable = errors.New("store: cannot read")
	// ErrChanged means that a file is not the one that was listed or received.
	ErrChanged = errors.New("store: file changed")
	// ErrMissing means that a file or folder is no longer where it was.
	ErrMissing = errors.New("store: missing")
	// ErrTooLarge means that a share has too many files for one torrent.
	ErrTooLarge = errors.New("store: too many files for one share")
	// ErrMismatch means that an info dictionary is not that of the manifest.
	ErrMismatch = errors.New("store: the info is of another share")
	// ErrReadOnly means that somebody tried to write to finished or shared files.
	ErrReadOnly = errors.New("store: the files are read only")
	// ErrBadShare means that a share cannot be stored safely.
	ErrBadShare = errors.New("store: share cannot be stored safely")
	// ErrDiskFull means that the disk or a quota has no room left.
	ErrDiskFull = errors.New("store: disk full")
	// ErrCannotWrite means that the download folder cannot be written to.
	ErrCannotWrite = errors.New("store: cannot write")
	// ErrJournal means that a journal is damaged or belongs to another share.
	ErrJournal = errors.New("store: unusable journal")
	// ErrIncomplete means that pieces are missing.
	ErrIncomplete = errors.New("store: pieces are missing")
	// ErrClosed means that the Sink or Source was closed.
	ErrClosed = errors.New("store: closed")
)

// MaxFiles is the largest number of files and empty folders in a share.
const MaxFiles = 1_000_000

// fileError joins one of the package's errors with the file it is about.
func fileError(kind error, op, path string, cause error) error {
	var at *fs.PathError
	if errors.As(cause, &at) {
		cause = at.Err
	}
	return fmt.Errorf("%w: %w", kind, &fs.PathError{Op: op, Path: path, Err: cause})
}

// readError chooses the error for a source that could not be opened or read.
func readError(op, path string, cause error) error {
	switch {
	case errors.Is(cause, fs.ErrNotExist):
		return fileError(ErrMissing, op, path, cause)
	default:
		return fileError(ErrUnreadable, op, path, cause)
	}
}

// writeError chooses the error for a file that could not be written.
func writeError(op, path string, cause error) error {
	switch {
	case isDiskFull(cause):
		return fileError(ErrDiskFull, op, path, cause)
	case errors.Is(cause, fs.ErrNotExist):
		return fileError(ErrMissing, op, path, cause)
	default:
		return fileError(ErrCannotWrite, op, path, cause)
	}
}

// problems reports each trouble once, until it was over and comes again.
type problems struct {
	channel chan error
	log     *slog.Logger
	mu      sync.Mutex
	told    map[string]struct{}
}

func newProblems(log *slog.Logger) *problems {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &problems{channel: make(chan error, 16), log: log, told: map[string]struct{}{}}
}

// report never waits: with a full channel the error is only logged.
func (p *problems) report(subject string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.told[subject]; known {
		return
	}
	p.told[subject] = struct{}{}
	select {
	case p.channel <- err:
	default:
		p.log.Warn("nobody reads the store's problems", "error", err)
	}
}

// over forgets a trouble, so that its return is reported again.
func (p *problems) over(subject string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.told, subject)
}
