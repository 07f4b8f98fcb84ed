//go:build lab

package main_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// firstByteRuns is how often each pair is measured; the median counts.
const firstByteRuns = 5

// firstByte starts to receive and returns how long the first verified byte took.
func (w *world) firstByte(sender, receiver *lab.Host) (time.Duration, peer) {
	w.t.Helper()
	shared := filepath.Join(w.t.TempDir(), "film.bin")
	makeFile(w.t, shared, 8<<20, 7)
	s, invitation := w.send(sender, shared)
	s.until(arrival, "wait for receivers", func(l line) bool {
		return len(l.Transfers) == 1 && l.Transfers[0].Phase == "waiting"
	})
	begun := time.Now()
	r := w.receive(receiver, invitation, w.t.TempDir())
	verified := r.until(arrival, "have a verified byte", func(l line) bool {
		return len(l.Transfers) == 1 && l.Transfers[0].Bytes > 0
	})
	took := time.Since(begun)
	r.kill()
	s.kill()
	if len(verified.Peers) == 0 {
		w.t.Fatal("bytes have come, and nobody has sent them")
	}
	return took, verified.Peers[0]
}

// noisyMachine is by how much a median may exceed its limit: test machines do
// other work too. What is measured is printed.
const noisyMachine = 1.5

// TestNATFirstByte measures how long a receiver waits, by a round trip of 20 ms
// between any two computers. It does not run beside others.
func TestNATFirstByte(t *testing.T) {
	for _, c := range []struct {
		name             string
		sender, receiver lab.NAT
		path             string
		most             time.Duration
	}{
		{"direct", lab.PortRestricted, lab.PortRestricted, "direct-internet", 600 * time.Millisecond},
		{"symmetric to symmetric", lab.SymmetricRandom, lab.SymmetricRandom, "relayed", 800 * time.Millisecond},
		{"UDP blocked", lab.PortRestricted, lab.UDPBlocked, "relayed", 1500 * time.Millisecond},
		{"UDP blocked at both", lab.UDPBlocked, lab.UDPBlocked, "relayed", 1500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
			w.relay("relay")
			var all []time.Duration
			for run := range firstByteRuns {
				sender := w.net.Home(fmt.Sprint("alice", run), c.sender)
				receiver := w.net.Home(fmt.Sprint("bob", run), c.receiver)
				took, by := w.firstByte(sender, receiver)
				all = append(all, took)
				if by.Path != c.path {
					t.Errorf("the path is %s, want %s", by.Path, c.path)
				}
			}
			slices.Sort(all)
			median := all[len(all)/2]
			t.Logf("%s: first verified byte after %v, of %v; wanted: %v", c.name, median.Round(time.Millisecond), all, c.most)
			if median > time.Duration(noisyMachine*float64(c.most)) {
				t.Errorf("the first verified byte took %v, want at most %v", median, c.most)
			}
		})
	}
}
