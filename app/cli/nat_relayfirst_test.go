//go:build lab

package main_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// longVariable, set to anything, lets stories run that take minutes.
const longVariable = "CAUSEWAY_TEST_LONG"

// wireReport is what "serve --json" says of traffic with clients.
type wireReport struct {
	Event       string `json:"event"`
	FromClients int64  `json:"bytes_from_clients"`
	ToClients   int64  `json:"bytes_to_clients"`
}

// wire is the newest count of bytes between clients and a relay.
func (s server) wire() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest wireReport
	for _, text := range s.out {
		var report wireReport
		if json.Unmarshal([]byte(text), &report) == nil && report.Event == "counters" {
			newest = report
		}
	}
	return newest.FromClients + newest.ToClients
}

// byRelays are the bytes that a process says its relays carried for it.
func byRelays(t *testing.T, p *process) int64 {
	t.Helper()
	total := int64(0)
	for _, use := range mostly(t, p).Relays {
		total += use.In + use.Out
	}
	return total
}

// arrivals are the times at which data reached a computer.
type arrivals struct {
	mu sync.Mutex
	at []time.Time
}

// dataSize is less than any packet full of data, and more than any check.
const dataSize = 600

// dataTo notes every packet of data on the internet towards an address.
func dataTo(net *lab.Lab, to netip.Addr) (*arrivals, func()) {
	a := &arrivals{}
	return a, net.Watch(func(s lab.Sighting) {
		if s.Where != "internet" || s.To.Addr() != to || s.Size < dataSize {
			return
		}
		a.mu.Lock()
		a.at = append(a.at, time.Now())
		a.mu.Unlock()
	})
}

// longest is the longest gap that touches the time between two moments.
func (a *arrivals) longest(from, to time.Time) gap {
	a.mu.Lock()
	defer a.mu.Unlock()
	longest := gap{}
	for i, at := range a.at {
		if i == 0 || at.Before(from) || a.at[i-1].After(to) {
			continue
		}
		if g := (gap{a.at[i-1], at}); g.length() > longest.length() {
			longest = g
		}
	}
	return longest
}

// relayedFirst starts a transfer between two homes that reach each other by a
// relay only.
func relayedFirst(t *testing.T, large int64, takes time.Duration) (j *journey, relay server, open func() time.Time, bob *lab.Host) {
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	relay = w.relay("relay")
	alice, bob := w.net.Home("alice", lab.PortRestricted), w.net.Home("bob", lab.PortRestricted)
	w.net.Cut(alice, bob)
	j = w.travel(alice, bob, large, takes)
	j.goes("by the relay", relay.carries)
	return j, relay, func() time.Time {
		now := time.Now()
		w.net.Join(alice, bob)
		return now
	}, bob
}

// TestNATMovesToDirectWithoutAStall measures a pause; it does not run beside
// others.
func TestNATMovesToDirectWithoutAStall(t *testing.T) {
	const rate = 2 << 20
	const promptly, unnoticed = 5 * time.Second, 200 * time.Millisecond
	large := size(t, 50<<20)
	j, relay, open, bob := relayedFirst(t, large, time.Duration(large/rate)*time.Second)
	data, stop := dataTo(j.net, bob.OutsideIP4())
	defer stop()
	relayedFrom := time.Now()
	time.Sleep(min(10*time.Second, time.Duration(large/rate)*time.Second*2/5))
	opened := open()
	for _, p := range []*process{j.receiver, j.sender} {
		moved := p.until(arrival, "go directly", func(l line) bool { return len(l.Peers) == 1 && directPeer(l.Peers[0]) })
		took := moved.Time.Sub(opened)
		t.Logf("figure: the %s goes directly %v after that was possible, %s", p.name, took.Round(time.Millisecond), judged(took, promptly))
		if took > promptly {
			t.Errorf("%s moved after %v, want at most %v", p.name, took, promptly)
		}
	}
	j.arrives()
	stop()
	settled := opened.Add(8 * time.Second)
	stall, usual := data.longest(opened, settled), data.longest(relayedFrom, opened)
	t.Logf("figure: longest pause between packets of data to the receiver: %v, %s, from %v after the direct path opened; before it, by the relay: %v",
		stall.length().Round(time.Millisecond), judged(stall.length(), unnoticed), stall.from.Sub(opened).Round(time.Millisecond), usual.length().Round(time.Millisecond))
	payload := gap{}
	for _, g := range j.gaps() {
		if g.to.After(opened) && g.from.Before(settled) && g.length() > payload.length() {
			payload = g
		}
	}
	t.Logf("figure: longest time without more payload: %v, from %v after the direct path opened",
		payload.length().Round(time.Millisecond), payload.from.Sub(opened).Round(time.Millisecond))
	if limit := tolerated(unnoticed); stall.length() > limit {
		t.Errorf("no data for %v, over the tolerated %v (wanted: %v)", stall.length(), limit, unnoticed)
	}
	countsAgree(t, j, relay)
}

// countsAgree holds what both sides say of the relay to what it counted.
func countsAgree(t *testing.T, j *journey, relay server) {
	t.Helper()
	said := byRelays(t, j.sender) + byRelays(t, j.receiver)
	deadline := time.Now().Add(5 * time.Second)
	for relay.counters().Allocations != 0 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	counted := relay.wire()
	off := math.Abs(float64(said-counted)) / float64(counted)
	t.Logf("figure: the relay counted %d bytes with its clients, they say %d: %.2f %% off", counted, said, 100*off)
	if counted == 0 || off > 0.02 {
		t.Errorf("both sides say that the relay carried %d bytes, the relay says %d", said, counted)
	}
}

// TestNATRelayIsGivenBackOnADirectPath takes two minutes: a relay is kept for
// one after the path has become direct.
func TestNATRelayIsGivenBackOnADirectPath(t *testing.T) {
	if os.Getenv(longVariable) == "" {
		t.Skip("it takes two minutes: set " + longVariable)
	}
	t.Parallel()
	j, relay, open, _ := relayedFirst(t, 50<<20, 100*time.Second)
	relay.poll(arrival, "count allocations", func() bool { return strings.Contains(strings.Join(relay.out, "\n"), `"allocations":2`) })
	open()
	j.goes("directly", directPeer)
	began := time.Now()
	var released []time.Time
	for _, p := range []*process{j.sender, j.receiver} {
		state := p.until(2*time.Minute, "give the relay back", func(l line) bool {
			if len(l.Peers) != 1 || len(l.Peers[0].Relays) == 0 {
				return false
			}
			for _, use := range l.Peers[0].Relays {
				if use.Released == nil {
					return false
				}
			}
			return true
		})
		released = append(released, *state.Peers[0].Relays[0].Released)
	}
	for relay.counters().Allocations != 0 {
		if time.Since(began) > 90*time.Second {
			t.Fatalf("the relay has these allocations: %+v", relay.counters())
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("figure: the sender gave the relay back %v after the path became direct, the receiver %v; none was left at the relay after %v",
		released[0].Sub(began).Round(time.Millisecond), released[1].Sub(began).Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	if phase := j.receiver.last().Transfers[0].Phase; phase != "transferring" {
		t.Errorf("the transfer is %s by then", phase)
	}
	j.arrives()
	if peer := mostly(t, j.receiver); !directPeer(peer) {
		t.Errorf("at the end the path is %s", peer.Path)
	}
	countsAgree(t, j, relay)
}

func TestNATWhatARelayCarriedFirstIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	w.relay("relay")
	alice, bob := w.net.Home("alice", lab.PortRestricted), w.net.Home("bob", lab.PortRestricted)
	w.net.Cut(alice, bob)
	shared := filepath.Join(t.TempDir(), "film.bin")
	const large = 20 << 20
	makeFile(t, shared, large, 7)
	sender, invitation := w.send(alice, shared, "--limit-up", "2M")
	// The receiver speaks to a human.
	flags := w.flags(t.TempDir(), "--to", t.TempDir())
	receiver := startOn(t, bob, append([]string{"receive", invitation}, flags[1:]...)...)
	sender.until(arrival, "send by the relay", func(l line) bool { return len(l.Peers) == 1 && l.Peers[0].BytesRelayed > large/10 })
	w.net.Join(alice, bob)
	direct := sender.until(arrival, "send directly", func(l line) bool { return len(l.Peers) == 1 && directPeer(l.Peers[0]) })
	receiver.ends(arrival, 0)
	said := receiver.stderr.String()
	if !strings.Contains(said, "now direct, internet") || !strings.Contains(said, "relayed first: ") {
		t.Errorf("it does not say that bytes were relayed first:\n%s", said)
	}
	var amount, percent float64
	if _, after, found := strings.Cut(said, "relayed first: "); found {
		if _, err := fmt.Sscanf(after, "%f MB, %f %%", &amount, &percent); err != nil {
			t.Errorf("relayed first: %s: %v", after, err)
		}
	}
	relayed := float64(direct.Peers[0].BytesRelayed)
	t.Logf("figure: told: relayed first: %.1f MB, %.0f %%; the sender counted %.1f MB, %.1f %%",
		amount, percent, relayed/1e6, 100*relayed/large)
	// Some was under way.
	if math.Abs(amount*1e6-relayed) > 1e6 || math.Abs(percent-100*relayed/large) > 6 {
		t.Errorf("told %.1f MB, %.0f %%, and the sender counted %.0f bytes of %d", amount, percent, relayed, large)
	}
}

// TestNATTransferSurvivesItsRelay has the relay in use die, by which the
// receiver has a connection over TCP where UDP is blocked.
func TestNATTransferSurvivesItsRelay(t *testing.T) {
	for _, network := range []struct {
		receiver  lab.NAT
		transport string
	}{{lab.SymmetricRandom, "udp"}, {lab.UDPBlocked, "tcp"}} {
		for _, end := range []struct {
			name string
			of   func(server, *lab.Host)
		}{
			{"is killed", func(s server, _ *lab.Host) { s.kill() }},
			{"falls silent", func(_ server, host *lab.Host) { host.Mute() }},
		} {
			t.Run(network.receiver.Name+" and the relay "+end.name, func(t *testing.T) {
				t.Parallel()
				survivesItsRelay(t, network.receiver, network.transport, end.of)
			})
		}
	}
}

func survivesItsRelay(t *testing.T, kind lab.NAT, transport string, end func(server, *lab.Host)) {
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	hosts := []*lab.Host{w.net.Server("first"), w.net.Server("second")}
	relays := []server{w.relayOn(hosts[0]), w.relayOn(hosts[1])}
	alice, bob := w.net.Home("alice", lab.SymmetricRandom), w.net.Home("bob", kind)
	j := w.travel(alice, bob, size(t, 24<<20), 12*time.Second)
	j.comes(0.25)
	first := j.goes("by a relay", relayedPeer)
	at := 0
	if relays[1].carries(first) {
		at = 1
	} else if !relays[0].carries(first) {
		t.Fatalf("%q is no relay of the test", first.Relay)
	}
	if !strings.HasSuffix(first.Relay, "transport="+transport) {
		t.Errorf("the relay is %q, want one by %s", first.Relay, transport)
	}
	const wanted = 5 * time.Second
	j.befalls("relay "+fmt.Sprint(at+1), tolerated(wanted))
	j.faults[len(j.faults)-1].wanted = wanted
	end(relays[at], hosts[at])
	second := j.goes("by the other relay", relays[1-at].carries)
	if !strings.HasSuffix(second.Relay, "transport="+transport) {
		t.Errorf("the second relay is %q, want one by %s", second.Relay, transport)
	}
	j.arrives()
	j.report()
}
