package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Dot is a small disc in a colour of the theme, or an icon on a faint disc.
type Dot struct {
	widget.BaseWidget
	color    fyne.ThemeColorName
	icon     fyne.Resource
	diameter float32
	label    string
}

// NewDot returns a plain disc.
func NewDot(color fyne.ThemeColorName, diameter float32) *Dot {
	d := &Dot{color: color, diameter: diameter}
	d.ExtendBaseWidget(d)
	return d
}

// Set shows another colour and, unless nil, an icon on it.
func (d *Dot) Set(color fyne.ThemeColorName, icon fyne.Resource) {
	if d.color == color && d.icon == icon {
		return
	}
	d.color, d.icon = color, icon
	d.Refresh()
}

// SetLabel says in words what the colour and the icon do, where nothing beside
// them does.
func (d *Dot) SetLabel(text string) { d.label = text }

// AccessibilityLabel is what SetLabel said; empty for mere decoration.
func (d *Dot) AccessibilityLabel() string { return d.label }

// AccessibilityRole says that this is text.
func (d *Dot) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (d *Dot) CreateRenderer() fyne.WidgetRenderer {
	r := &dotRenderer{dot: d, disc: canvas.NewCircle(nil), icon: canvas.NewImageFromResource(nil)}
	r.icon.FillMode = canvas.ImageFillContain
	r.Refresh()
	return r
}

type dotRenderer struct {
	dot  *Dot
	disc *canvas.Circle
	icon *canvas.Image
}

func (r *dotRenderer) Layout(size fyne.Size) {
	d := r.dot.diameter
	corner := fyne.NewPos((size.Width-d)/2, (size.Height-d)/2)
	r.disc.Move(corner)
	r.disc.Resize(fyne.NewSquareSize(d))
	inset := d * 0.22
	r.icon.Move(corner.AddXY(inset, inset))
	r.icon.Resize(fyne.NewSquareSize(d - 2*inset))
}

func (r *dotRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.dot.diameter) }

func (r *dotRenderer) Refresh() {
	ink := colorOf(r.dot, r.dot.color)
	r.disc.FillColor = ink
	r.icon.Hidden = r.dot.icon == nil
	if r.dot.icon != nil {
		r.disc.FillColor = faded(ink, 0.14)
		r.icon.Resource = r.dot.icon
		r.icon.Refresh()
	}
	r.Layout(r.dot.Size())
	canvas.Refresh(r.dot)
}

func (r *dotRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.disc, r.icon} }
func (r *dotRenderer) Destroy()                     {}
