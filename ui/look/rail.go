package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// RailItem is one place that a Rail leads to.
type RailItem struct {
	Icon fyne.Resource
	Text string
}

const (
	railWidth      = 92
	railItemHeight = 64
)

// Rail is a column of places that a window has.
type Rail struct {
	Card
	stops []*railStop
}

// NewRail returns a rail. chosen is called with the index of the place that the
// user goes to.
func NewRail(items []RailItem, chosen func(int)) *Rail {
	column := container.NewVBox()
	r := &Rail{Card: Card{content: column, fill: ColorRail, pad: 6}}
	for i, item := range items {
		stop := &railStop{item: item, goTo: func() { chosen(i) }}
		stop.ExtendBaseWidget(stop)
		r.stops = append(r.stops, stop)
		column.Add(stop)
	}
	r.ExtendBaseWidget(r)
	return r
}

// GoTo lights the place that is shown.
func (r *Rail) GoTo(index int) {
	for i, stop := range r.stops {
		if stop.here != (i == index) {
			stop.here = i == index
			stop.Refresh()
		}
	}
}

// Mark sets whether a place has something that waits for the user.
func (r *Rail) Mark(index int, waits bool) {
	if stop := r.stops[index]; stop.waits != waits {
		stop.waits = waits
		stop.Refresh()
	}
}

// Marked reports whether a place has something that waits for the user.
func (r *Rail) Marked(index int) bool { return r.stops[index].waits }

// railStop is a button that stays lit while its page is shown.
type railStop struct {
	widget.BaseWidget
	item                   RailItem
	goTo                   func()
	here, hovered, focused bool
	waits                  bool
}

func (s *railStop) Tapped(*fyne.PointEvent) { s.goTo() }
func (s *railStop) FocusGained()            { s.focused = true; s.Refresh() }
func (s *railStop) FocusLost()              { s.focused = false; s.Refresh() }
func (s *railStop) TypedRune(rune)          {}
func (s *railStop) TypedKey(key *fyne.KeyEvent) {
	if key.Name == fyne.KeySpace || key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter {
		s.goTo()
	}
}
func (s *railStop) MouseIn(*desktop.MouseEvent)            { s.hovered = true; s.Refresh() }
func (s *railStop) MouseMoved(*desktop.MouseEvent)         {}
func (s *railStop) MouseOut()                              { s.hovered = false; s.Refresh() }
func (s *railStop) AccessibilityLabel() string             { return s.item.Text }
func (s *railStop) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

func (s *railStop) CreateRenderer() fyne.WidgetRenderer {
	r := &railStopRenderer{
		stop: s, lit: canvas.NewRectangle(nil), icon: canvas.NewImageFromResource(nil), text: canvas.NewText(s.item.Text, nil),
		mark: canvas.NewCircle(nil),
	}
	r.lit.CornerRadius = 8
	r.icon.FillMode = canvas.ImageFillContain
	r.text.Alignment = fyne.TextAlignCenter
	r.Refresh()
	return r
}

type railStopRenderer struct {
	stop *railStop
	lit  *canvas.Rectangle
	icon *canvas.Image
	text *canvas.Text
	// mark is a disc at the icon's corner.
	mark *canvas.Circle
}

func (r *railStopRenderer) Layout(size fyne.Size) {
	r.lit.Resize(size)
	const icon = 24
	r.icon.Resize(fyne.NewSquareSize(icon))
	r.icon.Move(fyne.NewPos((size.Width-icon)/2, 10))
	r.mark.Move(fyne.NewPos((size.Width+icon)/2-1, 8))
	r.mark.Resize(fyne.NewSquareSize(9))
	words := r.text.MinSize()
	r.text.Resize(fyne.NewSize(size.Width, words.Height))
	r.text.Move(fyne.NewPos(0, 10+icon+4))
}

func (r *railStopRenderer) MinSize() fyne.Size {
	return fyne.NewSize(max(railWidth-12, r.text.MinSize().Width+12), railItemHeight)
}

func (r *railStopRenderer) Refresh() {
	ink := theme.ColorNameForeground
	if r.stop.here {
		ink = theme.ColorNamePrimary
	}
	r.text.Color = colorOf(r.stop, ink)
	r.text.TextSize = themeOf(r.stop).Size(theme.SizeNameCaptionText)
	r.text.TextStyle.Bold = r.stop.here
	r.icon.Resource = theme.NewColoredResource(r.stop.item.Icon, ink)
	r.icon.Refresh()
	r.mark.FillColor, r.mark.Hidden = colorOf(r.stop, ColorRelayed), !r.stop.waits
	r.lit.StrokeWidth = 0
	switch {
	case r.stop.here:
		r.lit.FillColor = faded(colorOf(r.stop, theme.ColorNamePrimary), 0.13)
	case r.stop.hovered:
		r.lit.FillColor = colorOf(r.stop, theme.ColorNameHover)
	default:
		r.lit.FillColor = faded(colorOf(r.stop, theme.ColorNameHover), 0)
	}
	if r.stop.focused {
		r.lit.StrokeWidth, r.lit.StrokeColor = 2, colorOf(r.stop, theme.ColorNamePrimary)
	}
	r.Layout(r.stop.Size())
	canvas.Refresh(r.stop)
}

func (r *railStopRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.lit, r.icon, r.text, r.mark}
}

func (r *railStopRenderer) Destroy() {}
