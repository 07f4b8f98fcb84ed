//go:build linux

package lab

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// pipe is one direction of a link. Packets keep their order.
type pipe struct {
	lab     *Lab
	deliver func(*packet)
	line    atomic.Pointer[Line]
	queued  atomic.Int64 // packets that send took and deliver has not ended for
	wake    chan struct{}

	mu      sync.Mutex
	waiting []waiting
	head    int
	running bool
	last    int64 // when the newest waiting packet is due
	free    int64 // when the rate lets the next packet start
}

type waiting struct {
	packet *packet
	due    int64
}

func newPipe(lab *Lab, deliver func(*packet)) *pipe {
	p := &pipe{lab: lab, deliver: deliver, wake: make(chan struct{}, 1)}
	p.line.Store(&Line{})
	return p
}

// send takes a packet. Where the line does nothing, deliver has run when send
// returns.
func (l *pipe) send(p *packet) {
	line := l.line.Load()
	if *line == (Line{}) && l.queued.Load() == 0 {
		l.deliver(p)
		return
	}
	if line.Loss > 0 && rand.Float64() < line.Loss {
		p.release()
		return
	}
	now := l.lab.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	due := now
	if line.Rate > 0 {
		if !l.start(line, p.size, now) {
			p.release()
			return
		}
		due = l.free
	}
	due += int64(line.Delay)
	if line.Jitter > 0 {
		due += rand.Int64N(int64(line.Jitter))
	}
	l.last = max(l.last, due)
	l.queued.Add(1)
	l.waiting = append(l.waiting, waiting{p, l.last})
	if !l.running {
		l.running = true
		l.lab.work.Go(l.drain)
	}
	if len(l.waiting)-l.head > 1 {
		return // drain sleeps until the first one is due
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// start takes the time that a packet needs at the line's rate, if the queue
// has room.
func (l *pipe) start(line *Line, size int, now int64) bool {
	queue := line.Queue
	if queue <= 0 {
		queue = max(line.Rate/10, 32<<10)
	}
	l.free = max(l.free, now)
	backlog := float64(l.free-now) * float64(line.Rate) / float64(time.Second)
	if backlog+float64(size) > float64(queue) {
		return false
	}
	l.free += int64(size) * int64(time.Second) / int64(line.Rate)
	return true
}

// drain delivers what is due until the lab ends.
func (l *pipe) drain() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		p, wait := l.next()
		if p != nil {
			l.deliver(p)
			l.queued.Add(-1)
			continue
		}
		timer.Reset(wait)
		select {
		case <-l.lab.ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// next returns the first packet if it is due, or how long to wait.
func (l *pipe) next() (*packet, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == len(l.waiting) {
		l.waiting, l.head = l.waiting[:0], 0
		return nil, time.Hour
	}
	first := &l.waiting[l.head]
	if wait := first.due - l.lab.now(); wait > 0 {
		return nil, time.Duration(wait)
	}
	p := first.packet
	first.packet = nil
	l.head++
	if l.head > 1024 && l.head > len(l.waiting)/2 {
		l.waiting = append(l.waiting[:0], l.waiting[l.head:]...)
		l.head = 0
	}
	return p, 0
}
