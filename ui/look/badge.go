package look

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Mark is the shape in front of a badge's words.
type Mark int

// The marks.
const (
	// Bars shows BadgeFace.Level of four rising bars.
	Bars Mark = iota
	// BarsAndBox shows the bars and a box: something stands between.
	BarsAndBox
	// BarsAndArrow shows the bars and an arrow: it is about to get better.
	BarsAndArrow
	// BarsAndDots shows the bars and three dots: it is not known yet.
	BarsAndDots
	// Cross says that there is no way.
	Cross
	// Shield says that the user's own setting stands guard.
	Shield
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
	tip  string
}

const (
	badgeHeight = 24
	markSize    = 16
	badgePad    = 9
	boxSize     = 11
	markGap     = 6
	dotSize     = 2.6
	dotStep     = 4.2
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

// SetTip sets the sentence that the mouse gets to see.
func (b *Badge) SetTip(text string) { b.tip = text }

// Tip is the sentence that the mouse gets to see.
func (b *Badge) Tip() string { return b.tip }

// MouseIn shows the tip, after a while.
func (b *Badge) MouseIn(*desktop.MouseEvent) { TipLater(b, b.tip) }

// MouseMoved does nothing.
func (b *Badge) MouseMoved(*desktop.MouseEvent) {}

// MouseOut hides the tip.
func (b *Badge) MouseOut() { HideTip(b) }

// AccessibilityLabel is the badge's words, and its tip.
func (b *Badge) AccessibilityLabel() string {
	if b.tip == "" {
		return b.face.Text
	}
	return b.face.Text + ". " + b.tip
}

// AccessibilityRole says that this is text.
func (b *Badge) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	r := &badgeRenderer{
		badge: b, pill: canvas.NewRectangle(nil), box: canvas.NewRectangle(nil), lid: canvas.NewLine(nil), text: canvas.NewText("", nil),
		cross: [2]*canvas.Line{canvas.NewLine(nil), canvas.NewLine(nil)}, shield: newStrokes(len(shieldOutline) - 1),
		arrow: newStrokes(len(arrowStrokes)),
	}
	r.pill.CornerRadius = badgeHeight / 2
	r.box.CornerRadius, r.box.StrokeWidth = 2, 1.5
	r.lid.StrokeWidth = 1.5
	for i := range r.dots {
		r.dots[i] = canvas.NewCircle(nil)
	}
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
	lid   *canvas.Line
	bars  [4]*canvas.Rectangle
	cross [2]*canvas.Line
	// shield is drawn stroke by stroke along shieldOutline.
	shield []*canvas.Line
	arrow  []*canvas.Line
	dots   [3]*canvas.Circle
	text   *canvas.Text
}

// arrowStrokes are the lines of an arrow within a square of boxSize.
var arrowStrokes = [][2]fyne.Position{{{X: 1, Y: 5.5}, {X: 10, Y: 5.5}}, {{X: 6.2, Y: 1.5}, {X: 10, Y: 5.5}}, {{X: 6.2, Y: 9.5}, {X: 10, Y: 5.5}}}

// shieldOutline are the corners of a shield within a square of markSize.
var shieldOutline = []fyne.Position{{X: 8, Y: 1.5}, {X: 13.5, Y: 3.5}, {X: 13.5, Y: 8}, {X: 11.5, Y: 12}, {X: 8, Y: 14.5},
	{X: 4.5, Y: 12}, {X: 2.5, Y: 8}, {X: 2.5, Y: 3.5}, {X: 8, Y: 1.5}}

func newStrokes(n int) []*canvas.Line {
	strokes := make([]*canvas.Line, n)
	for i := range strokes {
		strokes[i] = canvas.NewLine(nil)
	}
	return strokes
}

func (r *badgeRenderer) Layout(size fyne.Size) {
	top := (size.Height - badgeHeight) / 2
	r.pill.Move(fyne.NewPos(0, top))
	r.pill.Resize(fyne.NewSize(size.Width, badgeHeight))
	mark := fyne.NewPos(badgePad, (size.Height-markSize)/2)
	r.layoutMark(mark)
	words := r.text.MinSize()
	left := r.wordsFrom()
	r.text.Move(fyne.NewPos(left, (size.Height-words.Height)/2))
	r.text.Resize(fyne.NewSize(size.Width-left-badgePad, words.Height))
}

// wordsFrom is where the words begin.
func (r *badgeRenderer) wordsFrom() float32 {
	if mark := r.badge.face.Mark; mark == BarsAndBox || mark == BarsAndArrow || mark == BarsAndDots {
		return badgePad + markSize + 5 + boxSize + markGap
	}
	return badgePad + markSize + markGap
}

func (r *badgeRenderer) layoutMark(at fyne.Position) {
	const step, floor = markSize / 4, markSize - 1
	for i, bar := range r.bars {
		height := float32(floor-1) * float32(i+1) / 4
		bar.Move(at.AddXY(float32(i)*step+0.5, floor-height))
		bar.Resize(fyne.NewSize(step-1, height))
	}
	corner := at.AddXY(markSize+5, floor-boxSize)
	r.box.Move(corner)
	r.box.Resize(fyne.NewSquareSize(boxSize))
	r.lid.Position1, r.lid.Position2 = corner.AddXY(1, 4), corner.AddXY(boxSize-1, 4)
	r.cross[0].Position1, r.cross[0].Position2 = at.AddXY(3, 3), at.AddXY(markSize-3, markSize-3)
	for i, dot := range r.dots {
		dot.Move(corner.AddXY(float32(i)*dotStep, boxSize-dotSize))
		dot.Resize(fyne.NewSquareSize(dotSize))
	}
	for i, stroke := range r.arrow {
		stroke.Position1, stroke.Position2 = corner.Add(arrowStrokes[i][0]), corner.Add(arrowStrokes[i][1])
	}
	for i, stroke := range r.shield {
		stroke.Position1, stroke.Position2 = at.Add(shieldOutline[i]), at.Add(shieldOutline[i+1])
	}
	r.cross[1].Position1, r.cross[1].Position2 = at.AddXY(markSize-3, 3), at.AddXY(3, markSize-3)
}

func (r *badgeRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.wordsFrom()+badgePad+r.text.MinSize().Width, badgeHeight)
}

func (r *badgeRenderer) Refresh() {
	face := r.badge.face
	ink := colorOf(r.badge, face.Color)
	r.pill.FillColor = faded(ink, 0.13)
	r.box.FillColor, r.box.StrokeColor = nil, ink
	r.lid.StrokeColor = ink
	r.box.Hidden = face.Mark != BarsAndBox
	r.lid.Hidden = r.box.Hidden
	for i, bar := range r.bars {
		bar.FillColor = ink
		if i >= face.Level {
			bar.FillColor = faded(ink, 0.28)
		}
		bar.Hidden = face.Mark == Cross || face.Mark == Shield
	}
	for _, dot := range r.dots {
		dot.FillColor, dot.Hidden = ink, face.Mark != BarsAndDots
	}
	for _, stroke := range r.cross {
		stroke.StrokeColor, stroke.StrokeWidth = ink, 2
		stroke.Hidden = face.Mark != Cross
	}
	for _, stroke := range r.shield {
		stroke.StrokeColor, stroke.StrokeWidth = ink, 2
		stroke.Hidden = face.Mark != Shield
	}
	for _, stroke := range r.arrow {
		stroke.StrokeColor, stroke.StrokeWidth = ink, 1.7
		stroke.Hidden = face.Mark != BarsAndArrow
	}
	r.text.Text, r.text.Color = face.Text, ink
	r.text.TextSize = themeOf(r.badge).Size(theme.SizeNameCaptionText)
	r.text.TextStyle.Bold = true
	r.Layout(r.badge.Size())
	canvas.Refresh(r.badge)
}

func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.pill, r.box, r.lid, r.text, r.cross[0], r.cross[1]}
	for _, bar := range r.bars {
		objects = append(objects, bar)
	}
	for _, dot := range r.dots {
		objects = append(objects, dot)
	}
	for _, stroke := range slices.Concat(r.shield, r.arrow) {
		objects = append(objects, stroke)
	}
	return objects
}

func (r *badgeRenderer) Destroy() {}
