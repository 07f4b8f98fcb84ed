package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
)

// atTwo is the time at which the peers of these tests were last seen.
var atTwo = time.Date(2026, 11, 21, 14, 3, 30, 0, time.Local)

// at is some seconds after 14:02 on that day.
func at(seconds float64) time.Time {
	return atTwo.Add(-90*time.Second + time.Duration(seconds*float64(time.Second)))
}

const (
	relayURI     = "turn:turn1.example.org:3478?transport=udp"
	secretRelay  = "turns:ada:hunter2@198.51.100.77:443?transport=tcp"
	homeAddress  = "192.168.44.55:5000"
	otherAddress = "[2001:db8:1234:5678:9abc:def0:1234:5678]:40000"
)

// onceRelayed is a peer whose bytes a relay carried first.
func onceRelayed() engine.Peer {
	p := peer("s", path.DirectInternet)
	p.BytesIn, p.BytesOut, p.BytesRelayed = 12_000, 880_000_000, 18_000_000
	p.Local = path.Candidate{Type: path.ServerReflexive, Address: "203.0.113.9:61000", Protocol: "udp"}
	p.Remote = path.Candidate{Type: path.PeerReflexive, Address: otherAddress, Protocol: "udp"}
	p.Lane, p.Since, p.RelayReleased, p.RateIn = path.QUIC, at(7), at(38), 4_000
	p.Fingerprint = []string{"amber", "canyon", "velvet", "orbit"}
	p.Opening = link.OwnMapping
	p.Relays = []link.RelayUse{{Server: relayURI, In: 100_000, Out: 18_500_000, Since: at(5), Released: at(38)}}
	p.Timeline = []link.Event{
		{Time: at(5), Kind: link.Trying},
		{Time: at(5.4), Kind: link.RelayReady, Relay: relayURI},
		{Time: at(6.4), Kind: link.PathSelected, Path: path.Relayed, Relay: relayURI, Took: 1400 * time.Millisecond},
		{Time: at(7), Kind: link.PathSelected, Path: path.DirectInternet, Took: 2 * time.Second},
		{Time: at(38), Kind: link.RelayReleased, Relay: relayURI},
	}
	return p
}

// stillRelayed is a peer behind a strict router, on a relay of which a
// credential expires.
func stillRelayed() engine.Peer {
	p := explained(path.Relayed, strict)
	p.BytesIn, p.BytesOut, p.BytesRelayed = 0, 90_000_000, 90_000_000
	p.Since, p.RelayExpires = at(6), at(3600)
	p.Remote = path.Candidate{Type: path.RelayedType, Address: "198.51.100.77:49200", Protocol: "udp"}
	p.Fingerprint = []string{"amber", "canyon", "velvet", "orbit"}
	p.Relays = []link.RelayUse{{Server: relayURI, Out: 90_000_000, Since: at(5)}}
	p.Timeline = []link.Event{
		{Time: at(5), Kind: link.Trying},
		{Time: at(5.4), Kind: link.RelayFailed, Relay: "turns:turn2.example.org:443"},
		{Time: at(5.5), Kind: link.RelayReady, Relay: relayURI},
		{Time: at(6), Kind: link.PathSelected, Path: path.Relayed, Relay: relayURI, Took: time.Second},
		{Time: at(30), Kind: link.PathLost, Path: path.Relayed, Relay: relayURI},
		{Time: at(31), Kind: link.Restarted},
		{Time: at(33), Kind: link.PathSelected, Path: path.Relayed, Relay: relayURI, Took: 3 * time.Second},
	}
	return p
}

// drawerDesk is a window with the drawer open at a peer.
func drawerDesk(t *testing.T, language string, variant fyne.ThemeVariant, p engine.Peer) *desk {
	d := newDesk(t, language, variant)
	d.now = func() time.Time { return atTwo }
	d.show(one(moving(sending(""), p.Path), p))
	d.openDrawer(p.Transfer, p.ID)
	return d
}

// texts are all that a person reads in the drawer.
func (d *desk) drawerTexts() (all []string) {
	for _, o := range test.LaidOutObjects(d.drawer.content) {
		if said, ok := o.(interface{ Text() string }); ok && o.Visible() {
			all = append(all, said.Text())
		}
	}
	return all
}

func TestTheDrawerTellsAllThatIsKnownOfAPeer(t *testing.T) {
	d := drawerDesk(t, "en", theme.VariantLight, onceRelayed())
	read := d.drawerTexts()
	for _, want := range []string{
		"Linus", "14:02:07", "18.0 MB of 880 MB (2 %)", "24 ms", "203.0.113.9:61000 · UDP\nas seen from outside (srflx)",
		otherAddress + " · UDP\nas this computer sees it (prflx)", "Given back at 14:02:38", "QUIC", "No longer needed",
		"Causeway 0.1.0", "amber canyon velvet orbit",
		"Looked for a path", "Relay ready after 0.4 s: turn1.example.org (UDP)",
		"Connected: Relayed, turn1.example.org (UDP), after 1.4 s", "Switched to Direct - internet, after 2.0 s",
	} {
		if !slices.Contains(read, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("it says %q", read)
	}
}

func TestTheDrawerFollowsItsPeer(t *testing.T) {
	p := stillRelayed()
	d := drawerDesk(t, "en", theme.VariantLight, p)
	if got := d.drawer.badge.Face().Text; got != "Relayed" {
		t.Errorf("the badge says %q", got)
	}
	p.Path, p.Relay, p.RTT = path.DirectLAN, "", 2*time.Millisecond
	other := peer("s", path.DirectInternet)
	other.RTT = 99 * time.Millisecond
	d.show(one(moving(sending(""), path.DirectLAN), other, p))
	if got := d.drawer.badge.Face().Text; got != "Direct - same network" || !slices.Contains(d.drawerTexts(), "2 ms") {
		t.Errorf("after the change the badge says %q, and all is %q", got, d.drawerTexts())
	}
	d.show(one(sending(engine.Waiting)))
	if !d.drawer.open() || !d.drawer.left.Visible() || !slices.Contains(d.drawerTexts(), "2 ms") {
		t.Error("what was known of a peer that has left is not kept, or not said to be old")
	}
	d.show(one(moving(sending(""), path.DirectLAN), p))
	if d.drawer.left.Visible() {
		t.Error("a peer that came back is still said to have left")
	}
	d.show(engine.State{})
	if d.drawer.open() {
		t.Error("the drawer stays when its transfer is removed")
	}
}

func TestTheDrawerIsClosedByKeysAndGivesTheFocusBack(t *testing.T) {
	d := newDesk(t, "en", theme.VariantLight)
	p := onceRelayed()
	d.show(one(moving(sending(""), p.Path), p))
	canvas := d.window.Canvas()
	canvas.Focus(d.transfers.invitation)
	d.openDrawer(p.Transfer, p.ID)
	if canvas.Focused() != fyne.Focusable(d.drawer.content) {
		t.Fatal("the drawer does not take the focus")
	}
	canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if d.drawer.open() || canvas.Focused() != fyne.Focusable(d.transfers.invitation) {
		t.Errorf("open: %v; the focus is at %T", d.drawer.open(), canvas.Focused())
	}
	d.openDrawer(p.Transfer, p.ID)
	canvas.Focus(d.drawer.full)
	if !d.pressed(fyne.KeyEscape, 0) || d.drawer.open() {
		t.Error("Esc does not close it where something in it has the focus")
	}
	d.openDrawer(p.Transfer, p.ID)
	if d.goTo(historyAt); d.drawer.open() {
		t.Error("it stays over another page")
	}
	d.openDrawer(p.Transfer, "nobody")
	if d.drawer.open() {
		t.Error("it opens for a peer that is not there")
	}
}

func TestEveryMomentIsSaidInBothLanguages(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		w := words.In(language)
		for _, p := range []engine.Peer{onceRelayed(), stillRelayed()} {
			for _, m := range moments(w, p.Timeline, withoutUser) {
				if strings.Contains(m.text, "timeline.") || strings.Contains(m.text, "<no value>") || m.text == "" {
					t.Errorf("%s: a moment reads %q", language, m.text)
				}
			}
		}
	}
}

func TestAPeerCannotUpsetTheDrawer(t *testing.T) {
	p := onceRelayed()
	p.Name, p.Client = "two\nlines \u202egnp.exe", strings.Repeat("long ", 100)
	d := drawerDesk(t, "en", theme.VariantLight, p)
	if got := d.drawer.name.Text(); got != "two lines gnp.exe" {
		t.Errorf("the name reads %q", got)
	}
	if got := len([]rune(d.drawer.client.Text())); got > longest+1 {
		t.Errorf("the program's name has %d letters", got)
	}
}

func TestWhoHasSeenAnAddressIsToldFromThisComputer(t *testing.T) {
	p := peer("s", path.DirectInternet)
	p.Local.Type, p.Remote.Type = path.PeerReflexive, path.PeerReflexive
	for language, want := range map[string][2]string{
		"en": {"as the other side sees it (prflx)", "as this computer sees it (prflx)"}, "zh": {"对方看到的地址（prflx）", "本机看到的地址（prflx）"},
	} {
		w := words.In(language)
		for _, known := range peerFacts(w, p, time.Now(), fullAddress, withoutUser) {
			for side, label := range []string{w.Say("drawer.local", nil), w.Say("drawer.remote", nil)} {
				if known.label == label && !strings.HasSuffix(known.value, want[side]) {
					t.Errorf("%s: of the %s it says %q", language, label, known.value)
				}
			}
		}
	}
}
