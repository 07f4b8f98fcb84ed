package link

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

func TestAHomeWhosePortsCanBeForetold(t *testing.T) {
	stun := Server{URL: "stun:1.2.3.4:3478"}
	second := Server{URL: "stun:1.2.3.4:3479"}
	relay := Server{URL: "turn:1.2.3.4:3478", Username: "user", Password: "open sesame"}
	for _, test := range []struct {
		name        string
		offers      bool // the symmetric side
		left, right []Server
	}{
		{"offers", true, []Server{stun}, []Server{stun}},
		{"answers", false, []Server{stun}, []Server{stun}},
		{"asks two servers", true, []Server{stun, second}, []Server{stun}},
		{"asks two servers and so does the peer", false, []Server{stun, second}, []Server{stun, second}},
		{"has a relay", true, []Server{stun, relay}, []Server{stun}},
		{"has a relay and answers", false, []Server{stun, relay}, []Server{stun, relay}},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaksNothing(t)
			world := newInternet(t)
			left := world.home(t, "27.1.1.1", "192.168.1.0", symmetric)
			right := world.home(t, "28.1.1.1", "10.2.0.0", portRestricted)
			world.start(t)
			world.listen(t, 3479)
			foretold := dialer(t, Config{Net: left, PortStep: 1, Servers: test.left})
			plain := dialer(t, Config{Net: right, Servers: test.right})
			began := time.Now()
			var a, b *served
			if test.offers {
				a, b = linked(t, foretold, plain)
			} else {
				b, a = linked(t, plain, foretold)
			}
			t.Logf("up after %s", time.Since(began))
			for _, end := range []*served{a, b} {
				status := end.until(t, "direct", func(s Status) bool { return s.Path == path.DirectInternet && s.Opening == Predicted })
				t.Logf("%s to %s after %s", status.Local.Address, status.Remote.Address, time.Since(began))
			}
			out, in := joined(t, a, b, "x")
			transfer(t, out, in, 1<<20, 1)
		})
	}
}

func TestThePortsThatFollow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		seen   []string
		mapped string
		step   int
		want   []uint16
	}{
		{"one server", []string{"203.0.113.7:4000"}, "", 1, []uint16{4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4010, 4011, 4012}},
		{"by twos", []string{"203.0.113.7:4000"}, "", 2, []uint16{4002, 4004, 4006, 4008, 4010, 4012, 4014, 4016, 4018, 4020, 4022, 4024}},
		{"downwards", []string{"203.0.113.7:4000"}, "", -1, []uint16{3999, 3998, 3997, 3996, 3995, 3994, 3993, 3992, 3991, 3990, 3989, 3988}},
		{"the last of three servers", []string{"203.0.113.7:4001", "203.0.113.7:4002", "203.0.113.7:4000"}, "", 1,
			[]uint16{4003, 4004, 4005, 4006, 4007, 4008, 4009, 4010, 4011, 4012, 4013, 4014}},
		{"the last of two, downwards", []string{"203.0.113.7:4001", "203.0.113.7:4002"}, "", -1,
			[]uint16{4000, 3999, 3998, 3997, 3996, 3995, 3994, 3993, 3992, 3991, 3990, 3989}},
		{"after the end of the range", []string{"203.0.113.7:65535", "203.0.113.7:1030"}, "", 1,
			[]uint16{1031, 1032, 1033, 1034, 1035, 1036, 1037, 1038, 1039, 1040, 1041, 1042}},
		{"at the end of the range", []string{"203.0.113.7:65533"}, "", 1, []uint16{65534, 65535}},
		{"beside a port that the router maps", []string{"203.0.113.7:4000", "203.0.113.7:50000"}, "203.0.113.7:50000", 1,
			[]uint16{4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4010, 4011, 4012}},
		{"IPv6 alone", []string{"[2001:db8::7]:4000"}, "", 1, nil},
		{"no server", nil, "", 1, nil},
		{"no step", []string{"203.0.113.7:65535"}, "", 40000, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines []string
			for _, each := range test.seen {
				line, ok := reflexive(netip.MustParseAddrPort(each))
				if !ok {
					t.Fatal(each)
				}
				lines = append(lines, line)
			}
			lines = append(lines, "1 1 udp 2130706431 192.168.1.7 5000 typ host", "nonsense")
			var mapped []netip.AddrPort
			if test.mapped != "" {
				mapped = append(mapped, netip.MustParseAddrPort(test.mapped))
			}
			var got []uint16
			for _, each := range predict(lines, mapped, test.step) {
				got = append(got, each.Port())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestNothingIsForetoldUnlessAskedFor(t *testing.T) {
	leaksNothing(t)
	world := newInternet(t)
	left := world.home(t, "27.1.1.1", "192.168.1.0", symmetric)
	world.start(t)
	for step, want := range map[int]int{0: 1, 1: 1 + predictedPorts} {
		pending, err := dialer(t, Config{Net: left, PortStep: step, Servers: []Server{{URL: "stun:1.2.3.4:3478"}}}).Offer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(pending.Description().SDP, "typ srflx"); got != want {
			t.Errorf("with step %d: %d server-reflexive candidates, want %d", step, got, want)
		}
		pending.Close()
		<-pending.Done()
	}
}

func TestWhatAPeerSaysOfAnOpeningIsChecked(t *testing.T) {
	t.Parallel()
	for opening, want := range map[Opening]Opening{
		"": "", OwnMapping: OwnMapping, Predicted: Predicted, TheirMapping: "", "\x1b[31m": "", "magic": "",
	} {
		if got := (&told{Type: path.Host, Opening: opening}).checked().Opening; got != want {
			t.Errorf("%q became %q", opening, got)
		}
	}
	for to, want := range map[string]string{
		"203.0.113.7:4000": "203.0.113.7:4000", "[2001:db8::7]:1": "[2001:db8::7]:1",
		"": "", "203.0.113.7": "", "router:80": "", "[fe80::1%eth0]:1": "", strings.Repeat("1", 5000): "",
	} {
		if got := (&told{Type: path.Host, To: to}).checked().To; got != want {
			t.Errorf("%q became %q", to, got)
		}
	}
}
