package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/engine"
)

// run calls a verb off the main goroutine and then done on it. A failure is
// shown in a sentence and done is not called.
func (w *Window) run(verb func(ctx context.Context) error, done func()) {
	w.attempt(verb, func(err error) {
		if err != nil {
			w.notice.complain(Sentence(w.words, err))
			return
		}
		done()
	})
}

// attempt calls a verb off the main goroutine and then done on it, unless the
// window has ended by then.
func (w *Window) attempt(verb func(ctx context.Context) error, done func(error)) {
	w.pending.Add(1)
	w.start(func() {
		defer w.pending.Done()
		err := verb(w.ctx)
		if w.ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return
		}
		w.do(func() { done(err) })
	})
}

// Open takes what somebody dropped, pasted or started Causeway with:
// invitations are received, everything else is a path and shared, all of it as
// one share. It runs on the main goroutine.
func (w *Window) Open(arguments ...string) {
	var paths []string
	for _, argument := range arguments {
		if isInvitation(argument) {
			w.receive(strings.TrimSpace(argument))
		} else if argument != "" {
			paths = append(paths, argument)
		}
	}
	if len(paths) > 0 {
		w.share(paths)
	}
}

func isInvitation(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > len(assets.Scheme) && strings.EqualFold(text[:len(assets.Scheme)], assets.Scheme)
}

// dropped is called by the window system with what fell on the window.
func (w *Window) dropped(_ fyne.Position, items []fyne.URI) {
	var arguments []string
	for _, item := range items {
		argument := item.Path()
		// A dragged link comes as the path of a file that does not exist.
		if at := strings.LastIndex(argument, "/"); isInvitation(argument[at+1:]) {
			argument = argument[at+1:]
		}
		arguments = append(arguments, argument)
	}
	w.Open(arguments...)
}

func (w *Window) share(paths []string) {
	var shared engine.Transfer
	w.run(func(ctx context.Context) (err error) {
		shared, err = w.engine.Share(ctx, paths)
		return err
	}, func() {
		w.goTo(transfersAt)
		w.transfers.reveal(shared.ID)
	})
}

func (w *Window) receive(invitation string) {
	var received engine.Transfer
	w.run(func(ctx context.Context) (err error) {
		received, err = w.engine.Receive(ctx, invitation, "")
		return err
	}, func() {
		w.notice.hush()
		w.transfers.accepted(invitation)
		w.goTo(transfersAt)
		w.transfers.reveal(received.ID)
	})
}

func (w *Window) pause(t engine.Transfer) {
	w.run(func(ctx context.Context) error { return w.engine.Pause(ctx, t.ID) }, func() {})
}

func (w *Window) resume(t engine.Transfer) {
	w.run(func(ctx context.Context) error { return w.engine.Resume(ctx, t.ID) }, func() {})
}

func (w *Window) remove(t engine.Transfer) {
	w.run(func(ctx context.Context) error { return w.engine.Remove(ctx, t.ID) }, func() {})
}

// allowRelay lets more bytes of a transfer go by relay; 0 is without limit.
func (w *Window) allowRelay(t engine.Transfer, more int64) {
	w.run(func(ctx context.Context) error { return w.engine.AllowRelay(ctx, t.ID, more) }, func() {})
}

func (w *Window) denyRelay(t engine.Transfer) {
	w.run(func(ctx context.Context) error { return w.engine.DenyRelay(ctx, t.ID) }, func() {})
}

func (w *Window) copyInvitation(t engine.Transfer) {
	w.app.Clipboard().SetContent(t.Invitation)
	w.notice.tell(w.words.Say("notice.copied", map[string]string{"Name": title(w.words, t)}))
}

// copyCommand copies what mends a finding of the network check.
func (w *Window) copyCommand(command string) {
	w.app.Clipboard().SetContent(command)
	w.notice.tell(w.words.Say("notice.command-copied", nil))
}

// paste takes an invitation from the clipboard wherever the focus is.
func (w *Window) paste() {
	if text := w.app.Clipboard().Content(); isInvitation(text) {
		w.receive(strings.TrimSpace(text))
	}
}

func (w *Window) open(t engine.Transfer) {
	w.start(func() {
		if err := w.openFolder(t.Folder); err != nil {
			w.do(func() {
				w.notice.complain(w.words.Say("notice.cannot-open", map[string]string{"Folder": t.Folder}))
			})
		}
	})
}
