package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// rowRenderer is the drawn side of a row.
type rowRenderer struct {
	row     *row
	surface *look.Card
	icon    *look.Dot
	name    *look.Line
	status  *look.Line
	bar     *look.Bar
	badge   *look.Badge
	problem *widget.Label
	// question stands under the problem, in a folded row too.
	question *questionBox

	pause, fold              *widget.Button
	copy, code, open, remove *widget.Button
	means, skipped           *look.Line
	peers                    []*peerLine
}

// update brings everything in line with the row's entry.
func (r *rowRenderer) update() {
	w, t := r.row.words, r.row.entry.transfer
	r.icon.Set(directionFace(t))
	r.name.SetText(title(w, t))
	r.status.SetText(status(w, t))
	r.bar.Set(progress(t))
	face, found := badge(w, t, r.row.entry.peers)
	show(r.badge, found)
	if found {
		r.badge.Set(face)
	}
	r.updateButtons(t)
	r.updateProblem(t)
	show(r.question, r.row.entry.question != question{})
	r.question.show(r.row.entry.question)
	r.updateDetail()
	r.Layout(r.row.Size())
	canvas.Refresh(r.row)
}

func directionFace(t engine.Transfer) (fyne.ThemeColorName, fyne.Resource) {
	color := theme.ColorNamePrimary
	switch {
	case t.Phase == engine.Failed:
		color = theme.ColorNameError
	case t.Phase == engine.Complete:
		color = look.ColorDirect
	case t.Phase == engine.Paused:
		color = look.ColorIdle
	}
	return color, directionIcons[t.Direction][color]
}

func (r *rowRenderer) updateButtons(t engine.Transfer) {
	stopped := t.Phase == engine.Paused || t.Phase == engine.Failed
	switch {
	case t.Phase == engine.Failed:
		setIcon(r.pause, theme.ViewRefreshIcon())
	case stopped:
		setIcon(r.pause, theme.MediaPlayIcon())
	default:
		setIcon(r.pause, theme.MediaPauseIcon())
	}
	show(r.pause, t.Direction == engine.Send || t.Phase != engine.Complete)
	if r.row.entry.expanded {
		setIcon(r.fold, foldIcon)
	} else {
		setIcon(r.fold, unfoldIcon)
	}
}

func (r *rowRenderer) updateProblem(t engine.Transfer) {
	show(r.problem, t.Problem != nil)
	if t.Problem == nil {
		return
	}
	importance := widget.WarningImportance
	if t.Phase == engine.Failed {
		importance = widget.DangerImportance
	}
	text := Sentence(r.row.words, t.Problem)
	if r.problem.Text != text || r.problem.Importance != importance {
		r.problem.Importance = importance
		r.problem.SetText(text)
	}
}

func (r *rowRenderer) updateDetail() {
	w, e := r.row.words, r.row.entry
	sending := e.transfer.Direction == engine.Send
	// Receivers may pass an invitation on, but it is not what they are here for.
	importance := widget.MediumImportance
	if sending && e.transfer.Phase != engine.Complete {
		importance = widget.HighImportance
	}
	if r.copy.Importance != importance {
		r.copy.Importance = importance
		r.copy.Refresh()
	}
	show(r.copy, e.expanded && e.transfer.Invitation != "")
	show(r.code, e.expanded && e.transfer.Invitation != "")
	show(r.open, e.expanded && e.transfer.Folder != "" && (sending || e.transfer.Phase == engine.Complete))
	show(r.remove, e.expanded)
	show(r.means, e.expanded)
	if len(e.peers) == 0 {
		r.means.SetText(w.Say("row.nobody", nil))
	} else if means := pathSentence(w, e.transfer.Path, leading(e.transfer, e.peers).Relay, e.policy); means != "" {
		r.means.SetText(means)
	} else {
		r.means.SetText(w.Say("path-means.connecting", nil))
	}
	show(r.skipped, e.expanded && e.transfer.Skipped > 0)
	if e.transfer.Skipped > 0 {
		r.skipped.SetText(w.Count("row.skipped", e.transfer.Skipped))
	}
	if e.expanded {
		for len(r.peers) < len(e.peers) {
			r.peers = append(r.peers, newPeerLine(w))
		}
	}
	for i, line := range r.peers {
		visible := e.expanded && i < len(e.peers)
		if visible {
			line.show(e.peers[i])
		}
		show(line, visible)
	}
}

func (r *rowRenderer) pauseOrResume() {
	t := r.row.entry.transfer
	if t.Phase == engine.Paused || t.Phase == engine.Failed {
		r.row.gestures.resume(t)
	} else {
		r.row.gestures.pause(t)
	}
}

func (r *rowRenderer) Layout(size fyne.Size) {
	size.Width -= scrollRoom
	place(r.surface, rowHalo, rowHalo, size.Width-2*rowHalo, size.Height-2*rowHalo)
	const middle = rowHalo + rowHead/2
	right := size.Width - rowPad
	place(r.icon, rowPad, middle-rowIcon/2, rowIcon, rowIcon)
	right -= rowButton
	place(r.fold, right, middle-rowButton/2, rowButton, rowButton)
	right -= rowButton
	place(r.pause, right, middle-rowButton/2, rowButton, rowButton)
	right -= 10
	nameRight := right
	if r.badge.Visible() {
		width := r.badge.MinSize().Width
		nameRight = right - width
		place(r.badge, nameRight, rowHalo+9, width, 24)
		nameRight -= 12
	}
	place(r.name, rowText, rowHalo+11, nameRight-rowText, 20)
	place(r.bar, rowText, rowHalo+38, right-rowText, 8)
	place(r.status, rowText, rowHalo+52, right-rowText, 18)
	// The label pads its text; the sentence shall stand under the status.
	place(r.problem, rowText-8, rowHalo+rowHead-10, size.Width-rowText-rowPad+16, r.row.entry.problemHeight)
	top := rowHalo + rowHead + r.row.entry.problemHeight
	place(r.question, rowText, top-6, size.Width-rowText-rowPad, r.row.entry.questionHeight)
	if r.row.entry.expanded {
		r.layoutDetail(size, top+r.row.entry.questionHeight+detailTop)
	}
}

func (r *rowRenderer) layoutDetail(size fyne.Size, top float32) {
	left := float32(rowText)
	for _, button := range []*widget.Button{r.copy, r.code, r.open} {
		if button.Visible() {
			width := button.MinSize().Width
			place(button, left, top, width, detailActions-4)
			left += width + 8
		}
	}
	width := r.remove.MinSize().Width
	place(r.remove, size.Width-rowPad-width, top, width, detailActions-4)
	top += detailActions
	place(r.means, rowText, top+4, size.Width-rowText-rowPad, 18)
	top += detailCaption
	if r.skipped.Visible() {
		place(r.skipped, rowText, top+4, size.Width-rowText-rowPad, 18)
		top += detailCaption
	}
	for i, line := range r.peers {
		if line.Visible() {
			height := r.row.entry.peers[i].height()
			place(line, rowText, top, size.Width-rowText-rowPad, height)
			top += height
		}
	}
}

func (r *rowRenderer) MinSize() fyne.Size { return r.row.MinSize() }

// Refresh is called for a new theme; what has changed is drawn by update.
func (r *rowRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.row.Size())
}

func (r *rowRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{
		r.surface, r.icon, r.name, r.bar, r.status, r.badge, r.problem, r.question, r.pause, r.fold,
		r.copy, r.code, r.open, r.remove, r.means, r.skipped,
	}
	for _, line := range r.peers {
		objects = append(objects, line)
	}
	return objects
}

func (r *rowRenderer) Destroy() {}

// show makes an object visible or not.
func show(o fyne.CanvasObject, visible bool) {
	if o.Visible() == visible {
		return
	}
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}

func setIcon(b *widget.Button, icon fyne.Resource) {
	if b.Icon != icon {
		b.SetIcon(icon)
	}
}
