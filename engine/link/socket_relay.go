package link

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4"
)

// pendingLimit bounds the requests to one TURN server that are remembered.
const pendingLimit = 256

// relaySocket is the UDP socket between this computer and one TURN server.
//
// pion waits for the answer to each CreatePermission inside the loop that runs
// all of ICE: a refusal, which most servers give for private addresses, costs
// a round trip at every check of every such pair, and a server that has died
// stops ICE for eight seconds. The socket therefore answers a request that was
// refused before by itself, and all that are open when the link ends.
type relaySocket struct {
	net.PacketConn
	network *network
	known   atomic.Bool // which server it talks to has been noted

	mu       sync.Mutex
	server   net.Addr
	pending  map[transaction]request
	refused  map[netip.Addr]bool
	answers  [][]byte // made here, for the next reads
	aborting bool
}

type transaction [stun.TransactionIDSize]byte

// request is one that the server has not answered. Its peer is set for a
// permission alone.
type request struct {
	kind stun.MessageType
	peer netip.Addr
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
	socket := &relaySocket{
		PacketConn: conn, network: n,
		pending: map[transaction]request{}, refused: map[netip.Addr]bool{},
	}
	if err := n.track(socket); err != nil {
		return nil, err
	}
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
	if isRequest(packet) && s.answered(packet, to) {
		return len(packet), nil
	}
	return s.PacketConn.WriteTo(packet, to)
}

// answered notes a request, and answers it here if the answer is known.
func (s *relaySocket) answered(packet []byte, to net.Addr) bool {
	message := &stun.Message{Raw: append([]byte(nil), packet...)}
	if message.Decode() != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server = to
	open := request{kind: message.Type, peer: peerOf(message)}
	release := message.Type.Method == stun.MethodRefresh
	if (s.aborting && !release) || s.refused[open.peer] {
		s.answer(message.TransactionID, open.kind)
		return true
	}
	if len(s.pending) >= pendingLimit {
		clear(s.pending)
	}
	s.pending[message.TransactionID] = open
	return false
}

// answer makes the server's refusal and wakes the reader.
func (s *relaySocket) answer(id transaction, kind stun.MessageType) {
	kind.Class = stun.ClassErrorResponse
	message, err := stun.Build(stun.NewTransactionIDSetter(id), kind, stun.CodeForbidden, stun.Fingerprint)
	if err != nil {
		return
	}
	s.answers = append(s.answers, message.Raw)
	_ = s.PacketConn.SetReadDeadline(time.Unix(1, 0))
}

// abort answers every open request, and every later one but the release of
// the allocation.
func (s *relaySocket) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborting = true
	for id, open := range s.pending {
		if open.kind.Method != stun.MethodRefresh {
			s.answer(id, open.kind)
		}
	}
	clear(s.pending)
}

// ReadFrom reads a packet of the server, or an answer that was made here.
func (s *relaySocket) ReadFrom(packet []byte) (int, net.Addr, error) {
	for {
		if answer, server := s.nextAnswer(); answer != nil {
			return copy(packet, answer), server, nil
		}
		count, from, err := s.PacketConn.ReadFrom(packet)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue // nobody but answer sets one
		case err == nil && isAnswer(packet[:count]):
			s.note(packet[:count])
		}
		return count, from, err
	}
}

func (s *relaySocket) nextAnswer() ([]byte, net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		_ = s.PacketConn.SetReadDeadline(time.Time{})
		return nil, nil
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	return answer, s.server
}

// note remembers peers that the server refuses.
func (s *relaySocket) note(packet []byte) {
	message := &stun.Message{Raw: append([]byte(nil), packet...)}
	if message.Decode() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open, known := s.pending[message.TransactionID]
	delete(s.pending, message.TransactionID)
	var code stun.ErrorCodeAttribute
	if known && open.peer.IsValid() && code.GetFrom(message) == nil && code.Code == stun.CodeForbidden {
		s.refused[open.peer] = true
	}
}

// peerOf returns the peer of a request for one permission.
func peerOf(message *stun.Message) netip.Addr {
	if message.Type.Method != stun.MethodCreatePermission {
		return netip.Addr{}
	}
	peers := 0
	for _, attribute := range message.Attributes {
		if attribute.Type == stun.AttrXORPeerAddress {
			peers++
		}
	}
	var peer stun.XORMappedAddress
	if peers != 1 || peer.GetFromAs(message, stun.AttrXORPeerAddress) != nil {
		return netip.Addr{}
	}
	ip, _ := netip.AddrFromSlice(peer.IP)
	return ip.Unmap()
}

// isRequest and isAnswer look at the class in a STUN header (RFC 8489
// section 5) before anything is decoded: data has none.
func isRequest(packet []byte) bool { return isSTUN(packet) && packet[0]&1 == 0 && packet[1]&0x10 == 0 }

func isAnswer(packet []byte) bool { return isSTUN(packet) && packet[0]&1 == 1 }

func isSTUN(packet []byte) bool {
	return len(packet) >= stunHeader && packet[0]&0xC0 == 0 && binary.BigEndian.Uint32(packet[4:]) == magicCookie
}

// LocalAddr hides an IPv6 address; see tcpSocket.
func (s *relaySocket) LocalAddr() net.Addr { return hideIPv6(s.PacketConn.LocalAddr()) }

// Close closes the socket.
func (s *relaySocket) Close() error {
	s.network.forget(s)
	return s.PacketConn.Close()
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

type dialedSocket struct {
	transport.UDPConn
	network *network
}

// Close closes the socket.
func (s *dialedSocket) Close() error {
	s.network.forget(s)
	return s.UDPConn.Close()
}
