package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// turnList shows the user's relays. Each is edited in a dialog, because an
// address without its credentials is of no use.
type turnList struct {
	window  *Window
	servers []settings.TURN
	changed func([]settings.TURN)
	moved   func()
	content *fyne.Container
	lines   *fyne.Container
	editor  *turnEditor
}

func newTURNList(w *Window, moved func(), servers []settings.TURN, changed func([]settings.TURN)) *turnList {
	l := &turnList{window: w, servers: slices.Clone(servers), changed: changed, moved: moved, lines: container.NewVBox()}
	adding := widget.NewButtonWithIcon(w.words.Say("servers.add", nil), theme.ContentAddIcon(), func() { l.edit(-1) })
	l.content = container.NewVBox(l.lines, container.NewHBox(adding))
	l.fill()
	return l
}

func (l *turnList) fill() {
	l.lines.RemoveAll()
	for i, server := range l.servers {
		who := l.window.words.Say("turn.user", map[string]string{"Name": server.Username})
		if server.Secret != "" {
			who = l.window.words.Say("turn.by-secret", nil)
		}
		buttons := container.NewHBox(
			quietButton(theme.DocumentCreateIcon(), func() { l.edit(i) }),
			quietButton(theme.DeleteIcon(), func() { l.set(slices.Delete(slices.Clone(l.servers), i, i+1)) }))
		about := look.NewCaption(who)
		if wrong := checkTURN(server.URL); wrong != fine {
			about.Set(wrong.sentence(l.window.words), theme.ColorNameError)
		}
		l.lines.Add(container.New(layout.NewCustomPaddedLayout(2, 6, 0, 0), container.NewBorder(nil, nil, nil, buttons,
			container.New(layout.NewCustomPaddedVBoxLayout(1), look.NewLine(server.URL), about))))
	}
	l.lines.Refresh()
	l.moved()
}

// replace shows other servers, without telling.
func (l *turnList) replace(servers []settings.TURN) {
	if !slices.Equal(l.servers, servers) {
		l.servers = slices.Clone(servers)
		l.fill()
	}
}

func (l *turnList) set(servers []settings.TURN) {
	l.servers = servers
	l.fill()
	l.changed(slices.Clone(servers))
}

// edit opens the editor for a server, or for a new one when index is -1.
func (l *turnList) edit(index int) {
	var server settings.TURN
	heading := l.window.words.Say("turn.add", nil)
	if index >= 0 {
		server = l.servers[index]
		heading = l.window.words.Say("turn.edit", nil)
	}
	l.editor = newTURNEditor(l.window, heading, server, func(edited settings.TURN) {
		servers := slices.Clone(l.servers)
		if index >= 0 {
			servers[index] = edited
		} else {
			servers = append(servers, edited)
		}
		l.set(servers)
	})
}

// turnEditor is the dialog for one relay.
type turnEditor struct {
	window *Window
	done   func(settings.TURN)
	dialog *dialog.CustomDialog

	url, user, password, secret *field
	kind                        *widget.RadioGroup
	kinds                       []string
	byName, bySecret            fyne.CanvasObject
	save                        *widget.Button
}

func newTURNEditor(w *Window, heading string, server settings.TURN, done func(settings.TURN)) *turnEditor {
	say := w.words.Say
	e := &turnEditor{window: w, done: done, kinds: []string{say("turn.kind-user", nil), say("turn.kind-secret", nil)}}
	nothing := func(string) {}
	e.url = newField(w.words, server.URL, "turn:turn.example.org:3478", checkTURN, nothing)
	e.user = newField(w.words, server.Username, "", checkPresent, nothing)
	e.password = newField(w.words, server.Password, "", checkPresent, nothing)
	e.secret = newField(w.words, server.Secret, "", checkPresent, nothing)
	e.password.hide()
	e.secret.hide()
	e.byName = container.New(layout.NewFormLayout(),
		label(say("turn.username", nil)), e.user.content, label(say("turn.password", nil)), e.password.content)
	e.bySecret = container.New(layout.NewFormLayout(), label(say("turn.secret", nil)), e.secret.content)
	e.kind = widget.NewRadioGroup(e.kinds, nil)
	e.kind.Horizontal, e.kind.Required = true, true
	e.kind.OnChanged = func(string) { e.showKind() }
	e.kind.SetSelected(e.kinds[0])
	if server.Secret != "" {
		e.kind.SetSelected(e.kinds[1])
	}
	e.open(heading)
	return e
}

func (e *turnEditor) open(heading string) {
	say := e.window.words.Say
	form := container.NewVBox(
		container.New(layout.NewFormLayout(), label(say("turn.url", nil)), e.url.content),
		e.kind, e.byName, e.bySecret)
	e.dialog = dialog.NewCustomWithoutButtons(heading, form, e.window.window)
	e.save = widget.NewButton(say("turn.save", nil), e.submit)
	e.save.Importance = widget.HighImportance
	e.dialog.SetButtons([]fyne.CanvasObject{widget.NewButton(say("dialog.cancel", nil), e.dialog.Hide), e.save})
	for _, f := range []*field{e.url, e.user, e.password, e.secret} {
		f.moved = form.Refresh
		f.entry.OnSubmitted = func(string) { e.submit() }
	}
	e.dialog.Resize(fyne.NewSize(540, 350))
	e.dialog.Show()
	e.window.window.Canvas().Focus(e.url.entry)
}

func (e *turnEditor) usesSecret() bool { return e.kind.Selected == e.kinds[1] }

func (e *turnEditor) showKind() {
	show(e.byName, !e.usesSecret())
	show(e.bySecret, e.usesSecret())
}

// submit closes the dialog when everything in it is right; what is not right
// is marked.
func (e *turnEditor) submit() {
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
	if ok {
		e.dialog.Hide()
		e.done(server)
	}
}

// hide shows dots in place of letters.
func (f *field) hide() { f.entry.Password = true }
