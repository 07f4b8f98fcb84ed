package ui

import (
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
)

// TestPhotographsOfNetworkAndHistory paints these pages in every state, where
// CAUSEWAY_PHOTOS names a folder. It judges nothing.
func TestPhotographsOfNetworkAndHistory(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for variantName, variant := range variants {
		for _, language := range []string{"en", "zh"} {
			take := func(name string, d *desk) {
				t.Helper()
				photograph(t, d, filepath.Join(folder, name+"-"+language+"-"+variantName+".png"))
			}
			for name, finished := range historyStates() {
				d := historyDesk(t, language, variant, finished)
				d.show(one(sending("")))
				take("history-"+name, d)
			}
			photographNetwork(t, language, variant, take)
			d := historyDesk(t, language, variant, longHistory(312))
			d.history.search.SetText("grace 1")
			take("history-searching", d)
			d.history.search.SetText("nobody")
			take("history-none-found", d)
			d.history.search.SetText("")
			d.window.Resize(minimum)
			d.history.list.mark(1)
			take("history-small", d)
			d.window.Resize(fyne.NewSize(980, 640))
			d.history.askToClear()
			take("history-clearing", d)
		}
	}
}

func photographNetwork(t *testing.T, language string, variant fyne.ThemeVariant, take func(string, *desk)) {
	for name, n := range map[string]engine.Network{
		"looking": {}, "home": network(home()), "hotel": network(hotel()), "walled": network(walled()), "half-served": network(halfServed()),
	} {
		d := networkDeskIn(t, language, variant, n)
		take("network-"+name, d)
		d.window.Resize(first)
		take("network-"+name+"-first", d)
	}
	d := networkDeskIn(t, language, variant, network(hotel()))
	d.engine.result = results(&netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.UDPBlocked})
	tap(d.network.relays[0].test)
	d.engine.result = results(nil)
	tap(d.network.relays[1].test)
	take("network-testing", d)
	d.window.Resize(minimum)
	take("network-small", d)
	for _, name := range []string{"off", "starting", "running", "failing"} {
		d := serveDesk(t, language, variant, name)
		d.network.scroll.ScrollToBottom()
		take("network-serving-"+name, d)
	}
	d = serveDesk(t, language, variant, "off")
	d.network.serving.form.turn.entry.SetText("8000")
	d.network.serving.form.address.entry.SetText("home.example.org")
	tap(d.network.serving.start)
	d.window.Resize(minimum)
	d.network.scroll.ScrollToBottom()
	take("network-serving-wrong-small", d)
	for name, usage := range budgets() {
		n := network(home())
		n.Usage, n.Relays = usage, nil
		d := networkDeskIn(t, language, variant, n)
		d.keeper.change(func(s *settings.Settings) { s.Policy = policies[len(name)%4] })
		d.window.Resize(fyne.NewSize(980, 1300))
		take("network-month-"+name, d)
	}
	d = networkDeskIn(t, language, variant, network(home()))
	d.window.Resize(first)
	pick(d.network.policy.cards, 1)
	take("network-policy-asks", d)
}
