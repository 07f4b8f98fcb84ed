package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
)

const (
	// trayEvery is how often the menu of the icon may change: the desktop reads
	// all of it again each time.
	trayEvery = 2 * time.Second
	// trayPatience is how long a desktop that has just come up has to show icons
	// before a window that began hidden is shown after all.
	trayPatience = 20 * time.Second
	trayAgain    = time.Second
	// trayTold is the preference that keeps that the user knows where the window
	// goes.
	trayTold = "tray-told"
)

// trayMenu is the part of desktop.App that is needed here.
type trayMenu interface{ SetSystemTrayMenu(*fyne.Menu) }

// tray is Causeway's icon among those of the desktop: how fast everything goes,
// and what can be done without the window.
type tray struct {
	window *Window
	icon   trayMenu
	shown  trayFace
	menu   *fyne.Menu
	// last is when the menu was changed, and due that it will be.
	last time.Time
	due  bool
}

// trayFace is what the menu says.
type trayFace struct {
	rates string
	// pausing tells that there is something to pause, resuming that everything
	// is paused.
	pausing, resuming bool
	language          string
}

// newTray makes the icon, where the program can have one. It must be made before
// the toolkit runs.
func newTray(w *Window) *tray {
	icon, able := w.app.(trayMenu)
	if !able || w.trayAvailable == nil {
		return nil
	}
	t := &tray{window: w, icon: icon}
	t.renew()
	return t
}

// follow brings the menu up to date, soon.
func (t *tray) follow() {
	if t == nil || t.due || t.face() == t.shown {
		return
	}
	if wait := trayEvery - t.window.now().Sub(t.last); wait > 0 {
		t.due = true
		t.window.after(wait, t.renew)
		return
	}
	t.renew()
}

func (t *tray) face() trayFace {
	w := t.window
	var up, down int64
	for _, p := range w.state.Peers {
		up += p.RateOut
		down += p.RateIn
	}
	f := trayFace{language: w.words.Language()}
	f.rates = w.words.Say("tray.rates", map[string]string{"Down": words.Rate(down), "Up": words.Rate(up)})
	for _, transfer := range w.state.Transfers {
		f.pausing = f.pausing || canPause(transfer)
		f.resuming = f.resuming || transfer.Phase == engine.Paused
	}
	f.resuming = f.resuming && !f.pausing
	return f
}

func canPause(t engine.Transfer) bool {
	switch t.Phase {
	case engine.Preparing, engine.Waiting, engine.Connecting, engine.Transferring:
		return true
	default:
		return false
	}
}

// renew gives the desktop the menu anew.
func (t *tray) renew() {
	w, say := t.window, t.window.words.Say
	t.due = false
	t.shown, t.last = t.face(), w.now()
	rates := fyne.NewMenuItem(t.shown.rates, nil)
	rates.Disabled = true
	all := fyne.NewMenuItem(say("tray.pause", nil), w.pauseAll)
	if t.shown.resuming {
		all = fyne.NewMenuItem(say("tray.resume", nil), w.resumeAll)
	}
	all.Disabled = !t.shown.pausing && !t.shown.resuming
	quit := fyne.NewMenuItem(say("tray.quit", nil), w.quitFromTray)
	quit.IsQuit = true
	t.menu = fyne.NewMenu("", rates, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(say("tray.open", nil), w.Raise), all,
		fyne.NewMenuItemSeparator(), quit)
	t.icon.SetSystemTrayMenu(t.menu)
}

func (w *Window) pauseAll() {
	for _, t := range w.state.Transfers {
		if canPause(t) {
			w.pause(t)
		}
	}
}

func (w *Window) resumeAll() {
	for _, t := range w.state.Transfers {
		if t.Phase == engine.Paused {
			w.resume(t)
		}
	}
}

// quitFromTray shows the window where there is something to ask.
func (w *Window) quitFromTray() {
	if w.transferring() > 0 {
		w.Raise()
	}
	w.askToQuit()
}

// close is what the button of the window's frame does: with an icon in the tray
// the window is hidden, if the settings want that, and never without a way back.
func (w *Window) close() {
	if w.tray == nil || !w.keeper.taken.KeepInTray {
		w.askToQuit()
		return
	}
	w.whenTray(func(there bool) {
		switch {
		case !there:
			w.askToQuit()
		case !w.app.Preferences().Bool(trayTold):
			w.tellOfTray()
		default:
			w.Hide()
		}
	})
}

// whenTray finds out whether the desktop shows the icon.
func (w *Window) whenTray(found func(there bool)) {
	there := false
	w.attempt(func(context.Context) error {
		there = w.trayAvailable()
		return nil
	}, func(error) { found(there) })
}

// tellOfTray says once where the window goes.
func (w *Window) tellOfTray() {
	w.leaveModals()
	say := w.words.Say
	w.choose(say("tray.title", nil), say("tray.hint", nil), answer{say("tray.quit", nil), w.askToQuit},
		answer{say("tray.hide", nil), func() {
			w.app.Preferences().SetBool(trayTold, true)
			w.Hide()
		}})
}

// OpenHidden starts with the icon alone, or shows the window where the desktop
// does not show the icon after a while.
func (w *Window) OpenHidden() {
	if w.tray == nil {
		w.Show()
		return
	}
	w.waitForTray(w.now().Add(trayPatience))
}

func (w *Window) waitForTray(until time.Time) {
	w.whenTray(func(there bool) {
		switch {
		case there || w.onScreen:
		case w.now().After(until):
			w.Show()
		default:
			w.after(trayAgain, func() { w.waitForTray(until) })
		}
	})
}
