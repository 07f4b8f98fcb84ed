package link

import "time"

// Times of a link's end.
const (
	// flushLimit is how long the last messages may take to arrive.
	flushLimit = 150 * time.Millisecond
	// iceGrace is how long pion may take to come to the end of ICE by itself,
	// closeGrace how long pion may take to end well, closeLimit how long
	// ending takes at most.
	iceGrace   = 80 * time.Millisecond
	closeGrace = 300 * time.Millisecond
	closeLimit = 450 * time.Millisecond
)

// flush lets the last messages arrive, such as that everything is complete.
func (l *Link) flush() {
	limit := time.NewTimer(flushLimit)
	defer limit.Stop()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !l.outbox.empty() {
		select {
		case <-look.C:
		case <-limit.C:
			return
		}
	}
}

// end closes everything in the background and waits, but not for ever: pion's
// own waiting can take seconds where a TURN server has died.
func (l *Link) end(cause error) {
	began := time.Now()
	l.mu.Lock()
	l.cause = cause
	streams := make([]*Stream, 0, len(l.streams))
	for s := range l.streams {
		streams = append(streams, s)
	}
	close(l.ended)
	l.mu.Unlock()
	l.allowed.Store(false)
	l.flow.setRelayed(false)
	l.mappings.release()
	l.sockets.abandon()

	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = l.peer.GracefulClose()
		for _, s := range streams {
			s.cut()
		}
		l.tasks.Wait()
	}()
	if !wait(closed, iceGrace-time.Since(began)) {
		// Where both ends close at once, pion's closing can wait for itself in
		// SCTP and never come to ICE, whose end releases the TURN allocations.
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			_ = l.ice.Stop()
		}()
		wait(stopped, closeGrace-time.Since(began))
	}
	wait(closed, closeGrace-time.Since(began))
	l.sockets.shut()
	if !wait(closed, closeLimit-time.Since(began)) {
		l.log.Debug("pion is slow to end a connection")
	}
	l.settle(cause)
	close(l.done)
}

func wait(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(max(limit, 0))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
