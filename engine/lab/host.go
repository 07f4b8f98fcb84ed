//go:build linux

package lab

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Host is a computer with a network namespace of its own.
type Host struct {
	*node
	lab   *Lab
	space *namespace
	dev   *device
	taps  atomic.Pointer[[]*tap]
	mute  atomic.Bool

	mu     sync.Mutex
	leases []lease
	down   bool
}

// HostOption is about a computer on the internet.
type HostOption func(*hostOptions)

type hostOptions struct{ ip4, ip6 int }

// TwoIPv4 gives the computer a second IPv4 address, as RFC 5780 asks of STUN
// servers.
func TwoIPv4(o *hostOptions) { o.ip4 = 2 }

// IPv4Only leaves out IPv6.
func IPv4Only(o *hostOptions) { o.ip6 = 0 }

// NoIPv4 leaves out IPv4.
func NoIPv4(o *hostOptions) { o.ip4 = 0 }

// Server adds a computer with public addresses, IPv4 and IPv6, and no firewall.
func (l *Lab) Server(name string, options ...HostOption) *Host {
	l.t.Helper()
	wanted := hostOptions{ip4: 1, ip6: 1}
	for _, option := range options {
		option(&wanted)
	}
	h := l.newHost(name, nil, wanted.ip6 > 0)
	for range wanted.ip4 {
		h.take(l.lease4(&l.servers))
	}
	if wanted.ip6 > 0 {
		h.take(l.lease6())
	}
	return h
}

// Home adds a computer in a network of its own behind a chain of routers: first
// the home's, then its carrier's, out to the internet. A Kind is such a chain.
// Without any it has a public IPv4 address.
func (l *Lab) Home(name string, chain ...NAT) *Host {
	l.t.Helper()
	if len(chain) == 0 {
		chain = Kind{Open}
	}
	var above *Router
	for i, nat := range slices.Backward(chain) {
		place := name + " router"
		if i > 0 {
			place = name + " carrier"
		}
		above = l.newRouter(place, above, nat)
	}
	return above.Host(name)
}

func (l *Lab) newHost(name string, parent *Router, ip6 bool) *Host {
	l.t.Helper()
	h := &Host{node: &node{name: name, parent: parent}, lab: l}
	h.taps.Store(&[]*tap{})
	space, err := newNamespace()
	if err != nil {
		l.t.Fatalf("lab: a namespace for %s: %v", name, err)
	}
	h.space = space
	if !ip6 {
		h.noIPv6()
	}
	if h.dev, err = openDevice(space, "eth0"); err != nil {
		space.close()
		l.t.Fatalf("lab: a network device for %s: %v", name, err)
	}
	l.onClose(func() {
		h.dev.close()
		space.close()
	})
	l.join(h.node, h.receive)
	l.work.Go(func() { h.dev.serve(l.ctx, h.send) })
	return h
}

// noIPv6 turns IPv6 off for the devices to come, link-local addresses included.
func (h *Host) noIPv6() {
	h.lab.t.Helper()
	if err := h.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	}); err != nil {
		h.lab.t.Fatalf("lab: turning IPv6 off for %s: %v", h.name, err)
	}
}

// take gives the computer an address.
func (h *Host) take(l lease) {
	h.lab.t.Helper()
	if err := h.dev.add(l); err != nil {
		h.lab.t.Fatal(err)
	}
	h.mu.Lock()
	h.leases = append(h.leases, l)
	h.mu.Unlock()
	h.lab.announce(h.node, l.prefix.Addr(), true)
}

// announce makes an address known up to where it is translated, or forgotten.
func (l *Lab) announce(n *node, address netip.Addr, present bool) {
	to := n
	if !present {
		to = nil
	}
	n.hub(l).route(address, to)
	if n.parent != nil && (address.Is6() || n.parent.rules.Load().Mapping == NoMapping) {
		l.announce(n.parent.node, address, present)
	}
}

// send takes what the computer sends.
func (h *Host) send(p *packet) {
	show(h.taps.Load(), h.name, p)
	if h.mute.Load() {
		h.lab.drop(p, h.name, "mute")
		return
	}
	h.up.send(p)
}

func (h *Host) receive(p *packet) {
	if h.mute.Load() {
		h.lab.drop(p, h.name, "mute")
		return
	}
	h.dev.write(p)
}

// Name is the name that the test gave.
func (h *Host) Name() string { return h.name }

// IP4 is the computer's own IPv4 address, the first if it has two; invalid
// where it has none.
func (h *Host) IP4() netip.Addr { return h.address(netip.Addr.Is4, 0) }

// SecondIP4 is what TwoIPv4 gives; otherwise invalid.
func (h *Host) SecondIP4() netip.Addr { return h.address(netip.Addr.Is4, 1) }

// IP6 is the computer's IPv6 address; invalid where it has none.
func (h *Host) IP6() netip.Addr { return h.address(netip.Addr.Is6, 0) }

func (h *Host) address(is func(netip.Addr) bool, skip int) netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.leases {
		if address := l.prefix.Addr(); is(address) {
			if skip == 0 {
				return address
			}
			skip--
		}
	}
	return netip.Addr{}
}

// OutsideIP4 is the IPv4 address that the internet sees.
func (h *Host) OutsideIP4() netip.Addr {
	outside := h.IP4()
	for r := h.parent; r != nil; r = r.parent {
		if r.rules.Load().Mapping != NoMapping {
			outside = r.Outside()
		}
	}
	return outside
}

// Routers are those between the computer and the internet, the home's first.
func (h *Host) Routers() []*Router {
	var all []*Router
	for r := h.parent; r != nil; r = r.parent {
		all = append(all, r)
	}
	return all
}

// Do runs f on a thread inside the computer's namespace. Sockets that f itself
// opens belong to the computer for good; goroutines that f starts do not run
// there, and /proc/net (unlike /proc/thread-self/net) is another one's.
func (h *Host) Do(f func() error) error { return h.space.do(f) }

// Command is exec.CommandContext for a program that runs on the computer. It
// is killed when ctx or the lab ends; waiting for it is the caller's.
func (h *Host) Command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	ctx, cancel := context.WithCancel(ctx)
	h.lab.onClose(cancel)
	program, err := lookUp(name)
	// nsenter replaces itself by the program, so that process ids, signals and
	// exit codes are the program's own.
	command := exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + h.space.path(), "--", program}, arguments...)...)
	if err != nil {
		command.Err = err
	}
	return command
}

// lookUp finds a program, also where administrators' programs are, which are
// not on an ordinary user's path.
func lookUp(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil || strings.Contains(name, "/") {
		return path, err
	}
	for _, folder := range []string{"/usr/local/sbin/", "/usr/sbin/", "/sbin/"} {
		if path, found := exec.LookPath(folder + name); found == nil {
			return path, nil
		}
	}
	return name, err
}
