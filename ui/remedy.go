package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/causeway-app/causeway/engine"
)

// remedy leads to where what bounds a rate, or stops a transfer, can be changed.
func (p *transfersPage) remedy(t engine.Transfer, act remedyAct) {
	w := p.window
	switch act {
	case toLimits:
		limit := w.settings.down
		if t.Direction == engine.Send {
			limit = w.settings.up
		}
		w.openSetting(partSending, limit.entry)
	case toRelayLimits:
		w.openSetting(partNetwork, w.relayLimit(t).entry)
	case toNewRelay:
		w.goTo(settingsAt)
		w.settings.open(partNetwork)
		w.settings.turn.edit(-1)
	case toRendezvous:
		list := w.settings.rendezvous
		if len(list.fields) > 0 {
			w.openSetting(partNetwork, list.fields[0].entry)
		} else {
			w.openSetting(partNetwork, list.adding)
		}
	case toPolicy:
		w.goTo(networkAt)
		card := w.network.policy.cards.Card(max(slices.Index(policies, w.keeper.wanted.Policy), 0))
		w.lead(w.network.scroll, card.(focusable))
	case toNetwork:
		w.goTo(networkAt)
	case toQuestion:
		p.answer(t.ID)
	case toChoice:
		w.showOffer(t.ID)
	}
}

// relayLimit is the field of the limit of relayed bytes that a transfer has
// reached.
func (w *Window) relayLimit(t engine.Transfer) *field {
	limit := engine.RelayLimit("")
	switch {
	case t.Question != nil:
		limit = t.Question.Limit
	case t.Problem != nil:
		limit = engine.RelayLimit(t.Problem.Subject)
	}
	switch limit {
	case engine.MonthLimit:
		return w.settings.relayMonth
	case engine.TransferLimit:
		return w.settings.relayTransfer
	default:
		return w.settings.relayRate
	}
}

// focusable is a control that is seen and takes keys.
type focusable interface {
	fyne.CanvasObject
	fyne.Focusable
}

// openSetting opens a part of the settings at a control in it.
func (w *Window) openSetting(at part, control focusable) {
	w.goTo(settingsAt)
	w.settings.open(at)
	w.lead(w.settings.scrolls[at], control)
}

// overSight is what is left in sight above a control that was led to: its
// caption, and what it is for.
const overSight = 90

// lead scrolls to a control and gives it the focus.
func (w *Window) lead(scroll *container.Scroll, control focusable) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(control).Y - driver.AbsolutePositionForObject(scroll.Content).Y
	most := max(scroll.Content.MinSize().Height-scroll.Size().Height, 0)
	scroll.ScrollToOffset(fyne.NewPos(0, min(max(top-overSight, 0), most)))
	w.window.Canvas().Focus(control)
}
