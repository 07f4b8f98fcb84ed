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

// udpSocket is the socket of a direct candidate. An ICE restart closes all
// candidates before it opens new ones; the socket outlives that and is handed
// out again, so that the port, what NATs and the peer know of it, and packets
// on their way are not lost.
type udpSocket struct {
	transport.UDPConn
	raw     *net.UDPConn // nil on a virtual network
	network *network
	key     string
	bound   bool // to one address: a host candidate's

	// reading is held while a packet is waited for: the reader of a closed
	// handle has left before the next one's may begin.
	reading sync.Mutex

	in, out atomic.Int64 // bytes
	lent    atomic.Bool  // a candidate has it
}

// send sends a packet of ours to the peer.
func (s *udpSocket) send(packet []byte, to netip.AddrPort) {
	s.network.left(s, to, packet)
	s.out.Add(int64(len(packet)))
	if s.raw != nil {
		_, _ = s.raw.WriteToUDPAddrPort(packet, to)
		return
	}
	_, _ = s.WriteTo(packet, net.UDPAddrFromAddrPort(to))
}

func (s *udpSocket) relayed() bool { return false }

// reaches reports whether the address is of the socket's IP version.
func (s *udpSocket) reaches(to netip.AddrPort) bool {
	own, _ := addrPort(s.LocalAddr())
	return s.lent.Load() && (own.Addr().Is4() == to.Addr().Is4())
}

// ListenUDP opens a socket for a host or server-reflexive candidate, or hands
// out one that a candidate before an ICE restart had.
func (n *network) ListenUDP(kind string, local *net.UDPAddr) (transport.UDPConn, error) {
	if n.relayOnly {
		return nil, ErrPolicy
	}
	key := kind + " " + local.IP.String() + "%" + local.Zone
	if socket := n.unpark(key); socket != nil {
		socket.lent.Store(true)
		return &udpHandle{socket: socket}, nil
	}
	conn, err := n.ports.listen(n.Net, kind, local, n.log)
	if err != nil {
		return nil, err
	}
	enlarge(conn)
	socket := &udpSocket{UDPConn: conn, network: n, key: key, bound: !local.IP.IsUnspecified() && local.IP != nil}
	socket.raw, _ = conn.(*net.UDPConn)
	if err := n.track(socket); err != nil {
		return nil, err
	}
	socket.lent.Store(true)
	return &udpHandle{socket: socket}, nil
}

// enlarge asks for big buffers. What the kernel grants is told once, by the
// dialer.
func enlarge(conn interface {
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}) {
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
}

func (n *network) unpark(key string) *udpSocket {
	n.mu.Lock()
	defer n.mu.Unlock()
	waiting := n.parked[key]
	if len(waiting) == 0 {
		return nil
	}
	n.parked[key] = waiting[1:]
	return waiting[0]
}

// park keeps a socket for the next candidate, or closes it when the link ends.
func (n *network) park(socket *udpSocket) {
	n.mu.Lock()
	ending := n.ending
	if !ending {
		n.parked[socket.key] = append(n.parked[socket.key], socket)
	}
	n.mu.Unlock()
	if ending {
		socket.shut()
	}
}

func (s *udpSocket) shut() {
	s.network.forget(s)
	_ = s.UDPConn.Close()
}

// udpHandle is a udpSocket in the hands of one candidate.
type udpHandle struct {
	socket *udpSocket
	closed atomic.Bool

	mu       sync.Mutex
	deadline time.Time
	reads    bool // this handle's reader has taken over
}

var _ transport.UDPConn = (*udpHandle)(nil)

// Close takes the socket from its candidate.
func (h *udpHandle) Close() error {
	if h.closed.Swap(true) {
		return net.ErrClosed
	}
	h.mu.Lock()
	reads := h.reads
	h.mu.Unlock()
	if reads {
		_ = h.socket.SetReadDeadline(time.Unix(1, 0))
	}
	h.socket.lent.Store(false)
	h.socket.network.park(h.socket)
	return nil
}

// begin waits until an earlier handle's reader has left.
func (h *udpHandle) begin() error {
	h.socket.reading.Lock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed.Load() {
		h.socket.reading.Unlock()
		return net.ErrClosed
	}
	if !h.reads {
		h.reads = true
		_ = h.socket.SetReadDeadline(h.deadline)
	}
	return nil
}

// end tells a closed handle's reader so.
func (h *udpHandle) end(err error) error {
	h.socket.reading.Unlock()
	if err != nil && h.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// SetReadDeadline is for this handle's reader alone.
func (h *udpHandle) SetReadDeadline(at time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed.Load() {
		return net.ErrClosed
	}
	h.deadline = at
	if !h.reads {
		return nil
	}
	return h.socket.UDPConn.SetReadDeadline(at)
}

// SetDeadline sets the reader's; a UDP write does not wait.
func (h *udpHandle) SetDeadline(at time.Time) error { return h.SetReadDeadline(at) }

// SetWriteDeadline does nothing: a UDP write does not wait.
func (h *udpHandle) SetWriteDeadline(time.Time) error { return nil }

func (h *udpHandle) LocalAddr() net.Addr            { return h.socket.LocalAddr() }
func (h *udpHandle) RemoteAddr() net.Addr           { return h.socket.RemoteAddr() }
func (h *udpHandle) SetReadBuffer(bytes int) error  { return h.socket.SetReadBuffer(bytes) }
func (h *udpHandle) SetWriteBuffer(bytes int) error { return h.socket.SetWriteBuffer(bytes) }

// ReadFromAddrPort is what pion/ice reads by: it allocates nothing.
func (h *udpHandle) ReadFromAddrPort(packet []byte) (count int, from netip.AddrPort, err error) {
	for {
		if count, from, err = h.read(packet); err != nil {
			return count, from, err
		}
		h.socket.in.Add(int64(count))
		if !h.socket.network.arrived(h.socket, unmapped(from), packet[:count]) {
			return count, from, nil
		}
	}
}

func (h *udpHandle) read(packet []byte) (count int, from netip.AddrPort, err error) {
	if err := h.begin(); err != nil {
		return 0, from, err
	}
	if h.socket.raw != nil {
		count, from, err = h.socket.raw.ReadFromUDPAddrPort(packet)
	} else {
		var address net.Addr
		if count, address, err = h.socket.ReadFrom(packet); err == nil {
			from, _ = addrPort(address)
		}
	}
	return count, from, h.end(err)
}

// WriteToAddrPort is what pion/ice writes by.
func (h *udpHandle) WriteToAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	if h.closed.Load() {
		return 0, net.ErrClosed
	}
	h.socket.network.left(h.socket, unmapped(to), packet)
	h.socket.out.Add(int64(len(packet)))
	if h.socket.raw != nil {
		return h.socket.raw.WriteToUDPAddrPort(packet, to)
	}
	return h.socket.WriteTo(packet, net.UDPAddrFromAddrPort(to))
}

func (h *udpHandle) ReadFrom(packet []byte) (int, net.Addr, error) {
	count, from, err := h.ReadFromUDP(packet)
	if from == nil {
		return count, nil, err
	}
	return count, from, err
}

func (h *udpHandle) ReadFromUDP(packet []byte) (int, *net.UDPAddr, error) {
	if err := h.begin(); err != nil {
		return 0, nil, err
	}
	count, from, err := h.socket.ReadFromUDP(packet)
	return count, from, h.end(err)
}

func (h *udpHandle) Read(packet []byte) (int, error) {
	count, _, err := h.ReadFromAddrPort(packet)
	return count, err
}

func (h *udpHandle) WriteTo(packet []byte, to net.Addr) (int, error) {
	if h.closed.Load() {
		return 0, net.ErrClosed
	}
	return h.socket.WriteTo(packet, to)
}

func (h *udpHandle) WriteToUDP(packet []byte, to *net.UDPAddr) (int, error) {
	return h.WriteTo(packet, to)
}

var errUnconnected = errors.New("link: the socket is not connected")

func (h *udpHandle) Write([]byte) (int, error) { return 0, errUnconnected }

func (h *udpHandle) ReadMsgUDP([]byte, []byte) (n, control, flags int, from *net.UDPAddr, err error) {
	return 0, 0, 0, nil, transport.ErrNotSupported
}

func (h *udpHandle) WriteMsgUDP([]byte, []byte, *net.UDPAddr) (n, control int, err error) {
	return 0, 0, transport.ErrNotSupported
}
