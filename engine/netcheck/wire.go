package netcheck

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/stun/v4"
)

// maxPacket bounds one STUN message or one piece of channel data.
const maxPacket = 1 << 16

var (
	// errSilent is why a request failed that was sent as often as it may be.
	errSilent = errors.New("netcheck: no answer")
	// errRefused is an ICMP message that says that nobody listens. It came back
	// by UDP's own way, so UDP is not blocked.
	errRefused = errors.New("netcheck: no program listens at that port")
	// errNotSTUN is something else that came over a stream.
	errNotSTUN = errors.New("netcheck: the answer is not TURN")
	// errEnded is a stream that the other side has closed without an answer.
	errEnded = errors.New("netcheck: the connection was closed without an answer")
)

// carrier carries whole STUN messages and channel data.
type carrier interface {
	// read returns the next one and whence it came.
	read(buffer []byte) (n int, from netip.AddrPort, err error)
	write(packet []byte, to netip.AddrPort) error
	local() netip.AddrPort
	// reliable tells that nothing that was written is lost.
	reliable() bool
	Close() error
}

// datagrams is a UDP socket, connected or not, or a DTLS connection.
type datagrams struct {
	net.Conn
	// open is the socket where it is not connected.
	open *net.UDPConn
	// remote is whence everything comes where it is.
	remote netip.AddrPort
}

func (d *datagrams) read(buffer []byte) (int, netip.AddrPort, error) {
	if d.open != nil {
		n, from, err := d.open.ReadFromUDPAddrPort(buffer)
		return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
	}
	n, err := d.Conn.Read(buffer)
	return n, d.remote, err
}

func (d *datagrams) write(packet []byte, to netip.AddrPort) error {
	if d.open != nil {
		_, err := d.open.WriteToUDPAddrPort(packet, to)
		return err
	}
	_, err := d.Conn.Write(packet)
	return err
}

func (d *datagrams) local() netip.AddrPort { return addrPort(d.Conn.LocalAddr()) }
func (d *datagrams) reliable() bool        { return false }

// stream is a TCP or TLS connection.
type stream struct {
	net.Conn
	in     *bufio.Reader
	remote netip.AddrPort
}

func newStream(conn net.Conn) *stream {
	return &stream{Conn: conn, in: bufio.NewReaderSize(conn, maxPacket), remote: addrPort(conn.RemoteAddr())}
}

// The frames of a stream: RFC 8489 section 6.2.2, RFC 8656 section 12.5.
const (
	stunHeader    = 20
	channelHeader = 4
)

func (s *stream) read(buffer []byte) (int, netip.AddrPort, error) {
	head, err := s.in.Peek(channelHeader)
	if err != nil {
		return 0, s.remote, err
	}
	body := int(binary.BigEndian.Uint16(head[2:]))
	channel := isChannel(head) // head is gone with the next read
	length, padding := 0, 0
	switch {
	case channel:
		length = channelHeader + body
		padding = -length & 3
	case head[0] < 0x40 && body&3 == 0:
		length = stunHeader + body
	default:
		return 0, s.remote, errNotSTUN
	}
	if length > len(buffer) {
		return 0, s.remote, errNotSTUN
	}
	if _, err := io.ReadFull(s.in, buffer[:length]); err != nil {
		return 0, s.remote, err
	}
	if !channel && !stun.IsMessage(buffer[:length]) {
		return 0, s.remote, errNotSTUN
	}
	_, err = s.in.Discard(padding)
	return length, s.remote, err
}

func (s *stream) write(packet []byte, _ netip.AddrPort) error {
	_, err := s.Conn.Write(packet)
	return err
}

func (s *stream) local() netip.AddrPort { return addrPort(s.Conn.LocalAddr()) }
func (s *stream) reliable() bool        { return true }

// isChannel tells channel data from STUN (RFC 8656 section 12).
func isChannel(packet []byte) bool {
	return len(packet) >= channelHeader && packet[0] >= 0x40 && packet[0] < 0x50
}

// answer is a response to a request.
type answer struct {
	*stun.Message
	from netip.AddrPort
	// rtt is since the request was last sent.
	rtt time.Duration
	err error
}

// wire asks by a carrier and brings each answer to who has asked. Its methods
// are safe for concurrent use.
type wire struct {
	carrier
	// in and out count bytes.
	in, out atomic.Int64
	// data takes channel data, on the reading goroutine; the slice is good for
	// the call. It is set before the first channel is bound.
	data atomic.Pointer[func(channel uint16, data []byte)]

	mu      sync.Mutex
	waiting map[[stun.TransactionIDSize]byte]chan answer
	failure error // why nothing more can come
	reading sync.WaitGroup
}

func newWire(c carrier) *wire {
	w := &wire{carrier: c, waiting: map[[stun.TransactionIDSize]byte]chan answer{}}
	w.reading.Go(w.receive)
	return w
}

// close ends everything, requests under way too.
func (w *wire) close() {
	_ = w.Close()
	w.reading.Wait()
}

func (w *wire) receive() {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := w.read(buffer)
		switch {
		case err == nil:
			w.in.Add(int64(n))
			w.take(buffer[:n], from)
		case w.reliable():
			w.fail(streamFailure(err))
			return
		case errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe):
			w.fail(net.ErrClosed)
			return
		default:
			// On an open socket such an error is about some other packet.
			if refused(err) {
				w.refuse()
			}
			time.Sleep(time.Millisecond) // lest an error that stays spins
		}
	}
}

func streamFailure(err error) error {
	switch {
	case errors.Is(err, errNotSTUN), errors.Is(err, net.ErrClosed):
		return err
	default:
		return fmt.Errorf("%w: %w", errEnded, err)
	}
}

// connectionReset is WSAECONNRESET, by which Windows tells of ICMP.
const connectionReset = syscall.Errno(10054)

func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, connectionReset)
}

func (w *wire) take(packet []byte, from netip.AddrPort) {
	if isChannel(packet) {
		length := int(binary.BigEndian.Uint16(packet[2:]))
		if handle := w.data.Load(); handle != nil && channelHeader+length <= len(packet) {
			(*handle)(binary.BigEndian.Uint16(packet), packet[channelHeader:channelHeader+length])
		}
		return
	}
	m := &stun.Message{Raw: append([]byte(nil), packet...)}
	if m.Decode() != nil || m.Type.Class != stun.ClassSuccessResponse && m.Type.Class != stun.ClassErrorResponse {
		return
	}
	w.deliver(m.TransactionID, answer{Message: m, from: from})
}

// deliver hands an answer to who waits for it; only the first one counts.
func (w *wire) deliver(id [stun.TransactionIDSize]byte, a answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if waiting := w.waiting[id]; waiting != nil {
		delete(w.waiting, id)
		waiting <- a // it has room for one
	}
}

func (w *wire) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failure = err
	for id, waiting := range w.waiting {
		delete(w.waiting, id)
		waiting <- answer{err: err}
	}
}

// refuse ends what is under way; later requests may be sent.
func (w *wire) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, waiting := range w.waiting {
		delete(w.waiting, id)
		waiting <- answer{err: errRefused}
	}
}

// pace is how long to wait for an answer after each sending of a request
// (RFC 8489 section 6.2.1, with a smaller first value and fewer repetitions: a
// check has to end).
type pace []time.Duration

var (
	// patient loses no server for three lost packets.
	patient = pace{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 1500 * time.Millisecond}
	// brisk is for what is not worth much waiting.
	brisk = pace{200 * time.Millisecond, 350 * time.Millisecond, 450 * time.Millisecond, 500 * time.Millisecond}
)

// paceFor is for questions to a server whose round trip is known, and to which
// silence is an answer.
func paceFor(rtt time.Duration) pace {
	wait := min(max(3*rtt, 100*time.Millisecond), 500*time.Millisecond)
	return pace{wait, wait, wait, wait}
}

func (p pace) total() time.Duration {
	var total time.Duration
	for _, wait := range p {
		total += wait
	}
	return total
}

// request sends m, again and again where packets can be lost, until there is an
// answer. It fails with errSilent when there is none.
func (w *wire) request(ctx context.Context, m *stun.Message, to netip.AddrPort, p pace) (answer, error) {
	if w.reliable() {
		p = pace{p.total()}
	}
	answered := make(chan answer, 1)
	if err := w.await(m.TransactionID, answered); err != nil {
		return answer{}, err
	}
	defer w.forget(m.TransactionID)
	for _, wait := range p {
		sent := time.Now()
		if err := w.send(m.Raw, to); err != nil {
			return answer{}, err
		}
		select {
		case a := <-answered:
			a.rtt = time.Since(sent)
			return a, a.err
		case <-time.After(wait):
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
	return answer{}, errSilent
}

// send writes one packet. A datagram that the system refuses to send is a lost
// one, except where there is no way to its destination at all.
func (w *wire) send(packet []byte, to netip.AddrPort) error {
	err := w.write(packet, to)
	if err == nil {
		w.out.Add(int64(len(packet)))
		return nil
	}
	if !w.reliable() && refused(err) {
		return errRefused
	}
	return err
}

func (w *wire) await(id [stun.TransactionIDSize]byte, answered chan answer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure != nil {
		return w.failure
	}
	w.waiting[id] = answered
	return nil
}

func (w *wire) forget(id [stun.TransactionIDSize]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, id)
}

func addrPort(address net.Addr) netip.AddrPort {
	var at netip.AddrPort
	switch address := address.(type) {
	case *net.UDPAddr:
		at = address.AddrPort()
	case *net.TCPAddr:
		at = address.AddrPort()
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
