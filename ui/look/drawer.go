package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// DrawerWidth is how wide a drawer is, in units of the layout.
const DrawerWidth = 340

const (
	drawerPad    = 16
	drawerShadow = 10
	drawerLine   = 40 // what an arrow key scrolls
)

// Drawer is a panel that stands over the right edge of a page, which the mouse
// does not reach below it. Whoever shows it lays it out; its shadow falls on
// what is left of it. It takes the focus, and Esc closes it.
type Drawer struct {
	widget.BaseWidget
	content fyne.CanvasObject
	onClose func()
	label   string
	scroll  *container.Scroll
	focused bool
}

// NewDrawer returns a drawer with content. onClose is called when the user wants
// it closed by the keyboard; it hides the drawer.
func NewDrawer(content fyne.CanvasObject, onClose func()) *Drawer {
	d := &Drawer{content: content, onClose: onClose}
	d.ExtendBaseWidget(d)
	return d
}

// SetLabel sets what the drawer is called for people who do not see it.
func (d *Drawer) SetLabel(text string) { d.label = text }

// Close asks for the drawer to be closed.
func (d *Drawer) Close() {
	if d.onClose != nil {
		d.onClose()
	}
}

// SetScroll has the arrow keys and their kin move a part of the content.
func (d *Drawer) SetScroll(scroll *container.Scroll) { d.scroll = scroll }

// TypedKey closes the drawer with Esc, and moves its content.
func (d *Drawer) TypedKey(key *fyne.KeyEvent) {
	if key.Name == fyne.KeyEscape {
		d.Close()
		return
	}
	if d.scroll == nil {
		return
	}
	page := d.scroll.Size().Height - drawerLine
	switch key.Name {
	case fyne.KeyUp:
		d.scrollBy(-drawerLine)
	case fyne.KeyDown:
		d.scrollBy(drawerLine)
	case fyne.KeyPageUp:
		d.scrollBy(-page)
	case fyne.KeyPageDown, fyne.KeySpace:
		d.scrollBy(page)
	case fyne.KeyHome:
		d.scroll.ScrollToTop()
	case fyne.KeyEnd:
		d.scroll.ScrollToBottom()
	}
}

func (d *Drawer) scrollBy(distance float32) {
	d.scroll.ScrollToOffset(d.scroll.Offset.AddXY(0, distance)) // which keeps it within bounds
}

// The rest keeps what happens on the drawer from the page below.

func (d *Drawer) TypedRune(rune)                         {}
func (d *Drawer) FocusGained()                           { d.focused = true; d.Refresh() }
func (d *Drawer) FocusLost()                             { d.focused = false; d.Refresh() }
func (d *Drawer) Tapped(*fyne.PointEvent)                {}
func (d *Drawer) TappedSecondary(*fyne.PointEvent)       {}
func (d *Drawer) MouseIn(*desktop.MouseEvent)            {}
func (d *Drawer) MouseMoved(*desktop.MouseEvent)         {}
func (d *Drawer) MouseOut()                              {}
func (d *Drawer) AccessibilityLabel() string             { return d.label }
func (d *Drawer) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (d *Drawer) CreateRenderer() fyne.WidgetRenderer {
	r := &drawerRenderer{
		drawer: d, surface: newDrawerFloor(), edge: canvas.NewRectangle(nil),
		shadow: canvas.NewHorizontalGradient(color.Transparent, color.Transparent),
	}
	r.Refresh()
	return r
}

type drawerRenderer struct {
	drawer  *Drawer
	surface *drawerFloor
	edge    *canvas.Rectangle
	shadow  *canvas.LinearGradient
}

// drawerFloor is the surface of a drawer, which keeps the wheel of the mouse
// from the page. A drawer cannot itself: what is scrollable is clipped to its
// bounds, and has no shadow.
type drawerFloor struct {
	widget.BaseWidget
	surface *canvas.Rectangle
}

func newDrawerFloor() *drawerFloor {
	f := &drawerFloor{surface: canvas.NewRectangle(nil)}
	f.ExtendBaseWidget(f)
	return f
}

func (f *drawerFloor) Scrolled(*fyne.ScrollEvent) {}

// CreateRenderer is called by Fyne.
func (f *drawerFloor) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(f.surface)
}

func (r *drawerRenderer) Layout(size fyne.Size) {
	r.shadow.Move(fyne.NewPos(-drawerShadow, 0))
	r.shadow.Resize(fyne.NewSize(drawerShadow, size.Height))
	r.surface.Resize(size)
	width := float32(1)
	if r.drawer.focused {
		width = 3
	}
	r.edge.Resize(fyne.NewSize(width, size.Height))
	r.drawer.content.Move(fyne.NewSquareOffsetPos(drawerPad))
	r.drawer.content.Resize(size.SubtractWidthHeight(2*drawerPad, 2*drawerPad))
}

func (r *drawerRenderer) MinSize() fyne.Size {
	return fyne.NewSize(DrawerWidth, r.drawer.content.MinSize().Height+2*drawerPad)
}

func (r *drawerRenderer) Refresh() {
	r.surface.surface.FillColor = colorOf(r.drawer, ColorCard)
	r.edge.FillColor = colorOf(r.drawer, ColorCardEdge)
	if r.drawer.focused {
		r.edge.FillColor = colorOf(r.drawer, theme.ColorNamePrimary)
	}
	r.shadow.EndColor = colorOf(r.drawer, colorShadow)
	r.drawer.content.Refresh()
	r.Layout(r.drawer.Size())
	canvas.Refresh(r.drawer)
}

func (r *drawerRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.shadow, r.surface, r.edge, r.drawer.content}
}

func (r *drawerRenderer) Destroy() {}
