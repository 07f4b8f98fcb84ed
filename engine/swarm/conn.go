package swarm

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// network names the lanes to the library. It panics on an empty name, and
// treats names with 4, 6, tcp or udp in them in its own way.
const network = "webrtc"

// address is a peer's address as the library wants it: IP:port, or a peer that
// sends a bad piece would end the process. It is made up, so that a ban hits
// one peer and not everybody behind its NAT or relay.
type address struct{ netip.AddrPort }

func (address) Network() string { return network }

// conn is a connection to one peer in one torrent, in the shape that the
// library needs: it has shaken hands already, plays the peer's handshake to the
// library and swallows the library's own, and screens what the peer sends.
type conn struct {
	torrent *Torrent
	raw     net.Conn
	peer    address

	// in is the peer's stream behind its handshake. Who reads it holds inLock:
	// first the fetcher of the info, later the screen.
	in     *bufio.Reader
	inLock sync.Mutex

	fetch  *fetcher // nil if the info was known when the peer came
	greet  []byte   // what is left of the peer's handshake, for the library
	screen screen

	writing sync.Mutex
	swallow int // bytes of the library's handshake still to be dropped

	once sync.Once
	done chan struct{} // closed by Close

	mu    sync.Mutex
	cause error // why it ended, the first reason
}

func newConn(t *Torrent, raw net.Conn, peer netip.AddrPort) *conn {
	c := &conn{
		torrent: t, raw: raw,
		peer:    address{netip.AddrPortFrom(peer.Addr().Unmap().WithZone(""), peer.Port())},
		swallow: handshakeSize,
		done:    make(chan struct{}),
	}
	c.in = bufio.NewReaderSize(throttled{c}, screenSize)
	return c
}

// throttled reads at the pace of the download limit.
type throttled struct{ c *conn }

func (r throttled) Read(p []byte) (int, error) {
	limit := r.c.torrent.swarm.down
	if limit.limited() && !r.c.spared() {
		p = p[:min(len(p), chunkSize)] // small steps make an even flow
	}
	n, err := r.c.raw.Read(p)
	limit.wait(min(n, burst), r.c.done, r.c.spared)
	return n, err
}

// shared reads c.in when the fetcher does not.
type shared struct{ c *conn }

func (r shared) Read(p []byte) (int, error) {
	r.c.inLock.Lock()
	defer r.c.inLock.Unlock()
	return r.c.in.Read(p)
}

// present prepares Read and Write for the library: it is shown a handshake,
// then the messages that came while the info was fetched, then the rest.
func (c *conn) present(peer handshake) {
	peer.extensions = known(peer.extensions)
	c.greet = peer.encode()
	c.screen.in = c.in
	if c.fetch != nil {
		held := c.fetch.handOver()
		c.screen.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(held), shared{c}), screenSize)
	}
}

// Read gives the library the peer's handshake and its screened messages.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.greet) > 0 {
		n := copy(p, c.greet)
		c.greet = c.greet[n:]
		return n, nil
	}
	n, err := c.screen.Read(p)
	if err != nil {
		c.fail(err)
	}
	return n, err
}

// Write sends what the library writes, without its handshake.
func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	skip := min(c.swallow, len(p))
	c.swallow -= skip
	c.writing.Unlock()
	if skip == len(p) {
		return skip, nil
	}
	write := c.send
	if c.torrent.swarm.written.limited() {
		write = c.sendPaced
	}
	n, err := write(p[skip:])
	return skip + n, err
}

// send writes whole messages.
func (c *conn) send(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	n, err := c.raw.Write(p)
	if err != nil {
		c.fail(err)
		return n, err
	}
	c.screen.answered()
	return n, nil
}

// Close ends the connection; it may be called any number of times.
func (c *conn) Close() (err error) {
	c.once.Do(func() {
		close(c.done)
		err = c.raw.Close()
	})
	return err
}

// fail notes why the connection ends, unless that is known already.
func (c *conn) fail(err error) {
	select {
	case <-c.done:
		return // what a closed connection says is not the cause
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = err
	}
}

func (c *conn) LocalAddr() net.Addr  { return nowhere{} }
func (c *conn) RemoteAddr() net.Addr { return c.peer }

// The library's deadlines are not needed: the handshake has been bounded
// before, and whether a silent peer is still there is for its link to find out.
// Taken seriously, they would part two peers that have everything, who have
// nothing to say for longer than the library waits.

func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
