package ui

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// servingCard makes this computer a rendezvous and a relay for others: what is
// needed before, the addresses to give away while it is one.
type servingCard struct {
	window  *Window
	content fyne.CanvasObject
	// moved lays out again what is around the card.
	moved func()
	serve settings.Serve
	state engine.Serving

	mark    *look.Dot
	status  *look.Paragraph
	counts  *look.Line
	about   *look.Paragraph
	problem *look.Paragraph
	form    *servingForm
	given   *fyne.Container
	panel   fyne.CanvasObject
	ports   *look.Paragraph
	// lines are what was given when given was last filled.
	lines              []givenLine
	start, stop, share *widget.Button
}

func newServingCard(w *Window, moved func()) *servingCard {
	say := w.words.Say
	c := &servingCard{window: w, moved: moved, mark: look.NewDot(look.ColorIdle, 38), counts: look.NewCaption(""), ports: look.NewParagraph("")}
	c.status = look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground)
	c.about = look.NewParagraph(say("serving.about", nil))
	c.problem = look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameError)
	c.form = newServingForm(w, moved)
	c.given = column(5)
	c.panel = look.NewPanel(look.ColorRail, 12, c.given).Rounded()
	c.start = widget.NewButtonWithIcon(say("serving.start", nil), theme.MediaPlayIcon(), c.begin)
	c.start.Importance = widget.HighImportance
	c.stop = widget.NewButtonWithIcon(say("serving.stop", nil), theme.MediaStopIcon(), c.end)
	c.share = widget.NewButtonWithIcon(say("serving.copy", nil), theme.ContentCopyIcon(), c.copy)
	c.share.Importance = widget.HighImportance
	head := container.New(besideLayout{14}, c.mark, column(3, look.NewTitle(say("serving.title", nil)), c.status, c.counts),
		container.NewHBox(c.share, c.stop, c.start))
	c.content = look.NewCard(column(12, head, c.about, c.problem, c.form.content, c.panel, c.ports))
	return c
}

// show reports whether the card may have another height now.
func (c *servingCard) show(s settings.Serve, state engine.Serving, check *netcheck.Report) (moved bool) {
	before := c.mode()
	c.serve, c.state = s, state
	mode := c.mode()
	moved = c.form.show(s, check) || mode != before
	moved = set(c.status, c.window.words.Say("serving.is-"+string(mode), nil)) || moved
	c.counts.SetText(servingCounts(c.window.words, state))
	problem := ""
	if state.Problem != nil && s.Enabled {
		problem = Sentence(c.window.words, state.Problem)
	}
	moved = set(c.problem, problem) || moved
	show(c.problem, problem != "")
	running := mode == servingRuns
	if running {
		moved = c.showGiven() || moved
		moved = set(c.ports, passedOnText(c.window.words, s)) || moved
	}
	c.showMark(mode)
	show(c.counts, running)
	show(c.about, mode == servingOff)
	show(c.form.content, !running && mode != servingStarts)
	show(c.panel, running)
	show(c.ports, running)
	show(c.share, running)
	show(c.stop, s.Enabled)
	show(c.start, !s.Enabled)
	return moved
}

// servingMode is how it stands; "serving.is-"+mode puts it into words.
type servingMode string

const (
	servingOff    servingMode = "off"
	servingStarts servingMode = "starting"
	servingRuns   servingMode = "running"
	servingFails  servingMode = "failing"
)

func (c *servingCard) mode() servingMode {
	switch {
	case !c.serve.Enabled:
		return servingOff
	case c.state.Running:
		return servingRuns
	case c.state.Problem != nil:
		return servingFails
	default:
		return servingStarts
	}
}

// servingMark is the picture of the card while nothing needs a mark.
var servingMark = theme.NewColoredResource(serveIcon, look.ColorIdle)

func (c *servingCard) showMark(mode servingMode) {
	switch mode {
	case servingRuns:
		setMark(c.mark, good)
	case servingFails:
		setMark(c.mark, bad)
	case servingStarts:
		setMark(c.mark, unknown)
	default:
		c.mark.Set(look.ColorIdle, servingMark)
	}
}

// begin starts serving, if everything in the form is right.
func (c *servingCard) begin() {
	if wrong := c.form.judge(); wrong != nil {
		c.window.window.Canvas().Focus(wrong.entry)
		return
	}
	c.form.keep(true)
}

func (c *servingCard) end() {
	c.window.keeper.change(func(s *settings.Settings) { s.Serve.Enabled = false })
	c.window.network.refresh()
}

// copy copies what a friend needs, as a text that can be followed.
func (c *servingCard) copy() {
	c.window.app.Clipboard().SetContent(letter(c.window.words, c.serve, c.state))
	c.window.notice.tell(c.window.words.Say("serving.copied", nil))
}

// showGiven shows the addresses to give away.
func (c *servingCard) showGiven() (moved bool) {
	lines := givenLines(c.window.words, c.serve, c.state)
	if reflect.DeepEqual(c.lines, lines) {
		return false
	}
	c.lines = lines
	c.given.RemoveAll()
	for _, line := range lines {
		c.given.Add(container.New(givenLayout{}, look.NewCaption(line.name), look.NewLine(line.value).Monospaced()))
	}
	return true
}

// givenLine is one thing that others need to know.
type givenLine struct{ name, value string }

func givenLines(w *words.Words, s settings.Serve, state engine.Serving) (lines []givenLine) {
	add := func(name string, values ...string) {
		for _, value := range values {
			lines = append(lines, givenLine{name, value})
		}
	}
	add(w.Say("settings.rendezvous", nil), state.Rendezvous...)
	add(w.Say("check.stun", nil), state.STUN...)
	add(w.Say("serving.relay", nil), state.TURN...)
	add(w.Say("turn.username", nil), s.Username)
	add(w.Say("turn.password", nil), s.Password)
	return lines
}

// letter is what a friend needs to know, and what to do with it.
func letter(w *words.Words, s settings.Serve, state engine.Serving) string {
	return w.Say("serving.letter", map[string]any{
		"Rendezvous": state.Rendezvous, "STUN": state.STUN, "TURN": state.TURN, "Username": s.Username, "Password": s.Password,
	})
}

// servingCounts is "2 connections are relayed now · 1.2 GB since it runs".
func servingCounts(w *words.Words, state engine.Serving) string {
	return facts(w.Count("serving.connections", state.Allocations), w.Say("serving.bytes", map[string]string{"Size": words.Bytes(state.Bytes)}))
}

// givenLayout gives the names a column of their own.
type givenLayout struct{}

func (givenLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 2, findingName-10, 18)
	place(objects[1], findingName-10, 0, size.Width-findingName+10, 20)
}

func (givenLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(findingName+150, 20) }
