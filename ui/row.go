package ui

import (
	"reflect"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// rowGestures is what the user can do with a transfer.
type rowGestures interface {
	toggle(engine.TransferID)
	pause(engine.Transfer)
	resume(engine.Transfer)
	remove(engine.Transfer)
	copyInvitation(engine.Transfer)
	showQR(engine.Transfer)
	openFolder(engine.Transfer)
	answers
}

// entry is everything that a row shows.
type entry struct {
	transfer engine.Transfer
	peers    []peerEntry
	expanded bool
	// policy is what the user permits.
	policy path.Policy
	// problemHeight is how much room the problem's sentence takes, 0 for none.
	problemHeight float32
	// question is what the user is asked, and how much room that takes.
	question       question
	questionHeight float32
}

func (e entry) same(other entry) bool {
	return sameTransfer(e.transfer, other.transfer) && e.expanded == other.expanded && e.policy == other.policy &&
		e.problemHeight == other.problemHeight && e.question == other.question && e.questionHeight == other.questionHeight &&
		slices.EqualFunc(e.peers, other.peers, peerEntry.same)
}

// sameTransfer reports whether two transfers look the same. What a question says
// is compared with the entry.
func sameTransfer(a, b engine.Transfer) bool {
	a.Question, b.Question = nil, nil
	return a == b
}

// peerEntry is everything that the line of a peer shows.
type peerEntry struct {
	engine.Peer
	// switching tells that the path is about to become direct.
	switching bool
	// story says why the path is what it is; storyHeight is its room.
	story       string
	storyHeight float32
}

// same reports whether two peers look the same.
func (e peerEntry) same(other peerEntry) bool { return reflect.DeepEqual(e, other) }

// height is how tall the line is.
func (e peerEntry) height() float32 {
	if e.storyHeight == 0 {
		return peerLineHeight
	}
	return peerLineHeight + e.storyHeight + storyGap
}

// hasSentences reports whether the height depends on the width.
func (e entry) hasSentences() bool {
	return e.transfer.Problem != nil || e.question != question{} || e.expanded && len(e.peers) > 0
}

const (
	rowPad    = 14
	rowHead   = 78
	rowIcon   = 38
	rowButton = 36
	rowText   = rowPad + rowIcon + 14
	// rowHalo is room around a row in which the list shows what the mouse or
	// the keyboard is at.
	rowHalo = 3
	// What an expanded row adds, besides its peers.
	detailTop, detailActions, detailCaption, detailBottom = 8, 38, 26, 10
)

// height is how tall the row of an entry is.
func (e entry) height() float32 {
	height := float32(rowHead) + e.problemHeight + e.questionHeight + 2*rowHalo
	if e.expanded {
		height += detailTop + detailActions + detailCaption + detailBottom
		for _, p := range e.peers {
			height += p.height()
		}
		if e.transfer.Skipped > 0 {
			height += detailCaption
		}
	}
	return height
}

// row shows one transfer, and one line a peer when it is expanded. Making one
// costs nothing until it is drawn, because the list makes one at each refresh
// only to learn its height.
type row struct {
	widget.BaseWidget
	words    *words.Words
	gestures rowGestures
	entry    entry
	drawn    *rowRenderer
}

func newRow(w *words.Words, gestures rowGestures) *row {
	r := &row{words: w, gestures: gestures}
	r.ExtendBaseWidget(r)
	return r
}

// MinSize does not depend on what the row shows; the list sets the height.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(480, rowHead+2*rowHalo) }

// Tapped expands the row or folds it.
func (r *row) Tapped(*fyne.PointEvent) { r.gestures.toggle(r.entry.transfer.ID) }

// AccessibilityLabel is the transfer's name and what it is doing.
func (r *row) AccessibilityLabel() string {
	return title(r.words, r.entry.transfer) + between + status(r.words, r.entry.transfer)
}

// AccessibilityRole says that pressing it does something.
func (r *row) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// show does nothing when nothing has changed.
func (r *row) show(e entry) {
	if r.entry.same(e) {
		return
	}
	r.entry = e
	if r.drawn != nil {
		r.drawn.update()
	}
}

// CreateRenderer is called by Fyne.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	n := &rowRenderer{
		row: r, icon: look.NewDot(look.ColorIdle, rowIcon),
		name: look.NewTitle(""), status: look.NewCaption(""), bar: look.NewBar(), badge: look.NewBadge(look.BadgeFace{}),
		problem: widget.NewLabel(""), means: look.NewCaption(""), skipped: look.NewCaption(""),
	}
	n.problem.Wrapping = fyne.TextWrapWord
	n.problem.SizeName = theme.SizeNameCaptionText
	n.pause = quietButton(theme.MediaPauseIcon(), func() { n.pauseOrResume() })
	n.fold = quietButton(theme.MenuExpandIcon(), func() { r.gestures.toggle(r.entry.transfer.ID) })
	n.copy = widget.NewButtonWithIcon(r.words.Say("row.copy", nil), theme.ContentCopyIcon(), func() { r.gestures.copyInvitation(r.entry.transfer) })
	n.code = widget.NewButtonWithIcon(r.words.Say("row.qr", nil), qrIcon, func() { r.gestures.showQR(r.entry.transfer) })
	n.open = widget.NewButtonWithIcon(r.words.Say("row.open", nil), theme.FolderOpenIcon(), func() { r.gestures.openFolder(r.entry.transfer) })
	n.remove = widget.NewButtonWithIcon(r.words.Say("row.remove", nil), theme.DeleteIcon(), func() { r.gestures.remove(r.entry.transfer) })
	n.question = newQuestionBox(r.words, r.gestures, func() engine.Transfer { return r.entry.transfer })
	n.surface = look.NewCard(widget.NewLabel(""))
	r.drawn = n
	n.update()
	return n
}

func quietButton(icon fyne.Resource, tapped func()) *widget.Button {
	b := widget.NewButtonWithIcon("", icon, tapped)
	b.Importance = widget.LowImportance
	return b
}
