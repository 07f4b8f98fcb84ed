package swarm

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// burst is what may pass at once after a pause. It is also the largest request
// that the library can serve, so it must not be less than 1 MiB.
const burst = 1 << 20

// setLimit makes bytes a second the limit from now on; what was saved up under
// the old limit is forgotten.
func setLimit(l *rate.Limiter, bytes int64) {
	now := time.Now()
	if bytes <= 0 {
		l.SetLimitAt(now, rate.Inf)
		return
	}
	l.SetLimitAt(now, rate.Limit(bytes))
	if saved := int(l.TokensAt(now)); saved > 0 {
		l.AllowN(now, min(saved, burst))
	}
}

// limiter slows down readers. Its waits end with a close and follow a change.
type limiter struct {
	rate *rate.Limiter

	mu      sync.Mutex
	changed chan struct{}
}

func newLimiter() *limiter {
	return &limiter{rate: rate.NewLimiter(rate.Inf, burst), changed: make(chan struct{})}
}

func (l *limiter) set(bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	setLimit(l.rate, bytes)
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *limiter) limited() bool { return l.rate.Limit() != rate.Inf }

// wait returns when n bytes, at most burst, may have been read, or when done
// is closed.
func (l *limiter) wait(n int, done <-chan struct{}) {
	for l.limited() {
		l.mu.Lock()
		changed := l.changed
		reservation := l.rate.ReserveN(time.Now(), n)
		l.mu.Unlock()
		delay := reservation.Delay()
		if !reservation.OK() || delay <= 0 {
			return
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
			return
		case <-done:
			timer.Stop()
			reservation.Cancel()
			return
		case <-changed:
			timer.Stop()
			reservation.Cancel()
		}
	}
}
