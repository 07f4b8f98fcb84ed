//go:build lab

package main_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// newDualWorld is newWorld with servers that have IPv4 and IPv6, and are known
// by either address, as by a name.
func newDualWorld(t *testing.T) *dualWorld {
	t.Helper()
	w := &world{t: t, net: lab.New(t, lab.Options{Delay: 5 * time.Millisecond})}
	d := &dualWorld{world: w, server: w.net.Server("meet")}
	w.meet = d.serve(d.server, "--listen", ":8000")
	second := w.net.Server("stun")
	d.serve(second, "--listen", "off")
	for _, host := range []*lab.Host{d.server, second} {
		for _, ip := range []netip.Addr{host.IP4(), host.IP6()} {
			w.stun = append(w.stun, "stun:"+netip.AddrPortFrom(ip, 3478).String())
		}
	}
	return d
}

// dualWorld is a world with IPv6.
type dualWorld struct {
	*world
	server *lab.Host
}

// serve starts "causeway-cli serve" on all addresses of a server.
func (d *dualWorld) serve(host *lab.Host, more ...string) server {
	d.t.Helper()
	p := startOn(d.t, host, append([]string{"serve", "--json", "--turn-listen", ":3478",
		"--public-ip", host.IP4().String(), "--public-ip", host.IP6().String()}, more...)...)
	p.firstLine(20 * time.Second)
	return server{process: p}
}

// at gives the world's rendezvous the address that a computer reaches.
func (d *dualWorld) at(home *lab.Host) *world {
	w := *d.world
	ip := d.server.IP4()
	if !home.IP4().IsValid() {
		ip = d.server.IP6()
	}
	w.meet.rendezvous = "ws://" + net.JoinHostPort(ip.String(), "8000")
	return &w
}

// pair is acquaint for computers that reach the rendezvous by other addresses.
func (d *dualWorld) pair(t *testing.T, sender, receiver *lab.Host, more ...string) *acquaintance {
	t.Helper()
	return introduce(t, d.at(sender), d.at(receiver), sender, receiver, more...)
}

// turnAt adds a TURN server's addresses of both versions.
func (d *dualWorld) turnAt(host *lab.Host) {
	for _, ip := range []netip.Addr{host.IP4(), host.IP6()} {
		for _, transport := range []string{"udp", "tcp"} {
			uri := "turn:" + netip.AddrPortFrom(ip, 3478).String() + "?transport=" + transport
			d.turn = append(d.turn, strings.Join([]string{uri, turnUser, turnPassword}, ","))
		}
	}
}

// TestNATIPv6OnlyMeetsIPv4Only: nothing but a relay with both joins them.
func TestNATIPv6OnlyMeetsIPv4Only(t *testing.T) {
	t.Parallel()
	for name, relay := range map[string]func(*dualWorld){
		"embedded": func(d *dualWorld) {
			host := d.net.Server("relay")
			d.serve(host, "--listen", "off", "--user", turnUser+":"+turnPassword)
			d.turnAt(host)
		},
		"coturn": func(d *dualWorld) {
			needCoturn(d.t)
			host := d.net.Server("relay")
			coturnOn(d.t, host, "--listening-ip="+host.IP6().String(), "--relay-ip="+host.IP6().String(),
				"--lt-cred-mech", "--user="+turnUser+":"+turnPassword)
			d.turnAt(host)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDualWorld(t)
			relay(d)
			for _, kinds := range [][2]lab.NAT{
				{lab.IPv6Only, lab.PortRestricted}, {lab.SymmetricRandom, lab.IPv6Only}, {lab.UDPBlocked, lab.IPv6Only},
			} {
				t.Run(kinds[0].Name+" to "+kinds[1].Name, func(t *testing.T) {
					sender, receiver := d.net.Home("sender of "+t.Name(), kinds[0]), d.net.Home("receiver of "+t.Name(), kinds[1])
					a := d.pair(t, sender, receiver, "--relay-rate", "0")
					_, took := a.sees(a.receiver, arrival, "be relayed", func(p peer) bool { return p.Path == "relayed" })
					t.Logf("figure: %s: %s to %s relayed after %s", name, kinds[0].Name, kinds[1].Name, seconds(took))
					last := a.staysRelayed()
					for side, said := range last {
						six := kinds[side].NoIPv4
						if of := said.Explanation; slices.Contains(of.Own, "only-ipv6") != six || slices.Contains(of.Theirs, "only-ipv6") == six {
							if !kinds[0].BlockUDP && !kinds[1].BlockUDP {
								t.Errorf("side %d explains %+v", side, of)
							}
						}
					}
				})
			}
		})
	}
}

// TestNATIPv6BeatsSymmetricRouters: IPv4 would be relayed, and IPv6 behind
// firewalls is direct.
func TestNATIPv6BeatsSymmetricRouters(t *testing.T) {
	t.Parallel()
	d := newDualWorld(t)
	bare := *d.world
	host := d.net.Server("relay")
	d.serve(host, "--listen", "off", "--user", turnUser+":"+turnPassword)
	d.turnAt(host)
	kind := lab.SymmetricRandom
	kind.Name, kind.IPv6 = "symmetric random with IPv6", true
	for name, w := range map[string]*dualWorld{"with a relay": d, "STUN only": {&bare, d.server}} {
		t.Run(name, func(t *testing.T) {
			a := w.pair(t, w.net.Home("alice "+name, kind), w.net.Home("bob "+name, kind))
			for _, p := range []*process{a.receiver, a.sender} {
				direct, took := a.sees(p, time.Duration(noisyMachine*float64(directLimit)), "be direct by IPv6", func(one peer) bool {
					return one.Path == "direct-internet" && one.Explanation.Opening == "ipv6" && strings.Contains(one.Explanation.Why, "Direct by IPv6")
				})
				for _, end := range []string{direct.Local.Address, direct.Remote.Address} {
					if at, err := netip.ParseAddrPort(end); err != nil || !at.Addr().Is6() || at.Addr().Is4In6() {
						t.Errorf("an end of the path is %q, want IPv6", end)
					}
				}
				t.Logf("figure: IPv6 behind firewalls, IPv4 symmetric, %s: direct after %s", name, seconds(took))
			}
			a.arrives()
			a.ends()
		})
	}
}
