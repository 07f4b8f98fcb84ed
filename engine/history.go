package engine

import (
	"context"
	"errors"
	"time"
)

// Finished is a transfer that came to its end. It stays when the transfer is
// removed.
type Finished struct {
	ID        TransferID
	Name      string
	Direction Direction
	Files     int
	// Total is in bytes, as are the next three: how the payload went, both ways.
	Total                                 int64
	LANBytes, InternetBytes, RelayedBytes int64
	// Receivers counts those that have had everything; of a received share it is 0.
	Receivers int
	// Peers are the names of the computers it went to or came from.
	Peers []string
	// Began is when it was added, Finished when everything had arrived.
	Began, Finished time.Time
	// Placed is where it lies: of a sent share its first file or folder.
	Placed string
}

// History lists what was finished, the newest first.
func (e *Engine) History(ctx context.Context) ([]Finished, error) {
	return nil, errors.ErrUnsupported
}

// ForgetHistory takes transfers out of the history, or all where none is named.
// No file is touched.
func (e *Engine) ForgetHistory(ctx context.Context, ids ...TransferID) error {
	return errors.ErrUnsupported
}
