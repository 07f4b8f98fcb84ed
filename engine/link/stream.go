package link

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"

	"github.com/causeway-app/causeway/engine/path"
)

const (
	// writeSize is what one SCTP message carries: every implementation takes it.
	writeSize = 60 << 10
	// A writer waits above streamHigh bytes under way until streamLow are left.
	streamHigh, streamLow = 4 << 20, 1 << 20
)

// Stream is an ordered, reliable stream of bytes to the peer; a net.Conn with
// working deadlines. Closing it delivers what was written before.
type Stream struct {
	link    *Link
	label   string
	channel datachannel.ReadWriteCloserDeadliner
	gate    *gate

	in, out, relayed, lan atomic.Int64

	incoming chan *[]byte // messages in pooled buffers; closed at the end
	rest     *[]byte      // the buffer that unread belongs to
	unread   []byte
	failed   error // why incoming was closed; set before

	reading, writing         chan struct{} // hold a token each
	readDeadline, writeLimit deadline

	closeOnce sync.Once
	closed    chan struct{}
}

var _ net.Conn = (*Stream)(nil)

// buffers hold one message each.
var buffers = sync.Pool{New: func() any { b := make([]byte, messageMost); return &b }}

// pump reads messages until the stream ends. After Close it goes on and drops
// them: bytes that nobody reads would take the whole link's receive window.
func (s *Stream) pump() {
	for {
		s.awaitFlow()
		buffer := buffers.Get().(*[]byte)
		count, err := s.channel.Read((*buffer)[:messageMost])
		if err != nil {
			buffers.Put(buffer)
			s.pumped(err)
			return
		}
		message := (*buffer)[:count]
		*buffer = message
		select {
		case <-s.closed:
			buffers.Put(refill(buffer))
			continue
		default:
		}
		s.account(&s.in, count, func(a *account) *atomic.Int64 { return &a.in })
		s.link.flow.came(count, s.closed, s.link.ended)
		select {
		case s.incoming <- buffer:
		case <-s.closed:
			buffers.Put(refill(buffer))
		}
	}
}

// awaitFlow waits while nothing is to be read from a relay.
func (s *Stream) awaitFlow() {
	for wait := s.link.flow.mayRead(); wait != nil; wait = s.link.flow.mayRead() {
		select {
		case <-wait:
		case <-s.closed:
			return
		case <-s.link.ended:
			return
		}
	}
}

// refill gives a buffer its full length back.
func refill(buffer *[]byte) *[]byte {
	*buffer = (*buffer)[:cap(*buffer)]
	return buffer
}

// pumped notes how the stream ended.
func (s *Stream) pumped(err error) {
	switch {
	case errors.Is(err, io.ErrShortBuffer):
		s.link.post(func() { s.link.fail(fmt.Errorf("%w: a message of more than %d bytes", ErrFlood, messageMost)) })
		err = ErrFlood
	case !errors.Is(err, io.EOF):
		err = fmt.Errorf("%w: %w", ErrLost, err)
	default:
		err = io.EOF
	}
	s.failed = err
	close(s.incoming)
	_ = s.channel.Close() // pion needs both directions closed to forget it
	l := s.link
	l.mu.Lock()
	delete(l.streams, s)
	l.mu.Unlock()
}

// account adds to the stream's and the ledger's counters.
func (s *Stream) account(counter *atomic.Int64, count int, side func(*account) *atomic.Int64) {
	counter.Add(int64(count))
	a := s.link.ledger.current.Load()
	if a != nil {
		side(a).Add(int64(count))
	} else if a = s.link.ledger.latest.Load(); a == nil {
		return
	}
	switch a.entry.Path { // which nobody changes
	case path.Relayed:
		s.relayed.Add(int64(count))
	case path.DirectLAN:
		s.lan.Add(int64(count))
	}
}

// Label is what the stream is for.
func (s *Stream) Label() string { return s.label }

// In counts payload bytes that have arrived.
func (s *Stream) In() int64 { return s.in.Load() }

// Out counts payload bytes that were written and have arrived at the peer or
// are under way: see Buffered.
func (s *Stream) Out() int64 { return s.out.Load() }

// Relayed counts the part of In and Out that passed while the path was relayed.
func (s *Stream) Relayed() int64 { return s.relayed.Load() }

// SameNetwork reports whether the bytes of now stay in the own network. It may
// be called at any time and follows the path.
func (s *Stream) SameNetwork() bool {
	a := s.link.ledger.current.Load()
	return a != nil && a.entry.Path == path.DirectLAN
}

// LAN counts the part of In and Out that passed while both ends were in the same
// network. What is neither this nor Relayed went across the internet.
func (s *Stream) LAN() int64 { return s.lan.Load() }

// Buffered counts payload bytes of Out that the peer has not confirmed.
func (s *Stream) Buffered() int64 { return int64(s.gate.channel.BufferedAmount()) }

// Read reads what has arrived, at most len(p) bytes.
func (s *Stream) Read(p []byte) (int, error) {
	if err := s.acquire(s.reading, &s.readDeadline); err != nil {
		return 0, err
	}
	defer func() { <-s.reading }()
	if len(p) == 0 {
		return 0, nil
	}
	for len(s.unread) == 0 {
		if s.rest != nil {
			buffers.Put(refill(s.rest))
			s.rest = nil
		}
		select {
		case buffer, ok := <-s.incoming:
			if !ok {
				return 0, s.failed
			}
			s.rest, s.unread = buffer, *buffer
		case <-s.closed:
			return 0, s.closedError()
		case <-s.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		}
	}
	count := copy(p, s.unread)
	s.unread = s.unread[count:]
	return count, nil
}

// acquire takes the token of one direction, unless the stream is closed or
// the deadline has passed.
func (s *Stream) acquire(token chan struct{}, limit *deadline) error {
	select {
	case <-s.closed:
		return s.closedError()
	default:
	}
	select {
	case <-limit.passed():
		return os.ErrDeadlineExceeded
	default:
	}
	select {
	case token <- struct{}{}:
		return nil
	case <-s.closed:
		return s.closedError()
	case <-limit.passed():
		return os.ErrDeadlineExceeded
	}
}

// Write queues p for the peer and waits while too much is under way, or while
// relays are held (HoldRelayed) or limited (LimitRelayed). It
// returns ErrPolicy when the policy forbids the present path.
func (s *Stream) Write(p []byte) (int, error) {
	if err := s.acquire(s.writing, &s.writeLimit); err != nil {
		return 0, err
	}
	defer func() { <-s.writing }()
	written := 0
	for written < len(p) {
		if err := s.room(); err != nil {
			return written, err
		}
		piece := p[written:min(len(p), written+writeSize)]
		if !s.link.flow.pay(len(piece), s.closed, s.link.ended, s.writeLimit.passed()) {
			continue // room says why
		}
		count, err := s.channel.Write(piece)
		if err != nil {
			return written, s.writeError(err)
		}
		s.account(&s.out, count, func(a *account) *atomic.Int64 { return &a.out })
		written += count
	}
	return written, nil
}

// room waits until there is room for one more message.
func (s *Stream) room() error {
	for {
		select {
		case <-s.closed:
			return s.closedError()
		case <-s.link.ended:
			return s.link.endError()
		case <-s.writeLimit.passed():
			return os.ErrDeadlineExceeded
		default:
		}
		if !s.link.allowed.Load() {
			return ErrPolicy
		}
		wait := s.link.flow.mayWrite()
		if wait == nil && !s.gate.full() {
			return nil
		}
		low := s.gate.low
		if wait != nil {
			low = nil
		}
		select {
		case <-wait:
		case <-low:
		case <-s.closed:
		case <-s.link.ended:
		case <-s.writeLimit.passed():
		}
	}
}

func (s *Stream) writeError(err error) error {
	select {
	case <-s.link.ended:
		return s.link.endError()
	default:
		return fmt.Errorf("link: writing: %w", err)
	}
}

// Close ends the stream. What was written before still arrives, as long as
// the link lives.
func (s *Stream) Close() error {
	if s.cut() {
		_ = s.channel.Close()
	}
	return nil
}

// cut ends all waiting on this side; true the first time.
func (s *Stream) cut() (first bool) {
	s.closeOnce.Do(func() {
		close(s.closed)
		first = true
	})
	return first
}

// closedError says who closed the stream.
func (s *Stream) closedError() error {
	select {
	case <-s.link.ended:
		return s.link.endError()
	default:
		return net.ErrClosed
	}
}

// LocalAddr is made up from this process's identity.
func (s *Stream) LocalAddr() net.Addr { return Address{s.link.own.Address()} }

// RemoteAddr is made up from the peer's identity: network "webrtc", and a
// string of the form IP:port.
func (s *Stream) RemoteAddr() net.Addr { return Address{s.link.remote.Address()} }

// SetDeadline sets both deadlines.
func (s *Stream) SetDeadline(at time.Time) error {
	s.readDeadline.set(at)
	s.writeLimit.set(at)
	return nil
}

// SetReadDeadline bounds present and future reads; the zero time lifts it.
func (s *Stream) SetReadDeadline(at time.Time) error {
	s.readDeadline.set(at)
	return nil
}

// SetWriteDeadline bounds present and future writes; the zero time lifts it.
func (s *Stream) SetWriteDeadline(at time.Time) error {
	s.writeLimit.set(at)
	return nil
}

// Lane is what carries the stream.
func (s *Stream) Lane() path.Lane { return path.WebRTC }
