package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/ui/look"
)

// field is an entry that says at its own place what is wrong with its text.
type field struct {
	words   *words.Words
	entry   *leavingEntry
	problem *look.Paragraph
	// row holds the entry, and content the row with what is said of it below.
	row     *fyne.Container
	content *fyne.Container
	check   func(string) fault
	// taken is called with a new text that is right, when the user presses
	// Enter or goes elsewhere.
	taken func(string)
	// edited is called with each letter; it may be nil.
	edited func()
	// moved lays out again what is around the field.
	moved func()
	last  string
}

func newField(w *words.Words, text, placeholder string, check func(string) fault, taken func(string)) *field {
	f := &field{words: w, entry: &leavingEntry{}, check: check, taken: taken, last: text,
		problem: look.NewParagraph("").Colored(theme.ColorNameError)}
	f.entry.ExtendBaseWidget(f.entry)
	f.entry.SetText(text)
	f.entry.SetPlaceHolder(placeholder)
	f.entry.left = func() { f.commit() }
	f.entry.OnSubmitted = func(string) { f.commit() }
	f.entry.OnChanged = func(string) {
		if f.edited != nil {
			f.edited()
		}
		// Somebody who is typing is told when it becomes right, not that it is
		// not right yet.
		if f.problem.Visible() {
			f.judge()
		}
	}
	f.problem.Hide()
	f.row = container.NewStack(f.entry)
	f.content = column(3, f.row, f.problem)
	f.moved = f.content.Refresh
	return f
}

func (f *field) text() string { return strings.TrimSpace(f.entry.Text) }

// judge marks the field and reports whether its text is right.
func (f *field) judge() bool {
	wrong := f.check(f.text())
	f.problem.SetText(wrong.sentence(f.words))
	if changes := f.problem.Visible() != (wrong != fine); changes {
		show(f.problem, wrong != fine)
		f.moved()
	}
	if wrong != fine {
		f.entry.SetValidationError(faultError{wrong.sentence(f.words)})
	} else {
		f.entry.SetValidationError(nil)
	}
	return wrong == fine
}

// set shows a text that did not come from the user, unless it is there.
func (f *field) set(text string) {
	if f.last != text {
		f.last = text
		f.entry.SetText(text)
		f.judge()
	}
}

// sized gives the entry a width, with a unit behind it, and returns the field.
func (f *field) sized(width float32, unit string) *field {
	f.row.Layout = besideWidth{width}
	if unit != "" {
		f.row.Add(label(unit))
	}
	return f
}

// with puts buttons right of the entry, and returns the field.
func (f *field) with(buttons ...fyne.CanvasObject) *field {
	f.row.Layout = beforeButtons{}
	f.row.Objects = append(f.row.Objects, buttons...)
	return f
}

// commit hands on a text that is right and new.
func (f *field) commit() {
	if f.text() != f.last && f.judge() {
		f.last = f.text()
		f.taken(f.last)
	}
}

// faultError lets an entry draw its mark.
type faultError struct{ text string }

func (e faultError) Error() string { return e.text }

// leavingEntry tells when the user goes elsewhere.
type leavingEntry struct {
	widget.Entry
	left func()
}

// FocusLost is called by Fyne.
func (e *leavingEntry) FocusLost() {
	e.Entry.FocusLost()
	if e.left != nil {
		e.left()
	}
}
