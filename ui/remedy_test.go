package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// withoutRelay are settings without a relay.
func withoutRelay() settings.Settings {
	s := settings.Default()
	s.Welcomed, s.TURN = true, nil
	return s
}

func TestWhatStopsATransferHasAButtonThatLeadsToWhereItIsChanged(t *testing.T) {
	for _, c := range []struct {
		code    engine.ProblemCode
		subject string
		button  string
		relays  bool
		page    int
		focused func(*desk) fyne.Focusable
	}{
		{engine.NoPath, "", "Add a relay", false, settingsAt, nil},
		{engine.NoPath, "", "Look at the network", true, networkAt, nil},
		{engine.NoRelay, "", "Add a relay", false, settingsAt, nil},
		{engine.PolicyBlocked, "direct", "Change the setting", false, networkAt, func(d *desk) fyne.Focusable { return d.network.policy.cards.Card(0) }},
		{engine.NoRendezvous, "", "Look at the rendezvous", false, settingsAt, func(d *desk) fyne.Focusable { return d.settings.rendezvous.fields[0].entry }},
		{engine.RelayLimitReached, "month", "Change the limit", false, settingsAt, func(d *desk) fyne.Focusable { return d.settings.relayMonth.entry }},
		{engine.RelayLimitReached, "transfer", "Change the limit", false, settingsAt, func(d *desk) fyne.Focusable { return d.settings.relayTransfer.entry }},
	} {
		d := englishDesk(t)
		if !c.relays {
			d = openDesk(t, "en", theme.VariantLight, withoutRelay(), nil)
		}
		d.settings.open(partAdvanced)
		d.show(one(failing(receiving(""), c.code, c.subject)))
		folded := d.row(t, 0)
		if button := folded.drawn.remedy; !button.Visible() || button.Position().Y+button.Size().Height > folded.Size().Height {
			t.Errorf("%s: the button stands at %v in a row of %v", c.code, button.Position(), folded.Size())
		}
		if got := folded.drawn.remedy.Text; got != c.button {
			t.Errorf("%s: the button says %q", c.code, got)
		}
		tap(folded.drawn.remedy)
		if d.here != c.page || c.page == settingsAt && d.settings.here != partNetwork {
			t.Errorf("%s leads to page %d, part %d", c.code, d.here, d.settings.here)
		}
		if c.focused != nil && d.window.Canvas().Focused() != c.focused(d) {
			t.Errorf("%s: the keyboard is at %T", c.code, d.window.Canvas().Focused())
		}
		if c.button == "Add a relay" && len(d.modals) != 1 {
			t.Errorf("%s opens no editor", c.code)
		}
	}
}

func TestWhatTheWindowCannotMendHasNoButton(t *testing.T) {
	d := englishDesk(t)
	d.show(one(failing(sending(""), engine.SourceChanged, "/home/ada/1.jpg")))
	if d.row(t, 0).drawn.remedy.Visible() {
		t.Error("there is a button that mends nothing")
	}
	without := d.transfers.list.height()
	d.show(one(failing(sending(""), engine.NoPath, "")))
	d.show(one(failing(sending(""), engine.SourceChanged, "/home/ada/1.jpg")))
	if d.transfers.list.height() != without {
		t.Error("the room for the button stays")
	}
}

func TestALimitLeadsToItsOwnField(t *testing.T) {
	for _, c := range []struct {
		name     string
		transfer engine.Transfer
		reason   engine.SpeedReason
		part     part
		field    func(*settingsPage) *field
	}{
		{"sending", sending(""), engine.SpeedOwnLimit, partSending, func(p *settingsPage) *field { return p.up }},
		{"receiving", receiving(""), engine.SpeedOwnLimit, partSending, func(p *settingsPage) *field { return p.down }},
		{"by relay", sending(""), engine.SpeedRelayLimit, partNetwork, func(p *settingsPage) *field { return p.relayRate }},
	} {
		d := englishDesk(t)
		d.settings.open(partPrivacy)
		limited := moving(c.transfer, path.Relayed)
		limited.Speed = engine.Speed{Reason: c.reason, Limit: 1000}
		d.transfers.toggle(limited.ID)
		d.show(one(limited, peer(limited.ID, path.Relayed)))
		tap(d.button(t, "Change the limit"))
		entry := c.field(d.settings).entry
		if d.here != settingsAt || d.settings.here != c.part || d.window.Canvas().Focused() != fyne.Focusable(entry) {
			t.Errorf("%s: the keyboard is at %T on page %d, part %d", c.name, d.window.Canvas().Focused(), d.here, d.settings.here)
		}
		scroll, driver := d.settings.scrolls[c.part], fyne.CurrentApp().Driver()
		top := driver.AbsolutePositionForObject(entry).Y - driver.AbsolutePositionForObject(scroll).Y
		if top < 0 || top+entry.Size().Height > scroll.Size().Height {
			t.Errorf("%s: the field is at %v of %v, out of sight", c.name, top, scroll.Size().Height)
		}
	}
}
