package ui

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// finishedList marks one entry of the history, by a click or by the keys, and
// does nothing else with it until Delete takes it out. What can be done with an
// entry are its buttons.
type finishedList struct {
	widget.List
	// marked is the entry that is marked; -1 for none.
	marked int
	forget func(index int)
}

func newFinishedList(count func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject), forget func(index int)) *finishedList {
	l := &finishedList{marked: -1, forget: forget}
	l.Length, l.CreateItem, l.UpdateItem = count, create, update
	l.HideSeparators = true
	l.OnSelected = func(index int) { l.marked = index }
	l.ExtendBaseWidget(l)
	return l
}

// mark marks an entry, or the nearest that there is.
func (l *finishedList) mark(index int) {
	index = max(min(index, l.Length()-1), 0)
	if index < l.Length() {
		l.Highlight(index)
		l.Select(index)
	}
}

// refill shows other entries. The mark stays at its place, where the entry after
// one that was taken out is now.
func (l *finishedList) refill(count int) {
	if l.marked >= count {
		l.marked = -1
		l.UnselectAll()
		if count > 0 {
			l.mark(count - 1)
		}
	}
	l.Refresh()
}

// unmark takes the mark away.
func (l *finishedList) unmark() {
	l.marked = -1
	l.UnselectAll()
}

// FocusGained marks the first entry that is seen where none is marked: nothing
// is to jump under a click.
func (l *finishedList) FocusGained() {
	if l.marked < 0 {
		const height = finishedHeight + 2*rowHalo
		l.mark(int(math.Ceil(float64(l.GetScrollOffset() / (height + theme.Padding())))))
	}
	l.List.FocusGained()
}

// TypedKey moves the mark, or takes out what is marked.
func (l *finishedList) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyUp:
		l.mark(l.marked - 1)
	case fyne.KeyDown:
		l.mark(l.marked + 1)
	case fyne.KeyHome:
		l.mark(0)
	case fyne.KeyEnd:
		l.mark(l.Length() - 1)
	case fyne.KeyDelete, fyne.KeyBackspace:
		if l.marked >= 0 && l.marked < l.Length() {
			l.forget(l.marked)
		}
	}
}
