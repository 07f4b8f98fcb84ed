//go:build linux

package lab

import (
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
)

// delivers reports whether a packet gets from one socket to an address where
// another one listens.
func delivers(t *testing.T, from, to *net.UDPConn, at netip.AddrPort, expected bool) bool {
	t.Helper()
	say(t, from, at, "hello")
	text, _ := hear(t, to, patient(expected))
	return text == "hello"
}

func TestEveryHomeHasTheSameInside(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	a, b := l.Home("a", FullCone), l.Home("b", Linux)
	if a.IP4() != b.IP4() || a.OutsideIP4() == b.OutsideIP4() {
		t.Errorf("inside %s and %s, outside %s and %s", a.IP4(), b.IP4(), a.OutsideIP4(), b.OutsideIP4())
	}
	// An address of the other home may be somebody else's here, or nobody's.
	router := l.Router(FullCone)
	router.Host("first")
	there := socket(t, router.Host("second"))
	if delivers(t, socket(t, a), there, local(there), false) {
		t.Error("a packet went from one home into another by its inside address")
	}
}

func TestComputersBehindOneRouterMeetUnlessItKeepsThemApart(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	apart := Linux
	apart.Isolate = true
	for _, nat := range []NAT{PortRestricted, Linux, apart, Firewall} {
		router := l.Router(nat)
		a, b := router.Host("a"), router.Host("b")
		from, to := socket(t, a), socket(t, b)
		if met := delivers(t, from, to, local(to), !nat.Isolate); met == nat.Isolate {
			t.Errorf("%s: neighbours meet: %v", nat.Name, met)
		}
		l.Cut(a, b)
		if delivers(t, from, to, local(to), false) {
			t.Errorf("%s: neighbours meet through a cut", nat.Name)
		}
		l.Join(b, a)
		if met := delivers(t, from, to, local(to), !nat.Isolate); met == nat.Isolate {
			t.Errorf("%s: neighbours meet after the cut was mended: %v", nat.Name, met)
		}
	}
}

func TestSubscribersOfOneCarrierMeetAsItAllows(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	for _, routes := range []bool{true, false} {
		for _, turns := range []bool{true, false} {
			nat := CarrierPortRestricted
			nat.Isolate, nat.Hairpin = !routes, turns
			carrier := l.Router(nat)
			a, b := carrier.Router(FullCone).Host("a"), carrier.Router(FullCone).Host("b")
			from, to := socket(t, a), socket(t, b)
			seen := server.seen(t, to, server.at[0])
			if seen.Addr() != carrier.Outside() || b.OutsideIP4() != carrier.Outside() {
				t.Errorf("seen as %s, outside %s, carrier's %s", seen, b.OutsideIP4(), carrier.Outside())
			}
			// The home's router kept the port, so the carrier's network knows it
			// by the router's own address.
			within := netip.AddrPortFrom(b.Routers()[0].Outside(), local(to).Port())
			if met := delivers(t, from, to, within, routes); met != routes {
				t.Errorf("by 100.64.x they meet: %v instead of %v", met, routes)
			}
			met := punch(puncher{from, server.seen(t, from, server.at[0])}, puncher{to, seen}, patient(turns))
			if met != turns {
				t.Errorf("by the carrier's outside they meet: %v instead of %v", met, turns)
			}
		}
	}
}

func TestPrivateDestinationTakesAPort(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	nobody := netip.MustParseAddrPort("10.9.9.9:9")
	for _, dropped := range []bool{false, true} {
		nat := SymmetricSequential
		nat.DropPrivate = dropped
		c := socket(t, l.Home("home", nat))
		before := server.seen(t, c, server.at[0]).Port()
		say(t, c, nobody, "hello")
		between := server.seen(t, c, server.at[1]).Port() - before - 1
		if (between == 0) != dropped {
			t.Errorf("with DropPrivate %v it took %d ports", dropped, between)
		}
	}
}

func TestForeignSourceDoesNotLeak(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	peer := socket(t, l.Server("peer"))
	foreign := netip.MustParseAddr("10.1.2.3")
	hosts := []*Host{l.Server("server")}
	for _, nat := range []NAT{Open, Firewall, FullCone, Linux} {
		hosts = append(hosts, l.Home(nat.Name, nat))
	}
	for _, h := range hosts {
		if err := h.Do(func() error {
			eth0, err := netlink.LinkByName("eth0")
			if err != nil {
				return err
			}
			return netlink.AddrAdd(eth0, &netlink.Addr{IPNet: network(netip.PrefixFrom(foreign, 32))})
		}); err != nil {
			t.Fatal(err)
		}
		if delivers(t, listen(t, h, netip.AddrPortFrom(foreign, 0)), peer, local(peer), false) {
			t.Errorf("%s: a packet from %s reached the internet", h.Name(), foreign)
		}
		if !delivers(t, socket(t, h), peer, local(peer), true) {
			t.Errorf("%s: nothing reaches the internet", h.Name())
		}
	}
}

func TestSubscriberHasABlockOfPorts(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	nat := CarrierSymmetric
	nat.Block = 16
	carrier := l.Router(nat)
	taken := map[uint16]bool{}
	for range 2 {
		h := carrier.Router(PortRestricted).Host("home")
		block := (server.seen(t, socket(t, h), server.at[0]).Port() - lowestPort) / 16
		if taken[block] {
			t.Errorf("block %d is another subscriber's", block)
		}
		taken[block] = true
		for range 15 {
			if port := server.seen(t, socket(t, h), server.at[0]).Port(); (port-lowestPort)/16 != block {
				t.Errorf("port %d is not in block %d", port, block)
			}
		}
		if server.reaches(t, socket(t, h), false) {
			t.Error("a 17th socket has a port of a block of 16")
		}
	}
}
