package ui

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// TestPhotographs paints the pages for people to look at, where
// CAUSEWAY_PHOTOS names a folder. It judges nothing.
func TestPhotographs(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for variantName, variant := range variants {
		for _, language := range []string{"en", "zh"} {
			d := newDesk(t, language, variant)
			take := func(name string) {
				t.Helper()
				photograph(t, d, filepath.Join(folder, name+"-"+language+"-"+variantName+".png"))
			}
			take("empty")
			d.show(everything())
			take("rows")
			d.transfers.toggle("s")
			d.notice.complain(Sentence(d.words, &engine.Problem{Code: engine.InvitationMistyped}))
			take("expanded")
			d.notice.hush()
			d.show(one(moving(sending(""), path.Relayed), explained(path.Relayed, netcheck.Explanation{Path: path.Relayed}), upgraded(),
				explained(path.Relayed, strict)))
			take("stories")
			d.window.Resize(minimum)
			take("stories-small")
			d.window.Resize(first)
			d.transfers.toggle("s")
			d.show(engine.State{Transfers: []engine.Transfer{moving(sending(""), path.DirectLAN), asking(engine.MonthLimit)}})
			take("asking")
			d.show(everything())
			d.transfers.toggle("s")
			d.window.Resize(minimum)
			take("small")
			d.goTo(networkAt)
			take("network-looking")
			d.keeper.taken.PortMapping = true
			d.window.Resize(fyne.NewSize(980, 900))
			d.show(engine.State{Network: network(home())})
			take("network-home")
			d.show(engine.State{Network: network(halfServed())})
			take("network-half-served")
			d.show(engine.State{Network: network(hotel())})
			d.engine.result = results(&netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.UDPBlocked})
			d.network.relays[0].test.OnTapped()
			d.engine.result = results(nil)
			d.network.relays[1].test.OnTapped()
			d.window.Resize(fyne.NewSize(980, 1250))
			take("network-hotel")
			d.window.Resize(minimum)
			take("network-small")
			d.window.Resize(fyne.NewSize(980, 1700))
			d.goTo(settingsAt)
			take("settings")
			d.window.Resize(first)
			d.settings.turn.edit(0)
			d.settings.turn.editor.url.entry.SetText("turn:host:99999")
			d.settings.turn.editor.submit()
			take("turn")
			d.settings.turn.editor.dialog.Hide()
			d.goTo(transfersAt)
			d.showQR(everything().Transfers[4])
			take("qr")
			d.window.Canvas().Overlays().Top().Hide()
			d.close()
			take("quit")
		}
	}
}

// photograph paints what a window shows into a file.
func photograph(t *testing.T, d *desk, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, d.window.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
