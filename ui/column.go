package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// columnLayout puts objects below each other, all as wide as there is room.
// Other than Fyne's boxes it knows that the height of a paragraph follows from
// its width: it sets the width first, and then asks for the height.
type columnLayout struct{ gap float32 }

func (l columnLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	top := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		o.Resize(fyne.NewSize(size.Width, o.Size().Height))
		place(o, 0, top, size.Width, o.MinSize().Height)
		top += o.Size().Height + l.gap
	}
}

func (l columnLayout) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		least := o.MinSize()
		if size.Height > 0 {
			size.Height += l.gap
		}
		size = fyne.NewSize(max(size.Width, least.Width), size.Height+least.Height)
	}
	return size
}

func column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(columnLayout{gap}, objects...)
}

// scrollLayout holds a scrolled column whose height follows from its width, and
// lets its bar stand in the margin of the window.
type scrollLayout struct{ width float32 }

func (l *scrollLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	scroll := objects[0].(*container.Scroll)
	place(scroll, 0, 0, size.Width+scrollRoom, size.Height)
	if l.width != size.Width {
		l.width = size.Width
		scroll.Refresh() // its content knows its height now
	}
}

func (l *scrollLayout) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// besideLayout puts an object of a fixed size left and another one right of a
// text that is as high as it needs to be.
type besideLayout struct{ gap float32 }

func (l besideLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, middle, right := objects[0], objects[1], objects[2]
	near, far := left.MinSize(), fyne.Size{}
	if right.Visible() {
		far = right.MinSize()
	}
	place(left, 0, 0, near.Width, near.Height)
	width := size.Width - near.Width - l.gap
	if far.Width > 0 {
		width -= far.Width + l.gap
		place(right, size.Width-far.Width, 0, far.Width, far.Height)
	}
	middle.Resize(fyne.NewSize(width, middle.Size().Height))
	height := middle.MinSize().Height
	place(middle, near.Width+l.gap, max((near.Height-height)/2, 0), width, height)
}

func (l besideLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, o := range objects {
		if o.Visible() {
			least := o.MinSize()
			size = fyne.NewSize(size.Width+least.Width+l.gap, max(size.Height, least.Height))
		}
	}
	return size
}

// twoColumns puts objects into two columns where there is room for both, the
// first half of their height left, and else below each other. What is wide goes
// below both. Like columnLayout it sets widths before it asks for heights.
type twoColumns struct {
	gap, between float32
	// least is the least width of each of two columns.
	least float32
	// wide tells what needs the whole width; nil means that nothing does.
	wide  func(fyne.CanvasObject) bool
	width float32
}

// columnWidth is how wide each column is, and whether there are two.
func (l *twoColumns) columnWidth(width float32) (float32, bool) {
	if half := (width - l.between) / 2; half >= l.least {
		return half, true
	}
	return width, false
}

// arrange calls put for each visible object with its place, and returns the
// height of it all.
func (l *twoColumns) arrange(objects []fyne.CanvasObject, width float32, put func(o fyne.CanvasObject, x, y, width, height float32)) float32 {
	each, two := l.columnWidth(width)
	var narrow, wide []fyne.CanvasObject
	total := float32(0)
	for _, o := range objects {
		switch {
		case !o.Visible():
		case two && l.wide != nil && l.wide(o):
			wide = append(wide, o)
		default:
			narrow = append(narrow, o)
			total += heightAt(o, each) + l.gap
		}
	}
	left, top, first := float32(0), float32(0), float32(0)
	for _, o := range narrow {
		if two && left == 0 && top >= total/2 {
			left, first, top = each+l.between, top, 0
		}
		height := o.MinSize().Height
		put(o, left, top, each, height)
		top += height + l.gap
	}
	top = max(first, top)
	for _, o := range wide {
		height := heightAt(o, width)
		put(o, 0, top, width, height)
		top += height + l.gap
	}
	return max(top, l.gap) - l.gap
}

// heightAt is how high an object is at a width.
func heightAt(o fyne.CanvasObject, width float32) float32 {
	o.Resize(fyne.NewSize(width, o.Size().Height))
	return o.MinSize().Height
}

func (l *twoColumns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	l.arrange(objects, size.Width, place)
}

func (l *twoColumns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	least := float32(0)
	for _, o := range objects {
		least = max(least, o.MinSize().Width)
	}
	return fyne.NewSize(least, l.arrange(objects, max(l.width, least), nowhere))
}

// flowLayout puts objects into columns that are equally wide, as many as there
// is room for, row by row. It sets widths before it asks for heights.
type flowLayout struct {
	gap, least float32
	width      float32
}

func (l *flowLayout) arrange(objects []fyne.CanvasObject, width float32, put func(o fyne.CanvasObject, x, y, width, height float32)) float32 {
	columns := min(max(int((width+l.gap)/(l.least+l.gap)), 1), max(len(objects), 1))
	each := (width - float32(columns-1)*l.gap) / float32(columns)
	top := float32(0)
	for row := range slices.Chunk(objects, columns) {
		height := float32(0)
		for _, o := range row {
			height = max(height, heightAt(o, each))
		}
		for i, o := range row {
			put(o, float32(i)*(each+l.gap), top, each, height)
		}
		top += height + l.gap
	}
	return max(top, l.gap) - l.gap
}

func (l *flowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	l.arrange(objects, size.Width, place)
}

func (l *flowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	height := l.arrange(objects, max(l.width, l.least), nowhere)
	return fyne.NewSize(l.least, height)
}

// nowhere is for those who want to know the height alone.
func nowhere(fyne.CanvasObject, float32, float32, float32, float32) {}
