package swarm

import (
	"encoding/binary"
	"sync"
	"time"

	pp "github.com/anacrolix/torrent/peer_protocol"
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

// limiter slows down readers and writers. Its waits end with a close and follow a change.
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

// wait returns when n bytes, at most burst, may have passed, when done is
// closed, or when the connection is spared.
func (l *limiter) wait(n int, done <-chan struct{}, spared func() bool) {
	for l.limited() && !spared() {
		l.mu.Lock()
		changed := l.changed
		reservation := l.rate.ReserveN(time.Now(), n)
		l.mu.Unlock()
		delay := reservation.Delay()
		if !reservation.OK() || delay <= 0 {
			return
		}
		switch sleep(delay, changed, done, spared) {
		case slept:
			return
		case released:
			reservation.Cancel()
			return
		case woken:
			reservation.Cancel()
		}
	}
}

// waking is how a sleep has ended.
type waking int

const (
	slept    waking = iota // to its end
	released               // there is nothing to wait for any more
	woken                  // by a change of the limit
)

// sparedPeriod is how often a connection that waits is asked whether it is
// spared now: its path may have changed.
const sparedPeriod = 250 * time.Millisecond

func sleep(delay time.Duration, changed, done <-chan struct{}, spared func() bool) waking {
	until := time.Now().Add(delay)
	for {
		timer := time.NewTimer(min(time.Until(until), sparedPeriod))
		select {
		case <-timer.C:
		case <-done:
			timer.Stop()
			return released
		case <-changed:
			timer.Stop()
			return woken
		}
		switch {
		case spared():
			return released
		case !time.Now().Before(until):
			return slept
		}
	}
}

// limits are those of a Swarm, as they were set.
type limits struct {
	mu    sync.Mutex
	up    int64
	spare bool
}

// Limit sets the limits of all torrents together, in bytes a second; 0 or less
// is no limit. It acts on running transfers at once.
func (s *Swarm) Limit(up, down int64) {
	s.down.set(down)
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.up = up
	s.limitUploads()
}

// SpareSameNetwork lets connections pass all limits while they are in the same
// network, or puts them under the limits again. Connections that are no
// Neighbour are limited always. It acts on running transfers at once.
func (s *Swarm) SpareSameNetwork(spare bool) {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.spare = spare
	s.sparing.Store(spare)
	s.limitUploads()
}

// limitUploads has uploads limited by the library, which sends nothing but
// pieces later for it; or, as the library can spare nobody, where connections
// write.
func (s *Swarm) limitUploads() {
	queued, written := s.limits.up, int64(0)
	if s.limits.spare {
		queued, written = 0, s.limits.up
	}
	s.written.set(written)
	raised := queued <= 0 || rate.Limit(queued) > s.up.Limit()
	setLimit(s.up, queued)
	if !raised {
		return
	}
	// A sender that waits for the old limit would sleep on.
	for _, t := range s.list() {
		t.wakeUploads()
	}
}

// Neighbour is a connection that can tell, at any time and without waiting,
// whether its bytes stay in the own network. See SpareSameNetwork.
type Neighbour interface{ SameNetwork() bool }

// spared reports whether the limits are not for this connection now.
func (c *conn) spared() bool {
	near, told := c.raw.(Neighbour)
	return told && c.torrent.swarm.sparing.Load() && near.SameNetwork()
}

// sendPaced writes whole messages at the pace of the upload limit. Like the
// library's own limit it counts pieces alone.
func (c *conn) sendPaced(p []byte) (sent int, err error) {
	limit := c.torrent.swarm.written
	for sent < len(p) {
		size, pieces := batch(p[sent:])
		limit.wait(min(pieces, burst), c.done, c.spared)
		n, err := c.send(p[sent : sent+size])
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// batch is the size of the first messages in p up to the end of the first
// piece, and how many of these bytes are the piece's.
func batch(p []byte) (size, piece int) {
	for len(p)-size >= 5 {
		length := int(binary.BigEndian.Uint32(p[size:]))
		if length < 0 || length > len(p)-size-4 {
			break
		}
		kind := pp.MessageType(p[size+4])
		size += 4 + length
		if length > 0 && kind == pp.Piece {
			return size, length
		}
	}
	return len(p), 0
}
