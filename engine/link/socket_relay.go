package link

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
)

// relaySocket is the UDP socket between this computer and one TURN server.
type relaySocket struct {
	net.PacketConn
	*allocation
	server atomic.Pointer[net.Addr] // where its packets go
	closed sync.Once
}

// ListenPacket opens the socket of a TURN client. pion asks for IPv4; the
// socket serves both versions, because the server may have IPv6 alone.
func (n *network) ListenPacket(kind, address string) (net.PacketConn, error) {
	var conn net.PacketConn
	var err error
	if n.virtual {
		conn, err = n.Net.ListenPacket(kind, address)
	} else {
		conn, err = net.ListenPacket("udp", ":0")
	}
	if err != nil {
		return nil, err
	}
	if sized, ok := conn.(*net.UDPConn); ok {
		enlarge(sized)
	}
	port, _ := portOf(conn.LocalAddr())
	socket := &relaySocket{PacketConn: conn, allocation: newAllocation(n, port)}
	socket.transmit = socket.toServer
	socket.wake = func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) }
	if err := n.track(socket); err != nil {
		return nil, err
	}
	n.carry(socket.allocation)
	return socket, nil
}

func (s *relaySocket) toServer(packet []byte) error {
	server := s.server.Load()
	if server == nil {
		return errUnconnected
	}
	_, err := s.PacketConn.WriteTo(packet, *server)
	return err
}

// WriteTo sends a packet; the first one tells which server this is.
func (s *relaySocket) WriteTo(packet []byte, to net.Addr) (int, error) {
	if s.server.Load() == nil {
		if at, ok := addrPort(to); ok {
			s.belongs(s.network.serverAt(target{"udp", at}))
		}
		s.server.Store(&to)
	}
	if !s.outgoing(packet) {
		return len(packet), nil
	}
	s.counts(&s.out, len(packet))
	return s.PacketConn.WriteTo(packet, to)
}

// ReadFrom reads a packet of the server, or an answer that was made here.
func (s *relaySocket) ReadFrom(packet []byte) (int, net.Addr, error) {
	for {
		if answer := s.nextAnswer(); answer != nil {
			return copy(packet, answer), *s.server.Load(), nil
		}
		count, from, err := s.PacketConn.ReadFrom(packet)
		switch {
		case isTimeout(err):
			// Nobody but wake sets one.
			_ = s.PacketConn.SetReadDeadline(time.Time{})
			continue
		case err == nil && s.stranger(from), err == nil && s.incoming(packet[:count]):
			continue
		}
		return count, from, err
	}
}

// isTimeout reports whether a deadline has passed; virtual networks have an
// error of their own for it.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// stranger reports whether a packet comes from elsewhere than the server.
func (s *relaySocket) stranger(from net.Addr) bool {
	server := s.server.Load()
	if server == nil {
		return true
	}
	at, _ := addrPort(from)
	expected, _ := addrPort(*server)
	return at != expected
}

// LocalAddr hides an IPv6 address; see hideIPv6.
func (s *relaySocket) LocalAddr() net.Addr { return hideIPv6(s.PacketConn.LocalAddr()) }

// Close closes the socket.
func (s *relaySocket) Close() error {
	s.closed.Do(s.allocation.close)
	s.network.forget(s)
	return s.PacketConn.Close()
}

// DialUDP opens the socket of a TURN client over DTLS. What passes is hidden
// from us, so that such a relay is neither counted nor given back early.
func (n *network) DialUDP(kind string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := n.Net.DialUDP(kind, local, remote)
	if err != nil {
		return nil, err
	}
	enlarge(conn)
	socket := &dialedSocket{UDPConn: conn, network: n}
	if err := n.track(socket); err != nil {
		return nil, err
	}
	port, _ := portOf(conn.LocalAddr())
	at, _ := addrPort(remote)
	opaque := newAllocation(n, port)
	opaque.belongs(n.serverAt(target{"udp", at}))
	n.carry(opaque)
	return socket, nil
}

type dialedSocket struct {
	transport.UDPConn
	network *network
}

// Close closes the socket.
func (s *dialedSocket) Close() error {
	s.network.forget(s)
	return s.UDPConn.Close()
}

// unmapped is an address without its IPv6 wrapping.
func unmapped(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
