package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// rowRenderer is the drawn side of a row.
type rowRenderer struct {
	row     *row
	icon    *kindIcon
	name    *look.Line
	status  *look.Line
	speed   *look.Line
	bar     *look.Bar
	badge   *look.Badge
	problem *look.Paragraph
	// question stands under the problem, in a folded row too.
	question *questionBox

	pause, remove, fold *look.TipButton
	look                *widget.Button
	// remedy helps against the problem, and stands below it.
	remedy *widget.Button

	// laid is what the places of things were last found for.
	laid shape
}

// shape is everything that the places of things in a row depend on.
type shape struct {
	size                    fyne.Size
	badge, speed            string
	badged, offered, paused bool
	remedy                  string
	problem, question       float32
}

// update brings everything in line with the row's entry.
func (r *rowRenderer) update() {
	w, h := r.row.words, r.row.head
	t := h.transfer
	r.icon.show(t)
	r.name.SetText(title(w, t))
	r.status.SetText(standing(w, t))
	r.speed.SetText(speed(w, t))
	r.bar.Set(progress(t))
	show(r.bar, t.Phase != engine.Offered)
	show(r.badge, h.badged)
	if h.badged {
		r.badge.Set(h.face)
		r.badge.SetTip(h.tip)
	}
	r.updateButtons(t)
	r.updateProblem(t)
	show(r.question, h.question != question{})
	r.question.show(h.question)
	r.arrange(r.row.Size())
}

func (r *rowRenderer) updateButtons(t engine.Transfer) {
	say := r.row.words.Say
	offered := t.Phase == engine.Offered
	switch t.Phase {
	case engine.Failed:
		setFace(r.pause, theme.ViewRefreshIcon(), say("row.retry", nil))
	case engine.Paused:
		setFace(r.pause, theme.MediaPlayIcon(), say("row.play", nil))
	default:
		setFace(r.pause, theme.MediaPauseIcon(), say("row.pause", nil))
	}
	show(r.pause, pausable(t))
	if r.row.head.expanded {
		setFace(r.fold, foldIcon, say("row.fold", nil))
	} else {
		setFace(r.fold, unfoldIcon, say("row.unfold", nil))
	}
	show(r.fold, !offered)
	show(r.look, offered)
	if able := t.Total > 0; able == r.look.Disabled() {
		if able {
			r.look.Enable()
		} else {
			r.look.Disable()
		}
	}
}

// pausable reports whether a transfer can be paused, or goes on when asked to.
func pausable(t engine.Transfer) bool {
	return t.Phase != engine.Offered && (t.Direction == engine.Send || t.Phase != engine.Complete)
}

func (r *rowRenderer) updateProblem(t engine.Transfer) {
	setHelp(r.remedy, r.row.head.remedy)
	show(r.problem, t.Problem != nil)
	if t.Problem == nil {
		return
	}
	r.problem.Set(Sentence(r.row.words, t.Problem), problemColor(t))
}

func problemColor(t engine.Transfer) fyne.ThemeColorName {
	if t.Phase == engine.Failed {
		return theme.ColorNameError
	}
	return theme.ColorNameWarning
}

func (r *rowRenderer) pauseOrResume() {
	t := r.row.head.transfer
	if t.Phase == engine.Paused || t.Phase == engine.Failed {
		r.row.gestures.resume(t)
	} else {
		r.row.gestures.pause(t)
	}
}

// Layout is called by Fyne.
func (r *rowRenderer) Layout(size fyne.Size) {
	r.laid = shape{}
	r.arrange(size)
}

// arrange puts things into their places, unless they are there.
func (r *rowRenderer) arrange(size fyne.Size) {
	h := r.row.head
	now := shape{
		size: size, badge: h.face.Text, speed: r.speed.Text(), badged: h.badged, offered: h.transfer.Phase == engine.Offered,
		paused: r.pause.Visible(), problem: h.problemHeight, question: h.questionHeight, remedy: r.remedy.Text,
	}
	if now == r.laid {
		return
	}
	r.laid = now
	nameTop, statusTop := float32(11), float32(52)
	if now.offered {
		nameTop, statusTop = 19, 43
	}
	place(r.icon, rowPad, (rowHead-rowIcon)/2, rowIcon, rowIcon)
	right := r.arrangeButtons(size.Width) - 10
	nameRight := right
	if h.badged {
		width := r.badge.MinSize().Width
		nameRight = right - width
		place(r.badge, nameRight, 9, width, 24)
		nameRight -= 12
	}
	place(r.name, rowText, nameTop, nameRight-rowText, 20)
	place(r.bar, rowText, 38, right-rowText, 8)
	fast := min(r.speed.Width()+2, (right-rowText)/2)
	place(r.speed, right-fast, statusTop, fast, 18)
	place(r.status, rowText, statusTop, right-fast-8-rowText, 18)
	width, top := size.Width-rowText-rowPad, float32(rowHead)-3
	place(r.problem, rowText, top, width, h.problemHeight)
	if h.problemHeight > 0 {
		top += h.problemHeight + problemGap
	}
	if h.remedy != (help{}) {
		place(r.remedy, rowText, top-2, min(r.remedy.MinSize().Width, width), remedyHeight)
		top += remedyHeight + problemGap
	}
	place(r.question, rowText, top-3, width, h.questionHeight)
}

// arrangeButtons returns where the leftmost button begins.
func (r *rowRenderer) arrangeButtons(right float32) float32 {
	const middle = rowHead / 2
	right -= rowPad - 6
	for _, button := range []*look.TipButton{r.fold, r.remove, r.pause} {
		if button.Visible() {
			right -= rowButton
			place(button, right, middle-rowButton/2, rowButton, rowButton)
		}
	}
	if r.look.Visible() {
		width := r.look.MinSize().Width
		right -= width + 6
		place(r.look, right, middle-rowButton/2, width, rowButton)
	}
	return right
}

func (r *rowRenderer) MinSize() fyne.Size { return fyne.NewSize(420, rowHead) }

// Refresh is called for a new theme; what has changed is drawn by update.
func (r *rowRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.row.Size())
}

func (r *rowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		r.icon, r.name, r.badge, r.bar, r.status, r.speed, r.look, r.pause, r.remove, r.fold, r.problem, r.remedy, r.question,
	}
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

// setHelp shows the button of a remedy, where there is one.
func setHelp(b *widget.Button, h help) {
	show(b, h != help{})
	if b.Text != h.text || b.Icon != h.icon {
		b.Icon = h.icon
		b.SetText(h.text)
	}
}

// setFace gives a button another icon and says what it does.
func setFace(b *look.TipButton, icon fyne.Resource, tip string) {
	b.SetTip(tip)
	if b.Icon != icon {
		b.SetIcon(icon)
	}
}
