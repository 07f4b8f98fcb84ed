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
	// taken is what the engine works by.
	taken   settings.Settings
	waiting *settings.Settings
	busy    bool
}

// keep applies and saves s, unless there is something newer by then.
func (k *keeper) keep(s settings.Settings) {
	k.waiting = &s
	if !k.busy {
		k.next()
	}
}

func (k *keeper) next() {
	s, w, applied := *k.waiting, k.window, false
	k.waiting, k.busy = nil, true
	w.attempt(func(ctx context.Context) error {
		if err := w.engine.Configure(ctx, s); err != nil {
			return err
		}
		applied = true
		return w.save(s)
	}, func(err error) {
		k.busy = false
		if applied {
			k.taken = s
			w.transfers.show(w.transfers.state) // its rows speak of the policy
			w.network.show(w.state.Network)     // and it of port mapping
		}
		if err != nil {
			w.notice.complain(Sentence(w.words, err))
		} else {
			w.notice.hush()
		}
		switch {
		case k.waiting != nil:
			k.next()
		case !applied:
			w.settings.show(k.taken)
		}
	})
}
