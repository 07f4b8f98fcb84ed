//go:build lab

package main_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
	"github.com/causeway-app/causeway/engine/lab/portservice"
)

// mappingRouter is a router's port-mapping service, and a witness of the ports
// that the router has given.
type mappingRouter struct {
	t       *testing.T
	service *portservice.Service

	mu    sync.Mutex
	given map[netip.AddrPort]netip.AddrPort // outside by inside
	ever  int
}

// mapsPorts adds a port-mapping service to a router's rules.
func mapsPorts(t *testing.T, nat lab.NAT, options portservice.Options) (lab.NAT, *mappingRouter) {
	t.Helper()
	service, err := portservice.New(options)
	if err != nil {
		t.Fatal(err)
	}
	r := &mappingRouter{t: t, service: service, given: map[netip.AddrPort]netip.AddrPort{}}
	nat.Ports = r
	return nat, r
}

// Serve is that of lab.PortService.
func (r *mappingRouter) Serve(ctx context.Context, table lab.PortTable, listen lab.Listener) error {
	return r.service.Serve(ctx, witnessedTable{table, r}, listen)
}

// witnessedTable is the router's own table.
type witnessedTable struct {
	lab.PortTable
	router *mappingRouter
}

func (w witnessedTable) Map(protocol string, inside netip.AddrPort, wanted uint16, life time.Duration) (netip.AddrPort, error) {
	outside, err := w.PortTable.Map(protocol, inside, wanted, life)
	w.router.mu.Lock()
	defer w.router.mu.Unlock()
	if err == nil {
		w.router.given[inside] = outside
		w.router.ever++
	}
	return outside, err
}

func (w witnessedTable) Unmap(protocol string, inside netip.AddrPort) {
	w.PortTable.Unmap(protocol, inside)
	w.router.mu.Lock()
	defer w.router.mu.Unlock()
	delete(w.router.given, inside)
}

// ports are the outside addresses that the router has mapped now.
func (r *mappingRouter) ports() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.given))
}

// settles waits until the router has answered all that it was asked. A program
// that ends takes back what it knows of within a second; what a slow router
// still works on by then runs out by itself.
func (r *mappingRouter) settles(t *testing.T) {
	t.Helper()
	const quiet = time.Second
	asked := func() int { r.mu.Lock(); defer r.mu.Unlock(); return r.ever }
	last, since := asked(), time.Now()
	for begun := time.Now(); time.Since(since) < quiet; time.Sleep(20 * time.Millisecond) {
		if now := asked(); now != last {
			last, since = now, time.Now()
		}
		if time.Since(begun) > arrival {
			t.Fatal("the router is asked for ever")
		}
	}
}

// taken holds the router to having had mappings, of which none is left.
func (r *mappingRouter) taken(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	ever := r.ever
	r.mu.Unlock()
	if ever == 0 {
		t.Error("the router has never mapped a port")
	}
	for begun := time.Now(); len(r.ports()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 2*time.Second {
			t.Errorf("the router still maps %v", r.ports())
			return
		}
	}
}

// mappingProtocols are the ways to ask a router for a port.
var mappingProtocols = []struct {
	name    string
	options portservice.Options
}{
	{"PCP", portservice.Options{PCP: true}},
	{"NAT-PMP", portservice.Options{NATPMP: true}},
	{"UPnP IGD 1", portservice.Options{IGD: 1}},
	{"UPnP IGD 2", portservice.Options{IGD: 2}},
	// Found only when the first description has left.
	{"slow UPnP", portservice.Options{IGD: 1, Delay: 400 * time.Millisecond}},
}

// acquaintance is a sender and a receiver that are left running.
type acquaintance struct {
	t                *testing.T
	sender, receiver *process
	begun            time.Time // when the receiver started
	shared, to       string
}

// acquaint starts a sender and then a receiver, which stay when all has arrived.
// Relayed bytes go slowly, unless flags say how, so that the end cannot come
// before a direct path.
func (w *world) acquaint(t *testing.T, sender, receiver *lab.Host, more ...string) *acquaintance {
	t.Helper()
	return introduce(t, w, w, sender, receiver, more...)
}

// introduce is acquaint for computers that know different servers.
func introduce(t *testing.T, here, there *world, sender, receiver *lab.Host, more ...string) *acquaintance {
	t.Helper()
	left, right := *here, *there
	left.t, right.t = t, t
	a := &acquaintance{t: t, shared: filepath.Join(t.TempDir(), "shared.bin"), to: t.TempDir()}
	makeFile(t, a.shared, sharedSize, 5)
	if len(left.turn)+len(right.turn) > 0 && !slices.Contains(more, "--relay-rate") {
		more = append(more, "--relay-rate", relayRate)
	}
	var invitation string
	a.sender, invitation = left.send(sender, a.shared, more...)
	a.begun = time.Now()
	a.receiver = right.receive(receiver, invitation, a.to, append(more, "--stay")...)
	return a
}

// sees waits until a process has a peer for which ok is true, and returns how
// long after the receiver's start that was.
func (a *acquaintance) sees(p *process, limit time.Duration, what string, ok func(peer) bool) (peer, time.Duration) {
	a.t.Helper()
	var found peer
	state := p.until(time.Until(a.begun.Add(limit)), what, func(l line) bool {
		for _, one := range l.Peers {
			if ok(one) {
				found = one
				return true
			}
		}
		return false
	})
	return found, state.Time.Sub(a.begun)
}

// arrives waits until the receiver has everything.
func (a *acquaintance) arrives() {
	a.t.Helper()
	a.receiver.until(arrival, "have everything", func(l line) bool {
		return len(l.Transfers) == 1 && l.Transfers[0].Phase == "complete"
	})
	if !sameFile(a.t, a.shared, filepath.Join(a.to, filepath.Base(a.shared))) {
		a.t.Error("what came has other bytes")
	}
}

// ends interrupts both.
func (a *acquaintance) ends() {
	a.t.Helper()
	a.receiver.interrupt()
	a.sender.interrupt()
}

// openedBy is a test for a direct path with an opening and its sentence.
func openedBy(opening, sentence string) func(peer) bool {
	return func(p peer) bool {
		return p.Path == "direct-internet" && p.Opening == opening && strings.Contains(p.Explanation.Why, sentence)
	}
}

var (
	byOwnMapping   = openedBy("own-mapping", "Direct through the port your router mapped")
	byTheirMapping = openedBy("their-mapping", "Direct through the port their router mapped")
)

// TestNATMappedPortMakesAPairDirect lets a symmetric router map ports, by each
// protocol, on either side, towards routers that keep the pair relayed
// otherwise: with a relay, and with STUN servers alone.
func TestNATMappedPortMakesAPairDirect(t *testing.T) {
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	bare := *w
	w.relay("relay", "--quota", "1000")
	atOnce := make(chan struct{}, 4)
	var all sync.WaitGroup
	for _, by := range mappingProtocols {
		for _, other := range []lab.NAT{lab.SymmetricRandom, lab.PortRestricted} {
			for _, sends := range []bool{true, false} {
				for _, servers := range []*world{w, &bare} {
					name := fmt.Sprintf("%s at the %s, %s, %s", by.name,
						map[bool]string{true: "sender", false: "receiver"}[sends], other.Name,
						map[bool]string{true: "with a relay", false: "STUN only"}[len(servers.turn) > 0])
					nat, router := mapsPorts(t, lab.SymmetricRandom, by.options)
					mapped, plain := w.net.Home("mapped: "+name, nat), w.net.Home("plain: "+name, other)
					atOnce <- struct{}{}
					all.Go(func() {
						defer func() { <-atOnce }()
						t.Run(name, func(t *testing.T) { mapsToDirect(t, servers, mapped, plain, router, sends) })
					})
				}
			}
		}
	}
	all.Wait()
}

// mapsToDirect lets a home whose router maps ports meet another one.
func mapsToDirect(t *testing.T, w *world, mapped, plain *lab.Host, router *mappingRouter, sends bool) {
	sender, receiver := plain, mapped
	if sends {
		sender, receiver = mapped, plain
	}
	a := w.acquaint(t, sender, receiver)
	own, their := a.receiver, a.sender
	if sends {
		own, their = a.sender, a.receiver
	}
	limit := failureLimit
	if len(w.turn) > 0 {
		limit = directLimit
	}
	noisy := time.Duration(noisyMachine * float64(limit))
	_, ownTook := a.sees(own, noisy, "say that its own router let it be direct", byOwnMapping)
	_, theirTook := a.sees(their, noisy, "say that the other's router let it be direct", byTheirMapping)
	t.Logf("figure: %s: direct and said so after %s", t.Name(), seconds(max(ownTook, theirTook)))
	a.arrives()
	router.settles(t)
	a.ends()
	router.taken(t)
}

// TestNATNobodyMapsPorts is how the same pairs are without a mapped port.
func TestNATNobodyMapsPorts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	w.relay("relay")
	var all sync.WaitGroup
	for _, other := range []lab.NAT{lab.SymmetricRandom, lab.PortRestricted} {
		cannot, mayNot := "the router cannot, "+other.Name, "--no-port-mapping, "+other.Name
		alice, bob := w.net.Home("alice, "+cannot, lab.SymmetricRandom), w.net.Home("bob, "+cannot, other)
		all.Go(func() {
			t.Run(cannot, func(t *testing.T) { w.acquaint(t, alice, bob).staysRelayed() })
		})
		nat, router := mapsPorts(t, lab.SymmetricRandom, portservice.Options{PCP: true, NATPMP: true, IGD: 2})
		asks, meets := w.net.Home("alice, "+mayNot, nat), w.net.Home("bob, "+mayNot, other)
		all.Go(func() {
			t.Run(mayNot, func(t *testing.T) {
				w.acquaint(t, asks, meets, "--no-port-mapping").staysRelayed()
				if router.ever > 0 {
					t.Errorf("the router was asked for %d ports", router.ever)
				}
			})
		})
	}
	all.Wait()
}

// staysRelayed holds the pair to a relay until all has arrived, and returns what
// both say of their peer in the end.
func (a *acquaintance) staysRelayed() [2]peer {
	a.t.Helper()
	a.arrives()
	for _, p := range []*process{a.sender, a.receiver} {
		for _, state := range p.every() {
			for _, one := range state.Peers {
				if strings.HasPrefix(one.Path, "direct-") {
					a.t.Fatalf("%s has a direct path: %+v", p.name, one)
				}
			}
		}
	}
	last := [2]peer{mostly(a.t, a.sender), mostly(a.t, a.receiver)}
	for _, one := range last {
		if one.Path != "relayed" {
			a.t.Errorf("the path is %+v", one)
		}
	}
	a.ends()
	return last
}

// TestNATMappedPortBehindACarrier: a home's router maps a port of its outside
// address, which is an inside one of the carrier's.
func TestNATMappedPortBehindACarrier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	w.relay("relay")
	every := portservice.Options{PCP: true, NATPMP: true, IGD: 2}
	t.Run("another carrier", func(t *testing.T) {
		nat, router := mapsPorts(t, lab.SymmetricRandom, every)
		alice := w.net.Home("alice", nat, lab.CarrierPortRestricted)
		bob := w.net.Home("bob", lab.SymmetricRandom, lab.CarrierPortRestricted)
		last := w.acquaint(t, alice, bob).staysRelayed()
		if own := last[0].Explanation; !slices.Contains(own.Own, "carrier-nat") || !strings.Contains(own.Why, "yours is behind a second NAT at the provider") {
			t.Errorf("the sender explains: %+v", own)
		}
		if theirs := last[1].Explanation; !slices.Contains(theirs.Theirs, "carrier-nat") {
			t.Errorf("the receiver explains: %+v", theirs)
		}
		router.taken(t)
	})
	t.Run("the same carrier", func(t *testing.T) {
		nat, router := mapsPorts(t, lab.SymmetricRandom, every)
		carrier := w.net.Router(lab.CarrierPortRestricted)
		alice, bob := carrier.Router(nat).Host("alice"), carrier.Router(lab.SymmetricRandom).Host("bob")
		a := w.acquaint(t, alice, bob)
		own, _ := a.sees(a.sender, time.Duration(noisyMachine*float64(directLimit)), "be direct by its mapping", byOwnMapping)
		remote, took := a.sees(a.receiver, time.Duration(noisyMachine*float64(directLimit)), "be direct by the other's mapping", byTheirMapping)
		t.Logf("figure: one carrier, %s to %s: direct after %s", own.Local.Address, remote.Remote.Address, seconds(took))
		at, err := netip.ParseAddrPort(remote.Remote.Address)
		if err != nil || !netip.MustParsePrefix("100.64.0.0/10").Contains(at.Addr()) {
			t.Errorf("the receiver reaches the sender at %s, want an address of the carrier", remote.Remote.Address)
		}
		a.arrives()
		a.ends()
		router.taken(t)
	})
}

// TestNATRouterForgetsMappings restarts the router in the midst of a transfer
// that has no other way than the mapped port.
func TestNATRouterForgetsMappings(t *testing.T) {
	t.Parallel()
	for _, by := range mappingProtocols {
		t.Run(by.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
			nat, router := mapsPorts(t, lab.SymmetricRandom, by.options)
			alice, bob := w.net.Home("alice", nat), w.net.Home("bob", lab.SymmetricRandom)
			shared, to := filepath.Join(t.TempDir(), "film.bin"), t.TempDir()
			makeFile(t, shared, 12<<20, 9)
			s, invitation := w.send(alice, shared, "--limit-up", "1M")
			r := w.receive(bob, invitation, to)
			reached(r, 0.2)
			router.service.Restart()
			alice.Routers()[0].Restart()
			r.ends(arrival, 0)
			if !sameFile(t, shared, filepath.Join(to, "film.bin")) {
				t.Error("what came has other bytes")
			}
			longest := slices.MaxFunc((&journey{world: w, receiver: r}).gaps(), func(a, b gap) int { return cmp.Compare(a.length(), b.length()) })
			t.Logf("figure: router restarted, %s: longest gap %v", by.name, longest.length().Round(time.Millisecond))
			s.interrupt()
			router.taken(t)
		})
	}
}
