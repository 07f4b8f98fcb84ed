package engine

import (
	"context"
	"errors"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/signaling"
)

// rendezvousPatience bounds the test of one tracker.
const rendezvousPatience = 5 * time.Second

// TestSTUN asks a STUN server, which need not be of the settings, by a stun: URI
// for this computer's address and returns the round trip. It takes 5 s at most.
// The error is a *netcheck.Failure where the server is at fault, a *Problem with
// BadSetting where the URI cannot be read, or ctx's.
func (e *Engine) TestSTUN(ctx context.Context, uri string) (time.Duration, error) {
	parsed, err := settings.ParseSTUN(uri)
	if err != nil {
		return 0, &Problem{Code: BadSetting, Subject: uri, Err: err}
	}
	return netcheck.TestSTUN(ctx, parsed)
}

// TestRendezvous connects to a tracker, which need not be of the settings, and
// announces nothing to anybody; it returns how long that took, 5 s at most. The
// error is as that of TestSTUN.
func (e *Engine) TestRendezvous(ctx context.Context, url string) (time.Duration, error) {
	return testRendezvous(ctx, url, rendezvousPatience)
}

func testRendezvous(ctx context.Context, url string, limit time.Duration) (time.Duration, error) {
	if err := invite.CheckRendezvous(url); err != nil {
		return 0, &Problem{Code: BadSetting, Subject: url, Err: err}
	}
	probed, err := signaling.Probe(ctx, signaling.Config{}, url, limit)
	switch {
	case err == nil:
		return probed.Took, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.Is(err, signaling.ErrSilent):
		return 0, &netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.Unreachable, Err: err}
	}
	return 0, netcheck.RendezvousFailure(err, probed.Connected, probed.Status)
}
