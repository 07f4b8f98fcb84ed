package ui

import (
	"fyne.io/fyne/v2"
)

// FocusGained frames the marked row, which is the first at first.
func (l *rowList) FocusGained() {
	l.focused = true
	if _, found := l.find(l.marked); !found {
		l.markAt(l.first, 1)
	}
	l.sheet.place()
	l.sheet.redraw()
}

// FocusLost takes the frame away.
func (l *rowList) FocusLost() {
	l.focused = false
	l.sheet.place()
	l.sheet.redraw()
}

// TypedRune is called by Fyne and means nothing here.
func (l *rowList) TypedRune(rune) {}

// TypedKey goes from row to row, and tells of what shall be done with one.
func (l *rowList) TypedKey(event *fyne.KeyEvent) {
	at, found := l.find(l.marked)
	if !found {
		at = l.first
	}
	switch event.Name {
	case fyne.KeyDown:
		l.markAt(at+1, 1)
	case fyne.KeyUp:
		l.markAt(at-1, -1)
	case fyne.KeyHome:
		l.markAt(0, 1)
	case fyne.KeyEnd:
		l.markAt(len(l.rows)-1, -1)
	case fyne.KeyPageDown:
		l.markAt(l.at(l.topOf(at)+l.page()), 1)
	case fyne.KeyPageUp:
		l.markAt(l.at(max(l.topOf(at)-l.page(), 0)), -1)
	default:
		if found {
			l.pressed(l.marked, event.Name)
		}
	}
}

func (l *rowList) topOf(at int) float32 { return l.tops[min(at, len(l.tops)-1)] }

func (l *rowList) page() float32 { return max(l.scroll.Size().Height-pageRest, pageRest) }

// markAt marks the row at an index, or the next in a direction that can be
// marked, and scrolls to it.
func (l *rowList) markAt(at, direction int) {
	if len(l.rows) == 0 {
		return
	}
	at = min(max(at, 0), len(l.rows)-1)
	for at >= 0 && at < len(l.rows) && l.rows[at].key.part == detailPart {
		at += direction
	}
	if at < 0 || at >= len(l.rows) {
		return
	}
	l.mark(l.rows[at].key)
	l.reveal(l.marked)
}

// mark puts the keyboard at a row.
func (l *rowList) mark(key rowKey) {
	if l.marked == key {
		return
	}
	l.marked = key
	l.sheet.place()
	l.sheet.redraw()
}
