package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// one is a state with one transfer.
func one(t engine.Transfer, peers ...engine.Peer) engine.State {
	return engine.State{Transfers: []engine.Transfer{t}, Peers: peers}
}

func preparing() engine.Transfer {
	t := sending(engine.Preparing)
	t.Bytes = 480_000_000
	return t
}

func TestThePagesLookAsTheyShould(t *testing.T) {
	early := receiving(engine.Preparing)
	early.Name, early.Total, early.Bytes, early.Files, early.Preparing = "", 0, 0, 0, 0.4
	done := receiving(engine.Complete)
	done.Bytes, done.Path = done.Total, path.DirectLAN
	sent := sending(engine.Complete)
	sent.Bytes, sent.Receivers = sent.Total, 2
	offline := sending(engine.Waiting)
	offline.Problem = &engine.Problem{Code: engine.NoRendezvous, Subject: "wss://tracker.example.org"}
	denied := moving(sending(""), path.Relayed)
	denied.RelayDenied, denied.Rate = true, 0
	for name, state := range map[string]engine.State{
		"empty":             {},
		"preparing":         one(preparing()),
		"preparing-there":   one(early),
		"waiting":           one(sending(engine.Waiting)),
		"waiting-offline":   one(offline),
		"connecting":        one(receiving(engine.Connecting), peer("r", path.Connecting)),
		"direct-lan":        one(moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)),
		"direct-internet":   one(moving(receiving(""), path.DirectInternet), peer("r", path.DirectInternet)),
		"relayed":           one(moving(sending(""), path.Relayed), peer("s", path.Relayed)),
		"relayed-strict":    one(moving(sending(""), path.Relayed), explained(path.Relayed, strict)),
		"switching":         one(moving(sending(""), path.Relayed), explained(path.Relayed, netcheck.Explanation{Path: path.Relayed})),
		"relayed-first":     one(moving(sending(""), path.DirectInternet), upgraded()),
		"asking":            one(asking(engine.TransferLimit), peer("s", path.Relayed)),
		"relay-denied":      one(denied, peer("s", path.Relayed)),
		"paused":            one(receiving(engine.Paused)),
		"failed-no-path":    one(failing(receiving(""), engine.NoPath, "")),
		"failed-disk-full":  one(failing(receiving(""), engine.DiskFull, "/home/ada/Downloads")),
		"complete-received": one(done),
		"complete-sent":     one(sent),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "en", theme.VariantLight)
			if len(state.Transfers) > 0 {
				d.transfers.toggle(state.Transfers[0].ID)
			}
			d.show(state)
			test.AssertRendersToMarkup(t, "transfers-"+name+".xml", d.window.Canvas())
		})
	}
	for name, n := range map[string]engine.Network{
		"looking": {}, "home": network(home()), "hotel": network(hotel()), "walled": network(walled()),
		"half-served": network(halfServed()),
	} {
		t.Run("network-"+name, func(t *testing.T) {
			d := networkDesk(t, n)
			test.AssertRendersToMarkup(t, "network-"+name+".xml", d.window.Canvas())
		})
	}
	t.Run("network-testing", func(t *testing.T) {
		d := networkDesk(t, network(home()))
		d.engine.result = results(&netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.QuotaReached, Code: 486})
		tap(d.network.relays[0].test)
		test.AssertRendersToMarkup(t, "network-testing.xml", d.window.Canvas())
	})
	t.Run("settings", func(t *testing.T) {
		d := newDesk(t, "en", theme.VariantLight)
		d.goTo(settingsAt)
		d.window.Resize(fyne.NewSize(980, 1200))
		test.AssertRendersToMarkup(t, "settings.xml", d.window.Canvas())
	})
}
