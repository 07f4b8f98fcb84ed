package link

import (
	"net"
	"sync/atomic"

	"github.com/pion/transport/v4"
)

// relaySocket is the UDP socket between this computer and one TURN server.
type relaySocket struct {
	net.PacketConn
	network *network
	known   atomic.Bool // which server it talks to has been noted
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
	socket := &relaySocket{PacketConn: conn, network: n}
	if err := n.track(socket); err != nil {
		return nil, err
	}
	return socket, nil
}

// DialUDP opens the socket of a TURN client over DTLS.
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
	at, _ := addrPort(remote)
	n.learn(conn.LocalAddr(), target{"udp", at})
	return socket, nil
}

// WriteTo sends a packet; the first one tells which server this is.
func (s *relaySocket) WriteTo(packet []byte, to net.Addr) (int, error) {
	if !s.known.Load() {
		s.known.Store(true)
		if at, ok := addrPort(to); ok {
			s.network.learn(s.PacketConn.LocalAddr(), target{"udp", at})
		}
	}
	if s.network.settled.Load() && isRenomination(packet) {
		return len(packet), nil
	}
	return s.PacketConn.WriteTo(packet, to)
}

// LocalAddr hides an IPv6 address; see tcpSocket.
func (s *relaySocket) LocalAddr() net.Addr { return hideIPv6(s.PacketConn.LocalAddr()) }

// Close closes the socket.
func (s *relaySocket) Close() error {
	s.network.forget(s)
	return s.PacketConn.Close()
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
