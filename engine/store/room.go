package store

import (
	"fmt"
)

// RoomError means that a share does not fit on the disk it is to be written to.
// It is found out before anything is written.
type RoomError struct {
	// Needed is what is still missing, Free what can be written, in bytes.
	Needed, Free int64
}

// Error implements error.
func (e *RoomError) Error() string {
	return fmt.Sprintf("store: %d bytes are needed and %d are free", e.Needed, e.Free)
}

// checkRoom makes sure that what is missing fits on the disk. A disk that does
// not tell how much is free is tried.
func (s *Sink) checkRoom() error {
	measure := s.config.Free
	if measure == nil {
		measure = Free
	}
	needed := s.missing()
	if needed == 0 {
		return nil
	}
	free, err := measure(s.config.Dir)
	if err != nil {
		s.problems.log.Info("cannot find out how much room there is", "folder", s.config.Dir, "error", err)
		return nil
	}
	if free < needed {
		return &RoomError{Needed: needed, Free: free}
	}
	return nil
}

// missing is what is still to be written of the wanted files, in bytes. What the
// journal has ever heard of a piece counts as written, for its room is taken.
func (s *Sink) missing() int64 {
	var missing int64
	for _, e := range s.content.entries {
		if !e.left {
			missing += e.size
		}
	}
	if s.past == nil {
		return missing
	}
	for piece := range s.past.lastOfPieces() {
		missing -= s.content.layout.inFiles(piece)
	}
	return max(missing, 0)
}
