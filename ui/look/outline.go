package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// outlineRadius is how round its corners are.
const outlineRadius = 10

// outline is that of a rounded rectangle. It is drawn in eight small pieces,
// because a painter in software visits every pixel of a large one.
type outline struct {
	// sides are above, right, below and left; corners follow the clock from the
	// upper right one.
	sides   [4]*canvas.Rectangle
	corners [4]*canvas.Arc
	thick   float32
}

func newOutline() *outline {
	e := &outline{thick: 1}
	for i := range e.sides {
		e.sides[i] = canvas.NewRectangle(nil)
		from := float32(i) * 90
		e.corners[i] = canvas.NewArc(from, from+90, 0, nil)
	}
	return e
}

func (e *outline) color(c color.Color) {
	for i := range e.sides {
		e.sides[i].FillColor, e.corners[i].FillColor = c, c
	}
}

func (e *outline) layOut(size fyne.Size) {
	const r = outlineRadius
	thick := e.thick
	place := func(o fyne.CanvasObject, x, y, width, height float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(width, height))
	}
	place(e.sides[0], r, 0, size.Width-2*r, thick)
	place(e.sides[1], size.Width-thick, r, thick, size.Height-2*r)
	place(e.sides[2], r, size.Height-thick, size.Width-2*r, thick)
	place(e.sides[3], 0, r, thick, size.Height-2*r)
	right, low := size.Width-2*r, size.Height-2*r
	for i, at := range []fyne.Position{{X: right}, {X: right, Y: low}, {Y: low}, {}} {
		e.corners[i].Move(at)
		e.corners[i].Resize(fyne.NewSquareSize(2 * r))
		e.corners[i].CutoutRatio = 1 - thick/r
	}
}

func (e *outline) objects() (all []fyne.CanvasObject) {
	for i := range e.sides {
		all = append(all, e.sides[i], e.corners[i])
	}
	return all
}
