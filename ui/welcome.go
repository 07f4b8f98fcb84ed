package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// welcomePage is what somebody sees first, once: what Causeway is, and the few
// things that it cannot know.
type welcomePage struct {
	window  *Window
	content fyne.CanvasObject
	scroll  *container.Scroll
	name    *field
	folder  *field
	atLogin *enterCheck
	start   *widget.Button
	// done is called once the user has begun.
	done func()
}

func newWelcomePage(w *Window, s settings.Settings, done func()) *welcomePage {
	say := w.words.Say
	p := &welcomePage{window: w, done: done}
	p.name = p.newField(s.Name, say("settings.name-placeholder", nil), func(string) fault { return fine })
	p.folder = p.newField(s.DownloadDir, "", checkFolder).
		with(widget.NewButtonWithIcon(say("settings.choose", nil), theme.FolderOpenIcon(), func() { w.chooseInto(p.folder) }))
	p.atLogin = newEnterCheck(say("settings.at-login", nil), p.begin)
	p.atLogin.SetChecked(s.StartAtLogin)
	show(p.atLogin, w.autostart != nil)
	p.start = widget.NewButton(say("welcome.start", nil), p.begin)
	p.start.Importance = widget.HighImportance
	card := look.NewCard(container.New(layout.NewCustomPaddedLayout(8, 6, 10, 10), column(14,
		column(4,
			look.NewParagraph(say("welcome.title", map[string]string{"Name": assets.Name})).
				Sized(theme.SizeNameSubHeadingText).Colored(theme.ColorNameForeground).Bold(),
			look.NewParagraph(say("welcome.what", nil))),
		p.newPoints(),
		widget.NewSeparator(),
		form(
			label(say("settings.name", nil)), p.name.content,
			label(say("settings.folder", nil)), p.folder.content),
		container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, -6, 0), p.atLogin), container.NewGridWrap(fyne.NewSize(140, 38), p.start)))))
	p.scroll = container.NewVScroll(container.New(middleLayout{}, card))
	p.content = container.New(&scrollLayout{}, p.scroll)
	p.folder.judge()
	return p
}

func (p *welcomePage) newField(text, placeholder string, check func(string) fault) *field {
	f := newField(p.window.words, text, placeholder, check, func(string) {})
	f.entry.OnSubmitted = func(string) { p.begin() }
	f.moved = p.lay
	return f
}

// newPoints are the three things to know.
func (p *welcomePage) newPoints() fyne.CanvasObject {
	say := p.window.words.Say
	return container.New(thirdsLayout{18},
		welcomePoint(directPicture, say("welcome.direct", nil), say("welcome.direct-means", nil)),
		welcomePoint(relayedPicture, say("welcome.relayed", nil), say("welcome.relayed-means", nil)),
		welcomePoint(keyPicture, say("welcome.key", nil), say("welcome.key-means", nil)))
}

func welcomePoint(picture fyne.Resource, title, text string) fyne.CanvasObject {
	return column(5, container.NewHBox(container.NewGridWrap(pictureSize, widget.NewIcon(picture))),
		look.NewParagraph(title).Sized(theme.SizeNameText).Colored(theme.ColorNameForeground).Bold(), look.NewParagraph(text))
}

// begin takes what is on the page, and shows the window.
func (p *welcomePage) begin() {
	if !p.folder.judge() {
		p.window.window.Canvas().Focus(p.folder.entry)
		return
	}
	p.take()
}

// giveWay ends the page for something that shows on another, with what is on it
// as far as it can be used.
func (p *welcomePage) giveWay() {
	p.window.leaveModals() // a chooser of the page
	p.take()
}

func (p *welcomePage) take() {
	usable := p.folder.judge()
	p.window.keeper.change(func(s *settings.Settings) {
		s.Name, s.Welcomed = p.name.text(), true
		if usable {
			s.DownloadDir = p.folder.text()
		}
		if p.atLogin.Visible() {
			s.StartAtLogin = p.atLogin.Checked
		}
	})
	p.done()
}

func (p *welcomePage) lay() {
	if p.scroll != nil {
		p.scroll.Content.Refresh()
		p.scroll.Refresh()
	}
}

// beginWelcome shows the first-run page in place of everything else.
func (w *Window) beginWelcome() {
	w.welcome = newWelcomePage(w, w.keeper.wanted, w.endWelcome)
	w.over.Objects = []fyne.CanvasObject{w.welcome.content}
	w.under.Hide()
	w.over.Refresh()
}

// endWelcome shows the window as it is from then on.
func (w *Window) endWelcome() {
	w.welcome = nil
	w.over.RemoveAll()
	w.under.Show()
	w.window.Canvas().Unfocus()
	w.goTo(w.here)
	waiting := w.afterWelcome
	w.afterWelcome = nil
	w.Open(waiting...)
}

// enterCheck is a check that goes on with Enter.
type enterCheck struct {
	widget.Check
	entered func()
}

func newEnterCheck(text string, entered func()) *enterCheck {
	c := &enterCheck{entered: entered}
	c.Text = text
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey is called by Fyne.
func (c *enterCheck) TypedKey(key *fyne.KeyEvent) {
	if key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter {
		c.entered()
		return
	}
	c.Check.TypedKey(key)
}

// middleLayout puts one card into the middle, as high as it needs to be.
type middleLayout struct{}

const (
	middleWidth  = 700
	middleMargin = 16
)

func (middleLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(middleWidth, size.Width-2*middleMargin)
	objects[0].Resize(fyne.NewSize(width, objects[0].Size().Height))
	height := objects[0].MinSize().Height
	place(objects[0], (size.Width-width)/2, max(middleMargin, (size.Height-height)/2), width, height)
}

func (middleLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(2*middleMargin, 2*middleMargin)
}

// thirdsLayout puts objects beside each other, all equally wide. As a column it
// sets the width before it is asked for the height.
type thirdsLayout struct{ gap float32 }

func (l thirdsLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := (size.Width - l.gap*float32(len(objects)-1)) / float32(len(objects))
	for i, o := range objects {
		o.Resize(fyne.NewSize(width, o.Size().Height))
		place(o, float32(i)*(width+l.gap), 0, width, o.MinSize().Height)
	}
}

func (l thirdsLayout) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	size.Width = (size.Width+l.gap)*float32(len(objects)) - l.gap
	return size
}
