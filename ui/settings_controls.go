package ui

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// toggle switches something on and off, and says below what that means.
type toggle struct {
	check   *widget.Check
	content *fyne.Container
	changed func(bool)
}

// newToggle makes a toggle; hint may be empty.
func newToggle(text, hint string, changed func(bool)) *toggle {
	t := &toggle{check: widget.NewCheck(text, nil), changed: changed}
	t.check.OnChanged = changed
	// Its box stands under what is above it, the hint under its text.
	t.content = column(0, container.New(layout.NewCustomPaddedLayout(-2, -2, -6, 0), t.check))
	if hint != "" {
		t.content.Add(container.New(layout.NewCustomPaddedLayout(0, 4, 24, 0), look.NewParagraph(hint)))
	}
	return t
}

// set shows whether it is on, and tells nobody.
func (t *toggle) set(on bool) {
	t.check.OnChanged = nil
	t.check.SetChecked(on)
	t.check.OnChanged = t.changed
}

// toggle is a toggle for one of the settings.
func (p *settingsPage) toggle(text, hint string, of func(*settings.Settings) *bool) *toggle {
	t := newToggle(text, hint, func(on bool) {
		p.change(func(s *settings.Settings) { *of(s) = on })
	})
	p.follows(func(s settings.Settings) { t.set(*of(&s)) })
	return t
}

// choice is one of a few values.
type choice struct {
	choose  *edgedSelect
	values  []string
	texts   []string
	problem *look.Paragraph
	content *fyne.Container
	chosen  func(string)
	moved   func()
}

// newChoice makes a choice of values, which the texts name; wrong is said of a
// value that is none of them.
func newChoice(values, texts []string, wrong string, moved func(), chosen func(string)) *choice {
	c := &choice{values: values, texts: texts, chosen: chosen, moved: moved,
		problem: look.NewParagraph(wrong).Colored(theme.ColorNameError)}
	c.choose = newEdgedSelect(texts, c.selected)
	c.problem.Hide()
	c.content = column(3, wide(260, c.choose), c.problem)
	return c
}

func (c *choice) selected(text string) {
	at := slices.Index(c.texts, text)
	if at < 0 {
		return
	}
	if c.problem.Visible() {
		c.problem.Hide()
		c.moved()
	}
	c.chosen(c.values[at])
}

// set shows a value, and tells nobody.
func (c *choice) set(value string) {
	at := slices.Index(c.values, value)
	c.choose.OnChanged = nil
	if at < 0 {
		c.choose.ClearSelected()
	} else {
		c.choose.SetSelectedIndex(at)
	}
	c.choose.OnChanged = c.selected
	if c.problem.Visible() != (at < 0) {
		show(c.problem, at < 0)
		c.moved()
	}
}

// choice is a choice for one of the settings.
func (p *settingsPage) choice(values, texts []string, of func(*settings.Settings) *string) *choice {
	c := newChoice(values, texts, notAChoice.sentence(p.window.words), p.lay, func(value string) {
		p.change(func(s *settings.Settings) { *of(s) = value })
	})
	p.follows(func(s settings.Settings) { c.set(*of(&s)) })
	return c
}

// field is a field for one of the settings: read shows it, and write takes a
// text that check has found right.
func (p *settingsPage) field(placeholder string, check func(string) fault, read func(settings.Settings) string, write func(*settings.Settings, string)) *field {
	f := newField(p.window.words, read(p.window.keeper.wanted), placeholder, check, func(text string) {
		p.change(func(s *settings.Settings) { write(s, text) })
	})
	f.moved = p.lay
	p.follows(func(s settings.Settings) { f.set(read(s)) })
	p.judges = append(p.judges, func() { f.judge() })
	return f
}

// rate is a field for megabytes a second.
func (p *settingsPage) rate(of func(*settings.Settings) *int64) *field {
	return p.field(p.window.words.Say("settings.no-limit", nil), checkLimit,
		func(s settings.Settings) string { return limitText(*of(&s)) },
		func(s *settings.Settings, text string) { *of(s), _ = parseLimit(text) }).sized(120, "MB/s")
}

// size is a field for a number of bytes.
func (p *settingsPage) size(of func(*settings.Settings) *int64) *field {
	return p.field(p.window.words.Say("settings.no-size-limit", nil), checkSize,
		func(s settings.Settings) string { return sizeText(*of(&s)) },
		func(s *settings.Settings, text string) { *of(s), _ = parseSize(text) }).sized(120, "")
}

// time is a field for a time of day.
func (p *settingsPage) time(of func(*settings.Settings) *int) *field {
	return p.field("", checkTime,
		func(s settings.Settings) string { return timeText(*of(&s)) },
		func(s *settings.Settings, text string) { *of(s), _ = parseTime(text) }).sized(90, "")
}

// edgedSelect has an edge, as entries have: in a light theme it is hard to see
// otherwise.
type edgedSelect struct{ widget.Select }

func newEdgedSelect(options []string, changed func(string)) *edgedSelect {
	s := &edgedSelect{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer is called by Fyne.
func (s *edgedSelect) CreateRenderer() fyne.WidgetRenderer {
	r := &edgedRenderer{WidgetRenderer: s.Select.CreateRenderer(), of: s, edge: canvas.NewRectangle(color.Transparent)}
	r.edge.StrokeWidth = 1
	r.paint()
	return r
}

type edgedRenderer struct {
	fyne.WidgetRenderer
	of   *edgedSelect
	edge *canvas.Rectangle
}

func (r *edgedRenderer) paint() {
	of := r.of.Theme()
	r.edge.StrokeColor = of.Color(theme.ColorNameInputBorder, fyne.CurrentApp().Settings().ThemeVariant())
	r.edge.CornerRadius = of.Size(theme.SizeNameInputRadius)
	r.edge.Refresh()
}

func (r *edgedRenderer) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.edge.Resize(size)
}

func (r *edgedRenderer) Refresh() {
	r.WidgetRenderer.Refresh()
	r.paint()
}

func (r *edgedRenderer) Objects() []fyne.CanvasObject {
	return append(slices.Clone(r.WidgetRenderer.Objects()), r.edge)
}
