//go:build window

package main

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/app/internal/screen"
)

// TestTheStoryOfTwoHomesThatCannotConnect is what two people see whose networks
// let nothing pass, and who have no relay: that it is so, why, and what helps.
// Once
// something passes, the offer is there without anybody asking for it again.
func TestTheStoryOfTwoHomesThatCannotConnect(t *testing.T) {
	d := newDesktop(t)
	n := newNeighbourhood(t, d)
	holiday := makeFolder(t)
	ada := n.ada.start(t, "Causeway of Ada", 0, holiday)
	must(t, ada.Focus())
	ada.press(t, "Copy invitation")
	invitation := d.clipboard(t, "causeway:")
	grace := n.grace.startWith(t, `{"version":1,"welcomed":true,"name":"Grace's desktop"}`, "Causeway of Grace", windowWidth+10)
	grace.pasted(t, invitation)
	grace.says(t, "Cannot connect", 2*patience)
	time.Sleep(settled)
	grace.photograph(t, "apart-1-receiving")
	grace.says(t, "relay", patience) // what helps
	ada.says(t, "Cannot connect", patience)
	time.Sleep(settled)
	ada.photograph(t, "apart-1-sending")
	must(t, d.screen.Press('2', screen.Control))
	grace.says(t, "Your network", patience)
	time.Sleep(settled)
	grace.photograph(t, "apart-2-network")
	must(t, d.screen.Press('1', screen.Control))

	n.join()
	grace.press(t, "Look and accept")
	grace.press(t, "Accept 24")
	grace.says(t, "Received and verified", 2*patience)
	time.Sleep(settled)
	grace.photograph(t, "apart-3-together")
	grace.end(t)
	ada.end(t)
}
