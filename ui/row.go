package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// rowGestures is what the user can do with a transfer.
type rowGestures interface {
	// tapped is told that a row was clicked; toggle unfolds a transfer or folds it.
	tapped(rowKey)
	toggle(engine.TransferID)
	pause(engine.Transfer)
	resume(engine.Transfer)
	remove(engine.Transfer)
	look(engine.Transfer)
	answers
	detailGestures
}

// entry is what the list knows of a transfer, in sight or not.
type entry struct {
	transfer engine.Transfer
	expanded bool
	// problemHeight is how much room the problem's sentence takes, 0 for none.
	problemHeight float32
	// remedy helps against the problem, where anything in the window does.
	remedy help
	// question is what the user is asked, and how much room that takes.
	question       question
	questionHeight float32
}

// sameTransfer reports whether two transfers look the same. What a question says
// is compared with the entry.
func sameTransfer(a, b engine.Transfer) bool {
	a.Question, b.Question = nil, nil
	return a == b
}

// head is everything that the row of a transfer shows.
type head struct {
	entry
	// face is the badge of the path, where badged; tip says what it means.
	face   look.BadgeFace
	badged bool
	tip    string
}

func (h head) same(other head) bool {
	if !sameTransfer(h.transfer, other.transfer) {
		return false
	}
	h.transfer, other.transfer = engine.Transfer{}, engine.Transfer{}
	return h == other
}

const (
	rowPad    = 14
	rowHead   = 78
	rowButton = 36
	rowText   = rowPad + rowIcon + 14
	// rowHalo is room around a card, so that its edge lies on the line that the
	// cards above begin and end at.
	rowHalo = 3
)

// height is how tall the row of a transfer is, without what it unfolds.
func (e entry) height() float32 {
	height := rowHead + e.questionHeight
	if e.problemHeight > 0 {
		height += e.problemHeight + problemGap
	}
	if e.remedy != (help{}) {
		height += remedyHeight + problemGap
	}
	return height
}

// problemGap is below the sentence of a problem.
const problemGap = 8

// remedyHeight is that of the button below it.
const remedyHeight = 32

// row shows one transfer.
type row struct {
	widget.BaseWidget
	words    *words.Words
	gestures rowGestures
	head     head
	drawn    *rowRenderer
}

func newRow(w *words.Words, gestures rowGestures) *row {
	r := &row{words: w, gestures: gestures}
	r.ExtendBaseWidget(r)
	return r
}

// Tapped unfolds the row or folds it.
func (r *row) Tapped(*fyne.PointEvent) { r.gestures.tapped(rowKey{transfer: r.head.transfer.ID}) }

// Cursor says that a click does something.
func (r *row) Cursor() desktop.Cursor { return desktop.PointerCursor }

// AccessibilityLabel is the transfer's name, what it is doing, and by which path.
func (r *row) AccessibilityLabel() string {
	return facts(title(r.words, r.head.transfer), status(r.words, r.head.transfer), r.head.face.Text)
}

// AccessibilityRole says that pressing it does something.
func (r *row) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// show does nothing when nothing has changed.
func (r *row) show(h head) {
	if r.head.same(h) {
		return
	}
	r.head = h
	if r.drawn != nil {
		r.drawn.update()
	}
}

// CreateRenderer is called by Fyne.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	if r.drawn != nil {
		return r.drawn
	}
	say := r.words.Say
	current := func() engine.Transfer { return r.head.transfer }
	n := &rowRenderer{
		row: r, icon: newKindIcon(r.words), name: look.NewTitle(""), status: look.NewCaption(""),
		speed: look.NewCaption("").Aligned(fyne.TextAlignTrailing), bar: look.NewBar(), badge: look.NewBadge(look.BadgeFace{}),
		problem: look.NewParagraph(""), question: newQuestionBox(r.words, r.gestures, current),
	}
	n.pause = look.NewTipButton(theme.MediaPauseIcon(), say("row.pause", nil), func() { n.pauseOrResume() })
	n.remove = look.NewTipButton(theme.CancelIcon(), say("row.remove", nil), func() { r.gestures.remove(current()) })
	n.fold = look.NewTipButton(unfoldIcon, say("row.unfold", nil), func() { r.gestures.toggle(current().ID) })
	n.look = widget.NewButton(say("row.look", nil), func() { r.gestures.look(current()) })
	n.look.Importance = widget.HighImportance
	n.remedy = widget.NewButton("", func() { r.gestures.remedy(current(), r.head.remedy.act) })
	r.drawn = n
	n.update()
	return n
}

func quietButton(icon fyne.Resource, tapped func()) *widget.Button {
	b := widget.NewButtonWithIcon("", icon, tapped)
	b.Importance = widget.LowImportance
	return b
}
