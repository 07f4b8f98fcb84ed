package ui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/ui/look"
)

// checkCard says in one sentence what the network allows, and below it what was
// found.
type checkCard struct {
	window  *Window
	content fyne.CanvasObject
	// moved lays out again what is around the card.
	moved func()

	light    *look.SignalLight
	verdict  *look.Paragraph
	forecast *look.Paragraph
	checked  *look.Line
	again    *widget.Button
	checking bool
	findings []*findingLine
	found    *fyne.Container
	details  *fyne.Container
	fold     *widget.Button
	// folded tells that the user wants no findings while all is well, and well
	// that all is.
	folded, well bool
}

func newCheckCard(w *Window, moved func()) *checkCard {
	say := w.words.Say
	c := &checkCard{window: w, moved: moved, light: look.NewSignalLight()}
	c.found = container.New(&twoColumns{gap: 9, between: 20, least: 330, wide: c.hasCommand})
	c.verdict = look.NewParagraph("").Sized(theme.SizeNameSubHeadingText).Colored(theme.ColorNameForeground).Bold()
	c.forecast = look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground)
	c.checked = look.NewCaption("")
	c.again = widget.NewButtonWithIcon(say("check.again", nil), theme.ViewRefreshIcon(), c.check)
	c.fold = widget.NewButtonWithIcon("", foldIcon, c.toggle)
	c.fold.Importance = widget.LowImportance
	c.fold.Hide()
	c.details = column(10, widget.NewSeparator(), c.found)
	title := container.NewBorder(nil, nil, nil, container.NewHBox(c.fold, c.again), container.NewVBox(centredLine(look.NewTitle(say("check.title", nil)))))
	head := container.New(besideLayout{16}, c.light, column(4, c.verdict, c.forecast, c.checked), hidden())
	c.content = look.NewCard(column(10, title, head, c.details))
	return c
}

// hidden is an object that takes no room.
func hidden() fyne.CanvasObject {
	o := container.NewWithoutLayout()
	o.Hide()
	return o
}

// centredLine is a line at the height of the text of a button beside it.
func centredLine(line *look.Line) fyne.CanvasObject {
	return container.New(centredLayout{}, line)
}

// centredLayout gives an object the height of a button, and centres it.
type centredLayout struct{}

func (centredLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	height := objects[0].MinSize().Height
	place(objects[0], 0, (size.Height-height)/2, size.Width, height)
}

func (centredLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, 34)
}

// show reports whether the card may have another height now.
func (c *checkCard) show(n engine.Network, may permits) (moved bool) {
	c.showVerdict(n)
	moved = c.showFindings(findings(c.window.words, n.Check, may))
	before := c.well
	c.well = n.Check != nil && !slices.ContainsFunc(c.findings, func(l *findingLine) bool {
		return l.content.Visible() && (l.finding.mark == bad || l.finding.mark == fair)
	})
	if !c.well {
		c.folded = false // what is not well is shown
	}
	c.showFold()
	return moved || before != c.well
}

func (c *checkCard) showVerdict(n engine.Network) {
	say := c.window.words.Say
	forecast := explain(c.window.words, n.Forecast)
	if n.Check == nil {
		c.verdict.SetText(say("check.looking", nil))
		c.checked.SetText("")
		c.light.Set(0, look.ColorIdle, false)
		forecast = ""
	} else {
		verdict := n.Check.Verdict()
		c.verdict.SetText(say("verdict."+string(verdict), nil))
		again := ""
		if n.Checking {
			again = say("check.anew", nil)
		}
		c.checked.SetText(facts(say("check.at", map[string]string{
			"Time": n.Check.At.Local().Format(time.TimeOnly), "Took": words.RoundTrip(n.Check.Took),
		}), again))
		mark := verdictMark(verdict)
		c.light.Set(verdictLevel(verdict), marks()[mark].color, mark == bad)
	}
	c.forecast.SetText(forecast)
	show(c.forecast, forecast != "")
	show(c.checked, n.Check != nil)
}

// verdictLevel is how many of four bars a network is worth.
func verdictLevel(v netcheck.Verdict) int {
	switch v {
	case netcheck.Reachable, netcheck.Mapped:
		return 4
	case netcheck.Usual:
		return 3
	case netcheck.Strict:
		return 2
	case netcheck.NoUDP:
		return 1
	default:
		return 0
	}
}

func verdictMark(v netcheck.Verdict) mark {
	switch v {
	case netcheck.Reachable, netcheck.Mapped, netcheck.Usual:
		return good
	case netcheck.Strict:
		return fair
	case netcheck.NoUDP, netcheck.LoginPage, netcheck.Offline:
		return bad
	default:
		return unknown
	}
}

// hasCommand reports whether a finding has a command below it, which is long.
func (c *checkCard) hasCommand(o fyne.CanvasObject) bool {
	return slices.ContainsFunc(c.findings, func(l *findingLine) bool { return l.content == o && l.finding.command != "" })
}

func (c *checkCard) showFindings(found []finding) (moved bool) {
	for len(c.findings) < len(found) {
		line := newFindingLine(c.window.copyCommand)
		c.findings = append(c.findings, line)
		c.found.Add(line.content)
		moved = true
	}
	for i, line := range c.findings {
		visible := i < len(found)
		moved = moved || line.content.Visible() != visible
		show(line.content, visible)
		if visible {
			moved = line.show(found[i]) || moved
		}
	}
	return moved
}

// toggle folds the findings away, or shows them again.
func (c *checkCard) toggle() {
	c.folded = !c.folded
	c.showFold()
	c.moved()
}

func (c *checkCard) showFold() {
	show(c.fold, c.well)
	show(c.details, !c.folded)
	text, icon := c.window.words.Say("check.fold", nil), foldIcon
	if c.folded {
		text, icon = c.window.words.Say("check.unfold", nil), unfoldIcon
	}
	if c.fold.Text != text {
		c.fold.SetText(text)
		c.fold.SetIcon(icon)
	}
}

// check looks at the network once more.
func (c *checkCard) check() {
	if c.checking {
		return
	}
	c.busy(true)
	c.window.attempt(func(ctx context.Context) error {
		_, err := c.window.engine.CheckNetwork(ctx)
		return err
	}, func(err error) {
		c.busy(false)
		if err != nil {
			c.window.notice.complain(Sentence(c.window.words, err))
		}
	})
}

func (c *checkCard) busy(checking bool) {
	c.checking = checking
	enable(c.again, !checking)
	if checking {
		c.again.SetText(c.window.words.Say("check.checking", nil))
	} else {
		c.again.SetText(c.window.words.Say("check.again", nil))
	}
	c.moved()
}
