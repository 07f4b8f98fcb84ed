package netcheck

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

const (
	defaultThroughput = 2 * time.Second
	// throughputLimit bounds what one measurement sends: relays have budgets.
	throughputLimit = 32 << 20
	// chunk is the payload of one packet. It crosses networks unbroken.
	chunk = 1200
	// The window is what may be under way: it grows with what arrives and
	// shrinks with what is lost, as TCP's does, so that the rate measured is that
	// of the way and not that at which buffers overflow.
	leastWindow = 8 * chunk
	firstWindow = 32 * chunk
	mostWindow  = 4 << 20
	// leastStall is how long nothing may arrive before all that is under way
	// counts as lost.
	leastStall = 250 * time.Millisecond
)

// errNothing is a throughput of zero.
var errNothing = errors.New("netcheck: nothing of the throughput's packets has arrived")

// flow sends numbered packets as fast as they arrive. The sender and the
// receiver are both here, so that the window needs no acknowledgements.
type flow struct {
	mu sync.Mutex
	// next is the number of the next packet to send, seen the one after the
	// highest that has arrived, begun the start of what the window looks at.
	next, seen, round uint64
	arrived           int64
	first, last       time.Time
	window            int
	slow              bool // past the first loss
	moved             chan struct{}
}

func newFlow() *flow { return &flow{window: firstWindow, moved: make(chan struct{}, 1)} }

// received counts a packet that came through the relay.
func (f *flow) received(_ uint16, data []byte) {
	if len(data) != chunk {
		return
	}
	number := binary.BigEndian.Uint64(data)
	f.mu.Lock()
	defer f.mu.Unlock()
	if number >= f.next {
		return
	}
	now := time.Now()
	if f.arrived == 0 {
		f.first = now
	}
	f.arrived, f.last = f.arrived+chunk, now
	switch {
	case number == f.seen:
		f.grow()
	case number > f.seen && number >= f.round:
		// A gap. One window's losses count once.
		f.window, f.slow, f.round = max(f.window*7/10, leastWindow), true, f.next
	}
	f.seen = max(f.seen, number+1)
	select {
	case f.moved <- struct{}{}:
	default:
	}
}

func (f *flow) grow() {
	if f.slow {
		f.window += max(chunk*chunk/f.window, 1)
	} else {
		f.window += chunk
	}
	f.window = min(f.window, mostWindow)
}

// take returns the number of the next packet where the window has room.
func (f *flow) take() (number uint64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int(f.next-f.seen)*chunk >= f.window {
		return 0, false
	}
	f.next++
	return f.next - 1, true
}

// stalled gives up what is under way.
func (f *flow) stalled() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.round, f.window, f.slow = f.next, f.next, leastWindow, true
}

// rate is in bytes a second, without the first packet, which began the time.
func (f *flow) rate() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	took := f.last.Sub(f.first)
	if f.arrived <= chunk || took <= 0 {
		return 0
	}
	return int64(float64(f.arrived-chunk) / took.Seconds())
}

// measure is the stage of the throughput, once it is this server's turn: the
// stage's time is that of the measurement alone.
func (t *trial) measure(ctx context.Context) bool {
	if t.options.turn != nil {
		select {
		case t.options.turn <- struct{}{}:
			defer func() { <-t.options.turn }()
		case <-ctx.Done():
			return t.stage(Throughput, func() error { return context.Cause(ctx) })
		}
	}
	return t.stage(Throughput, func() error { return t.throughput(ctx) })
}

// throughput sends through the relay and back for as long as the options say.
func (t *trial) throughput(ctx context.Context) error {
	lasts := t.options.Throughput
	if lasts == 0 {
		lasts = defaultThroughput
	}
	ctx, stop := context.WithTimeout(ctx, lasts)
	defer stop()
	f := newFlow()
	receive := f.received
	t.second.data.Store(&receive)
	if err := f.send(ctx, t.first, max(leastStall, 4*t.first.rtt)); err != nil {
		return err
	}
	t.result.Rate = f.rate()
	if t.result.Rate == 0 {
		return &Failure{Stage: Throughput, Reason: EchoLost, Err: errNothing}
	}
	return nil
}

// send fills the window until ctx ends or the limit is reached.
func (f *flow) send(ctx context.Context, s *session, patience time.Duration) error {
	payload := make([]byte, chunk)
	for sent := 0; sent < throughputLimit && ctx.Err() == nil; {
		number, ok := f.take()
		if !ok {
			if !f.wait(ctx, patience) {
				f.stalled()
			}
			continue
		}
		binary.BigEndian.PutUint64(payload, number)
		if err := s.sendData(firstChannel, payload); err != nil {
			return err
		}
		sent += chunk
	}
	// What is still under way belongs to it, unless the time is over.
	for f.pending() && ctx.Err() == nil && f.wait(ctx, patience) {
	}
	return nil
}

func (f *flow) pending() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen < f.next
}

// wait returns false where nothing arrives in time.
func (f *flow) wait(ctx context.Context, patience time.Duration) bool {
	select {
	case <-f.moved:
		return true
	case <-time.After(patience):
		return false
	case <-ctx.Done():
		return true
	}
}
