package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/netcheck"
)

// networkLight says at a glance how well this network lets others in: four
// rising bars on a disc, of which as many are full as it is good, in the colour
// of a traffic light. A network on which nothing works has a cross. The sentence
// beside it says the same.
type networkLight struct {
	widget.BaseWidget
	level int
	mark  mark
}

const (
	lightSize = 52
	lightBars = 24
)

func newNetworkLight() *networkLight {
	l := &networkLight{}
	l.ExtendBaseWidget(l)
	return l
}

func (l *networkLight) set(level int, m mark) {
	if l.level != level || l.mark != m {
		l.level, l.mark = level, m
		l.Refresh()
	}
}

// verdictLevel is how many of four bars a network is worth.
func verdictLevel(v netcheck.Verdict) int {
	switch v {
	case netcheck.Reachable, netcheck.Mapped:
		return 4
	case netcheck.Usual:
		return 3
	case netcheck.Strict:
		return 2
	case netcheck.NoUDP:
		return 1
	default:
		return 0
	}
}

// AccessibilityLabel is empty: the sentence beside it says the same.
func (l *networkLight) AccessibilityLabel() string { return "" }

// AccessibilityRole says that this is text.
func (l *networkLight) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (l *networkLight) CreateRenderer() fyne.WidgetRenderer {
	r := &networkLightRenderer{light: l, disc: canvas.NewCircle(nil)}
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

type networkLightRenderer struct {
	light *networkLight
	disc  *canvas.Circle
	bars  [4]*canvas.Rectangle
	cross [2]*canvas.Line
}

func (r *networkLightRenderer) Layout(size fyne.Size) {
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

func (r *networkLightRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(lightSize) }

func (r *networkLightRenderer) Refresh() {
	ink := inTheme(marks()[r.light.mark].color)
	r.disc.FillColor = fadedTo(ink, 0x22)
	for i, bar := range r.bars {
		bar.FillColor = ink
		if i >= r.light.level {
			bar.FillColor = fadedTo(ink, 0x48)
		}
	}
	for _, stroke := range r.cross {
		stroke.StrokeColor = ink
		stroke.Hidden = r.light.mark != bad || r.light.level > 0
	}
	r.Layout(r.light.Size())
	canvas.Refresh(r.light)
}

func (r *networkLightRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.disc}
	for _, bar := range r.bars {
		objects = append(objects, bar)
	}
	return append(objects, r.cross[0], r.cross[1])
}

func (r *networkLightRenderer) Destroy() {}

// fadedTo is a colour with another opacity.
func fadedTo(c color.Color, opacity uint8) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = opacity
	return n
}
