package link

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

// dialTimeout bounds the TCP connection to a TURN server, and TLS on it.
const dialTimeout = 5 * time.Second

// streamDialer connects pion's TURN clients to servers over TCP and TLS, in
// the place of a proxy: pion would do TLS itself, and what passes would be
// hidden from us.
type streamDialer struct{ network *network }

// Dial connects to a TURN server when it is its turn.
func (d streamDialer) Dial(kind, hostPort string) (net.Conn, error) {
	n := d.network
	server := n.streamServer(hostPort)
	if server == nil {
		return nil, fmt.Errorf("link: %s is no TURN server of ours", hostPort)
	}
	a := newAllocation(n, 0)
	a.belongs(server)
	if !a.admitted() {
		return nil, fmt.Errorf("link: %s is not needed", server.uri)
	}
	conn, err := n.dialStream(kind, server, a)
	if err != nil {
		a.close()
		return nil, err
	}
	a.port, _ = portOf(conn.LocalAddr())
	s := &relayStream{Conn: conn, allocation: a, answered: make(chan struct{}, 1), over: make(chan struct{})}
	a.transmit = func(packet []byte) error {
		_, err := conn.Write(packet)
		return err
	}
	a.wake = func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		select {
		case s.answered <- struct{}{}:
		default:
		}
	}
	a.finish = func() { _ = conn.Close() }
	if err := n.track(s); err != nil {
		a.close()
		return nil, err
	}
	n.carry(a)
	return s, nil
}

func (n *network) dialStream(kind string, server *relayServer, a *allocation) (net.Conn, error) {
	at, err := n.ResolveTCPAddr(kind, server.hostPort)
	if err != nil {
		return nil, err
	}
	var conn net.Conn
	if n.virtual {
		conn, err = n.Net.DialTCP(kind, nil, at)
	} else {
		conn, err = (&net.Dialer{Timeout: dialTimeout}).DialContext(n.ctx, "tcp", at.String())
	}
	if err != nil {
		return nil, err
	}
	a.stream = true
	conn = &countedConn{conn, a}
	if !server.secure {
		return conn, nil
	}
	secured := tls.Client(conn, &tls.Config{ServerName: server.host, RootCAs: n.roots, MinVersion: tls.VersionTLS12})
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	if err := secured.HandshakeContext(n.ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("link: TLS to %s: %w", server.hostPort, err)
	}
	_ = conn.SetDeadline(time.Time{})
	return secured, nil
}

// countedConn counts the bytes of a TCP connection, those of TLS on it included.
type countedConn struct {
	net.Conn
	allocation *allocation
}

// Read reads and counts.
func (c *countedConn) Read(p []byte) (int, error) {
	count, err := c.Conn.Read(p)
	c.allocation.in.Add(int64(count))
	return count, err
}

// Write writes and counts.
func (c *countedConn) Write(p []byte) (int, error) {
	count, err := c.Conn.Write(p)
	c.allocation.out.Add(int64(count))
	return count, err
}

// relayStream is a TCP or TLS connection to a TURN server. Its reader gets the
// frames (RFC 8656 section 12.5) that the allocation leaves to pion.
type relayStream struct {
	net.Conn
	*allocation
	answered chan struct{} // there may be answers that were made here
	over     chan struct{} // closed by Close
	closed   sync.Once

	received []byte // from the server, not a whole frame yet
	ready    []byte // for the reader
	buffer   [32 << 10]byte
}

// Write sends one frame; pion writes nothing else.
func (s *relayStream) Write(frame []byte) (int, error) {
	if !s.outgoing(frame) {
		return len(frame), nil
	}
	return s.Conn.Write(frame)
}

// Read reads frames of the server, or answers that were made here.
func (s *relayStream) Read(p []byte) (int, error) {
	for len(s.ready) == 0 {
		if answer := s.nextAnswer(); answer != nil {
			s.ready = answer
			break
		}
		frame, err := s.frame()
		if err != nil {
			return 0, err
		}
		if frame != nil {
			if !s.incoming(frame) {
				s.ready = frame
			}
			continue
		}
		count, err := s.Conn.Read(s.buffer[:])
		s.received = append(s.received, s.buffer[:count]...)
		switch {
		case err == nil:
		case isTimeout(err):
			// Nobody but wake sets one.
			_ = s.Conn.SetReadDeadline(time.Time{})
		default:
			// pion's client goes on and has to get its answers.
			s.lost()
			if !s.awaitAnswer() {
				return 0, net.ErrClosed
			}
		}
	}
	count := copy(p, s.ready)
	s.ready = s.ready[count:]
	return count, nil
}

// awaitAnswer waits until something was answered here; false at the end.
func (s *relayStream) awaitAnswer() bool {
	select {
	case <-s.answered:
		return true
	case <-s.over:
		return false
	}
}

// frame cuts the next whole frame from what was received; nil if there is none.
func (s *relayStream) frame() ([]byte, error) {
	if len(s.received) < 4 {
		return nil, nil
	}
	size := int(binary.BigEndian.Uint16(s.received[2:]))
	switch {
	case isChannelData(s.received):
		size = 4 + (size+3)&^3
	case s.received[0]&0xC0 == 0:
		size += stunHeader
	default:
		return nil, fmt.Errorf("link: %s sends what is neither STUN nor data", s.uri())
	}
	if len(s.received) < size {
		return nil, nil
	}
	frame := s.received[:size:size]
	s.received = s.received[size:]
	if len(s.received) == 0 {
		s.received = nil
	}
	return frame, nil
}

// lost notes that the server has ended the connection, and the allocation
// with it.
func (s *relayStream) lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage == held {
		s.setStage(gone)
	}
	for id, open := range s.pending {
		if !open.ours {
			s.answerTo(id, open.method, stun.CodeServerError)
		}
	}
	clear(s.pending)
}

// LocalAddr hides an IPv6 address: see hideIPv6.
func (s *relayStream) LocalAddr() net.Addr { return hideIPv6(s.Conn.LocalAddr()) }

// Close closes the connection.
func (s *relayStream) Close() error {
	s.closed.Do(func() {
		s.allocation.close()
		close(s.over)
	})
	s.network.forget(s)
	return s.Conn.Close()
}
