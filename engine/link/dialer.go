package link

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// GatherLimit is how long a description waits for servers where Config says nothing.
const GatherLimit = 500 * time.Millisecond

// ReleaseAfter is when relays are given back where Config says nothing.
const ReleaseAfter = time.Minute

// Config says how links are made.
type Config struct {
	// Servers are asked for server-reflexive and relayed addresses.
	Servers []Server
	// Policy limits the paths; empty means path.Auto.
	Policy path.Policy
	// GatherLimit is the longest that Offer and Answer wait for servers, if one has
	// answered; 0 means GatherLimit.
	GatherLimit time.Duration
	// Loopback offers loopback addresses too: for two processes on a computer
	// that has no other network.
	Loopback bool
	// ReleaseAfter is how long a direct path has to work before this link's
	// allocations on TURN servers are given back; 0 means ReleaseAfter.
	ReleaseAfter time.Duration
	// Logger gets no secrets. nil is silent.
	Logger *slog.Logger
	// Net is a virtual network for tests; nil is the system's.
	Net transport.Net
	// Mapper asks the router for a port for each direct candidate; nil where
	// there is no such router.
	Mapper PortMapper
	// PortStep is by how much the NAT's outside port grows with each mapping,
	// where that can be foretold: the next few ports are offered too. 0 is off.
	PortStep int
	// PortMin and PortMax are the UDP ports of direct candidates, as long as one
	// of them is free; both 0 is any.
	PortMin, PortMax uint16
}

// PortMapper asks a router to pass a UDP port on to this computer.
type PortMapper interface {
	// Map returns the address at which others reach the local one. The mapping
	// is kept until release is called, which does not wait.
	Map(ctx context.Context, local netip.AddrPort) (external netip.AddrPort, release func(), err error)
	// Found reports whether there is known to be such a router, so that Map is
	// worth a wait.
	Found() bool
}

// Dialer makes the links of one process, which has one identity. Its methods
// are safe for concurrent use.
type Dialer struct {
	certificate webrtc.Certificate
	identity    Identity
	throttle    *throttle
	roots       *x509.CertPool // of TURN servers, in tests; nil is the system's

	mu      sync.Mutex
	config  Config
	buffers sync.Once
}

// NewDialer returns a Dialer with an identity of its own. It returns
// ErrUnknownPolicy for a policy that it does not know.
func NewDialer(config Config) (*Dialer, error) {
	certificate, identity, err := newCertificate()
	if err != nil {
		return nil, err
	}
	d := &Dialer{certificate: *certificate, identity: identity, throttle: newThrottle()}
	if err := d.Configure(config); err != nil {
		return nil, err
	}
	return d, nil
}

// Identity is how peers know this process.
func (d *Dialer) Identity() Identity { return d.identity }

// Configure changes how links are made from now on. It returns
// ErrUnknownPolicy, and changes nothing, for a policy that it does not know.
func (d *Dialer) Configure(config Config) error {
	if config.Policy == "" {
		config.Policy = path.Auto
	}
	if err := checkPolicy(config.Policy); err != nil {
		return err
	}
	if config.GatherLimit <= 0 {
		config.GatherLimit = GatherLimit
	}
	if config.ReleaseAfter <= 0 {
		config.ReleaseAfter = ReleaseAfter
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	config.Servers = slices.Clone(config.Servers)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.config = config
	return nil
}

func (d *Dialer) current() Config {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config
}

// Offer gathers this side's addresses and returns a connection that waits for
// somebody's answer. It returns when the servers that it needs have answered, or
// after the gather limit with what there is; late candidates follow over the
// link. Where no server has answered by then it waits for a relay up to 1.2 s.
func (d *Dialer) Offer(ctx context.Context) (*Pending, error) {
	return d.offer(ctx, false)
}

// OfferPatiently is Offer for a further attempt at a peer, which nobody waits
// for: where there is a router that maps ports, it is given 3 s to answer.
func (d *Dialer) OfferPatiently(ctx context.Context) (*Pending, error) {
	return d.offer(ctx, true)
}

func (d *Dialer) offer(ctx context.Context, patient bool) (*Pending, error) {
	l, err := d.prepare(true)
	if err != nil {
		return nil, err
	}
	if patient {
		l.mappings.grace = mappingPatience
	}
	mine, err := l.offer(ctx)
	if err != nil {
		l.Close()
		<-l.Done()
		return nil, err
	}
	return &Pending{link: l, mine: mine}, nil
}

// Answer answers a peer's offer. The description is for the peer; the link
// begins to connect at once and needs Serve or Close.
func (d *Dialer) Answer(ctx context.Context, offer Description) (*Link, Description, error) {
	l, err := d.prepare(false)
	if err != nil {
		return nil, Description{}, err
	}
	mine, err := l.answer(ctx, offer)
	if err != nil {
		l.Close()
		<-l.Done()
		return nil, Description{}, err
	}
	return l, Description{Identity: l.own, SDP: mine.text()}, nil
}

// prepare makes a link that has gathered nothing yet.
func (d *Dialer) prepare(offers bool) (*Link, error) {
	config := d.current()
	d.buffers.Do(func() { checkBuffers(config.Logger) })
	chosen := chooseServers(config.Servers, config.Policy, config.Logger)
	if config.Policy == path.RelayOnly && len(chosen.relays) == 0 {
		return nil, fmt.Errorf("%w: the policy allows relays alone", ErrNoRelay)
	}
	sockets, err := newNetwork(config.Net, config.Loopback, chosen.relays, config.Logger)
	if err != nil {
		return nil, fmt.Errorf("link: network: %w", err)
	}
	sockets.roots = d.roots
	sockets.relayOnly = config.Policy == path.RelayOnly
	sockets.ports = portRange{config.PortMin, config.PortMax}
	l := newLink(d.identity, config, sockets, offers)
	l.servers, l.flow = chosen, newFlow(d.throttle)
	if err := l.connect(d.certificate, chosen.ice); err != nil {
		sockets.shut()
		return nil, err
	}
	return l, nil
}

// checkBuffers tells once when the kernel cuts the socket buffers down.
func checkBuffers(log *slog.Logger) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		conn, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	}
	if err != nil {
		return
	}
	defer conn.Close()
	enlarge(conn)
	if granted, ok := receiveBuffer(conn); ok && granted < socketBuffer {
		log.Info("UDP socket buffers are small, transfers over distance are slower; on Linux set net.core.rmem_max and net.core.wmem_max",
			"wanted", socketBuffer, "granted", granted)
	}
}
