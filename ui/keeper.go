package ui

import (
	"context"

	"github.com/causeway-app/causeway/engine/settings"
)

// keeper applies settings to the engine, then saves them: one at a time, and
// after each only the newest, so that an older edit cannot come last. Its
// methods run on the main goroutine.
type keeper struct {
	window *Window
	// taken is what the engine works by, wanted what the user has asked for.
	taken, wanted settings.Settings
	waiting       bool
	busy          bool
	// said is what the notice had said when it last spoke of the settings.
	said int
}

func newKeeper(w *Window, s settings.Settings) *keeper {
	return &keeper{window: w, taken: s, wanted: s}
}

// change edits the newest settings, and applies and saves them.
func (k *keeper) change(edit func(*settings.Settings)) {
	s := k.wanted
	edit(&s)
	k.keep(s)
}

// keep applies and saves s, unless there is something newer by then.
func (k *keeper) keep(s settings.Settings) {
	k.wanted, k.waiting = settings.Normalize(s), true
	if !k.busy {
		k.next()
	}
}

func (k *keeper) next() {
	s, w, applied := k.wanted, k.window, false
	k.waiting, k.busy = false, true
	w.attempt(func(ctx context.Context) error {
		if err := w.engine.Configure(ctx, s); err != nil {
			return err
		}
		applied = true
		return w.save(s)
	}, func(err error) {
		k.busy = false
		if err != nil {
			k.complain(err)
		} else if w.notice.said == k.said {
			w.notice.hush()
		}
		if applied {
			k.took(s)
		}
		switch {
		case k.waiting && !k.busy:
			k.next()
		case !k.waiting && !applied:
			k.wanted = k.taken
			w.settings.show(k.taken)
			w.network.show(w.state.Network)
		}
	})
}

// complain says what is wrong with the settings, until they are right.
func (k *keeper) complain(err error) {
	k.window.notice.complain(Sentence(k.window.words, err))
	k.said = k.window.notice.said
}

// took lets the window follow the settings that the engine has taken.
func (k *keeper) took(s settings.Settings) {
	w, old := k.window, k.taken
	k.taken = s
	w.transfers.show(w.transfers.state) // its rows speak of the policy
	w.network.show(w.state.Network)     // and it of port mapping
	if !k.waiting {
		w.settings.follow(s)
	}
	w.applied(old, s)
}
