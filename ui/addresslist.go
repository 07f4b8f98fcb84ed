package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
)

// addressList edits a list of addresses in place: one field each, a button to
// take it away, and one to add another.
type addressList struct {
	words       *words.Words
	placeholder string
	check       func(string) fault
	changed     func([]string)
	moved       func()
	content     *fyne.Container
	lines       *fyne.Container
	fields      []*field
}

func newAddressList(w *words.Words, placeholder string, check func(string) fault, moved func(), addresses []string, changed func([]string)) *addressList {
	l := &addressList{words: w, placeholder: placeholder, check: check, moved: moved, changed: changed, lines: container.NewVBox()}
	for _, address := range addresses {
		l.add(address)
	}
	adding := widget.NewButtonWithIcon(w.Say("servers.add", nil), theme.ContentAddIcon(), func() {
		f := l.add("")
		l.moved()
		if c := fyne.CurrentApp().Driver().CanvasForObject(f.entry); c != nil {
			c.Focus(f.entry)
		}
	})
	l.content = container.NewVBox(l.lines, container.NewHBox(adding))
	return l
}

func (l *addressList) add(address string) *field {
	var f *field
	f = newField(l.words, address, l.placeholder, func(text string) fault {
		if text == "" {
			return fine // an empty line is one that was not filled in
		}
		return l.check(text)
	}, func(string) { l.tell() })
	f.moved = l.moved
	away := quietButton(theme.DeleteIcon(), func() { l.remove(f) })
	l.fields = append(l.fields, f)
	l.lines.Add(container.NewBorder(nil, nil, nil, container.NewVBox(away), f.content))
	return f
}

func (l *addressList) remove(f *field) {
	at := slices.Index(l.fields, f)
	l.fields = slices.Delete(l.fields, at, at+1)
	l.lines.Remove(l.lines.Objects[at])
	l.moved()
	if f.last != "" {
		l.tell()
	}
}

// set shows other addresses, without telling.
func (l *addressList) set(addresses []string) {
	if slices.Equal(l.addresses(), addresses) {
		return
	}
	l.fields = nil
	l.lines.RemoveAll()
	for _, address := range addresses {
		l.add(address)
	}
	l.moved()
}

// judge marks every address that is wrong.
func (l *addressList) judge() {
	for _, f := range l.fields {
		f.judge()
	}
}

// tell hands on the addresses, each once.
func (l *addressList) tell() { l.changed(l.addresses()) }

func (l *addressList) addresses() []string {
	addresses := []string{}
	for _, f := range l.fields {
		if f.last != "" && !slices.Contains(addresses, f.last) {
			addresses = append(addresses, f.last)
		}
	}
	return addresses
}
