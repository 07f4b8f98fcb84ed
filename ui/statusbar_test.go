package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

func TestTheStatusBarSaysHowThisComputerIsReached(t *testing.T) {
	public := home()
	public.NAT, public.PortMapping = false, ""
	usual := home()
	usual.PortMapping = ""
	walledOff := walled()
	walledOff.Captive = ""
	offline := &netcheck.Report{STUN: []netcheck.STUNResult{{Err: errTest}}}
	one := func(connected bool, err error) []engine.Rendezvous {
		return []engine.Rendezvous{{URL: "wss://tracker.example.org", Connected: connected, Err: err}}
	}
	d := englishDesk(t)
	for _, c := range []struct {
		check      *netcheck.Report
		rendezvous []engine.Rendezvous
		says       string
		color      fyne.ThemeColorName
	}{
		{nil, nil, "Looking at your network…", look.ColorIdle},
		{nil, one(false, nil), "Connecting to the rendezvous…", look.ColorIdle},
		{nil, one(true, nil), "Ready: others can find this computer", look.ColorDirect},
		{public, nil, "Reachable directly", look.ColorDirect},
		{home(), one(true, nil), "Reachable directly", look.ColorDirect},
		{usual, one(false, nil), "Reachable directly by most people", look.ColorDirect},
		{home(), one(false, errTest), "No rendezvous answers: same network only", look.ColorRelayed},
		{hotel(), nil, "Behind a strict router: relay needed for some people", look.ColorRelayed},
		{walledOff, nil, "UDP is blocked: reachable by relay only", theme.ColorNameError},
		{walled(), one(false, errTest), "This network wants a login first", theme.ColorNameError},
		{offline, one(false, errTest), "No internet: same network only", theme.ColorNameError},
		{offline, one(true, nil), "Ready: others can find this computer", look.ColorDirect},
		{&netcheck.Report{}, nil, "Ready", look.ColorIdle},
	} {
		d.show(engine.State{Network: engine.Network{Check: c.check, Rendezvous: c.rendezvous}})
		if got := d.status.network.Text(); got != c.says {
			t.Errorf("said %q, want %q", got, c.says)
		}
		if color, _ := d.status.reach(d.state.Network); color != c.color {
			t.Errorf("%q is %v, want %v", c.says, color, c.color)
		}
	}
}

func TestTheStatusBarNamesAPolicyThatIsNotTheUsualOne(t *testing.T) {
	d := englishDesk(t)
	d.show(engine.State{Network: engine.Network{Check: home()}})
	d.keeper.change(func(s *settings.Settings) { s.Policy = path.RelayOnly })
	if got := d.status.network.Text(); got != "Reachable directly · Relay only" {
		t.Errorf("said %q", got)
	}
	d.keeper.change(func(s *settings.Settings) { s.Policy = path.Auto })
	if got := d.status.network.Text(); got != "Reachable directly" {
		t.Errorf("said %q", got)
	}
}
