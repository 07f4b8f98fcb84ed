package engine

import (
	"context"
	"errors"
	"time"
)

// TestSTUN asks a STUN server of the settings, by a stun: URI, for this
// computer's address and returns the round trip. The error is a
// *netcheck.Failure where the server is at fault.
func (e *Engine) TestSTUN(ctx context.Context, uri string) (time.Duration, error) {
	return 0, errors.ErrUnsupported
}

// TestRendezvous connects to a tracker and announces nothing to anybody; it
// returns how long that took. The error says what failed.
func (e *Engine) TestRendezvous(ctx context.Context, url string) (time.Duration, error) {
	return 0, errors.ErrUnsupported
}
