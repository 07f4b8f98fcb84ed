package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	readlimit "github.com/pion/transport/v4/deadline"
	"github.com/pion/transport/v4/vnet"

	"github.com/causeway-app/causeway/engine/path"
)

// mappingHome is a home whose router maps ports beside what its NAT does: what
// comes to a mapped outside port reaches the inside port, and what the inside
// port sends to such a sender leaves by the mapped one.
type mappingHome struct {
	*vnet.Net
	outside *vnet.Net
	address netip.Addr

	mu      sync.Mutex
	slow    time.Duration // until the router answers
	refuses bool
	sockets map[uint16]*mappedSocket
	open    map[netip.AddrPort]int // mappings by local address, with their users
	asked   int
}

var errNoMapping = errors.New("the router refuses")

// maps adds a router that maps ports to a home.
func (i *internet) maps(t *testing.T, home *vnet.Net, outside string) *mappingHome {
	t.Helper()
	host, err := newComputer(&vnet.NetConfig{StaticIPs: []string{outside}})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.AddNet(host); err != nil {
		t.Fatal(err)
	}
	return &mappingHome{
		Net: home, outside: host, address: netip.MustParseAddr(outside),
		sockets: map[uint16]*mappedSocket{}, open: map[netip.AddrPort]int{},
	}
}

// Found is PortMapper's: the router is known unless it is very slow.
func (h *mappingHome) Found() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slow < time.Second
}

// Map is PortMapper's.
func (h *mappingHome) Map(ctx context.Context, local netip.AddrPort) (netip.AddrPort, func(), error) {
	h.mu.Lock()
	h.asked++
	slow, refuses, socket := h.slow, h.refuses, h.sockets[local.Port()]
	h.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return netip.AddrPort{}, nil, ctx.Err()
	}
	if refuses || socket == nil {
		return netip.AddrPort{}, nil, errNoMapping
	}
	external := netip.AddrPortFrom(h.address, local.Port())
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[local] == 0 {
		conn, err := h.outside.ListenPacket("udp4", external.String())
		if err != nil {
			return netip.AddrPort{}, nil, err
		}
		socket.attach(conn)
	}
	h.open[local]++
	return external, sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.open[local]--; h.open[local] == 0 {
			delete(h.open, local)
			socket.detach()
		}
	}), nil
}

func (h *mappingHome) mappings() (open, asked int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open), h.asked
}

// ListenUDP opens a socket behind the router.
func (h *mappingHome) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := h.Net.ListenUDP(network, local)
	if err != nil {
		return nil, err
	}
	s := &mappedSocket{UDPConn: conn, packets: make(chan mappedPacket, 256), closed: make(chan struct{}), limit: readlimit.New(), through: map[string]bool{}}
	s.pumps.Go(func() { s.pump(conn, false) })
	port, _ := portOf(conn.LocalAddr())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets[port] = s
	return s, nil
}

// mappedSocket is a socket behind the router.
type mappedSocket struct {
	transport.UDPConn
	packets chan mappedPacket
	closed  chan struct{}
	once    sync.Once
	limit   *readlimit.Deadline
	pumps   sync.WaitGroup

	mu      sync.Mutex
	outside net.PacketConn // nil while the port is not mapped
	through map[string]bool
}

type mappedPacket struct {
	data []byte
	from net.Addr
}

func (s *mappedSocket) attach(conn net.PacketConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outside = conn
	s.pumps.Go(func() { s.pump(conn, true) })
}

func (s *mappedSocket) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outside != nil {
		_ = s.outside.Close()
		s.outside = nil
	}
}

func (s *mappedSocket) pump(conn net.PacketConn, mapped bool) {
	buffer := make([]byte, 2048)
	for {
		count, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if mapped {
			s.mu.Lock()
			s.through[from.String()] = true
			s.mu.Unlock()
		}
		select {
		case s.packets <- mappedPacket{append([]byte(nil), buffer[:count]...), from}:
		case <-s.closed:
			return
		}
	}
}

func (s *mappedSocket) SetReadDeadline(at time.Time) error {
	s.limit.Set(at)
	return nil
}

func (s *mappedSocket) ReadFrom(buffer []byte) (int, net.Addr, error) {
	select {
	case <-s.limit.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-s.closed:
		return 0, nil, net.ErrClosed
	case packet := <-s.packets:
		return copy(buffer, packet.data), packet.from, nil
	}
}

func (s *mappedSocket) ReadFromUDP(buffer []byte) (int, *net.UDPAddr, error) {
	count, from, err := s.ReadFrom(buffer)
	address, _ := from.(*net.UDPAddr)
	return count, address, err
}

func (s *mappedSocket) WriteTo(packet []byte, to net.Addr) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outside != nil && s.through[to.String()] {
		return s.outside.WriteTo(packet, to)
	}
	return s.UDPConn.WriteTo(packet, to)
}

func (s *mappedSocket) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.detach()
		_ = s.UDPConn.Close()
	})
	return nil
}

func TestTwoStrictHomesOfWhichOneHasARouterThatMapsPorts(t *testing.T) {
	for _, test := range []struct {
		name string
		slow time.Duration
	}{{"at once", 0}, {"before the description leaves", 100 * time.Millisecond}} {
		t.Run(test.name, func(t *testing.T) {
			leaksNothing(t)
			world := newInternet(t)
			left := world.maps(t, world.home(t, "27.1.1.1", "192.168.1.0", symmetric), "27.1.1.2")
			right := world.home(t, "28.1.1.1", "10.2.0.0", symmetric)
			world.start(t)
			left.slow = test.slow
			stun := Server{URL: "stun:1.2.3.4:3478"}
			began := time.Now()
			a, b := linked(t,
				dialer(t, Config{Net: left, Mapper: left, Servers: []Server{stun}}),
				dialer(t, Config{Net: right, Servers: []Server{stun}}))
			t.Logf("up after %s", time.Since(began))
			for end, want := range map[*served]Opening{a: OwnMapping, b: TheirMapping} {
				end.until(t, string(want), func(s Status) bool { return s.Path == path.DirectInternet && s.Opening == want })
			}
			out, in := joined(t, a, b, "x")
			transfer(t, out, in, 1<<20, 1)

			_, before := left.mappings()
			a.Restart()
			eventuallyAsked(t, left, before+1)
			a.until(t, "direct again", func(s Status) bool { return s.Up && s.Path == path.DirectInternet })
			if open, _ := left.mappings(); open != 1 {
				t.Errorf("%d ports are mapped after an ICE restart", open)
			}
			out, in = joined(t, b, a, "y")
			transfer(t, out, in, 1<<20, 2)

			a.Close()
			<-a.Done()
			if open, _ := left.mappings(); open != 0 {
				t.Errorf("%d ports are mapped after the end", open)
			}
		})
	}
}

func eventuallyAsked(t *testing.T, h *mappingHome, times int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, asked := h.mappings(); asked >= times {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the router was not asked %d times", times)
		}
	}
}

func TestARouterThatAnswersLateMovesARelayedLinkToADirectPath(t *testing.T) {
	leaksNothing(t)
	world := newInternet(t)
	left := world.maps(t, world.home(t, "27.1.1.1", "192.168.1.0", symmetric), "27.1.1.2")
	right := world.home(t, "28.1.1.1", "10.2.0.0", symmetric)
	world.start(t)
	left.slow = 1200 * time.Millisecond
	stun := Server{URL: "stun:1.2.3.4:3478"}
	relay := Server{URL: "turn:1.2.3.4:3478", Username: "user", Password: "open sesame"}
	a, b := linked(t,
		dialer(t, Config{Net: left, Mapper: left, Servers: []Server{stun, relay}}),
		dialer(t, Config{Net: right, Servers: []Server{stun}}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed && s.Opening == "" })
	a.until(t, "direct", func(s Status) bool { return s.Path == path.DirectInternet && s.Opening == OwnMapping })
	b.until(t, "direct", func(s Status) bool { return s.Path == path.DirectInternet && s.Opening == TheirMapping })
}

func TestARouterThatMapsNothingChangesNothing(t *testing.T) {
	leaksNothing(t)
	world := newInternet(t)
	left := world.maps(t, world.home(t, "27.1.1.1", "192.168.1.0", portRestricted), "27.1.1.2")
	right := world.home(t, "28.1.1.1", "10.2.0.0", portRestricted)
	world.start(t)
	left.refuses = true
	stun := Server{URL: "stun:1.2.3.4:3478"}
	a, b := linked(t,
		dialer(t, Config{Net: left, Mapper: left, Servers: []Server{stun}}),
		dialer(t, Config{Net: right, Servers: []Server{stun}}))
	for _, end := range []*served{a, b} {
		end.until(t, "direct", func(s Status) bool { return s.Path == path.DirectInternet })
		if opening := end.Status().Load().Opening; opening != "" {
			t.Errorf("opened by %q", opening)
		}
	}
}

// countingMapper counts what it is asked for.
type countingMapper struct {
	mu    sync.Mutex
	asked []netip.AddrPort
	held  chan struct{} // closed when the router answers
	found bool
}

func (m *countingMapper) Found() bool { return m.found }

func (m *countingMapper) Map(ctx context.Context, local netip.AddrPort) (netip.AddrPort, func(), error) {
	m.mu.Lock()
	m.asked = append(m.asked, local)
	m.mu.Unlock()
	select {
	case <-m.held:
		return netip.AddrPort{}, nil, errNoMapping
	case <-ctx.Done():
		return netip.AddrPort{}, nil, ctx.Err()
	}
}

func TestOnlyPoliciesThatMayUseTheInternetAskTheRouter(t *testing.T) {
	for policy, want := range map[path.Policy]bool{
		path.Auto: true, path.DirectOnly: true, path.LANOnly: false, path.RelayOnly: false,
	} {
		t.Run(string(policy), func(t *testing.T) {
			leaksNothing(t)
			mapper := &countingMapper{held: make(chan struct{})}
			relay := Server{URL: "turn:127.0.0.1:1", Username: "user", Password: "open sesame"}
			began := time.Now()
			pending, err := dialer(t, Config{Policy: policy, Mapper: mapper, Servers: []Server{relay}, GatherLimit: 100 * time.Millisecond}).Offer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("described after %s", time.Since(began))
			pending.Close()
			<-pending.Done()
			mapper.mu.Lock()
			defer mapper.mu.Unlock()
			if (len(mapper.asked) > 0) != want {
				t.Errorf("asked for %v", mapper.asked)
			}
			for _, local := range mapper.asked {
				if !local.Addr().Is4() {
					t.Errorf("asked for %s", local)
				}
			}
		})
	}
}

func TestARouterThatDoesNotAnswerHoldsNoDescription(t *testing.T) {
	for found, limit := range map[bool]time.Duration{false: searchGrace, true: mappingGrace} {
		t.Run(fmt.Sprintf("known %t", found), func(t *testing.T) {
			leaksNothing(t)
			mapper := &countingMapper{held: make(chan struct{}), found: found}
			began := time.Now()
			pending, err := dialer(t, Config{Mapper: mapper}).Offer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < limit || took > limit+150*time.Millisecond {
				t.Errorf("took %s", took)
			}
			if strings.Contains(pending.Description().SDP, "srflx") {
				t.Error("a port is told that is not mapped")
			}
			began = time.Now()
			pending.Close()
			<-pending.Done()
			if took := time.Since(began); took > 600*time.Millisecond {
				t.Errorf("the end took %s", took)
			}
		})
	}
}
