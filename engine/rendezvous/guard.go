package rendezvous

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// guard limits the TCP connections of one listener, in total and per address,
// and can close them all. net/http forgets hijacked connections and pion/turn
// forgets accepted ones, so neither can end in time without it.
type guard struct {
	net.Listener
	limits addressLimits
	done   chan struct{}

	mu     sync.Mutex
	closed bool
	open   map[*guardedConn]struct{}
}

func newGuard(listener net.Listener, perAddress, total int) *guard {
	return &guard{
		Listener: listener,
		limits:   addressLimits{perAddress: perAddress, total: total},
		done:     make(chan struct{}),
		open:     map[*guardedConn]struct{}{},
	}
}

// Accept returns the next connection within the limits. It fails only after
// Close: callers end for good at the first error, and running out of file
// descriptors passes.
func (g *guard) Accept() (net.Conn, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, time.Second) {
		conn, err := g.Listener.Accept()
		if err == nil {
			pause = time.Millisecond
			if guarded := g.admit(conn); guarded != nil {
				return guarded, nil
			}
			_ = conn.Close()
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-g.done:
			return nil, net.ErrClosed
		}
	}
}

func (g *guard) admit(conn net.Conn) *guardedConn {
	address := addressOf(conn.RemoteAddr().String())
	if !g.limits.take(address) {
		return nil
	}
	guarded := &guardedConn{Conn: conn, guard: g, address: address}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		g.limits.give(address)
		return nil
	}
	g.open[guarded] = struct{}{}
	return guarded
}

// Close stops listening; connections stay.
func (g *guard) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	close(g.done)
	return g.Listener.Close()
}

// closeAll stops listening and closes every connection.
func (g *guard) closeAll() {
	_ = g.Close()
	g.mu.Lock()
	open := make([]*guardedConn, 0, len(g.open))
	for conn := range g.open {
		open = append(open, conn)
	}
	g.mu.Unlock()
	for _, conn := range open {
		_ = conn.Close()
	}
}

type guardedConn struct {
	net.Conn
	guard   *guard
	address netip.Prefix
	once    sync.Once
}

func (c *guardedConn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		c.guard.mu.Lock()
		delete(c.guard.open, c)
		c.guard.mu.Unlock()
		c.guard.limits.give(c.address)
		err = c.Conn.Close()
	})
	return err
}

// addressLimits counts what addresses hold. It is safe for concurrent use.
type addressLimits struct {
	perAddress, total int

	mu   sync.Mutex
	held map[netip.Prefix]int
	all  int
}

// take reports whether address may hold one more.
func (l *addressLimits) take(address netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[netip.Prefix]int{}
	}
	if l.all >= l.total || l.held[address] >= l.perAddress {
		return false
	}
	l.all++
	l.held[address]++
	return true
}

// give returns what take took.
func (l *addressLimits) give(address netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.held[address]--; l.held[address] <= 0 {
		delete(l.held, address)
	}
}

func (l *addressLimits) inUse() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

// addressOf is who an IP:port counts as: an IPv4 address, or the /64 that one
// IPv6 subscriber has to himself.
func addressOf(address string) netip.Prefix {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip := parsed.Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits)
	return prefix
}
