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

// noisyMachine is by how much a time may exceed what is wanted before a test
// fails: test machines do other work too. What is measured is printed, and on
// which side of the wanted time it is.
const noisyMachine = 1.5

// tolerated is the limit that a test applies to a wanted time.
func tolerated(wanted time.Duration) time.Duration {
	return time.Duration(noisyMachine * float64(wanted))
}

// judged says on which side of the wanted time a measured one is.
func judged(took, wanted time.Duration) string {
	if took > wanted {
		return fmt.Sprintf("over the wanted %v", wanted)
	}
	return fmt.Sprintf("within the wanted %v", wanted)
}

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
			t.Logf("figure: %s: first verified byte after %v, %s; all: %v", c.name, median.Round(time.Millisecond), judged(median, c.most), all)
			if limit := tolerated(c.most); median > limit {
				t.Errorf("the first verified byte took %v, over the tolerated %v (wanted: %v)", median, limit, c.most)
			}
		})
	}
}
