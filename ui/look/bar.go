package look

import (
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Bar is a thin progress bar. The words beside it say the number.
type Bar struct {
	widget.BaseWidget
	value float32
	color fyne.ThemeColorName
}

const barHeight = 6

// NewBar returns an empty bar.
func NewBar() *Bar {
	b := &Bar{color: theme.ColorNamePrimary}
	b.ExtendBaseWidget(b)
	return b
}

// Set fills the bar to value, from 0 to 1, in a colour of the theme.
func (b *Bar) Set(value float32, color fyne.ThemeColorName) {
	value = min(max(value, 0), 1)
	if b.value == value && b.color == color {
		return
	}
	b.value, b.color = value, color
	b.Refresh()
}

// Value is how full the bar is, from 0 to 1.
func (b *Bar) Value() float32 { return b.value }

// AccessibilityLabel is how full the bar is, in percent, rounded down.
func (b *Bar) AccessibilityLabel() string {
	return strconv.Itoa(int(math.Floor(float64(b.value)*100+1e-4))) + " %"
}

// AccessibilityRole says that this is text.
func (b *Bar) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{bar: b, track: canvas.NewRectangle(nil), fill: canvas.NewRectangle(nil)}
	r.track.CornerRadius, r.fill.CornerRadius = barHeight/2, barHeight/2
	r.Refresh()
	return r
}

type barRenderer struct {
	bar         *Bar
	track, fill *canvas.Rectangle
}

func (r *barRenderer) Layout(size fyne.Size) {
	top := (size.Height - barHeight) / 2
	r.track.Move(fyne.NewPos(0, top))
	r.track.Resize(fyne.NewSize(size.Width, barHeight))
	r.fill.Move(fyne.NewPos(0, top))
	// Anything at all is at least a dot, or its round ends cannot be drawn.
	width := size.Width * r.bar.value
	if r.bar.value > 0 {
		width = max(width, barHeight)
	}
	r.fill.Resize(fyne.NewSize(min(width, size.Width), barHeight))
	r.fill.Hidden = r.bar.value <= 0
}

func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(40, barHeight) }

func (r *barRenderer) Refresh() {
	r.track.FillColor = colorOf(r.bar, ColorTrack)
	r.fill.FillColor = colorOf(r.bar, r.bar.color)
	r.Layout(r.bar.Size())
	canvas.Refresh(r.bar)
}

func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.track, r.fill} }
func (r *barRenderer) Destroy()                     {}
