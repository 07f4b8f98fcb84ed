package ui

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"fyne.io/fyne/v2/container"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/ui/look"
)

// trial is a button that tests a server, and the line that says what came of it.
type trial struct {
	window *Window
	// test asks the server that address names, and returns the round trip.
	test    func(ctx context.Context, address string) (time.Duration, error)
	moved   func()
	button  *widget.Button
	mark    *look.Dot
	said    *look.Paragraph
	content *fyne.Container
	// tested counts, so that what was said of an earlier address is not said of
	// a later one.
	tested int
}

// newTrial makes a trial; begin is called when the user wants it.
func newTrial(w *Window, test func(context.Context, string) (time.Duration, error), moved, begin func()) *trial {
	t := &trial{window: w, test: test, moved: moved, mark: newMark(stageMark), said: look.NewParagraph("")}
	t.button = widget.NewButton(w.words.Say("relay.test", nil), begin)
	t.content = container.New(layout.NewCustomPaddedLayout(0, 4, 2, 0),
		container.New(besideLayout{8}, t.mark, t.said, noButton()))
	t.content.Hide()
	return t
}

// noButton takes no room where a layout expects a button.
func noButton() fyne.CanvasObject {
	nothing := container.NewWithoutLayout()
	nothing.Hide()
	return nothing
}

// run tests a server.
func (t *trial) run(address string) {
	w := t.window
	t.tested++
	this := t.tested
	t.button.Disable()
	t.button.SetText(w.words.Say("relay.testing", nil))
	t.say(unknown, theme.ColorNameForeground, w.words.Say("trial.running", nil))
	var took time.Duration
	w.attempt(func(ctx context.Context) (err error) {
		took, err = t.test(ctx, address)
		return err
	}, func(err error) {
		switch {
		case this != t.tested:
		case err != nil:
			t.end(bad, theme.ColorNameError, trialSentence(w.words, address, err))
		default:
			t.end(good, theme.ColorNameForeground, w.words.Say("trial.works", map[string]string{"Took": words.RoundTrip(took)}))
		}
	})
}

func (t *trial) say(m mark, color fyne.ThemeColorName, text string) {
	setMark(t.mark, m)
	t.said.Set(text, color)
	t.content.Show()
	t.moved()
}

func (t *trial) end(m mark, color fyne.ThemeColorName, text string) {
	t.button.Enable()
	t.button.SetText(t.window.words.Say("relay.test", nil))
	t.say(m, color, text)
}

// forget takes back what was said, for the address is another one now.
func (t *trial) forget() {
	if !t.content.Visible() {
		return
	}
	t.tested++
	t.button.Enable()
	t.button.SetText(t.window.words.Say("relay.test", nil))
	t.content.Hide()
	t.moved()
}

// trialSentence says why a rendezvous or a STUN server cannot be used.
func trialSentence(w *words.Words, address string, err error) string {
	var failure *netcheck.Failure
	var problem *engine.Problem
	server := map[string]string{"Server": hostOf(address)}
	stun := strings.HasPrefix(address, "stun:")
	switch {
	case errors.As(err, &failure) && failure.Reason == netcheck.NotTURN && stun:
		return w.Say("trial.not-stun", server)
	case errors.As(err, &failure) && failure.Reason == netcheck.NotTURN:
		return w.Say("trial.not-rendezvous", server)
	case errors.As(err, &failure) && (failure.Reason == netcheck.UDPBlocked || failure.Reason == netcheck.TCPOnly):
		return w.Say("trial.no-udp", server)
	case errors.As(err, &failure):
		return serverFailure(w, hostOf(address), failure)
	case errors.As(err, &problem):
		return Sentence(w, err)
	case stun:
		return w.Say("trial.no-stun", server)
	default:
		return w.Say("trial.no-rendezvous", server)
	}
}

// hostOf is what people know a server by.
func hostOf(address string) string {
	if parsed, err := url.Parse(address); err == nil && parsed.Host != "" {
		return parsed.Host
	}
	_, host, found := strings.Cut(address, ":")
	if !found {
		return address
	}
	host, _, _ = strings.Cut(host, "?")
	return host
}
