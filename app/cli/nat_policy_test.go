//go:build lab

package main_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// traffic is what was sent, by where it was seen and between whom.
type traffic struct {
	mu   sync.Mutex
	sent map[hop]int
}

type hop struct {
	where    string
	from, to netip.Addr
	protocol string
}

// follow counts the bytes of all that a lab or a computer shows, from now on.
func follow(t *testing.T, watched interface {
	Watch(func(lab.Sighting)) func()
}) *traffic {
	t.Helper()
	all := &traffic{sent: map[hop]int{}}
	stop := watched.Watch(func(s lab.Sighting) {
		all.mu.Lock()
		defer all.mu.Unlock()
		all.sent[hop{s.Where, s.From.Addr().Unmap(), s.To.Addr().Unmap(), s.Protocol}] += s.Size
	})
	t.Cleanup(stop)
	return all
}

// which returns the hops for which ok is true, and their bytes.
func (f *traffic) which(ok func(hop) bool) (hops []hop, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for h, size := range f.sent {
		if ok(h) {
			hops, bytes = append(hops, h), bytes+size
		}
	}
	return hops, bytes
}

// policyWorld is an internet with a relay, and two homes of several computers.
type policyWorld struct {
	*world
	relays server
	// alice shares from the second computer of her home, so that her address
	// there is not that of bob, who is the first in his.
	alice, bob     *lab.Host
	all            *traffic
	byAlice, byBob *traffic
	shared         string
}

// newPolicyWorld puts both into homes of that kind.
func newPolicyWorld(t *testing.T, nat lab.NAT) *policyWorld {
	t.Helper()
	w := &policyWorld{world: newWorld(t, lab.Options{})}
	w.relays = w.relay("relay")
	router := w.net.Router(nat)
	router.Host("alice's printer")
	w.alice, w.bob = router.Host("alice"), w.net.Home("bob", nat)
	w.watch()
	return w
}

// newHousehold puts both into one home.
func newHousehold(t *testing.T, nat lab.NAT) *policyWorld {
	t.Helper()
	w := &policyWorld{world: newWorld(t, lab.Options{})}
	w.relays = w.relay("relay")
	router := w.net.Router(nat)
	w.bob, w.alice = router.Host("bob"), router.Host("alice")
	w.watch()
	return w
}

func (w *policyWorld) watch() {
	w.all, w.byAlice, w.byBob = follow(w.t, w.net), follow(w.t, w.alice), follow(w.t, w.bob)
	w.shared = filepath.Join(w.t.TempDir(), "film.bin")
	makeFile(w.t, w.shared, 3<<20, 5)
}

// policies shares at alice's and receives at bob's.
func (w *policyWorld) policies(alices, bobs string) (sender, receiver *process, to string, begun time.Time) {
	w.t.Helper()
	sender, invitation := w.send(w.alice, w.shared, "--policy", alices, "--log-level", "debug")
	to, begun = w.t.TempDir(), time.Now()
	receiver = w.receive(w.bob, invitation, to, "--policy", bobs, "--log-level", "debug")
	return sender, receiver, to, begun
}

// arrives wants the whole file, by one kind of path and no other.
func (w *policyWorld) arrives(sender, receiver *process, to, by string) {
	w.t.Helper()
	receiver.ends(arrival, 0)
	if !sameFile(w.t, w.shared, filepath.Join(to, filepath.Base(w.shared))) {
		w.t.Error("the file has other bytes")
	}
	for _, p := range []*process{sender, receiver} {
		mostly(w.t, p)
		for _, state := range p.every() {
			for _, peer := range state.Peers {
				if peer.Path != by && peer.Path != "connecting" {
					w.t.Fatalf("%s had a path that is %s, want %s alone: %+v", p.name, peer.Path, by, peer)
				}
			}
		}
	}
}

// refused wants the receiver to end without a byte, in time, and to say why.
func (w *policyWorld) refused(receiver *process, begun time.Time, code string) {
	w.t.Helper()
	receiver.ends(arrival, 3)
	took := time.Since(begun)
	last := receiver.last()
	if len(last.Transfers) != 1 || last.Transfers[0].Problem == nil {
		w.t.Fatalf("the receiver's last state is %+v", last)
	}
	found := last.Transfers[0]
	why := ""
	if found.Problem.Explanation != nil {
		why = found.Problem.Explanation.Why
	}
	said := receiver.stderr.String()
	said = said[max(0, strings.LastIndex(said, "causeway-cli: ")):]
	w.t.Logf("figure: policy, %s: refused after %.1f s with %s: %s", w.t.Name(), took.Seconds(), found.Problem.Code, strings.TrimSpace(said))
	if took > failureLimit {
		w.t.Errorf("the receiver ended after %v, want at most %v", took, failureLimit)
	}
	if found.Bytes != 0 || found.Problem.Code != code || why == "" {
		w.t.Errorf("the receiver has %d bytes and the problem %+v, want none and %s; it explains %q", found.Bytes, found.Problem, code, why)
	}
	if !strings.Contains(said, why) || strings.Contains(said, "no internet") {
		w.t.Errorf("stderr ends with %q, and the explanation is %q", said, why)
	}
}

// strangersTo lists to whom a computer has sent that is not among those known.
func (f *traffic) strangersTo(known ...netip.Addr) []hop {
	strangers, _ := f.which(func(h hop) bool { return !slices.Contains(known, h.to) && !h.to.IsMulticast() })
	return strangers
}

// noneBetween wants no packet from one home straight to the other, neither to
// its outside address nor to that of a computer inside.
func (w *policyWorld) noneBetween() {
	w.t.Helper()
	ends := func(h *lab.Host) []netip.Addr { return []netip.Addr{h.OutsideIP4(), h.IP4()} }
	hops, _ := w.all.which(func(h hop) bool {
		return slices.Contains(ends(w.alice), h.from) && slices.Contains(ends(w.bob), h.to) ||
			slices.Contains(ends(w.bob), h.from) && slices.Contains(ends(w.alice), h.to)
	})
	if len(hops) > 0 {
		w.t.Errorf("between the two homes there went %v", hops)
	}
}

// hides wants that a process has not learned a computer's addresses.
func (w *policyWorld) hides(owner *lab.Host, from *process, by *traffic) {
	w.t.Helper()
	for _, secret := range []netip.Addr{owner.IP4(), owner.OutsideIP4()} {
		for _, state := range from.every() {
			for _, peer := range state.Peers {
				if strings.HasPrefix(peer.Remote.Address, secret.String()+":") {
					w.t.Fatalf("%s sees its peer at %s", from.name, peer.Remote.Address)
				}
			}
		}
		if log := from.stderr.String(); strings.Contains(log, secret.String()) {
			at := strings.Index(log, secret.String())
			w.t.Errorf("%s logs the address %s: %s", from.name, secret, log[max(0, at-200):min(len(log), at+100)])
		}
		if hops, _ := by.which(func(h hop) bool { return h.to == secret }); len(hops) > 0 {
			w.t.Errorf("%s has sent to %s", from.name, secret)
		}
	}
}

// TestNATRelayOnlyShowsNoAddress lets the two behind routers between which
// direct is easy, and watches every packet.
func TestNATRelayOnlyShowsNoAddress(t *testing.T) {
	t.Parallel()
	for _, bobs := range []string{"auto", "relay"} {
		t.Run("the other one "+bobs, func(t *testing.T) {
			t.Parallel()
			w := newPolicyWorld(t, lab.PortRestricted)
			sender, receiver, to, _ := w.policies("relay", bobs)
			w.arrives(sender, receiver, to, "relayed")
			w.noneBetween()
			w.hides(w.alice, receiver, w.byBob)
			if bobs == "relay" {
				w.hides(w.bob, sender, w.byAlice)
			}
			meet, relay := hostOf(w.meet.stun), hostOf(w.relays.stun)
			if strangers := w.byAlice.strangersTo(meet, relay); len(strangers) > 0 {
				t.Errorf("alice has sent to others than the rendezvous and the relay: %v", strangers)
			}
			if udp, _ := w.byAlice.which(func(h hop) bool { return h.protocol == "udp" && h.to != relay }); len(udp) > 0 {
				t.Errorf("alice has sent UDP to others than the relay: %v", udp)
			}
			if peer := mostly(t, receiver); !strings.HasPrefix(peer.Remote.Address, relay.String()+":") {
				t.Errorf("the receiver sees its peer at %+v, want the relay, %s", peer.Remote, relay)
			}
			_, between := w.all.which(func(h hop) bool { return h.to == relay || h.from == relay })
			t.Logf("figure: policy, relay only, the other one %s: no packet between the homes, %.1f MB by the relay; the receiver sees %s", bobs, float64(between)/1e6, mostly(t, receiver).Remote.Address)
		})
	}
}

// hostOf is the address in a stun: URI.
func hostOf(uri string) netip.Addr {
	return netip.MustParseAddrPort(strings.TrimPrefix(uri, "stun:")).Addr()
}

// TestNATDirectOnlyNeverTakesARelay is about two symmetric routers and a relay
// that would do.
func TestNATDirectOnlyNeverTakesARelay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ alices, bobs, code string }{
		{"direct", "direct", "policy-blocked"}, {"auto", "direct", "policy-blocked"}, {"direct", "auto", "no-path"},
		{"relay", "direct", "policy-blocked"},
	} {
		t.Run(test.alices+" to "+test.bobs, func(t *testing.T) {
			t.Parallel()
			w := newPolicyWorld(t, lab.SymmetricRandom)
			sender, receiver, _, begun := w.policies(test.alices, test.bobs)
			w.refused(receiver, begun, test.code)
			for _, p := range []*process{sender, receiver} {
				for _, state := range p.every() {
					for _, peer := range state.Peers {
						if peer.Path != "connecting" || peer.BytesIn+peer.BytesOut+peer.BytesRelayed > 0 {
							t.Fatalf("%s has a path: %+v", p.name, peer)
						}
					}
				}
			}
			receiver.kill()
			sender.interrupt()
			w.relays.settles(t)
			counted := w.relays.counters()
			t.Logf("figure: policy, %s to %s between symmetric routers: the relay carried %d bytes", test.alices, test.bobs, counted.Relayed)
			// Who may use a relay asks by it whether the other one answers.
			if most := map[bool]int64{false: checksBytes}[test.alices == "direct" && test.bobs == "direct"]; counted.Relayed > most {
				t.Errorf("the relay has carried %d bytes, want at most %d", counted.Relayed, most)
			}
			relay := hostOf(w.relays.stun)
			for name, side := range map[string]*traffic{test.alices: w.byAlice, test.bobs: w.byBob} {
				if asked, _ := side.which(func(h hop) bool { return h.to == relay }); name == "direct" && len(asked) > 0 {
					t.Errorf("who goes direct only has sent to the relay: %v", asked)
				}
			}
		})
	}
	t.Run("where direct is possible", func(t *testing.T) {
		t.Parallel()
		w := newPolicyWorld(t, lab.PortRestricted)
		sender, receiver, to, _ := w.policies("direct", "auto")
		w.arrives(sender, receiver, to, "direct-internet")
		if counted := w.relays.counters(); counted.Relayed > checksBytes {
			t.Errorf("the relay has carried %d bytes", counted.Relayed)
		}
	})
}

// checksBytes is the most that connectivity checks come to, a few bytes each.
const checksBytes = 64 << 10

// settles waits until all allocations are released, so that the counters are
// final.
func (s server) settles(t *testing.T) {
	t.Helper()
	for begun := time.Now(); s.counters().Allocations != 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("allocations are left at the relay: %+v", s.counters())
		}
	}
}

func TestNATSameNetworkOnly(t *testing.T) {
	t.Parallel()
	for _, bobs := range []string{"lan", "auto"} {
		t.Run("in one home, the other one "+bobs, func(t *testing.T) {
			t.Parallel()
			w := newHousehold(t, lab.PortRestricted)
			sender, receiver, to, _ := w.policies("lan", bobs)
			w.arrives(sender, receiver, to, "direct-lan")
			meet := hostOf(w.meet.stun)
			known := []netip.Addr{w.bob.IP4(), meet}
			if strangers := w.byAlice.strangersTo(known...); len(strangers) > 0 {
				t.Errorf("alice has sent to others than bob and the rendezvous: %v", strangers)
			}
			if udp, _ := w.byAlice.which(func(h hop) bool { return h.protocol == "udp" && h.to != w.bob.IP4() && !h.to.IsMulticast() }); len(udp) > 0 {
				t.Errorf("alice has sent UDP out of her home: %v", udp)
			}
			_, inside := w.all.which(func(h hop) bool { return h.from == w.alice.IP4() && h.to == w.bob.IP4() })
			_, outside := w.all.which(func(h hop) bool { return h.where == "internet" && h.from == w.alice.OutsideIP4() })
			t.Logf("figure: policy, same network only, the other one %s: %.1f MB inside the home, %.3f MB left it", bobs, float64(inside)/1e6, float64(outside)/1e6)
			if inside < 3<<20 || outside > 256<<10 {
				t.Errorf("%d bytes went inside the home and %d left it", inside, outside)
			}
		})
	}
	for _, test := range []struct{ alices, bobs, code string }{
		{"lan", "lan", "policy-blocked"}, {"auto", "lan", "policy-blocked"}, {"lan", "auto", "no-path"},
	} {
		t.Run(fmt.Sprintf("in two homes, %s to %s", test.alices, test.bobs), func(t *testing.T) {
			t.Parallel()
			w := newPolicyWorld(t, lab.FullCone)
			_, receiver, _, begun := w.policies(test.alices, test.bobs)
			w.refused(receiver, begun, test.code)
			relay := hostOf(w.relays.stun)
			for name, side := range map[string]struct {
				*traffic
				other *lab.Host
			}{test.alices: {w.byAlice, w.bob}, test.bobs: {w.byBob, w.alice}} {
				hops, _ := side.which(func(h hop) bool { return h.to == relay || h.to == side.other.OutsideIP4() })
				if name == "lan" && len(hops) > 0 {
					t.Errorf("who stays in the home has sent to %v", hops)
				}
			}
		})
	}
}

// TestNATOneHomeIsDirectAtOnce has both behind one router, which is symmetric
// and lets nobody back in; and two homes, in which both have the same address.
func TestNATOneHomeIsDirectAtOnce(t *testing.T) {
	t.Parallel()
	w := newHousehold(t, lab.SymmetricRandom)
	sender, receiver, to, begun := w.policies("auto", "auto")
	connected := receiver.until(arrival, "have a path", func(l line) bool {
		return len(l.Peers) == 1 && l.Peers[0].Path != "connecting"
	})
	w.arrives(sender, receiver, to, "direct-lan")
	took := connected.Time.Sub(begun)
	counted := w.relays.counters()
	t.Logf("figure: one home: direct-lan after %.2f s, the relay carried %d bytes", took.Seconds(), counted.Relayed)
	if took > 2*time.Second || counted.Relayed > checksBytes {
		t.Errorf("it took %v, and the relay carried %d bytes", took, counted.Relayed)
	}
	if peer := mostly(t, receiver); peer.Remote.Address[:strings.LastIndexByte(peer.Remote.Address, ':')] != w.alice.IP4().String() {
		t.Errorf("the receiver's peer is at %+v, want %s", peer.Remote, w.alice.IP4())
	}
}
