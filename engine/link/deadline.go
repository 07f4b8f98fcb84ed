package link

import (
	"sync"
	"time"
)

// deadline is one deadline of a connection. The zero deadline never passes.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	past  chan struct{} // closed when the deadline has passed
}

// passed returns a channel that is closed when the present deadline passes. A
// later one cuts an earlier channel off only if that has not been closed.
func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channel()
}

func (d *deadline) channel() chan struct{} {
	if d.past == nil {
		d.past = make(chan struct{})
	}
	return d.past
}

// set replaces the deadline; the zero time lifts it.
func (d *deadline) set(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	past := d.channel()
	select {
	case <-past:
		d.past = nil
		past = d.channel()
	default:
	}
	switch left := time.Until(at); {
	case at.IsZero():
	case left <= 0:
		close(past)
	default:
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.timer == timer {
				close(past)
			}
		})
		d.timer = timer
	}
}
