package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Mark is the shape in front of a badge's words.
type Mark int

// The marks.
const (
	// Bars shows BadgeFace.Level of four rising bars.
	Bars Mark = iota
	// BarsInBox shows the bars in a box: something stands between.
	BarsInBox
	// Cross says that there is no way.
	Cross
)

// BadgeFace is what a badge shows. It says the same thing three times, by
// words, by shape and by colour, because not everybody sees all three.
type BadgeFace struct {
	Text string
	Mark Mark
	// Level is how many of four bars are full.
	Level int
	Color fyne.ThemeColorName
}

// Badge is a pill that says how bytes go.
type Badge struct {
	widget.BaseWidget
	face BadgeFace
}

const (
	badgeHeight = 24
	markSize    = 16
	badgePad    = 9
	markGap     = 6
)

// NewBadge returns a badge with that face.
func NewBadge(face BadgeFace) *Badge {
	b := &Badge{face: face}
	b.ExtendBaseWidget(b)
	return b
}

// Set shows another face.
func (b *Badge) Set(face BadgeFace) {
	if b.face == face {
		return
	}
	b.face = face
	b.Refresh()
}

// Face is what the badge shows.
func (b *Badge) Face() BadgeFace { return b.face }

// AccessibilityLabel is the badge's words.
func (b *Badge) AccessibilityLabel() string { return b.face.Text }

// AccessibilityRole says that this is text.
func (b *Badge) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	r := &badgeRenderer{
		badge: b, pill: canvas.NewRectangle(nil), box: canvas.NewRectangle(nil), text: canvas.NewText("", nil),
		cross: [2]*canvas.Line{canvas.NewLine(nil), canvas.NewLine(nil)},
	}
	r.pill.CornerRadius = badgeHeight / 2
	r.box.CornerRadius, r.box.StrokeWidth = 3, 1.5
	for i := range r.bars {
		r.bars[i] = canvas.NewRectangle(nil)
		r.bars[i].CornerRadius = 1
	}
	r.Refresh()
	return r
}

type badgeRenderer struct {
	badge *Badge
	pill  *canvas.Rectangle
	box   *canvas.Rectangle
	bars  [4]*canvas.Rectangle
	cross [2]*canvas.Line
	text  *canvas.Text
}

func (r *badgeRenderer) Layout(size fyne.Size) {
	top := (size.Height - badgeHeight) / 2
	r.pill.Move(fyne.NewPos(0, top))
	r.pill.Resize(fyne.NewSize(size.Width, badgeHeight))
	mark := fyne.NewPos(badgePad, (size.Height-markSize)/2)
	r.layoutMark(mark)
	words := r.text.MinSize()
	left := float32(badgePad + markSize + markGap)
	r.text.Move(fyne.NewPos(left, (size.Height-words.Height)/2))
	r.text.Resize(fyne.NewSize(size.Width-left-badgePad, words.Height))
}

func (r *badgeRenderer) layoutMark(at fyne.Position) {
	// In a box the bars are smaller, so that the box is seen.
	inset, floor := float32(0), float32(markSize-1)
	if r.badge.face.Mark == BarsInBox {
		inset, floor = 3, markSize-3
	}
	step := (markSize - 2*inset) / 4
	tallest := floor - 1 - inset
	for i, bar := range r.bars {
		height := tallest * float32(i+1) / 4
		bar.Move(at.AddXY(inset+float32(i)*step+0.5, floor-height))
		bar.Resize(fyne.NewSize(step-1, height))
	}
	r.box.Move(at)
	r.box.Resize(fyne.NewSquareSize(markSize))
	r.cross[0].Position1, r.cross[0].Position2 = at.AddXY(3, 3), at.AddXY(markSize-3, markSize-3)
	r.cross[1].Position1, r.cross[1].Position2 = at.AddXY(markSize-3, 3), at.AddXY(3, markSize-3)
}

func (r *badgeRenderer) MinSize() fyne.Size {
	return fyne.NewSize(2*badgePad+markSize+markGap+r.text.MinSize().Width, badgeHeight)
}

func (r *badgeRenderer) Refresh() {
	face := r.badge.face
	ink := colorOf(r.badge, face.Color)
	r.pill.FillColor = faded(ink, 0.13)
	r.box.FillColor, r.box.StrokeColor = nil, ink
	r.box.Hidden = face.Mark != BarsInBox
	for i, bar := range r.bars {
		bar.FillColor = ink
		if i >= face.Level {
			bar.FillColor = faded(ink, 0.28)
		}
		bar.Hidden = face.Mark == Cross
	}
	for _, stroke := range r.cross {
		stroke.StrokeColor, stroke.StrokeWidth = ink, 2
		stroke.Hidden = face.Mark != Cross
	}
	r.text.Text, r.text.Color = face.Text, ink
	r.text.TextSize = themeOf(r.badge).Size(theme.SizeNameCaptionText)
	r.text.TextStyle.Bold = true
	r.Layout(r.badge.Size())
	canvas.Refresh(r.badge)
}

func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.pill, r.box, r.text, r.cross[0], r.cross[1]}
	for _, bar := range r.bars {
		objects = append(objects, bar)
	}
	return objects
}

func (r *badgeRenderer) Destroy() {}
