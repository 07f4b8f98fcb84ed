//go:build linux

package lab

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Options are those of a whole lab; the zero value is a fast one.
type Options struct {
	// Delay is added one way by each link to the internet. A packet between
	// two homes crosses two of them, and its answer too: the round trip is
	// four times Delay.
	Delay time.Duration
	// Logger hears of what is dropped, and why, at debug level; nil is silent.
	Logger *slog.Logger
}

// Lab is an internet of its own. Its methods are safe for concurrent use,
// except that those which build it fail the test on the spot, and so belong to
// the test's goroutine.
type Lab struct {
	t      testing.TB
	logger *slog.Logger
	start  time.Time
	ctx    context.Context
	work   sync.WaitGroup
	core   *hub
	taps   atomic.Pointer[[]*tap]

	mu      sync.Mutex
	delay   time.Duration
	servers addresses
	homes   addresses
	sites   int     // IPv6 networks given out
	lines   []*line // links to the internet
	closers []func()
}

// line is a link whose Line can change.
type line struct {
	node *node
	own  Line
}

// addresses are public ones that nobody has in reality (RFC 5737).
type addresses struct {
	networks []netip.Prefix
	given    int
}

const perNetwork = 240 // from .10 on

func (a *addresses) next() (lease, bool) {
	at := a.given / perNetwork
	if at == len(a.networks) {
		return lease{}, false
	}
	base := a.networks[at].Addr().As4()
	address, gateway := base, base
	address[3], gateway[3] = byte(10+a.given%perNetwork), 1
	a.given++
	// A network of its own, so that nobody takes two homes for neighbours.
	return lease{netip.PrefixFrom(netip.AddrFrom4(address), 32), netip.AddrFrom4(gateway)}, true
}

// New makes a lab that ends with the test. Where the system refuses namespaces
// or TUN devices it skips the test and says why.
func New(t testing.TB, o Options) *Lab {
	t.Helper()
	if refusal != nil {
		skip(t, refusal)
	}
	if err := tryDevice(); err != nil {
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
			skip(t, err)
		}
		t.Fatal(err)
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Lab{t: t, logger: logger, start: time.Now(), ctx: ctx, core: newHub(), delay: o.Delay,
		servers: addresses{networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		homes: addresses{networks: []netip.Prefix{
			netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("192.0.2.0/24")}},
	}
	l.taps.Store(&[]*tap{})
	t.Cleanup(func() {
		cancel()
		l.mu.Lock()
		closers := l.closers
		l.mu.Unlock()
		for _, end := range closers {
			end()
		}
		l.work.Wait()
	})
	return l
}

func skip(t testing.TB, why error) {
	t.Helper()
	if os.Getenv(RequireVariable) != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// tryDevice finds out whether this process may make TUN devices.
func tryDevice() error {
	n, err := newNamespace()
	if err != nil {
		return err
	}
	defer n.close()
	d, err := openDevice(n, "try0")
	if err != nil {
		return err
	}
	d.close()
	return nil
}

// now is the lab's clock, in nanoseconds.
func (l *Lab) now() int64 { return int64(time.Since(l.start)) }

// onClose runs f when the lab ends.
func (l *Lab) onClose(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

// drop ends a packet's way.
func (l *Lab) drop(p *packet, where, why string) {
	if l.logger.Enabled(l.ctx, slog.LevelDebug) {
		l.logger.Debug("dropped", "where", where, "why", why,
			"from", p.from.addrPort(), "to", p.to.addrPort(), "protocol", p.protocol, "size", p.size)
	}
	p.release()
}

// cross takes a packet over the internet.
func (l *Lab) cross(from *node, p *packet) {
	l.show("internet", p)
	if l.core.find(p.from.address) != from {
		l.drop(p, "internet", "not the sender's address")
		return
	}
	to := l.core.find(p.to.address)
	switch {
	case to == nil:
		l.drop(p, "internet", "nobody has this address")
	case l.core.isCut(from, to):
		l.drop(p, "internet", "cut")
	default:
		to.down.send(p)
	}
}

// join gives a node its link upwards. Sent packets leave through up, and
// arrive by receive.
func (l *Lab) join(n *node, receive func(*packet)) {
	arrive := func(p *packet) { l.cross(n, p) }
	if n.parent != nil {
		arrive = func(p *packet) { n.parent.fromInside(n, p) }
	}
	n.up, n.down = newPipe(l, arrive), newPipe(l, receive)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, &line{node: n})
	l.applyLines()
}

// setLine changes what a node's own link does.
func (l *Lab) setLine(n *node, own Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, link := range l.lines {
		if link.node == n {
			link.own = own
		}
	}
	l.applyLines()
}

// SetDelay changes Options.Delay while the lab runs.
func (l *Lab) SetDelay(oneWay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = oneWay
	l.applyLines()
}

func (l *Lab) applyLines() {
	for _, link := range l.lines {
		all := link.own
		if link.node.parent == nil {
			all = all.after(Line{Delay: l.delay})
		}
		link.node.up.line.Store(&all)
		link.node.down.line.Store(&all)
	}
}

// lease4 gives out a public IPv4 address.
func (l *Lab) lease4(from *addresses) lease {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	given, ok := from.next()
	if !ok {
		l.t.Fatal("lab: no public address is left")
	}
	return given
}

// lease6 gives out the first computer's address of a new IPv6 network.
func (l *Lab) lease6() lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sites++
	base := netip.MustParseAddr("2001:db8::").As16()
	base[6], base[7] = byte(l.sites>>8), byte(l.sites)
	return leaseAt(netip.PrefixFrom(netip.AddrFrom16(base), 64), 10)
}

// leaseAt is the address with a number in a network whose gateway is number 1.
func leaseAt(network netip.Prefix, number int) lease {
	at := func(number int) netip.Addr {
		address := network.Addr().As16()
		address[14], address[15] = address[14]+byte(number>>8), address[15]+byte(number)
		if network.Addr().Is4() {
			return netip.AddrFrom16(address).Unmap()
		}
		return netip.AddrFrom16(address)
	}
	return lease{netip.PrefixFrom(at(number), network.Bits()), at(1)}
}
