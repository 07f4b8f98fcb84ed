package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/causeway-app/causeway/ui/look"
)

// label is a line beside an entry, at the height of its text.
func label(text string) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(8, 8, 0, 10), look.NewLine(text).Whole())
}

// formLayout puts labels left and what they name right. Its objects are pairs.
// As a column it sets the width before it asks for the height; it leaves out a
// pair whose second object is hidden.
type formLayout struct{}

const formGap = 6

// form is a form of pairs of a label and what it names.
func form(pairs ...fyne.CanvasObject) *fyne.Container { return container.New(formLayout{}, pairs...) }

func (formLayout) labels(objects []fyne.CanvasObject) (width float32) {
	for i := 0; i+1 < len(objects); i += 2 {
		width = max(width, objects[i].MinSize().Width)
	}
	return width
}

func (l formLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, top := l.labels(objects), float32(0)
	for i := 0; i+1 < len(objects); i += 2 {
		name, named := objects[i], objects[i+1]
		show(name, named.Visible())
		if !named.Visible() {
			continue
		}
		named.Resize(fyne.NewSize(size.Width-left, named.Size().Height))
		height := named.MinSize().Height
		place(name, 0, top, left, name.MinSize().Height)
		place(named, left, top, size.Width-left, height)
		top += max(height, name.MinSize().Height) + formGap
	}
}

func (l formLayout) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	left := l.labels(objects)
	for i := 0; i+1 < len(objects); i += 2 {
		if !objects[i+1].Visible() {
			continue
		}
		if size.Height > 0 {
			size.Height += formGap
		}
		least := objects[i+1].MinSize()
		size = fyne.NewSize(max(size.Width, left+least.Width), size.Height+max(least.Height, objects[i].MinSize().Height))
	}
	return size
}

// besideWidth gives its first object a width, where there is room for it, and
// puts the others behind it.
type besideWidth struct{ width float32 }

func (l besideWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rest := float32(0)
	for _, o := range objects[1:] {
		rest += o.MinSize().Width + 10
	}
	left := min(l.width, size.Width-rest)
	place(objects[0], 0, 0, left, objects[0].MinSize().Height)
	for _, o := range objects[1:] {
		place(o, left+10, 0, o.MinSize().Width, o.MinSize().Height)
		left += o.MinSize().Width + 10
	}
}

func (besideWidth) MinSize(objects []fyne.CanvasObject) fyne.Size { return inALine(objects, 10) }

// wide gives an object that width, and no more.
func wide(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(besideWidth{width}, o)
}

// inALine is what objects take beside each other, with gaps.
func inALine(objects []fyne.CanvasObject, gap float32) (size fyne.Size) {
	for i, o := range objects {
		least := o.MinSize()
		if i > 0 {
			size.Width += gap
		}
		size = fyne.NewSize(size.Width+least.Width, max(size.Height, least.Height))
	}
	return size
}

// beforeButtons gives its first object what the buttons right of it leave over.
type beforeButtons struct{}

func (beforeButtons) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	right := size.Width
	for i := len(objects) - 1; i > 0; i-- {
		least := objects[i].MinSize()
		right -= least.Width
		place(objects[i], right, 0, least.Width, size.Height)
		right -= 6
	}
	place(objects[0], 0, 0, right, size.Height)
}

func (beforeButtons) MinSize(objects []fyne.CanvasObject) fyne.Size { return inALine(objects, 6) }

const (
	// partsWidth is how wide the list of the parts is where it stands left.
	partsWidth = 172
	partsGap   = 16
	// partsAside is how wide the page must be for that; else it stands on top.
	partsAside = 700
	partHeight = 34
)

// partsLayout has the list of the parts, which are buttons, and then the pages
// they lead to: the list left, or on top where there is little room.
type partsLayout struct{}

func (partsLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	last := len(objects) - 1
	pages := objects[last]
	if size.Width >= partsAside {
		for i, stop := range objects[:last] {
			place(stop, 0, float32(i)*(partHeight+4), partsWidth, partHeight)
		}
		place(pages, partsWidth+partsGap, 0, size.Width-partsWidth-partsGap, size.Height)
		return
	}
	left := float32(0)
	for _, stop := range objects[:last] {
		width := stop.MinSize().Width
		place(stop, left, 0, width, partHeight)
		left += width + 4
	}
	place(pages, 0, partHeight+10, size.Width, size.Height-partHeight-10)
}

func (partsLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := float32(0)
	for _, stop := range objects[:len(objects)-1] {
		width += stop.MinSize().Width + 4
	}
	least := objects[len(objects)-1].MinSize()
	return fyne.NewSize(max(width, least.Width), least.Height+partHeight+10)
}

// wrapLayout puts objects beside each other, and goes on in a new line where
// there is no room: in columns as wide as the widest. As a column it sets the
// width before it is asked for the height.
type wrapLayout struct {
	gap   float32
	width float32
}

func (l *wrapLayout) cell(objects []fyne.CanvasObject) (cell fyne.Size) {
	for _, o := range objects {
		cell = cell.Max(o.MinSize())
	}
	return cell
}

func (l *wrapLayout) columns(cell fyne.Size) int {
	return max(1, int((l.width+l.gap)/(cell.Width+l.gap)))
}

func (l *wrapLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	cell := l.cell(objects)
	columns := l.columns(cell)
	for i, o := range objects {
		place(o, float32(i%columns)*(cell.Width+l.gap), float32(i/columns)*(cell.Height+l.gap), cell.Width, cell.Height)
	}
}

func (l *wrapLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	cell := l.cell(objects)
	columns := l.columns(cell)
	rows := (len(objects) + columns - 1) / columns
	return fyne.NewSize(cell.Width, float32(rows)*(cell.Height+l.gap)-l.gap)
}
