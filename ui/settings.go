package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// part is one of the parts of the settings.
type part int

// The parts, in the order of their list.
const (
	partGeneral part = iota
	partSending
	partNetwork
	partPrivacy
	partAdvanced
)

// settingsPage shows the settings, in parts of which one is seen. What is right
// takes effect at once; what is wrong is marked where it stands and changes
// nothing.
type settingsPage struct {
	window  *Window
	content fyne.CanvasObject
	here    part
	stops   []*widget.Button
	pages   []fyne.CanvasObject
	scrolls []*container.Scroll
	// followers show settings that did not come from their own control; judges
	// mark what is wrong, as in a file that was edited by hand.
	followers []func(settings.Settings)
	judges    []func()

	generalControls
	sendingControls
	networkControls
	privacyControls
	advancedControls
}

func newSettingsPage(w *Window, s settings.Settings) *settingsPage {
	p := &settingsPage{window: w}
	say := w.words.Say
	p.add(say("settings.general", nil), p.newGeneral()...)
	p.add(say("settings.sending", nil), p.newSending()...)
	p.add(say("settings.network", nil), p.newNetwork()...)
	p.add(say("settings.privacy", nil), p.newPrivacy()...)
	p.add(say("settings.advanced", nil), p.newAdvanced()...)
	all := []fyne.CanvasObject{}
	for _, stop := range p.stops {
		all = append(all, stop)
	}
	p.content = container.New(partsLayout{}, append(all, container.NewStack(p.pages...))...)
	p.open(partGeneral)
	p.show(s)
	return p
}

// add adds a part that consists of cards.
func (p *settingsPage) add(name string, cards ...fyne.CanvasObject) {
	index := part(len(p.stops))
	stop := widget.NewButton(name, func() { p.open(index) })
	stop.Alignment = widget.ButtonAlignLeading
	scroll := container.NewVScroll(container.New(rightMargin{scrollRoom}, column(12, cards...)))
	p.stops = append(p.stops, stop)
	p.scrolls = append(p.scrolls, scroll)
	p.pages = append(p.pages, container.New(&scrollLayout{}, scroll))
}

// section is a card with a title and a sentence about what it is for.
func (p *settingsPage) section(name string, content ...fyne.CanvasObject) fyne.CanvasObject {
	say := p.window.words.Say
	head := column(3, look.NewTitle(say("settings."+name, nil)), look.NewParagraph(say("settings."+name+"-hint", nil)))
	return look.NewCard(column(10, append([]fyne.CanvasObject{head}, content...)...))
}

// open shows a part.
func (p *settingsPage) open(to part) {
	p.here = to
	for i, stop := range p.stops {
		stop.Importance = widget.LowImportance
		if part(i) == to {
			stop.Importance = widget.MediumImportance
		}
		stop.Refresh()
		show(p.pages[i], part(i) == to)
	}
	p.lay()
}

// offset is how far the part that is seen is scrolled.
func (p *settingsPage) offset() fyne.Position { return p.scrolls[p.here].Offset }

func (p *settingsPage) scrollTo(offset fyne.Position) { p.scrolls[p.here].ScrollToOffset(offset) }

func (p *settingsPage) follows(follow func(settings.Settings)) {
	p.followers = append(p.followers, follow)
}

// change makes new settings, lets the engine work by them and keeps them.
func (p *settingsPage) change(edit func(*settings.Settings)) { p.window.keeper.change(edit) }

// follow shows settings wherever a control shows others. It leaves alone what
// somebody is typing.
func (p *settingsPage) follow(s settings.Settings) {
	for _, follow := range p.followers {
		follow(s)
	}
	p.markParts(s)
	p.lay()
}

// show shows settings, and marks what is wrong in them.
func (p *settingsPage) show(s settings.Settings) {
	p.follow(s)
	for _, judge := range p.judges {
		judge()
	}
}

// markParts marks in the list the parts in which something cannot be used.
func (p *settingsPage) markParts(s settings.Settings) {
	wrong := p.flaws(s)
	for i, stop := range p.stops {
		var icon fyne.Resource
		if wrong[part(i)] {
			icon = theme.NewErrorThemedResource(theme.ErrorIcon())
		}
		if (stop.Icon == nil) != (icon == nil) {
			stop.SetIcon(icon)
		}
	}
}

// flaws are the parts in which something cannot be used. That a relay's
// password is not at hand is no flaw, and what is wrong in serving others is
// shown on the network page.
func (p *settingsPage) flaws(s settings.Settings) map[part]bool {
	wrong := map[part]bool{}
	for _, fault := range settings.FieldErrors(settings.Validate(s)) {
		if !fault.Locked(s) && !strings.HasPrefix(fault.Field, "serve.") {
			wrong[partOf(fault.Field)] = true
		}
	}
	return wrong
}

// flawed reports whether the page shows anything that cannot be used, and where
// that is first.
func (p *settingsPage) flawed() (part, bool) {
	wrong := p.flaws(p.window.keeper.wanted)
	for i := range p.stops {
		if wrong[part(i)] {
			return part(i), true
		}
	}
	return partGeneral, false
}

// partOf is where a field of settings.FieldError is shown.
func partOf(field string) part {
	name, _, _ := strings.Cut(field, "[")
	name, _, _ = strings.Cut(name, ".")
	switch name {
	case "limit_up", "limit_down", "schedule":
		return partSending
	case "rendezvous", "stun", "turn", "relay_month", "relay_transfer", "relay_rate":
		return partNetwork
	case "policy":
		return partPrivacy
	case "port_min", "port_max", "metrics", "log_level":
		return partAdvanced
	default:
		return partGeneral
	}
}

// lay lays the page out again after something in it has grown or shrunk.
func (p *settingsPage) lay() {
	if p.content != nil {
		scroll := p.scrolls[p.here]
		scroll.Content.Refresh()
		scroll.Refresh()
	}
}
