package ui

import (
	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
)

// What can be done with a transfer goes to the window.
func (p *transfersPage) pause(t engine.Transfer)          { p.window.pause(t) }
func (p *transfersPage) resume(t engine.Transfer)         { p.window.resume(t) }
func (p *transfersPage) remove(t engine.Transfer)         { p.window.askToRemove(t) }
func (p *transfersPage) copyInvitation(t engine.Transfer) { p.window.copyInvitation(t) }
func (p *transfersPage) showQR(t engine.Transfer)         { p.window.showQR(t) }
func (p *transfersPage) openFolder(t engine.Transfer)     { p.window.open(t) }
func (p *transfersPage) openReceived(t engine.Transfer)   { p.window.openPlaced(t) }
func (p *transfersPage) showReceived(t engine.Transfer)   { p.window.showInFolder(t) }
func (p *transfersPage) denyRelay(t engine.Transfer)      { p.window.denyRelay(t) }
func (p *transfersPage) look(t engine.Transfer)           { p.window.showOffer(t.ID) }
func (p *transfersPage) allowRelay(t engine.Transfer, more int64) {
	p.window.allowRelay(t, more)
}

// answer leads to the question of a transfer.
func (p *transfersPage) answer(id engine.TransferID) {
	key := rowKey{transfer: id}
	p.list.reveal(key)
	p.list.each(func(seen rowKey, object fyne.CanvasObject) {
		if shown, ok := object.(*row); ok && seen == key && shown.drawn != nil {
			p.window.window.Canvas().Focus(shown.drawn.question.more)
		}
	})
}

// tapped puts the keyboard at a row that was clicked, and does what a click on
// it does.
func (p *transfersPage) tapped(key rowKey) {
	p.list.mark(key)
	p.window.window.Canvas().Focus(p.list)
	p.press(key)
}

// press unfolds a transfer or folds it, looks at an offer, or tells all about a
// peer.
func (p *transfersPage) press(key rowKey) {
	t, found := p.transfer(key.transfer)
	switch {
	case !found:
	case key.part == peerPart:
		p.window.openDrawer(key.transfer, key.peer)
	case t.Phase == engine.Offered:
		if t.Total > 0 {
			p.look(t)
		}
	default:
		p.toggle(t.ID)
	}
}

// rowKey does what a key means for the marked row.
func (p *transfersPage) rowKey(key rowKey, name fyne.KeyName) {
	t, found := p.transfer(key.transfer)
	if !found {
		return
	}
	switch name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.press(key)
	case fyne.KeyDelete, fyne.KeyBackspace:
		p.remove(t)
	case fyne.KeyP:
		p.pauseOrResume(t)
	case fyne.KeyQ:
		if t.Invitation != "" && t.Phase != engine.Offered {
			p.showQR(t)
		}
	case fyne.KeyRight:
		if !p.expanded[t.ID] {
			p.toggle(t.ID)
		}
	case fyne.KeyLeft:
		if p.expanded[t.ID] {
			p.list.mark(rowKey{transfer: t.ID})
			p.toggle(t.ID)
		}
	}
}

// pauseOrResume does what the first button of a row does, where there is one.
func (p *transfersPage) pauseOrResume(t engine.Transfer) {
	switch {
	case !pausable(t):
	case t.Phase == engine.Paused || t.Phase == engine.Failed:
		p.resume(t)
	default:
		p.pause(t)
	}
}

// marked is the transfer that the keyboard is at.
func (p *transfersPage) marked() (engine.Transfer, bool) {
	if focused := p.window.window.Canvas().Focused(); focused != fyne.Focusable(p.list) {
		return engine.Transfer{}, false
	}
	return p.transfer(p.list.marked.transfer)
}

func (p *transfersPage) transfer(id engine.TransferID) (engine.Transfer, bool) {
	at, found := p.at[id]
	if !found {
		return engine.Transfer{}, false
	}
	return p.entries[at].transfer, true
}
