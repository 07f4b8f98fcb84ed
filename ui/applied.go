package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// applied makes what lies outside the engine follow the settings that the
// engine has taken: at the start, when old is the zero value, and after each
// change.
func (w *Window) applied(old, now settings.Settings) {
	w.applyTheme(old.Theme, now.Theme)
	w.applyAutostart(now.StartAtLogin)
	if w.setLogLevel != nil && (!w.settled || old.LogLevel != now.LogLevel) {
		w.setLogLevel(now.LogLevel)
	}
	if w.settled && old.Language != now.Language {
		w.speak(w.wordsFor(now.Language))
	}
	w.status.show(w.state, now.Policy)
	w.settled = true
}

// themes are the themes of settings.Settings.Theme that do not follow the
// desktop.
var themes = map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark}

func (w *Window) applyTheme(old, now string) {
	if old == now {
		return
	}
	chosen := look.Theme()
	if variant, fixed := themes[now]; fixed {
		chosen = look.ThemeIn(variant)
	}
	w.app.Settings().SetTheme(chosen)
}

// applyAutostart lets the desktop start Causeway at login, or not. Where the
// desktop refuses, the setting goes back to what is so.
func (w *Window) applyAutostart(on bool) {
	if w.autostart == nil || on == w.autostarts {
		return
	}
	w.attempt(func(context.Context) error { return w.autostart(on) }, func(err error) { w.autostarted(on, err) })
}

func (w *Window) autostarted(on bool, err error) {
	if err == nil {
		w.autostarts = on
		w.applyAutostart(w.keeper.taken.StartAtLogin) // unless it was changed meanwhile
		return
	}
	if w.keeper.wanted.StartAtLogin == on {
		w.keeper.change(func(s *settings.Settings) { s.StartAtLogin = w.autostarts })
	}
	w.notice.complain(w.words.Say("notice.cannot-autostart", map[string]string{"Detail": err.Error()}))
}

// speak lets the window speak another language at once.
func (w *Window) speak(other *words.Words) {
	if other == w.words {
		return
	}
	w.words = other
	w.rebuild()
	if w.here == settingsAt && w.settings.here == partGeneral && w.window.Canvas().Overlays().Top() == nil {
		w.window.Canvas().Focus(w.settings.language.choose) // where the user was
	}
}

// rebuild makes everything in the window anew; it shows what it has shown.
func (w *Window) rebuild() {
	expanded, part, offset := w.transfers.expanded, w.settings.here, w.settings.offset()
	w.build()
	if w.welcome != nil {
		w.beginWelcome()
	}
	w.transfers.expanded = expanded
	w.show(w.state)
	w.goTo(w.here)
	w.settings.open(part)
	w.settings.scrollTo(offset)
}

// systemWords are the words for a language of the settings where the program
// has no way of its own to find those of the system.
func systemWords(language string) *words.Words {
	return words.In(language, words.FromEnvironment())
}
