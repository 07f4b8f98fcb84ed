//go:build lab

package main_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// fault is something that went wrong during a transfer, and from when.
type fault struct {
	name string
	at   time.Time
	most time.Duration // how long bytes may be missing
	// wanted is less than most where test machines are tolerated; 0 where not.
	wanted time.Duration
}

// journey is a transfer that faults befall, as its receiver tells it.
type journey struct {
	*world
	sender, receiver *process
	shared, to       string
	faults           []fault
}

// travel starts a transfer of large bytes, among others, that takes about as
// long as is said where nothing goes wrong. The sender has the limit: what waits
// at a receiver who reads slowly would hide gaps.
func (w *world) travel(sender, receiver *lab.Host, large int64, takes time.Duration) *journey {
	w.t.Helper()
	j := &journey{world: w, shared: filepath.Join(w.t.TempDir(), "album"), to: w.t.TempDir()}
	makeTree(w.t, j.shared, 40, large)
	var invitation string
	j.sender, invitation = w.send(sender, j.shared, "--once", "--limit-up", fmt.Sprint(large/int64(takes.Seconds())))
	j.receiver = w.receive(receiver, invitation, j.to)
	return j
}

// befalls notes that a fault begins now.
func (j *journey) befalls(name string, most time.Duration) {
	j.faults = append(j.faults, fault{name: name, at: time.Now(), most: most})
}

// goes waits until bytes arrive at the receiver by a path of this kind, on the
// newest state, and returns that path.
func (j *journey) goes(by string, ok func(peer) bool) peer {
	j.t.Helper()
	var found peer
	since := time.Now()
	j.receiver.until(arrival, "go "+by, func(l line) bool {
		at := slices.IndexFunc(l.Peers, func(p peer) bool { return p.Path != "connecting" && ok(p) })
		if at >= 0 {
			found = l.Peers[at]
		}
		return at >= 0 && l.Time.After(since.Add(-time.Millisecond))
	})
	return found
}

// comes waits for a part of the bytes, all of which have not come yet.
func (j *journey) comes(part float64) {
	j.t.Helper()
	at := reached(j.receiver, part)
	if newest := j.receiver.last().Transfers[0]; newest.Phase == "complete" {
		j.t.Fatalf("the transfer was too fast: all was there after %+v", at.Transfers[0])
	}
}

// arrives holds both processes to their end and compares the trees.
func (j *journey) arrives() {
	j.t.Helper()
	j.receiver.ends(3*time.Minute, 0)
	gone := time.Now()
	j.sender.ends(10*time.Second, 0)
	done := j.receiver.last()
	if done.Transfers[0].Phase != "complete" || done.Transfers[0].Bytes != done.Transfers[0].Total {
		j.t.Errorf("the receiver's last state is %+v", done.Transfers[0])
	}
	complete := j.completed()
	receiver, sender := gone.Sub(complete), time.Since(complete)
	j.t.Logf("figure: after all bytes had come the receiver ended after %v, the sender after %v, %s",
		receiver.Round(time.Millisecond), sender.Round(time.Millisecond), judged(max(receiver, sender), time.Second))
	if limit := tolerated(time.Second); receiver > limit || sender > limit {
		j.t.Errorf("the receiver ended after %v and the sender after %v, over the tolerated %v (wanted: %v)", receiver, sender, limit, time.Second)
	}
	sameTree(j.t, j.shared, filepath.Join(j.to, filepath.Base(j.shared)))
}

// completed is when the receiver first said that everything is there.
func (j *journey) completed() time.Time {
	for _, state := range j.receiver.every() {
		if state.Transfers[0].Phase == "complete" {
			return state.Time
		}
	}
	j.t.Fatal("the receiver never said that it is complete")
	return time.Time{}
}

// gap is a time without a byte.
type gap struct{ from, to time.Time }

func (g gap) length() time.Duration { return g.to.Sub(g.from) }

// gaps are the times between states with more bytes, received or verified,
// than the one before.
func (j *journey) gaps() []gap {
	var all []gap
	var last time.Time
	var verified, payload int64
	for _, state := range j.receiver.every() {
		now := int64(0)
		for _, peer := range state.Peers {
			now += peer.BytesIn
		}
		more := now > payload || state.Transfers[0].Bytes > verified
		// A peer that comes back may count from the start.
		payload, verified = now, max(verified, state.Transfers[0].Bytes)
		if !more {
			continue
		}
		if !last.IsZero() {
			all = append(all, gap{last, state.Time})
		}
		last = state.Time
	}
	return all
}

// report prints the longest gap that began with each fault or after it, and
// holds it to its limit.
func (j *journey) report() {
	j.t.Helper()
	longest := make([]gap, len(j.faults))
	for _, g := range j.gaps() {
		// A fault's gap begins with the last state before it.
		began := g.from.Add(300 * time.Millisecond)
		for i, f := range slices.Backward(j.faults) {
			if f.at.Before(began) {
				if g.length() > longest[i].length() {
					longest[i] = g
				}
				break
			}
		}
	}
	for i, f := range j.faults {
		wanted := f.most
		if f.wanted > 0 {
			wanted = f.wanted
		}
		j.t.Logf("figure: %s: longest gap %v, %s, from %v after it", f.name,
			longest[i].length().Round(time.Millisecond), judged(longest[i].length(), wanted), longest[i].from.Sub(f.at).Round(time.Millisecond))
		if longest[i].length() > f.most {
			j.t.Errorf("%s: %v without a byte, over the limit of %v (wanted: %v)", f.name, longest[i].length(), f.most, wanted)
		}
	}
	took := j.completed().Sub(j.receiver.every()[0].Time)
	j.t.Logf("figure: %s in %v", strings.Join(j.ways(), ", "), took.Round(time.Second))
}

// ways are the paths of the receiver in their order.
func (j *journey) ways() []string {
	var all []string
	for _, state := range j.receiver.every() {
		for _, peer := range state.Peers {
			way := strings.TrimSpace(peer.Path + " " + peer.Relay)
			if len(all) == 0 || all[len(all)-1] != way {
				all = append(all, way)
			}
		}
	}
	return all
}

func relayedPeer(p peer) bool { return p.Path == "relayed" }
func directPeer(p peer) bool  { return p.Path == "direct-internet" }

// by reports whether a relay, as a peer names it, is this server.
func (s server) carries(p peer) bool {
	return p.Path == "relayed" && slices.ContainsFunc(s.turn, func(uri string) bool {
		address := strings.SplitN(uri, "?", 2)[0]
		return strings.SplitN(p.Relay, "?", 2)[0] == address
	})
}

// TestNATTransferSurvivesEverything measures gaps; it does not run beside
// others.
func TestNATTransferSurvivesEverything(t *testing.T) {
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	relays := []server{w.relay("first"), w.relay("second")}
	alice, bob := w.net.Home("alice", lab.PortRestricted), w.net.Home("bob", lab.PortRestricted)
	w.net.Cut(alice, bob)
	j := w.travel(alice, bob, size(t, 200<<20), 66*time.Second)

	j.comes(0.08)
	first := j.goes("by a relay", relayedPeer)
	j.befalls("rendezvous killed", 2*time.Second)
	w.meet.kill()

	j.comes(0.2)
	at := slices.IndexFunc(relays, func(s server) bool { return s.carries(first) })
	if at < 0 {
		t.Fatalf("%q is no relay of the test", first.Relay)
	}
	dead, other := relays[at], relays[1-at]
	j.befalls("relay killed", 5*time.Second)
	dead.kill()
	j.goes("by the other relay", other.carries)

	j.comes(0.35)
	j.befalls("direct path opened", 2*time.Second)
	w.net.Join(alice, bob)
	j.goes("directly", directPeer)

	j.comes(0.5)
	j.befalls("direct path cut for good", 5*time.Second)
	w.net.Cut(alice, bob)
	j.goes("by the other relay", other.carries)

	j.comes(0.65)
	j.befalls("receiver's address changed", 10*time.Second)
	bob.Readdress()

	j.comes(0.8)
	const outage = 20 * time.Second
	j.befalls("outage of 20 s", outage+10*time.Second)
	bob.Down()
	time.Sleep(outage)
	bob.Up()

	j.arrives()
	j.report()
}

// TestNATTransferSurvivesAMinuteWithoutALink has packets vanish and nobody say
// why, as in a tunnel.
func TestNATTransferSurvivesAMinuteWithoutALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	w.relay("relay")
	alice, bob := w.net.Home("alice", lab.PortRestricted), w.net.Home("bob", lab.PortRestricted)
	j := w.travel(alice, bob, size(t, 20<<20), 10*time.Second)
	j.comes(0.4)
	const outage = time.Minute
	j.befalls("outage of 60 s", outage+15*time.Second)
	bob.Mute()
	time.Sleep(outage)
	bob.Unmute()
	j.arrives()
	j.report()
}
