package netcheck

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/pion/stun/v4"
)

// fakeNAT is what STUN servers here pretend to see: this computer's sockets
// through a NAT. It really maps and filters: an answer that the NAT would not
// let in is not sent.
type fakeNAT struct {
	mapping, filtering Behaviour
	// next gives the outside port of a new mapping from the inside one.
	next func(inside uint16) uint16
	// transparent pretends nothing: there is no NAT, at most a filter.
	transparent bool

	mu    sync.Mutex
	ports map[[2]netip.AddrPort]uint16
	// sent are the destinations of each inside socket.
	sent map[netip.AddrPort][]netip.AddrPort
}

var outside = netip.MustParseAddr("203.0.113.9")

func (n *fakeNAT) mapped(inside, to netip.AddrPort) netip.AddrPort {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports == nil {
		n.ports, n.sent = map[[2]netip.AddrPort]uint16{}, map[netip.AddrPort][]netip.AddrPort{}
	}
	n.sent[inside] = append(n.sent[inside], to)
	if n.transparent {
		return inside
	}
	key := [2]netip.AddrPort{inside}
	switch n.mapping {
	case AddressDependent:
		key[1] = netip.AddrPortFrom(to.Addr(), 0)
	case AddressAndPortDependent:
		key[1] = to
	}
	if n.ports[key] == 0 {
		n.ports[key] = n.next(inside.Port())
	}
	return netip.AddrPortFrom(outside, n.ports[key])
}

// admits reports whether a packet from there gets in to a socket.
func (n *fakeNAT) admits(inside, from netip.AddrPort) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, to := range n.sent[inside] {
		switch {
		case n.filtering == EndpointIndependent, to == from, n.filtering == AddressDependent && to.Addr() == from.Addr():
			return true
		}
	}
	return false
}

// one after the other, as a sequential NAT gives them.
func sequential(step uint16) func(uint16) uint16 {
	port := uint16(40000)
	return func(uint16) uint16 { port += step; return port }
}

// scattered is as a random NAT gives them, and the same in every test.
func scattered() func(uint16) uint16 {
	state := uint32(1)
	return func(uint16) uint16 {
		state = state*1664525 + 1013904223
		return uint16(state>>16)%60000 + 2000
	}
}

func kept(inside uint16) uint16 { return inside }

// testSTUN is a STUN server with two addresses and two ports (RFC 5780).
type testSTUN struct {
	nat *fakeNAT
	// sockets[address][port].
	sockets [2][2]*net.UDPConn
	// addresses is 2, 1 with another port only, or 0 without OTHER-ADDRESS.
	addresses int
	// drop loses the first packets of each kind of request.
	drop int

	mu   sync.Mutex
	seen map[[stun.TransactionIDSize]byte]int
}

// serveSTUN starts a server on two loopback addresses that end in these bytes.
func serveSTUN(t testing.TB, nat *fakeNAT, addresses, drop int, last ...byte) *testSTUN {
	t.Helper()
	s := &testSTUN{nat: nat, addresses: addresses, drop: drop, seen: map[[stun.TransactionIDSize]byte]int{}}
	var serving sync.WaitGroup
	for i := range s.sockets {
		for j := range s.sockets[i] {
			ip := net.IPv4(127, 0, 0, last[min(i, len(last)-1)])
			port := 0
			if i > 0 && s.sockets[0][j] != nil && len(last) > 1 {
				port = s.sockets[0][j].LocalAddr().(*net.UDPAddr).Port
			}
			socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: ip, Port: port})
			if err != nil {
				t.Skipf("this computer has no second loopback address: %v", err)
			}
			s.sockets[i][j] = socket
		}
	}
	for i := range s.sockets {
		for j := range s.sockets[i] {
			serving.Go(func() { s.serve(i, j) })
		}
	}
	t.Cleanup(func() {
		for _, pair := range s.sockets {
			for _, socket := range pair {
				_ = socket.Close()
			}
		}
		serving.Wait()
	})
	return s
}

func (s *testSTUN) url() string { return "stun:" + s.sockets[0][0].LocalAddr().String() }

func (s *testSTUN) serve(i, j int) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := s.sockets[i][j].ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		m := &stun.Message{Raw: append([]byte(nil), buffer[:n]...)}
		if m.Decode() != nil || m.Type != stun.BindingRequest || s.lost(m.TransactionID) {
			continue
		}
		s.answer(m, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), i, j)
	}
}

func (s *testSTUN) lost(id [stun.TransactionIDSize]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[id]++
	return s.seen[id] <= s.drop
}

func (s *testSTUN) answer(m *stun.Message, from netip.AddrPort, i, j int) {
	mapped := s.nat.mapped(from, addrPort(s.sockets[i][j].LocalAddr()))
	if change, err := m.Get(stun.AttrChangeRequest); err == nil && s.addresses > 0 {
		if change[3]&changeAddress != 0 {
			i = 1 - i
		}
		if change[3]&changePort != 0 {
			j = 1 - j
		}
	}
	if !s.nat.admits(from, addrPort(s.sockets[i][j].LocalAddr())) {
		return
	}
	setters := []stun.Setter{
		stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: mapped.Addr().AsSlice(), Port: int(mapped.Port())},
	}
	if s.addresses > 0 {
		other := s.sockets[s.addresses-1][1].LocalAddr().(*net.UDPAddr)
		setters = append(setters, &stun.OtherAddress{IP: other.IP, Port: other.Port})
	}
	response, err := stun.Build(setters...)
	if err == nil {
		_, _ = s.sockets[i][j].WriteToUDPAddrPort(response.Raw, from)
	}
}

func TestEachKindOfNATIsNamed(t *testing.T) {
	for _, test := range []struct {
		name               string
		mapping, filtering Behaviour
		next               func(uint16) uint16
		step               int
	}{
		{"full cone", EndpointIndependent, EndpointIndependent, scattered(), 0},
		{"address restricted", EndpointIndependent, AddressDependent, scattered(), 0},
		{"port restricted", EndpointIndependent, AddressAndPortDependent, scattered(), 0},
		{"port restricted, keeping ports", EndpointIndependent, AddressAndPortDependent, kept, 0},
		{"address dependent", AddressDependent, AddressDependent, scattered(), 0},
		{"symmetric random", AddressAndPortDependent, AddressAndPortDependent, scattered(), 0},
		{"symmetric sequential", AddressAndPortDependent, AddressAndPortDependent, sequential(1), 1},
		{"symmetric in twos", AddressAndPortDependent, AddressAndPortDependent, sequential(2), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			nat := &fakeNAT{mapping: test.mapping, filtering: test.filtering, next: test.next}
			server := serveSTUN(t, nat, 2, 0, 2, 3)
			report := Check(t.Context(), Config{STUN: []string{server.url()}})
			if report.UDP != Open || !report.IPv4 || report.IPv6 || !report.NAT || report.Public4 != outside {
				t.Errorf("found %+v, seen as %v", report.Findings, report.Public4)
			}
			if report.Mapping != test.mapping || report.Filtering != test.filtering || report.PortStep != test.step {
				t.Errorf("mapping %q, filtering %q, step %d", report.Mapping, report.Filtering, report.PortStep)
			}
		})
	}
}

func TestWithoutANATThereIsOnlyAFilter(t *testing.T) {
	t.Parallel()
	for filtering, verdict := range map[Behaviour]Verdict{EndpointIndependent: Reachable, AddressAndPortDependent: Reachable} {
		nat := &fakeNAT{transparent: true, filtering: filtering}
		report := Check(t.Context(), Config{STUN: []string{serveSTUN(t, nat, 2, 0, 2, 3).url()}})
		if report.NAT || report.Mapping != EndpointIndependent || report.Filtering != filtering || report.Verdict() != verdict {
			t.Errorf("filtering %s: %+v, %s", filtering, report.Findings, report.Verdict())
		}
	}
}

func TestTwoServersTellTheMappingAndNotTheFilter(t *testing.T) {
	for _, test := range []struct {
		mapping Behaviour
		verdict Verdict
	}{{EndpointIndependent, Usual}, {AddressAndPortDependent, Strict}} {
		nat := &fakeNAT{mapping: test.mapping, filtering: AddressAndPortDependent, next: scattered()}
		report := Check(t.Context(), Config{STUN: []string{serveSTUN(t, nat, 0, 0, 2).url(), serveSTUN(t, nat, 0, 0, 3).url()}})
		if report.Mapping != test.mapping || report.Filtering != "" || report.Verdict() != test.verdict {
			t.Errorf("%s: %+v, %s", test.mapping, report.Findings, report.Verdict())
		}
		for _, s := range report.STUN {
			if s.Err != nil || s.RTT <= 0 || s.Mapped.Addr() != outside {
				t.Errorf("%+v", s)
			}
		}
	}
}

func TestOneServerIsNotEnoughToTellTheMapping(t *testing.T) {
	nat := &fakeNAT{mapping: AddressAndPortDependent, filtering: AddressAndPortDependent, next: scattered()}
	report := Check(t.Context(), Config{STUN: []string{serveSTUN(t, nat, 0, 0, 2).url()}})
	if report.Mapping != "" || report.Filtering != "" || report.UDP != Open || !report.NAT || report.Verdict() != Undecided {
		t.Errorf("found %+v, %s", report.Findings, report.Verdict())
	}
}

func TestASecondPortOfOneAddressTellsWhatItCan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ mapping, filtering, want, filter Behaviour }{
		{AddressAndPortDependent, AddressAndPortDependent, AddressAndPortDependent, AddressAndPortDependent},
		{EndpointIndependent, AddressAndPortDependent, "", AddressAndPortDependent}, // or address-dependent
		{EndpointIndependent, EndpointIndependent, "", AddressDependent},            // at least
	} {
		nat := &fakeNAT{mapping: test.mapping, filtering: test.filtering, next: scattered()}
		report := Check(t.Context(), Config{STUN: []string{serveSTUN(t, nat, 1, 0, 2).url()}})
		if report.Mapping != test.want || report.Filtering != test.filter {
			t.Errorf("%s and %s: mapping %q, filtering %q", test.mapping, test.filtering, report.Mapping, report.Filtering)
		}
	}
}

func TestLostPacketsDoNotChangeTheVerdict(t *testing.T) {
	for _, test := range []struct{ mapping, filtering Behaviour }{
		{EndpointIndependent, EndpointIndependent}, {AddressAndPortDependent, AddressAndPortDependent},
	} {
		t.Run(string(test.mapping), func(t *testing.T) {
			t.Parallel()
			nat := &fakeNAT{mapping: test.mapping, filtering: test.filtering, next: sequential(1)}
			report := Check(t.Context(), Config{STUN: []string{serveSTUN(t, nat, 2, 1, 2, 3).url()}})
			if report.Mapping != test.mapping || report.Filtering != test.filtering {
				t.Errorf("mapping %q, filtering %q", report.Mapping, report.Filtering)
			}
		})
	}
}

func TestAServerThatDoesNotDoWhatItAnnouncesTellsNothingOfTheFilter(t *testing.T) {
	t.Parallel()
	nat := &fakeNAT{mapping: EndpointIndependent, filtering: AddressAndPortDependent, next: scattered()}
	server := serveSTUN(t, nat, 2, 0, 2, 3)
	_ = server.sockets[1][1].Close() // what it announces as its second address is dead
	report := Check(t.Context(), Config{STUN: []string{server.url()}})
	if report.Filtering != "" {
		t.Errorf("filtering %q", report.Filtering)
	}
}

func TestOnlyAPortThatCanBeForetoldIsAStep(t *testing.T) {
	inside := []uint16{50001, 41002, 60003, 38004, 52005, 45006}
	for _, test := range []struct {
		name    string
		outside []uint16
		want    int
	}{
		{"one by one", []uint16{4000, 4001, 4002, 4003, 4004, 4005}, 1},
		{"in twos", []uint16{4000, 4002, 4004, 4006, 4008, 4010}, 2},
		{"with a neighbour in between", []uint16{4000, 4001, 4002, 4005, 4006, 4007}, 1},
		{"round the end", []uint16{65533, 65534, 65535, 1024, 1025, 1026}, 1},
		{"random", []uint16{4000, 61234, 17, 3999, 40000, 12345}, 0},
		{"backwards", []uint16{4005, 4004, 4003, 4002, 4001, 4000}, 0},
		{"too few", []uint16{4000, 4001, 4002}, 0},
		{"kept", inside, 0},
		{"never the same", []uint16{4000, 4001, 4003, 4006, 4010, 4015}, 0},
		{"far apart", []uint16{4000, 4100, 4200, 4300, 4400, 4500}, 0},
	} {
		if got := portStep(inside[:len(test.outside)], test.outside); got != test.want {
			t.Errorf("%s: step %d, want %d", test.name, got, test.want)
		}
	}
}
