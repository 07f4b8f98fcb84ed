package ui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/ui/look"
)

// addressList edits a list of addresses in place: one field each, a button to
// test it and one to take it away, and one to add another.
type addressList struct {
	window      *Window
	placeholder string
	check       func(string) fault
	test        func(context.Context, string) (time.Duration, error)
	changed     func([]string)
	moved       func()
	content     *fyne.Container
	lines       *fyne.Container
	adding      *widget.Button
	fields      []*field
	trials      []*trial
}

func newAddressList(w *Window, placeholder string, check func(string) fault, test func(context.Context, string) (time.Duration, error),
	moved func(), addresses []string, changed func([]string)) *addressList {
	l := &addressList{window: w, placeholder: placeholder, check: check, test: test, moved: moved, changed: changed, lines: column(6)}
	for _, address := range addresses {
		l.add(address)
	}
	l.adding = widget.NewButtonWithIcon(w.words.Say("servers.add", nil), theme.ContentAddIcon(), func() {
		f := l.add("")
		l.moved()
		if c := fyne.CurrentApp().Driver().CanvasForObject(f.entry); c != nil {
			c.Focus(f.entry)
		}
	})
	l.content = column(8, l.lines, container.NewHBox(l.adding))
	return l
}

func (l *addressList) add(address string) *field {
	var f *field
	f = newField(l.window.words, address, l.placeholder, func(text string) fault {
		if text == "" {
			return fine // an empty line is one that was not filled in
		}
		return l.check(text)
	}, func(string) { l.tell() })
	f.moved = l.moved
	t := newTrial(l.window, l.test, l.moved, nil)
	t.button.OnTapped = func() {
		f.commit()
		if f.judge() && f.text() != "" {
			t.run(f.text())
		}
	}
	f.edited = t.forget
	f.with(t.button, look.NewTipButton(theme.DeleteIcon(), l.window.words.Say("servers.remove", nil), func() { l.remove(f) }))
	f.content.Add(t.content)
	l.fields = append(l.fields, f)
	l.trials = append(l.trials, t)
	l.lines.Add(f.content)
	return f
}

func (l *addressList) remove(f *field) {
	at := slices.Index(l.fields, f)
	l.fields = slices.Delete(l.fields, at, at+1)
	l.trials = slices.Delete(l.trials, at, at+1)
	l.lines.Remove(f.content)
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
	l.fields, l.trials = nil, nil
	l.lines.RemoveAll()
	for _, address := range addresses {
		l.add(address)
	}
	l.judge()
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
