package store

import (
	"errors"
	"io"

	"github.com/anacrolix/torrent/storage"
)

// sinkPiece is a piece of a share that is being received or was finished.
type sinkPiece struct {
	sink  *Sink
	index int
}

// The subjects of problems that are not about one file in place.
const (
	aboutWriting = "writing"
	aboutJournal = "journal"
	aboutSyncing = "syncing"
	aboutReading = "reading"
)

// ReadAt reads from the partial or the finished files.
func (p sinkPiece) ReadAt(b []byte, offset int64) (int, error) {
	s := p.sink
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0, ErrClosed
	}
	if !s.content.layout.wants(p.index) {
		return 0, io.EOF // was never fetched
	}
	start, _ := s.content.layout.piece(p.index)
	if s.placed != nil {
		return s.placed.readAt(b, start+offset)
	}
	n, err := s.partial.readAt(b, start+offset, s.ledger.has(p.index))
	if err != nil && !errors.Is(err, io.EOF) {
		s.problems.report(aboutReading, err)
	}
	return n, err
}

// WriteAt writes to the partial files. A piece that is here and right is left
// alone. After an error the same bytes can be written again.
func (p sinkPiece) WriteAt(b []byte, offset int64) (int, error) {
	s := p.sink
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return 0, ErrClosed
	case s.placed != nil:
		return 0, ErrReadOnly
	case !s.content.layout.wants(p.index):
		return 0, ErrChoice
	}
	wanted, err := s.ledger.begin(p.index)
	if err != nil {
		s.problems.report(aboutJournal, err)
		return 0, err
	}
	if !wanted {
		return len(b), nil
	}
	start, _ := s.content.layout.piece(p.index)
	n, err := s.partial.writeAt(b, start+offset)
	s.noteWrite(writePlace{p.index, offset}, err)
	return n, err
}

// writePlace is where a chunk is written.
type writePlace struct {
	piece  int
	offset int64
}

// noteWrite reports trouble with writing. It counts as over when what failed
// first succeeds: other chunks may still find room on a full disk.
func (s *Sink) noteWrite(at writePlace, err error) {
	switch first := s.failedAt.Load(); {
	case err != nil:
		s.failedAt.CompareAndSwap(nil, &at)
		s.problems.report(aboutWriting, err)
	case first != nil && *first == at && s.failedAt.CompareAndSwap(first, nil):
		s.problems.over(aboutWriting)
	}
}

// MarkComplete notes that the piece's hash was right, and sees to it that the
// disk and then the journal have it soon.
func (p sinkPiece) MarkComplete() error {
	s := p.sink
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.placed != nil:
		return nil
	case !s.content.layout.wants(p.index):
		return ErrChoice // nothing of it was kept
	}
	waiting, err := s.ledger.verified(p.index)
	if err != nil {
		s.problems.report(aboutJournal, err)
	}
	if waiting > 0 {
		s.flushSoon(waiting >= flushBytes)
	}
	return err
}

// MarkNotComplete notes that the piece's hash was wrong. A finished share is
// never fetched again on its own: that would overwrite the user's files.
func (p sinkPiece) MarkNotComplete() error {
	s := p.sink
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.placed != nil:
		return nil
	}
	if err := s.ledger.lose(p.index); err != nil {
		s.problems.report(aboutJournal, err)
		return err
	}
	return nil
}

// Completion is unknown for a piece that a dead process may have written, which
// makes the client look at it before it fetches it.
func (p sinkPiece) Completion() storage.Completion {
	s := p.sink
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return storage.Completion{Err: ErrClosed}
	case s.placed != nil:
		return storage.Completion{Ok: true, Complete: s.content.layout.wants(p.index)}
	}
	return s.ledger.completion(p.index)
}
