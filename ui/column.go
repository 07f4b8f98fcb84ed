package ui

import (
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
