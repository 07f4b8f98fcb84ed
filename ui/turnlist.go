package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
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
	none    *look.Paragraph
	box     *fyne.Container
	lines   []*turnLine
	editor  *turnEditor
}

// turnLine is one relay of the list, and its test.
type turnLine struct {
	trial      *relayTrial
	edit, away *look.TipButton
	about      *look.Line
	content    *fyne.Container
}

func newTURNList(w *Window, moved func(), servers []settings.TURN, changed func([]settings.TURN)) *turnList {
	l := &turnList{window: w, servers: slices.Clone(servers), changed: changed, moved: moved, box: column(12)}
	l.none = look.NewParagraph(w.words.Say("relay.none", nil))
	adding := widget.NewButtonWithIcon(w.words.Say("turn.add", nil), theme.ContentAddIcon(), func() { l.edit(-1) })
	l.content = column(10, l.none, l.box, container.NewHBox(adding))
	l.fill()
	return l
}

func (l *turnList) fill() {
	l.lines = nil
	l.box.RemoveAll()
	for i, server := range l.servers {
		line := l.newLine(i, server)
		l.lines = append(l.lines, line)
		l.box.Add(line.content)
	}
	show(l.none, len(l.lines) == 0)
	show(l.box, len(l.lines) > 0)
	l.moved()
}

func (l *turnList) newLine(index int, server settings.TURN) *turnLine {
	say := l.window.words.Say
	who := say("turn.user", map[string]string{"Name": server.Username})
	if server.Secret != "" {
		who = say("turn.by-secret", nil)
	}
	line := &turnLine{about: look.NewCaption(who), trial: newRelayTrial(l.window, findingMark+10, l.moved)}
	line.trial.button.OnTapped = func() { line.trial.run(server) }
	line.edit = look.NewTipButton(theme.DocumentCreateIcon(), say("turn.edit", nil), func() { l.edit(index) })
	line.away = look.NewTipButton(theme.DeleteIcon(), say("servers.remove", nil), func() {
		l.set(slices.Delete(slices.Clone(l.servers), index, index+1))
	})
	if wrong := checkTURN(server.URL); wrong != fine {
		line.about.Set(wrong.sentence(l.window.words), theme.ColorNameError)
	}
	line.content = column(6,
		container.New(beforeButtons{}, column(2, look.NewLine(server.URL), line.about),
			line.trial.fold, line.trial.button, line.edit, line.away),
		line.trial.content)
	return line
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
		if index >= 0 && index < len(servers) {
			servers[index] = edited
		} else {
			servers = append(servers, edited)
		}
		l.set(servers)
	})
}
