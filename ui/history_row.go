package ui

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// finishedGestures is what the user can do with an entry of the history.
type finishedGestures interface {
	open(engine.Finished)
	showInFolder(engine.Finished)
	copyAgain(engine.Finished)
	forget(engine.Finished)
}

const (
	finishedHeight = 62
	finishedShares = 150
	finishedButton = 33
	// finishedNarrow is the width below which no column is kept for what is not
	// there.
	finishedNarrow = 640
	finishedIcon   = 34
)

// finishedRow shows one entry of the history. Like row it costs nothing until it
// is drawn.
type finishedRow struct {
	widget.BaseWidget
	words    *words.Words
	gestures finishedGestures
	entry    finishedEntry
	// shared tells that its invitation can be given to more people.
	shared bool
	drawn  *finishedRowRenderer
}

func newFinishedRow(w *words.Words, gestures finishedGestures) *finishedRow {
	r := &finishedRow{words: w, gestures: gestures}
	r.ExtendBaseWidget(r)
	return r
}

// MinSize is the same for every entry.
func (r *finishedRow) MinSize() fyne.Size { return fyne.NewSize(480, finishedHeight+2*rowHalo) }

// AccessibilityLabel is all that the row says.
func (r *finishedRow) AccessibilityLabel() string {
	return facts(r.entry.name, r.entry.facts, r.entry.shares)
}

// AccessibilityRole says that this is text; what can be done are its buttons.
func (r *finishedRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// show does nothing when nothing has changed.
func (r *finishedRow) show(e finishedEntry, shared bool) {
	if r.shared == shared && reflect.DeepEqual(r.entry, e) {
		return
	}
	r.entry, r.shared = e, shared
	if r.drawn != nil {
		r.drawn.update()
	}
}

// CreateRenderer is called by Fyne.
func (r *finishedRow) CreateRenderer() fyne.WidgetRenderer {
	say := r.words.Say
	n := &finishedRowRenderer{
		row: r, surface: look.NewCard(widget.NewLabel("")), icon: look.NewDot(look.ColorIdle, finishedIcon),
		name: look.NewTitle(""), facts: look.NewCaption(""), bar: look.NewSharesBar(), shares: look.NewCaption(""),
	}
	n.copy = look.NewTipButton(theme.ContentCopyIcon(), say("history.copy", nil), func() { r.gestures.copyAgain(r.entry.Finished) })
	n.open = look.NewTipButton(theme.FileIcon(), say("history.open", nil), func() { r.gestures.open(r.entry.Finished) })
	n.folder = look.NewTipButton(theme.FolderOpenIcon(), say("history.show", nil), func() { r.gestures.showInFolder(r.entry.Finished) })
	n.forget = look.NewTipButton(theme.DeleteIcon(), say("history.forget", nil), func() { r.gestures.forget(r.entry.Finished) })
	r.drawn = n
	n.update()
	return n
}

// finishedRowRenderer is the drawn side of a finishedRow.
type finishedRowRenderer struct {
	row                        *finishedRow
	surface                    *look.Card
	icon                       *look.Dot
	name, facts, shares        *look.Line
	bar                        *look.SharesBar
	copy, open, folder, forget *look.TipButton
}

func (r *finishedRowRenderer) update() {
	e := r.row.entry
	r.icon.Set(look.ColorDirect, directionIcons[e.Direction][look.ColorDirect])
	r.name.SetText(e.name)
	r.facts.SetText(e.facts)
	r.bar.Set(e.direct, e.relayed)
	r.shares.SetText(e.shares)
	show(r.bar, e.shares != "")
	show(r.copy, r.row.shared)
	show(r.open, e.Placed != "")
	show(r.folder, e.Placed != "")
	r.Layout(r.row.Size())
	canvas.Refresh(r.row)
}

func (r *finishedRowRenderer) Layout(size fyne.Size) {
	size.Width -= scrollRoom
	place(r.surface, rowHalo, rowHalo, size.Width-2*rowHalo, size.Height-2*rowHalo)
	middle := size.Height / 2
	right := size.Width - rowPad
	for _, button := range []*look.TipButton{r.forget, r.folder, r.open, r.copy} {
		if button.Visible() || size.Width > finishedNarrow { // columns, where there is room
			right -= finishedButton
			place(button, right, middle-rowButton/2, finishedButton, rowButton)
		}
	}
	right -= 12 + finishedShares
	place(r.bar, right, middle-15, finishedShares, 8)
	place(r.shares, right, middle+2, finishedShares, 18)
	place(r.icon, rowPad, middle-finishedIcon/2, finishedIcon, finishedIcon)
	const left = rowPad + finishedIcon + 12
	place(r.name, left, middle-21, right-left-14, 20)
	place(r.facts, left, middle+2, right-left-14, 18)
}

func (r *finishedRowRenderer) MinSize() fyne.Size { return r.row.MinSize() }

// Refresh is called for a new theme; what has changed is drawn by update.
func (r *finishedRowRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.row.Size())
}

func (r *finishedRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		r.surface, r.icon, r.name, r.facts, r.bar, r.shares, r.copy, r.open, r.folder, r.forget,
	}
}

func (r *finishedRowRenderer) Destroy() {}
