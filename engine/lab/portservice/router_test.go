package portservice

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	inside  = netip.MustParseAddr("127.0.0.1")
	outside = netip.MustParseAddr("203.0.113.7")
)

// mappingTable is a router's table without a router: it keeps the wanted port
// where it is free.
type mappingTable struct {
	mu     sync.Mutex
	ports  map[flow]uint16
	lives  map[flow]time.Duration
	taken  map[uint16]bool
	broken error
}

func (m *mappingTable) Map(protocol string, inside netip.AddrPort, wanted uint16, life time.Duration) (netip.AddrPort, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return netip.AddrPort{}, m.broken
	}
	f := flow{protocol, inside}
	port, mapped := m.ports[f]
	if !mapped {
		port = wanted
		for port == 0 || m.taken[port] {
			port += 7
		}
	}
	m.ports[f], m.lives[f], m.taken[port] = port, life, true
	return netip.AddrPortFrom(outside, port), nil
}

func (m *mappingTable) Unmap(protocol string, inside netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := flow{protocol, inside}
	delete(m.taken, m.ports[f])
	delete(m.ports, f)
}

// take keeps a port from being mapped.
func (m *mappingTable) take(port uint16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken[port] = true
}

// fail makes every mapping fail.
func (m *mappingTable) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

func (m *mappingTable) Inside() netip.Addr  { return inside }
func (m *mappingTable) Outside() netip.Addr { return outside }

// port is what the table maps to a port of the client, 0 for nothing.
func (m *mappingTable) port(protocol string, port uint16) uint16 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ports[flow{protocol, netip.AddrPortFrom(inside, port)}]
}

// loopback opens free ports instead of those that are asked for, and catches
// what is sent to a group.
type loopback struct {
	mu     sync.Mutex
	at     map[uint16]netip.AddrPort // UDP sockets by the port asked for
	groups map[netip.AddrPort]netip.AddrPort
	told   chan telling
}

// telling is what the router sent to a group.
type telling struct {
	group  string
	packet []byte
}

func (l *loopback) ListenUDP(port uint16) (net.PacketConn, error) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[port] = netip.MustParseAddrPort(conn.LocalAddr().String())
	return &groupCatcher{conn, l.told}, nil
}

func (l *loopback) ListenTCP(uint16) (net.Listener, error) { return net.Listen("tcp4", "127.0.0.1:0") }

func (l *loopback) ListenMulticast(group netip.AddrPort) (net.PacketConn, error) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups[group] = netip.MustParseAddrPort(conn.LocalAddr().String())
	return &groupCatcher{conn, l.told}, nil
}

type groupCatcher struct {
	net.PacketConn
	told chan<- telling
}

func (g *groupCatcher) WriteTo(packet []byte, to net.Addr) (int, error) {
	if to.(*net.UDPAddr).IP.IsMulticast() {
		select {
		case g.told <- telling{to.String(), append([]byte(nil), packet...)}:
		default:
		}
		return len(packet), nil
	}
	return g.PacketConn.WriteTo(packet, to)
}

// home is a home network with a router under test.
type home struct {
	*loopback
	table   *mappingTable
	service *Service
}

// moveIn starts a router that runs until the end of the test.
func moveIn(t *testing.T, options Options) *home {
	t.Helper()
	service, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	h := &home{
		loopback: &loopback{at: map[uint16]netip.AddrPort{}, groups: map[netip.AddrPort]netip.AddrPort{}, told: make(chan telling, 64)},
		table:    &mappingTable{ports: map[flow]uint16{}, lives: map[flow]time.Duration{}, taken: map[uint16]bool{}},
		service:  service,
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- service.Serve(ctx, h.table, h.loopback) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("the router ended: %v", err)
		}
	})
	h.untilOpen(t, options)
	return h
}

// untilOpen waits for the router's sockets.
func (h *home) untilOpen(t *testing.T, options Options) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		h.mu.Lock()
		_, mapping := h.at[mappingPort]
		_, search := h.at[searchGroup.Port()]
		h.mu.Unlock()
		if mapping == (options.PCP || options.NATPMP) && search == (options.IGD != 0) {
			return
		}
	}
	t.Fatal("the router did not open its sockets")
}

// client is a socket of a computer in the home network.
type client struct {
	*net.UDPConn
	t *testing.T
}

// newClient opens a socket towards a UDP port of the router.
func (h *home) newClient(t *testing.T, port uint16) client {
	t.Helper()
	h.mu.Lock()
	to := h.at[port]
	h.mu.Unlock()
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return client{conn, t}
}

// ask sends a packet and returns the answer.
func (c client) ask(packet []byte) []byte {
	c.t.Helper()
	c.send(packet)
	return c.hear(5 * time.Second)
}

func (c client) send(packet []byte) {
	c.t.Helper()
	if _, err := c.Write(packet); err != nil {
		c.t.Fatal(err)
	}
}

// hear returns the next packet, nil when there is none in time.
func (c client) hear(within time.Duration) []byte {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.t.Fatal(err)
	}
	buffer := make([]byte, 2048)
	n, err := c.Read(buffer)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return buffer[:n]
}

var _ lab.Listener = (*loopback)(nil)

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"nothing":             {},
		"IGD 3":               {IGD: 3},
		"garbage without IGD": {PCP: true, Garbage: true},
		"negative":            {PCP: true, Delay: -1},
		"IPv6 outside":        {PCP: true, External: netip.MustParseAddr("2001:db8::1")},
	} {
		if _, err := New(options); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARouterIsServedOnce(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{NATPMP: true})
	if err := h.service.Serve(t.Context(), h.table, h.loopback); !errors.Is(err, ErrServed) {
		t.Errorf("a second Serve returns %v", err)
	}
}

func TestARestartOfARouterThatIsGoneReturns(t *testing.T) {
	t.Parallel()
	service, err := New(Options{NATPMP: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	table := &mappingTable{}
	if err := service.Serve(ctx, table, &loopback{at: map[uint16]netip.AddrPort{}}); err != nil {
		t.Fatal(err)
	}
	service.Restart()
}
