//go:build lab

package main_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// predictionRuns is how often each pair is tried: each port is a guess.
const predictionRuns = 3

// TestNATSequentialPortsAreForetold: a router that gives the next port to each
// destination, towards one that lets in nobody at another port, with STUN
// servers alone.
func TestNATSequentialPortsAreForetold(t *testing.T) {
	w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
	foretold := openedBy("predicted", "Direct through a port that was foretold")
	for _, pair := range [][2]lab.NAT{
		{lab.SymmetricSequential, lab.PortRestricted}, {lab.PortRestricted, lab.SymmetricSequential},
		{lab.SymmetricSequential, lab.Firewall}, {lab.Linux, lab.SymmetricSequential},
	} {
		for run := range predictionRuns {
			t.Run(fmt.Sprintf("%s to %s %d", pair[0].Name, pair[1].Name, run+1), func(t *testing.T) {
				sender := w.net.Home("sender of "+t.Name(), pair[0])
				receiver := w.net.Home("receiver of "+t.Name(), pair[1])
				a := w.acquaint(t, sender, receiver)
				limit := time.Duration(noisyMachine * float64(directLimit))
				_, here := a.sees(a.receiver, limit, "be direct by a foretold port", foretold)
				_, there := a.sees(a.sender, limit, "be direct by a foretold port", foretold)
				t.Logf("figure: %s to %s: direct by a foretold port after %s", pair[0].Name, pair[1].Name, seconds(max(here, there)))
				a.arrives()
				a.ends()
			})
		}
	}
}
