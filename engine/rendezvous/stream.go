package rendezvous

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
)

const (
	// strangerTimeout is how long a TCP client may stay without credentials.
	strangerTimeout = 30 * time.Second
	// clientIdle is longer than the longest life of an allocation, one hour,
	// so a client that is silent for it has none.
	clientIdle = 65 * time.Minute
	// streamWriteTimeout ends a client that does not read.
	streamWriteTimeout = 20 * time.Second
	// How many TCP clients TURN has, in total and of one address.
	streamsPerAddress = 256
	streams           = 8192
)

var (
	errNotTurn       = errors.New("rendezvous: client does not speak TURN")
	errFrameTooLarge = errors.New("rendezvous: TURN message too large")
)

// streamListener accepts TURN clients over TCP or TLS.
type streamListener struct {
	*guard
	tls         *tls.Config // nil: plain TCP
	credentials *credentials
	relays      *relays
}

// Accept leaves the TLS handshake to the client's own goroutine. It returns no
// *tls.Conn: of one whose handshake fails, pion would leak the socket.
func (l *streamListener) Accept() (net.Conn, error) {
	conn, err := l.guard.Accept()
	if err != nil {
		return nil, err
	}
	conn = l.relays.meterStream(conn)
	if l.tls != nil {
		conn = tls.Server(conn, l.tls)
	}
	stream := &streamConn{Conn: conn, buffered: bufio.NewReader(conn), credentials: l.credentials}
	_ = conn.SetReadDeadline(time.Now().Add(strangerTimeout))
	return stream, nil
}

// streamConn gives pion whole TURN messages and channel data only, and ends on
// anything else: pion's own splitter never returns from a length near 65536.
type streamConn struct {
	net.Conn
	buffered    *bufio.Reader
	credentials *credentials
	known       atomic.Bool // has shown credentials
}

// Read returns exactly one message.
func (c *streamConn) Read(data []byte) (int, error) {
	if c.known.Load() {
		if err := c.SetReadDeadline(time.Now().Add(clientIdle)); err != nil {
			return 0, err
		}
	}
	size, err := c.nextSize()
	if err != nil {
		return 0, err
	}
	if size > len(data) {
		return 0, errFrameTooLarge
	}
	if _, err := io.ReadFull(c.buffered, data[:size]); err != nil {
		return 0, err
	}
	size, proven := c.credentials.screen(data[:size])
	if proven {
		c.known.Store(true)
	}
	return size, nil
}

// nextSize is the length of the next message with its padding (RFC 8656
// section 12.5).
func (c *streamConn) nextSize() (int, error) {
	header, err := c.buffered.Peek(4)
	if err != nil {
		return 0, err
	}
	length := int(binary.BigEndian.Uint16(header[2:4]))
	switch header[0] >> 6 {
	case 0:
		header, err = c.buffered.Peek(stunHeaderBytes)
		if err != nil {
			return 0, err
		}
		if !stun.IsMessage(header) || length%4 != 0 {
			return 0, errNotTurn
		}
		return stunHeaderBytes + length, nil
	case 1:
		return 4 + (length+3)/4*4, nil
	default:
		return 0, errNotTurn
	}
}

// Write ends the connection when it fails: half a message would make the rest
// unreadable.
func (c *streamConn) Write(data []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(streamWriteTimeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(data)
	if err != nil {
		_ = c.Conn.Close()
	}
	return n, err
}
