package signaling

import (
	"context"
	"math/rand/v2"
	"time"
)

// retry paces attempts: exponential with jitter, so that those who lost one
// tracker at one moment do not come back at one moment.
type retry struct {
	// first doubles until last, and starts again after an attempt that lived.
	first, last, lived time.Duration
}

// run makes attempts until ctx ends, the next one at once when asked to. An
// attempt returns how long it was of use.
func (r retry) run(ctx context.Context, soon <-chan struct{}, attempt func(context.Context) time.Duration) {
	pause := r.first
	for ctx.Err() == nil {
		if attempt(ctx) >= r.lived {
			pause = r.first
		}
		select {
		case <-ctx.Done():
		case <-soon:
			pause = r.first
			continue
		case <-time.After(jitter(pause)):
		}
		pause = min(2*pause, r.last)
	}
}

// jitter returns between three and five quarters of a duration.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}
