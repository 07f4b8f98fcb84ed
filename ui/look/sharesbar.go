package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// SharesBar is a thin bar of two parts: what went direct, and what relays
// carried, with a gap between. The words below it say the same.
type SharesBar struct {
	widget.BaseWidget
	direct, relayed int64
}

const (
	sharesBarHeight = 6
	// sharesBarGap parts the two, so that the shape tells too.
	sharesBarGap = 3
	// sharesBarLeast is the width of what is little, and yet something.
	sharesBarLeast = 6
)

// NewSharesBar returns a bar of nothing.
func NewSharesBar() *SharesBar {
	b := &SharesBar{}
	b.ExtendBaseWidget(b)
	return b
}

// Set shows other parts, in any one unit.
func (b *SharesBar) Set(direct, relayed int64) {
	if b.direct != direct || b.relayed != relayed {
		b.direct, b.relayed = direct, relayed
		b.Refresh()
	}
}

// AccessibilityLabel is empty: the words beside it say the same.
func (b *SharesBar) AccessibilityLabel() string { return "" }

// AccessibilityRole says that this is text.
func (b *SharesBar) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (b *SharesBar) CreateRenderer() fyne.WidgetRenderer {
	r := &sharesBarRenderer{bar: b, direct: canvas.NewRectangle(nil), relayed: canvas.NewRectangle(nil), track: canvas.NewRectangle(nil)}
	for _, part := range r.parts() {
		part.CornerRadius = sharesBarHeight / 2
	}
	r.Refresh()
	return r
}

type sharesBarRenderer struct {
	bar                    *SharesBar
	track, direct, relayed *canvas.Rectangle
}

func (r *sharesBarRenderer) parts() []*canvas.Rectangle {
	return []*canvas.Rectangle{r.track, r.direct, r.relayed}
}

func (r *sharesBarRenderer) Layout(size fyne.Size) {
	top := (size.Height - sharesBarHeight) / 2
	direct, relayed := size.Width, size.Width
	if r.bar.direct > 0 && r.bar.relayed > 0 {
		room := size.Width - sharesBarGap
		part := float32(float64(r.bar.direct) / float64(r.bar.direct+r.bar.relayed))
		direct = min(max(room*part, sharesBarLeast), room-sharesBarLeast)
		relayed = room - direct
	}
	part := func(o fyne.CanvasObject, left, width float32) {
		o.Move(fyne.NewPos(left, top))
		o.Resize(fyne.NewSize(max(width, 0), sharesBarHeight))
	}
	part(r.track, 0, size.Width)
	part(r.direct, 0, direct)
	part(r.relayed, size.Width-relayed, relayed)
}

func (r *sharesBarRenderer) MinSize() fyne.Size { return fyne.NewSize(60, sharesBarHeight) }

func (r *sharesBarRenderer) Refresh() {
	r.direct.Hidden, r.relayed.Hidden = r.bar.direct <= 0, r.bar.relayed <= 0
	r.track.Hidden = !r.direct.Hidden || !r.relayed.Hidden
	r.track.FillColor, r.direct.FillColor, r.relayed.FillColor = colorOf(r.bar, ColorTrack), colorOf(r.bar, ColorDirect), colorOf(r.bar, ColorRelayed)
	r.Layout(r.bar.Size())
	canvas.Refresh(r.bar)
}

func (r *sharesBarRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.track, r.direct, r.relayed}
}

func (r *sharesBarRenderer) Destroy() {}
