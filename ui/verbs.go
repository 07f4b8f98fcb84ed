package ui

import (
	"context"
	"errors"
	"path/filepath"
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
// one share. The first-run page, which would hide that, ends as if the user had
// begun. It runs on the main goroutine.
func (w *Window) Open(arguments ...string) {
	if w.welcome != nil && len(arguments) > 0 {
		w.welcome.giveWay()
	}
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

// OpenFirst takes what Causeway was started with. A newcomer sees the first-run
// page before it. It runs on the main goroutine.
func (w *Window) OpenFirst(arguments ...string) {
	if w.welcome != nil {
		w.afterWelcome = append(w.afterWelcome, arguments...)
		return
	}
	w.Open(arguments...)
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

// receive takes an invitation, however it came: it shows what is offered, or
// with that switched off in the settings fetches it.
func (w *Window) receive(invitation string) {
	if !w.keeper.taken.AskFirst {
		w.fetch(invitation)
		return
	}
	for _, t := range w.state.Transfers {
		if t.Phase == engine.Offered && t.Invitation == invitation {
			w.goTo(transfersAt)
			w.showOffer(t.ID)
			return
		}
	}
	var offered engine.Transfer
	w.run(func(ctx context.Context) (err error) {
		offered, err = w.engine.Look(ctx, invitation)
		return err
	}, func() {
		w.taken(invitation)
		w.looked[offered.ID] = true
		w.showOffer(offered.ID)
	})
}

// fetch fetches all that an invitation offers.
func (w *Window) fetch(invitation string) {
	var received engine.Transfer
	w.run(func(ctx context.Context) (err error) {
		received, err = w.engine.Receive(ctx, invitation, "")
		return err
	}, func() {
		w.taken(invitation)
		w.transfers.reveal(received.ID)
	})
}

// taken puts away what an invitation was typed into, and what was said of it.
func (w *Window) taken(invitation string) {
	w.notice.hush()
	w.transfers.accepted(invitation)
	w.goTo(transfersAt)
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

// open shows the folder of a transfer.
func (w *Window) open(t engine.Transfer) { w.showFolder(t.Folder) }

// openPlaced opens what has arrived: a file with the program for it, a folder
// in the file manager.
func (w *Window) openPlaced(t engine.Transfer) { w.openName(t.Placed) }

// showInFolder shows what has arrived in the file manager, chosen among what
// else is there.
func (w *Window) showInFolder(t engine.Transfer) { w.revealName(t.Placed) }

// openName opens a file or a folder, and says so where nothing can.
func (w *Window) openName(name string) {
	w.openOutside(name, w.openFolder, func() string {
		return w.words.Say("notice.cannot-open-file", map[string]string{"Name": name})
	})
}

// revealName shows a file or a folder in the folder that it is in.
func (w *Window) revealName(name string) {
	w.openOutside(name, func(name string) error {
		if w.reveal(name) == nil {
			return nil
		}
		return w.openFolder(filepath.Dir(name))
	}, func() string {
		return w.words.Say("notice.cannot-open", map[string]string{"Folder": filepath.Dir(name)})
	})
}

func (w *Window) showFolder(folder string) {
	w.openOutside(folder, w.openFolder, func() string {
		return w.words.Say("notice.cannot-open", map[string]string{"Folder": folder})
	})
}

// openOutside has another program open something, and complains where none can.
func (w *Window) openOutside(name string, open func(string) error, complaint func() string) {
	w.start(func() {
		if err := open(name); err != nil {
			w.do(func() { w.notice.complain(complaint()) })
		}
	})
}
