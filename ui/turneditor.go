package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
)

// turnEditor is the dialog for one relay. What is in it can be tested before it
// is saved.
type turnEditor struct {
	window *Window
	done   func(settings.TURN)
	dialog *dialog.CustomDialog
	scroll *container.Scroll
	width  float32

	url, user, password, secret *field
	kind                        *widget.RadioGroup
	kinds                       []string
	trial                       *relayTrial
	save                        *widget.Button
}

func newTURNEditor(w *Window, heading string, server settings.TURN, done func(settings.TURN)) *turnEditor {
	say := w.words.Say
	e := &turnEditor{window: w, done: done, kinds: []string{say("turn.kind-user", nil), say("turn.kind-secret", nil)}}
	e.trial = newRelayTrial(w, 0, e.lay)
	e.trial.button.OnTapped = e.test
	e.url = e.newField(server.URL, "turn:turn.example.org:3478", checkTURN)
	e.user = e.newField(server.Username, "", checkPresent)
	e.password = e.newField(server.Password, "", checkPresent)
	e.secret = e.newField(server.Secret, "", checkPresent)
	e.password.hide()
	e.secret.hide()
	e.kind = widget.NewRadioGroup(e.kinds, nil)
	e.kind.Horizontal, e.kind.Required = true, true
	e.kind.SetSelected(e.kinds[0])
	if server.Secret != "" {
		e.kind.SetSelected(e.kinds[1])
	}
	e.kind.OnChanged = func(string) {
		e.trial.forget()
		e.showKind()
	}
	e.open(heading)
	return e
}

// newField makes a field of which a change makes an earlier test worthless.
func (e *turnEditor) newField(text, placeholder string, check func(string) fault) *field {
	f := newField(e.window.words, text, placeholder, check, func(string) {})
	f.edited = e.trial.forget
	f.moved = e.lay
	f.entry.OnSubmitted = func(string) { e.submit() }
	return f
}

const (
	// editorWidth is how wide the editor is where the window has room for it.
	editorWidth = 580
	// editorEdge is what is seen of the window around the editor, at least.
	editorEdge = 12
)

func (e *turnEditor) open(heading string) {
	say := e.window.words.Say
	inside := column(6,
		form(
			label(say("turn.url", nil)), e.url.content,
			label(""), container.New(layout.NewCustomPaddedLayout(0, 0, -6, 0), e.kind),
			label(say("turn.username", nil)), e.user.content,
			label(say("turn.password", nil)), e.password.content,
			label(say("turn.secret", nil)), e.secret.content,
			label(""), e.trial.content))
	e.scroll = container.NewVScroll(container.New(rightMargin{scrollRoom}, container.New(layout.NewCustomPaddedLayout(4, 12, 0, 0), inside)))
	e.showKind()
	e.dialog = dialog.NewCustomWithoutButtons(heading, container.New(&scrollLayout{}, e.scroll), e.window.window)
	e.save = widget.NewButton(say("turn.save", nil), e.submit)
	e.save.Importance = widget.HighImportance
	e.dialog.SetButtons([]fyne.CanvasObject{e.trial.button, widget.NewButton(say("dialog.cancel", nil), e.dialog.Hide), e.save})
	e.window.showModal(modal{shown: e.dialog, leave: e.dialog.Hide, submit: e.submit})
	e.lay()
	e.dialog.SetOnClosed(e.trial.forget)
	e.window.window.Canvas().Focus(e.url.entry)
}

// lay gives the dialog the height of what is in it, within the window, and shows
// the newest stage of a test.
func (e *turnEditor) lay() {
	if e.dialog == nil {
		return
	}
	e.scroll.Content.Refresh() // what is shown knows its height now
	room := e.window.window.Canvas().Size().SubtractWidthHeight(2*editorEdge, 2*editorEdge)
	width, around := min(editorWidth, room.Width), e.dialog.MinSize().Height-e.scroll.MinSize().Height
	if e.width != width {
		e.width = width
		e.dialog.Resize(fyne.NewSize(width, 0)) // heights follow from the width
	}
	e.dialog.Resize(fyne.NewSize(width, min(around+e.scroll.Content.MinSize().Height, room.Height)))
	e.scroll.Refresh()
	e.window.centreDialogs()
	if e.trial.content.Visible() {
		e.scroll.ScrollToBottom()
	}
}

// centreDialogs puts what lies over the page into its middle again: the toolkit
// does so only when the page's size changes.
func (w *Window) centreDialogs() {
	for _, overlay := range w.window.Canvas().Overlays().List() {
		size := overlay.Size()
		overlay.Resize(size.SubtractWidthHeight(1, 0))
		overlay.Resize(size)
	}
}

func (e *turnEditor) usesSecret() bool { return e.kind.Selected == e.kinds[1] }

func (e *turnEditor) showKind() {
	show(e.user.content, !e.usesSecret())
	show(e.password.content, !e.usesSecret())
	show(e.secret.content, e.usesSecret())
	e.lay()
}

// judge marks what is not right, and returns the server where all is.
func (e *turnEditor) judge() (settings.TURN, bool) {
	ok := e.url.judge()
	server := settings.TURN{URL: e.url.text()}
	if e.usesSecret() {
		ok = e.secret.judge() && ok
		server.Secret = e.secret.text()
	} else {
		ok = e.user.judge() && ok
		ok = e.password.judge() && ok
		server.Username, server.Password = e.user.text(), e.password.entry.Text
	}
	return server, ok
}

// test tests what is in the dialog, without saving it.
func (e *turnEditor) test() {
	if server, ok := e.judge(); ok {
		e.trial.run(server)
	}
}

// submit closes the dialog when everything in it is right; what is not right
// is marked.
func (e *turnEditor) submit() {
	if server, ok := e.judge(); ok {
		e.dialog.Hide()
		e.done(server)
	}
}

// hide shows dots in place of letters.
func (f *field) hide() { f.entry.Password = true }
