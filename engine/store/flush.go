package store

import (
	"crypto/sha1"
	"errors"
	"time"
)

const (
	// flushDelay is how long a verified piece waits for others at most, and
	// flushBytes how much may wait.
	flushDelay = 500 * time.Millisecond
	flushBytes = 64 << 20
	// retryDelay is the pause after a failed flush.
	retryDelay = 2 * time.Second
)

var errNotOnDisk = errors.New("a piece did not reach the disk")

// flushSoon has verified pieces synced behind the scenes.
func (s *Sink) flushSoon(now bool) {
	s.timing.Lock()
	defer s.timing.Unlock()
	delay := flushDelay
	if now {
		delay = 0
	}
	if s.timer == nil {
		s.startTimer(delay)
	} else if now && s.timer.Stop() {
		s.timer.Reset(0)
	}
}

func (s *Sink) startTimer(delay time.Duration) {
	s.flushes.Add(1)
	s.timer = time.AfterFunc(delay, func() {
		defer s.flushes.Done()
		s.timing.Lock()
		s.timer = nil
		s.timing.Unlock()
		s.flush() // reports its errors itself
	})
}

// stopFlushing ends the timer and waits for a flush that it has started.
func (s *Sink) stopFlushing() {
	s.timing.Lock()
	if s.timer != nil && s.timer.Stop() {
		s.timer = nil
		s.flushes.Done()
	}
	s.timing.Unlock()
	s.flushes.Wait()
}

// flush syncs what was verified and journals it. What fails is tried again.
func (s *Sink) flush() error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed || s.partial == nil {
		return nil
	}
	batch := s.ledger.take()
	if len(batch) == 0 {
		return nil
	}
	err := s.rewriteSuspects(batch)
	if err == nil {
		err = s.partial.sync(s.partial.filesOf(batch))
	}
	if err == nil {
		err = s.ledger.commit()
	}
	if err != nil {
		s.ledger.putBack()
		s.problems.report(aboutSyncing, err)
		s.timing.Lock()
		defer s.timing.Unlock()
		if s.timer == nil {
			s.startTimer(retryDelay)
		}
		return err
	}
	s.problems.over(aboutSyncing)
	s.problems.over(aboutJournal)
	return nil
}

// rewriteSuspects writes again what may not have reached the disk when a sync
// failed: the kernel counts it as written, so another sync alone would succeed
// without it.
func (s *Sink) rewriteSuspects(batch []int) error {
	for _, piece := range batch {
		if !s.partial.suspicious(piece) {
			continue
		}
		offset, length := s.content.layout.piece(piece)
		b := make([]byte, length)
		_, err := s.partial.readAt(b, offset, true)
		want, known := pieceHash(s.info, piece)
		switch {
		case err != nil:
			return err
		case !known || sha1.Sum(b) != want:
			s.problems.report(aboutReading, writeError("sync", s.inDir(s.folder), errNotOnDisk))
			if err := s.ledger.lose(piece); err != nil {
				return err
			}
			continue
		}
		if _, err := s.partial.writeAt(b, offset); err != nil {
			return err
		}
	}
	return nil
}

// rest closes the files after the client has dropped the torrent; they are
// opened again when they are needed.
func (s *Sink) rest() error {
	err := s.flush()
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
	case s.placed != nil:
		s.placed.close()
	case s.partial != nil:
		s.partial.handles.closeAll()
	}
	return err
}

// Close syncs and journals what was verified and closes everything. A Sink that
// was closed cannot be used again. It is safe to call Close more than once.
func (s *Sink) Close() error {
	err := s.flush()
	s.shut()
	return err
}

// shut ends the Sink without another sync.
func (s *Sink) shut() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.mu.Unlock()
	s.stopFlushing()
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placed != nil {
		s.placed.close()
	}
	if s.partial != nil {
		s.partial.close()
	}
	if s.ledger != nil {
		s.ledger.journal.close()
	}
}
