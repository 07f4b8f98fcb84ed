package ui

import (
	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/ui/look"
)

const (
	// detailWide is the width from which the columns stand side by side.
	detailWide = 620
	columnGap  = 26
	detailTop  = 4
	// heading, line, field and button are the heights of what a column is made of.
	headingHeight = 24
	captionHeight = 18
	fieldHeight   = 30
	actionHeight  = 34
	graphHeight   = 60
	piecesHeight  = 25
	stackGap      = 8
	peopleHeight  = 30
	detailBottom  = 6
	fieldMost     = 420
	// The last row of an unfolded transfer has room below it.
	cardBottom = 8
)

// detailPlan is how high the parts of a detail are at a width. The list needs to
// know before there is anything to measure.
type detailPlan struct {
	width, column float32
	// field is how wide what needs no room may be.
	field float32
	wide  bool
	// The heights of the paragraphs.
	sent, from, saved, skipped, why, means, went float32
	share, reason, drawing                       float32
}

// rulers measure paragraphs.
type rulers interface {
	// small and normal are how high a text is at a width, by its size.
	small(text string, width float32) float32
	normal(text string, width float32) float32
}

// planDetail finds the heights of a detail in a row of a width.
func planDetail(d detail, width float32, ruler rulers) detailPlan {
	inner := max(width-rowText-rowPad, 200)
	p := detailPlan{width: width, column: inner, wide: inner >= detailWide}
	if p.wide {
		p.column = (inner - 2*columnGap) / 3
	}
	p.field = min(p.column, fieldMost)
	p.sent, p.from = ruler.small(d.sent, p.column), ruler.small(d.from, p.column)
	p.saved, p.skipped = ruler.small(d.folder, p.column), ruler.small(d.skipped, p.column)
	p.why, p.means, p.went = ruler.normal(d.why, p.column), ruler.small(d.means, p.column), ruler.small(d.went, p.column)

	p.share = headingHeight
	for _, height := range []float32{p.from, p.saved, p.sent, p.skipped} {
		if height > 0 {
			p.share += height + stackGap/2
		}
	}
	if d.invitation != "" {
		p.share += fieldHeight + stackGap
	}
	if d.copying {
		p.share += actionHeight + stackGap
	}
	if d.received {
		p.share += actionHeight + stackGap
	}
	p.reason = headingHeight + p.why
	if p.means > 0 {
		p.reason += p.means + stackGap
	}
	if d.remedy != (help{}) {
		p.reason += actionHeight + stackGap
	}
	p.drawing = graphHeight + stackGap + captionHeight + piecesHeight
	if p.went > 0 {
		p.drawing += p.went + stackGap
	}
	return p
}

// height is that of the whole detail.
func (p detailPlan) height() float32 {
	columns := max(p.share, p.reason, p.drawing)
	if !p.wide {
		columns = p.share + p.reason + p.drawing + 2*stackGap
	}
	return detailTop + columns + stackGap + peopleHeight + detailBottom
}

// arrange puts everything into its place.
func (r *detailRow) arrange(fyne.Size) {
	p := r.plan
	left, top := float32(rowText), float32(detailTop)
	r.arrangeShare(left, top)
	next := func(height float32) {
		if p.wide {
			left += p.column + columnGap
		} else {
			top += height + stackGap
		}
	}
	next(p.share)
	r.arrangeReason(left, top)
	next(p.reason)
	r.arrangeDrawing(left, top)
	top = p.height() - detailBottom - peopleHeight
	titled := r.peopleTitle.Width() + 10
	place(r.peopleTitle, rowText, top+6, titled, captionHeight)
	place(r.people, rowText+titled, top+6, p.width-rowText-rowPad-titled, captionHeight)
}

func (r *detailRow) arrangeShare(left, top float32) {
	p := r.plan
	place(r.shareTitle, left, top, p.column, captionHeight)
	top += headingHeight
	top = stack(r.from, left, top, p.column, p.from)
	top = stack(r.saved, left, top, p.column, p.saved)
	if r.detail.received {
		half := (p.field - stackGap) * 2 / 5
		place(r.open, left, top+stackGap/2, half, actionHeight)
		place(r.folder, left+half+stackGap, top+stackGap/2, p.field-half-stackGap, actionHeight)
		top += actionHeight + stackGap
	}
	if r.detail.invitation != "" {
		r.arrangeField(left, top, p.field)
		top += fieldHeight + stackGap
	}
	if r.detail.copying {
		place(r.copy, left, top, min(p.field, 260), actionHeight)
		top += actionHeight + stackGap
	}
	top = stack(r.sent, left, top, p.column, p.sent)
	stack(r.skipped, left, top, p.column, p.skipped)
}

// arrangeField puts the invitation into its frame, and its buttons beside it.
func (r *detailRow) arrangeField(left, top, width float32) {
	for _, button := range []*look.TipButton{r.where, r.code, r.quickCopy} {
		if button.Visible() {
			width -= fieldHeight
			place(button, left+width, top, fieldHeight, fieldHeight)
		}
	}
	place(r.field, left, top, width-2, fieldHeight)
	place(r.invitation, left+8, top+(fieldHeight-captionHeight)/2, width-18, captionHeight)
}

func (r *detailRow) arrangeReason(left, top float32) {
	p := r.plan
	place(r.whyTitle, left, top, p.column, captionHeight)
	top += headingHeight
	place(r.why, left, top, p.column, p.why)
	top += p.why
	if p.means > 0 {
		top += stackGap
		place(r.means, left, top, p.column, p.means)
		top += p.means
	}
	place(r.remedy, left, top+stackGap, min(r.remedy.MinSize().Width, p.column), actionHeight)
}

func (r *detailRow) arrangeDrawing(left, top float32) {
	p := r.plan
	place(r.minute, left, top, p.field, graphHeight)
	top += graphHeight + stackGap
	place(r.piecesTitle, left, top, p.column, captionHeight)
	top += captionHeight
	place(r.pieces, left, top+2, p.field, piecesHeight)
	place(r.went, left, top+piecesHeight+stackGap, p.column, p.went)
}

// stack places a paragraph where there is one, and returns where the next begins.
func stack(o fyne.CanvasObject, left, top, width, height float32) float32 {
	show(o, height > 0)
	if height == 0 {
		return top
	}
	place(o, left, top, width, height)
	return top + height + stackGap/2
}

type detailRenderer struct{ *detailRow }

func (r *detailRenderer) Layout(size fyne.Size) { r.arrange(size) }
func (r *detailRenderer) MinSize() fyne.Size    { return fyne.NewSize(420, r.plan.height()) }

// Refresh is called for a new theme; what has changed is drawn by show.
func (r *detailRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.arrange(r.Size())
}

func (r *detailRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		r.shareTitle, r.from, r.saved, r.open, r.folder, r.field, r.invitation, r.quickCopy, r.code, r.where, r.copy, r.sent, r.skipped,
		r.whyTitle, r.why, r.means, r.remedy, r.minute, r.piecesTitle, r.pieces, r.went, r.peopleTitle, r.people,
	}
}

func (r *detailRenderer) Destroy() {}
