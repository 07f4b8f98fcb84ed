package portmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// mappingPort is where a router answers NAT-PMP and PCP, announcementPort
	// where it tells all that it has restarted (RFC 6886 section 8, RFC 6887
	// section 19.1).
	mappingPort      = 5351
	announcementPort = 5350

	// A request is sent again after firstWait, and after twice the wait each
	// time (RFC 6886 section 3.1).
	firstWait = 250 * time.Millisecond
	// packetLimit is the size of the largest PCP packet (RFC 6887 section 7).
	packetLimit = 1100
)

// exchange sends requests to a gateway by UDP and finds the answers to them.
// The socket is connected, so only the gateway is heard. Its methods are safe
// for concurrent use.
type exchange struct {
	conn *net.UDPConn
	done chan struct{} // closed when nothing is read any more

	mu      sync.Mutex
	waiting []*question
}

// question is a request that waits for its answer.
type question struct {
	matches func(packet []byte) bool
	answer  chan reply // one
}

type reply struct {
	packet []byte
	err    error
}

// newExchange opens a socket towards a gateway. It must be closed.
func newExchange(gateway netip.Addr) (*exchange, error) {
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(gateway, mappingPort)))
	if err != nil {
		return nil, err
	}
	e := &exchange{conn: conn, done: make(chan struct{})}
	go e.read()
	return e, nil
}

// local is the address of the socket.
func (e *exchange) local() netip.AddrPort {
	at := e.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// close ends what waits and returns when nothing is read any more.
func (e *exchange) close() {
	_ = e.conn.Close()
	<-e.done
}

// ask sends a request until an answer matches, the gateway says that nobody
// listens, or ctx ends.
func (e *exchange) ask(ctx context.Context, request []byte, matches func(packet []byte) bool) ([]byte, error) {
	q := &question{matches: matches, answer: make(chan reply, 1)}
	e.mu.Lock()
	e.waiting = append(e.waiting, q)
	e.mu.Unlock()
	defer e.withdraw(q)
	for wait := firstWait; ; wait *= 2 {
		// The first error may be about a packet that was sent before.
		if _, err := e.conn.Write(request); err != nil {
			_, _ = e.conn.Write(request)
		}
		again := time.NewTimer(wait)
		select {
		case r := <-q.answer:
			again.Stop()
			return r.packet, r.err
		case <-ctx.Done():
			again.Stop()
			return nil, ctx.Err()
		case <-e.done:
			again.Stop()
			return nil, ErrClosed
		case <-again.C:
		}
	}
}

func (e *exchange) withdraw(q *question) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = slices.DeleteFunc(e.waiting, func(other *question) bool { return other == q })
}

// read delivers answers until the socket is closed.
func (e *exchange) read() {
	defer close(e.done)
	buffer := make([]byte, packetLimit)
	for {
		count, err := e.conn.Read(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// ICMP says that nothing listens there. The pause is for errors
			// that stay.
			e.refuse(fmt.Errorf("%w: %w", ErrRefused, err))
			time.Sleep(time.Millisecond)
		default:
			e.deliver(buffer[:count])
		}
	}
}

func (e *exchange) deliver(packet []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := slices.IndexFunc(e.waiting, func(q *question) bool { return q.matches(packet) })
	if at < 0 {
		return
	}
	e.waiting[at].answer <- reply{packet: bytes.Clone(packet)}
	e.waiting = slices.Delete(e.waiting, at, at+1)
}

func (e *exchange) refuse(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range e.waiting {
		q.answer <- reply{err: err}
	}
	e.waiting = nil
}
