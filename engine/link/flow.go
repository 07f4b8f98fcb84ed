package link

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// What goes by relays can be limited or held. Each side holds its own writes,
// and asks the peer to do the same: were the peer's bytes just not read, they
// would fill SCTP's window, and the control messages behind them would wait
// too, by which a direct path could come about. Only a peer that does not
// listen is not read from.

const (
	// throttleBurst is what may pass at once, in bytes.
	throttleBurst = 256 << 10
	// holdSlack is what may still arrive of what the peer had queued when it
	// was asked to hold, in bytes.
	holdSlack = 16 << 20
)

// throttle limits the relayed bytes of all links of a dialer, in and out
// together.
type throttle struct {
	limiter *rate.Limiter
	rate    atomic.Int64 // bytes per second; 0 is no limit
	links   atomic.Int64 // that are relayed now
}

func newThrottle() *throttle {
	return &throttle{limiter: rate.NewLimiter(rate.Inf, throttleBurst)}
}

// LimitRelayed limits what all links of this dialer together send and receive
// by relays, in bytes per second; 0 lifts the limit. Control messages pass.
func (d *Dialer) LimitRelayed(bytesPerSecond int64) {
	bytesPerSecond = max(bytesPerSecond, 0)
	limit := rate.Inf
	if bytesPerSecond > 0 {
		limit = rate.Limit(bytesPerSecond)
	}
	d.throttle.limiter.SetLimit(limit)
	d.throttle.rate.Store(bytesPerSecond)
}

// HoldRelayed stops streams in both directions while a relay carries the link,
// until it is called with false. They go on at once on a direct path; control
// messages pass.
func (l *Link) HoldRelayed(held bool) {
	l.flow.change(func(f *flow) { f.held = held })
}

// flow is whether the streams of one link may go on.
type flow struct {
	throttle *throttle

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced
	relayed   bool
	held      bool // on this side
	asked     flowWish
	theirs    flowWish      // what the peer asks for
	limiter   *rate.Limiter // of that; nil is no limit
	overshoot int64         // what came since the peer was asked to hold
}

// flowWish is what one side asks of the other while a relay carries the link.
type flowWish struct {
	// Hold asks to send nothing on streams.
	Hold bool `json:"hold,omitempty"`
	// Rate asks to send no more, in bytes per second; 0 is no limit.
	Rate int64 `json:"rate,omitempty"`
}

func newFlow(t *throttle) *flow { return &flow{throttle: t, changed: make(chan struct{})} }

// change changes something and wakes those who wait.
func (f *flow) change(what func(*flow)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what(f)
	close(f.changed)
	f.changed = make(chan struct{})
}

// setRelayed notes what carries the link.
func (f *flow) setRelayed(relayed bool) {
	f.mu.Lock()
	same := f.relayed == relayed
	f.mu.Unlock()
	if same {
		return
	}
	f.change(func(f *flow) {
		switch {
		case relayed && !f.relayed:
			f.throttle.links.Add(1)
		case !relayed && f.relayed:
			f.throttle.links.Add(-1)
		}
		f.relayed, f.overshoot = relayed, 0
	})
}

// wish returns what the peer has to be asked, if it hears and that has changed.
func (f *flow) wish(heard bool) (flowWish, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := flowWish{Hold: f.held}
	if limit := f.throttle.rate.Load(); limit > 0 {
		now.Rate = max(limit/max(f.throttle.links.Load(), 1), 1)
	}
	if now == f.asked || !heard {
		return now, false
	}
	f.asked, f.overshoot = now, 0
	return now, true
}

// wished takes what the peer asks for.
func (f *flow) wished(wish flowWish) {
	f.change(func(f *flow) {
		f.theirs = wish
		f.limiter = nil
		if wish.Rate > 0 {
			f.limiter = rate.NewLimiter(rate.Limit(wish.Rate), throttleBurst)
		}
	})
}

// mayWrite returns nil, or a channel that is closed when it is time to ask again.
func (f *flow) mayWrite() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.relayed && (f.held || f.theirs.Hold) {
		return f.changed
	}
	return nil
}

// mayRead is mayWrite's counterpart.
func (f *flow) mayRead() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.relayed && f.held && f.overshoot > holdSlack {
		return f.changed
	}
	return nil
}

// pay waits until a number of bytes may pass, or one of the channels is closed.
// It returns false in that case.
func (f *flow) pay(count int, until ...<-chan struct{}) bool {
	f.mu.Lock()
	relayed, limiter, changed := f.relayed, f.limiter, f.changed
	f.mu.Unlock()
	if !relayed {
		return true
	}
	now := time.Now()
	wait := f.throttle.limiter.ReserveN(now, count).DelayFrom(now)
	if limiter != nil {
		wait = max(wait, limiter.ReserveN(now, count).DelayFrom(now))
	}
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(min(wait, time.Minute))
	defer timer.Stop()
	for len(until) < 3 {
		until = append(until, nil)
	}
	select {
	case <-timer.C:
	case <-changed: // it may be direct now; what was reserved is paid all the same
	case <-until[0]:
		return false
	case <-until[1]:
		return false
	case <-until[2]:
		return false
	}
	return true
}

// came counts what the peer has sent, and waits where it sends too much.
func (f *flow) came(count int, until ...<-chan struct{}) {
	f.mu.Lock()
	if f.relayed && f.held {
		f.overshoot += int64(count)
	}
	f.mu.Unlock()
	f.pay(count, until...)
}
