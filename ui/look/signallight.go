package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// SignalLight says at a glance how good something is: four rising bars on a
// disc, of which as many are full as it is good, in the colour of a traffic
// light. What is no good at all has a cross. Words beside it say the same.
type SignalLight struct {
	widget.BaseWidget
	level   int
	color   fyne.ThemeColorName
	crossed bool
}

const (
	lightSize = 52
	lightBars = 24
)

// NewSignalLight returns a light of which no bar is full.
func NewSignalLight() *SignalLight {
	l := &SignalLight{color: ColorIdle}
	l.ExtendBaseWidget(l)
	return l
}

// Set shows a level, from 0 to 4 bars, in a colour of the theme. A cross is
// drawn only where no bar is full.
func (l *SignalLight) Set(level int, color fyne.ThemeColorName, crossed bool) {
	crossed = crossed && level == 0
	if l.level != level || l.color != color || l.crossed != crossed {
		l.level, l.color, l.crossed = level, color, crossed
		l.Refresh()
	}
}

// AccessibilityLabel is empty: the sentence beside it says the same.
func (l *SignalLight) AccessibilityLabel() string { return "" }

// AccessibilityRole says that this is text.
func (l *SignalLight) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (l *SignalLight) CreateRenderer() fyne.WidgetRenderer {
	r := &signalLightRenderer{light: l, disc: canvas.NewCircle(nil)}
	for i := range r.bars {
		r.bars[i] = canvas.NewRectangle(nil)
		r.bars[i].CornerRadius = 1.5
	}
	for i := range r.cross {
		r.cross[i] = canvas.NewLine(nil)
		r.cross[i].StrokeWidth = 2.5
	}
	r.Refresh()
	return r
}

type signalLightRenderer struct {
	light *SignalLight
	disc  *canvas.Circle
	bars  [4]*canvas.Rectangle
	cross [2]*canvas.Line
}

func (r *signalLightRenderer) Layout(size fyne.Size) {
	corner := fyne.NewPos((size.Width-lightSize)/2, (size.Height-lightSize)/2)
	r.disc.Move(corner)
	r.disc.Resize(fyne.NewSquareSize(lightSize))
	const step, inset = lightBars / 4, (lightSize - lightBars) / 2
	at := corner.AddXY(inset+0.5, inset)
	for i, bar := range r.bars {
		height := float32(lightBars) * float32(i+1) / 4
		bar.Move(at.AddXY(float32(i)*step, lightBars-height))
		bar.Resize(fyne.NewSize(step-1.5, height))
	}
	r.cross[0].Position1, r.cross[0].Position2 = at.AddXY(1, 1), at.AddXY(9, 9)
	r.cross[1].Position1, r.cross[1].Position2 = at.AddXY(9, 1), at.AddXY(1, 9)
}

func (r *signalLightRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(lightSize) }

func (r *signalLightRenderer) Refresh() {
	ink := colorOf(r.light, r.light.color)
	r.disc.FillColor = faded(ink, 0x22/255.0)
	for i, bar := range r.bars {
		bar.FillColor = ink
		if i >= r.light.level {
			bar.FillColor = faded(ink, 0x48/255.0)
		}
	}
	for _, stroke := range r.cross {
		stroke.StrokeColor = ink
		stroke.Hidden = !r.light.crossed
	}
	r.Layout(r.light.Size())
	canvas.Refresh(r.light)
}

func (r *signalLightRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.disc}
	for _, bar := range r.bars {
		objects = append(objects, bar)
	}
	return append(objects, r.cross[0], r.cross[1])
}

func (r *signalLightRenderer) Destroy() {}
