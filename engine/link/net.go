package link

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// socketBuffer is asked of the kernel for each UDP socket, in bytes. The usual
// 208 KiB overflow at every burst, which halves SCTP's window each time.
const socketBuffer = 4 << 20

// historyLimit bounds the allocations that the status tells of.
const historyLimit = 32

// network is the transport.Net of one link. Beside handing out sockets with
// big buffers it knows which TURN server each local port talks to, which pion
// does not tell; it keeps the ports of direct candidates over an ICE restart;
// and it can end everything that pion waits for.
type network struct {
	transport.Net // nil methods are the virtual network's, in tests
	virtual       bool
	loopback      bool
	log           *slog.Logger
	relays        []*relayServer
	roots         *x509.CertPool // of TLS; nil is the system's
	relayOnly     bool           // no other socket may be opened
	ports         portRange      // of direct candidates
	began         time.Time

	checks   *checks
	selected atomic.Pointer[selection] // nil while there is none

	ctx    context.Context // ends name lookups and dials
	cancel context.CancelFunc

	mu       sync.Mutex
	ending   bool
	open     map[io.Closer]struct{}
	parked   map[string][]*udpSocket
	targets  map[target]*relayServer // by where packets go
	carried  map[uint16]*allocation  // the newest by local port
	number   int
	history  []*allocation // all that there were, in order
	failures map[int]bool  // servers by rank, since the last gathering began
	changed  chan struct{} // closed and replaced when an allocation has changed
}

// target is where packets of a TURN client go.
type target struct {
	network string
	address netip.AddrPort
}

// newNetwork returns the network of one link; virtual replaces the system's in
// tests and is nil otherwise.
func newNetwork(virtual transport.Net, loopback bool, relays []*relayServer, log *slog.Logger) (*network, error) {
	n := &network{
		Net: virtual, virtual: virtual != nil, loopback: loopback, log: log, relays: relays,
		began: time.Now(), checks: newChecks(),
		open: map[io.Closer]struct{}{}, parked: map[string][]*udpSocket{},
		targets: map[target]*relayServer{}, carried: map[uint16]*allocation{}, failures: map[int]bool{}, changed: make(chan struct{}),
	}
	if virtual == nil {
		system, err := stdnet.NewNet()
		if err != nil {
			return nil, err
		}
		n.Net = system
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n, nil
}

// track remembers a socket until it is closed, or closes it at once when the
// link is ending.
func (n *network) track(socket io.Closer) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ending {
		return errors.Join(net.ErrClosed, socket.Close())
	}
	n.open[socket] = struct{}{}
	return nil
}

func (n *network) forget(socket io.Closer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, socket)
}

// abandon ends lookups, dials and requests to TURN servers, and lets no socket
// be opened or kept any more. Sockets in use stay open, so that TURN
// allocations can be released.
func (n *network) abandon() {
	n.cancel()
	n.mu.Lock()
	n.ending = true
	var idle []*udpSocket
	for _, sockets := range n.parked {
		idle = append(idle, sockets...)
	}
	clear(n.parked)
	var relays []*allocation
	for _, relay := range n.carried {
		relays = append(relays, relay)
	}
	n.mu.Unlock()
	for _, socket := range idle {
		socket.shut()
	}
	for _, relay := range relays {
		relay.abort()
	}
}

// shut closes whatever is still open.
func (n *network) shut() {
	n.abandon()
	n.mu.Lock()
	left := make([]io.Closer, 0, len(n.open))
	for socket := range n.open {
		left = append(left, socket)
	}
	clear(n.open)
	n.mu.Unlock()
	for _, socket := range left {
		_ = socket.Close()
	}
}

// now is a clock for atomic fields: nanoseconds since the link was made.
func (n *network) now() int64 { return int64(time.Since(n.began)) }

// relay returns the allocation of a local port, or nil.
func (n *network) relay(port uint16) *allocation {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.carried[port]
}

// carry remembers an allocation by its local port.
func (n *network) carry(a *allocation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.carried[a.port] = a
	n.number++
	a.number = n.number
	n.history = append(n.history, a)
	if len(n.history) > historyLimit {
		n.history = slices.Delete(n.history, 0, 1)
	}
}

func (n *network) uncarry(a *allocation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.carried[a.port] == a {
		delete(n.carried, a.port)
	}
}

// serverAt returns the TURN server at an address, or nil.
func (n *network) serverAt(to target) *relayServer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.targets[to]
}

// streamServer returns the TURN server over TCP or TLS of that name, or nil.
func (n *network) streamServer(hostPort string) *relayServer {
	at := slices.IndexFunc(n.relays, func(r *relayServer) bool { return r.network == "tcp" && r.hostPort == hostPort })
	if at < 0 {
		return nil
	}
	return n.relays[at]
}

// resolved notes which configured TURN servers an address stands for. The
// first configured one keeps an address that several have.
func (n *network) resolved(hostPort string, address netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, relay := range n.relays {
		key := target{relay.network, address}
		if _, taken := n.targets[key]; relay.hostPort == hostPort && !taken {
			n.targets[key] = relay
		}
	}
}

func portOf(address net.Addr) (uint16, bool) {
	at, ok := addrPort(address)
	return at.Port(), ok
}

func addrPort(address net.Addr) (netip.AddrPort, bool) {
	var at netip.AddrPort
	switch a := address.(type) {
	case *net.UDPAddr:
		at = a.AddrPort()
	case *net.TCPAddr:
		at = a.AddrPort()
	default:
		return at, false
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), true
}

// Interfaces lists the interfaces as they are now, without link-local
// addresses, which mean nothing to a peer. Filtering here and not by pion's
// filters keeps it from asking every server from every address.
func (n *network) Interfaces() ([]*transport.Interface, error) {
	source := n.Net
	if !n.virtual {
		system, err := stdnet.NewNet()
		if err != nil {
			return nil, err
		}
		source = system
	}
	all, err := source.Interfaces()
	if err != nil {
		return nil, err
	}
	var kept []*transport.Interface
	for _, each := range all {
		addresses, err := each.Addrs()
		if err != nil {
			continue
		}
		copied := transport.NewInterface(each.Interface)
		for _, address := range addresses {
			if prefix, ok := prefixOf(address); ok && n.offers(prefix.Addr()) {
				copied.AddAddress(address)
			}
		}
		kept = append(kept, copied)
	}
	return kept, nil
}

func (n *network) offers(ip netip.Addr) bool {
	return !ip.IsLinkLocalUnicast() && (n.loopback || !ip.IsLoopback())
}

// prefixes lists the addresses of the interfaces that are up, with the sizes
// of their networks.
func (n *network) prefixes() []netip.Prefix {
	interfaces, err := n.Interfaces()
	if err != nil {
		n.log.Debug("cannot list the network interfaces", "error", err)
		return nil
	}
	var prefixes []netip.Prefix
	for _, each := range interfaces {
		addresses, err := each.Addrs()
		if err != nil || each.Flags&net.FlagUp == 0 {
			continue
		}
		for _, address := range addresses {
			if prefix, ok := prefixOf(address); ok {
				prefixes = append(prefixes, prefix)
			}
		}
	}
	return prefixes
}

func prefixOf(address net.Addr) (netip.Prefix, bool) {
	ipNet, ok := address.(*net.IPNet)
	if !ok {
		return netip.Prefix{}, false
	}
	ip, ok := netip.AddrFromSlice(ipNet.IP)
	if !ok {
		return netip.Prefix{}, false
	}
	ones, bits := ipNet.Mask.Size()
	ip = ip.Unmap()
	if bits == 128 && ip.Is4() {
		ones -= 96
	}
	return netip.PrefixFrom(ip, max(ones, 0)), true
}
