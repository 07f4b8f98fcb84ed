package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// relayTrial is a button that tests a relay, and what came of it, stage after
// stage.
type relayTrial struct {
	window  *Window
	moved   func()
	button  *widget.Button
	fold    *look.TipButton
	stages  *stageList
	mark    *look.Dot
	verdict *look.Paragraph
	outcome *fyne.Container
	content *fyne.Container
	// stop ends the test that runs; tested counts the tests.
	stop   context.CancelFunc
	tested int
}

// newRelayTrial makes a trial whose stages stand so far right of what is above
// them; moved lays out again what is around it.
func newRelayTrial(w *Window, indent float32, moved func()) *relayTrial {
	t := &relayTrial{window: w, moved: moved, stages: newStageList(w.words, indent), mark: newMark(stageMark), verdict: look.NewParagraph("").Colored(theme.ColorNameForeground)}
	t.button = widget.NewButton(w.words.Say("relay.test", nil), nil)
	t.fold = look.NewTipButton(foldIcon, w.words.Say("trial.fold", nil), t.forget)
	t.fold.Hide()
	t.outcome = container.New(besideLayout{8}, t.mark, t.verdict, noButton())
	t.outcome.Hide()
	t.content = column(6, t.stages.content, container.New(layout.NewCustomPaddedLayout(0, 0, indent, 0), t.outcome))
	t.stages.content.Hide()
	t.content.Hide()
	return t
}

// run tests a server with its credentials, saved or not.
func (t *relayTrial) run(server settings.TURN) {
	w := t.window
	t.forget()
	this := t.tested
	t.button.Disable()
	t.button.SetText(w.words.Say("relay.testing", nil))
	t.stages.begin()
	t.content.Show()
	t.moved()
	var result netcheck.TURNResult
	ctx, stop := context.WithCancel(w.ctx)
	t.stop = stop
	w.attempt(func(context.Context) (err error) {
		defer stop()
		result, err = w.engine.TestRelay(ctx, server, func(s netcheck.StageResult) {
			if ctx.Err() == nil {
				w.do(func() { t.step(this, server.URL, s) })
			}
		})
		return err
	}, func(err error) {
		if this == t.tested {
			t.end(result, err)
		}
	})
}

func (t *relayTrial) step(test int, uri string, s netcheck.StageResult) {
	if test == t.tested {
		t.stages.step(uri, s)
		t.moved()
	}
}

func (t *relayTrial) end(result netcheck.TURNResult, err error) {
	t.ready()
	t.stages.end(result)
	t.fold.Show()
	switch {
	case err != nil:
		t.judge(bad, Sentence(t.window.words, err))
	case result.Failure == nil:
		t.judge(good, t.window.words.Say("trial.relay-works", nil))
	case len(t.stages.lines) == 0: // no stage has come to say it
		t.judge(bad, serverFailure(t.window.words, result.URL, result.Failure))
	}
	t.moved()
}

func (t *relayTrial) judge(m mark, text string) {
	color := theme.ColorNameForeground
	if m == bad {
		color = theme.ColorNameError
	}
	setMark(t.mark, m)
	t.verdict.Set(text, color)
	t.outcome.Show()
}

func (t *relayTrial) ready() {
	t.button.Enable()
	t.button.SetText(t.window.words.Say("relay.test", nil))
}

// forget ends a test that runs, and takes back what was said.
func (t *relayTrial) forget() {
	t.tested++
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	t.ready()
	t.stages.clear()
	t.outcome.Hide()
	t.fold.Hide()
	if t.content.Visible() {
		t.content.Hide()
		t.moved()
	}
}
