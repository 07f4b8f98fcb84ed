package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
)

// indiscreet is a peer with something to hide in every field.
func indiscreet() engine.Peer {
	p := onceRelayed()
	p.ID, p.Name = "peer-id-4711", "Ada Lovelace's laptop"
	p.Local.Address = homeAddress
	p.Path, p.Relay = path.Relayed, secretRelay
	p.Relays = []link.RelayUse{{Server: secretRelay, In: 1000, Since: at(5)}, {Server: "turn:[2001:db8:99::7]:3478"}}
	p.Paths = []link.Entry{{Local: p.Local, Remote: p.Remote, Relay: secretRelay}}
	p.Timeline = append(p.Timeline, link.Event{Time: at(50), Kind: link.RelayFailed, Relay: secretRelay})
	return p
}

func TestAReportTellsNothingThatIsNobodysBusiness(t *testing.T) {
	secrets := []string{
		"ada:", "hunter2", "@", "198.51.100.77", "100.77", "192.168.44.55", "44.55", "2001:db8:1234", "5678", "9abc", "2001:db8:99", "99::7",
		"Ada Lovelace", "peer-id-4711", "Holiday", "/home", "amber", "canyon", invitation, "causeway:", ":61000", ":5000", ":40000",
	}
	for _, language := range []string{"en", "zh"} {
		said := report(words.In(language), indiscreet(), path.Auto, atTwo, false)
		for _, secret := range secrets {
			if strings.Contains(said, secret) {
				t.Errorf("%s: the report tells %q:\n%s", language, secret, said)
			}
		}
		for _, want := range []string{"192.168.x.x", "2001:db8::x", "198.51.x.x", "24 ms", "Causeway 0.1.0"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: the report does not tell %q:\n%s", language, want, said)
			}
		}
	}
}

func TestAFullReportTellsAddressesAndStillNoCredential(t *testing.T) {
	said := report(words.In("en"), indiscreet(), path.Auto, atTwo, true)
	for _, want := range []string{homeAddress, otherAddress, "198.51.100.77:443"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not tell %q:\n%s", want, said)
		}
	}
	for _, secret := range []string{"hunter2", "ada:", "Ada Lovelace", "peer-id-4711", "amber"} {
		if strings.Contains(said, secret) {
			t.Errorf("it tells %q:\n%s", secret, said)
		}
	}
}

func TestAReportTellsWhatHappened(t *testing.T) {
	said := report(words.In("en"), onceRelayed(), path.DirectOnly, atTwo, false)
	for _, want := range []string{
		"Path: Direct - internet\n", "Policy: Direct only", "Since: 14:02:07\n", "Relayed: 18.0 MB of 880 MB (2 %)\n",
		"turn1.example.org (UDP) · 100 kB ↓ 18.5 MB ↑ · 14:02:05 – 14:02:38\n", "14:02:05.4  Relay ready after 0.4 s",
		"14:02:07.0  Switched to Direct - internet, after 2.0 s\n", "Rates: 4.0 kB/s ↓ 12.4 MB/s ↑\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not tell %q:\n%s", want, said)
		}
	}
	if strings.Contains(report(words.In("en"), peer("s", path.Connecting), path.Auto, atTwo, false), "Since") {
		t.Error("a peer that is not connected has a time since when it is")
	}
}

func TestHalfOfAnAddressIsKept(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.5:40000": "203.0.x.x", "[2001:db8:1:2::3]:4": "2001:db8::x", "[fe80::1%eth0]:4": "fe80::x", "[::1]:9": "::x",
		"[::ffff:203.0.113.5]:1": "203.0.x.x", "2001:db8::7": "2001:db8::x", "8f2a-mdns.local:4000": "x", "": "x", "Holiday.jpg": "x",
	} {
		if got := maskedAddress(text); got != want {
			t.Errorf("of %q %q is kept, want %q", text, got, want)
		}
	}
	for name, want := range map[string]string{
		"turn1.example.org": "turn1.example.org", "turn1.example.org:443": "turn1.example.org:443", "198.51.100.7:443": "198.51.x.x:443",
		"[2001:db8:1::7]:443": "2001:db8::x:443", "2001:db8:1::7": "2001:db8::x", "u:p@turn1.example.org": "turn1.example.org",
	} {
		if got := maskedHost(name); got != want {
			t.Errorf("of %q %q is kept, want %q", name, got, want)
		}
	}
}

func TestTheReportIsCopiedAsTheBoxSays(t *testing.T) {
	d := drawerDesk(t, "en", theme.VariantLight, onceRelayed())
	test.Tap(d.button(t, "Copy report"))
	if said := d.app.Clipboard().Content(); strings.Contains(said, "203.0.113.9") || !strings.Contains(said, "203.0.x.x") {
		t.Errorf("without the box the report reads:\n%s", said)
	}
	test.Tap(d.drawer.full)
	test.Tap(d.button(t, "Copy report"))
	if said := d.app.Clipboard().Content(); !strings.Contains(said, "203.0.113.9:61000") {
		t.Errorf("with the box the report reads:\n%s", said)
	}
	d.drawer.close()
	d.openDrawer("s", onceRelayed().ID)
	if d.drawer.full.Checked {
		t.Error("the box is still ticked at the next peer")
	}
}
