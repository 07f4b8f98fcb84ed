package look

import (
	"image"
	"image/color"
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Sample is what went in one second, in bytes.
type Sample struct{ Direct, Relayed int64 }

// SparklineSamples is how many samples fill the width of a Sparkline.
const SparklineSamples = 60

const (
	sparklineWidth  = 120
	sparklineHeight = 34
)

// Sparkline draws the rate of the last minute. What went direct is a full area;
// what relays carried lies on it and is hatched, so that it is told apart
// without colour.
type Sparkline struct {
	widget.BaseWidget
	samples []Sample
	caption string
}

// NewSparkline returns an empty sparkline.
func NewSparkline() *Sparkline {
	s := &Sparkline{}
	s.ExtendBaseWidget(s)
	return s
}

// Set shows samples, one a second, the newest last. Of more than
// SparklineSamples the newest count; fewer stand at the right. It keeps a copy,
// and draws only what is new.
func (s *Sparkline) Set(samples []Sample) {
	samples = samples[max(0, len(samples)-SparklineSamples):]
	if slices.Equal(s.samples, samples) {
		return
	}
	s.samples = slices.Clone(samples)
	s.Refresh()
}

// SetCaption says above the drawing what its full height is.
func (s *Sparkline) SetCaption(text string) {
	if s.caption == text {
		return
	}
	s.caption = text
	s.Refresh()
}

// Highest is the highest rate of the samples, in bytes a second.
func (s *Sparkline) Highest() (most int64) {
	for _, sample := range s.samples {
		most = max(most, sample.Direct+sample.Relayed)
	}
	return most
}

// AccessibilityLabel is the caption.
func (s *Sparkline) AccessibilityLabel() string { return s.caption }

// AccessibilityRole says that this is text.
func (s *Sparkline) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (s *Sparkline) CreateRenderer() fyne.WidgetRenderer {
	r := &sparklineRenderer{sparkline: s, caption: NewCaption("")}
	r.drawing = canvas.NewRaster(r.draw)
	r.Refresh()
	return r
}

type sparklineRenderer struct {
	sparkline *Sparkline
	drawing   *canvas.Raster
	caption   *Line
}

func (r *sparklineRenderer) Layout(size fyne.Size) {
	top := r.captionHeight()
	r.caption.Resize(fyne.NewSize(size.Width, top))
	r.drawing.Move(fyne.NewPos(0, top))
	r.drawing.Resize(size.SubtractWidthHeight(0, top))
}

func (r *sparklineRenderer) captionHeight() float32 {
	if r.sparkline.caption == "" {
		return 0
	}
	return r.caption.MinSize().Height
}

func (r *sparklineRenderer) MinSize() fyne.Size {
	return fyne.NewSize(sparklineWidth, sparklineHeight+r.captionHeight())
}

func (r *sparklineRenderer) Refresh() {
	r.caption.Hidden = r.sparkline.caption == ""
	r.caption.SetText(r.sparkline.caption)
	r.caption.Refresh()
	r.Layout(r.sparkline.Size())
	r.drawing.Refresh()
}

// draw paints the picture anew; Fyne keeps it until the next Refresh.
func (r *sparklineRenderer) draw(w, h int) image.Image {
	p := newPixels(w, h, r.drawing.Size().Width)
	height := float64(h) - p.scale
	p.box(0, height, float64(w), p.scale, 0, 0, plain(colorOf(r.sparkline, ColorTrack)))
	most := float64(r.sparkline.Highest())
	if most == 0 {
		return p
	}
	direct, relayed := plain(colorOf(r.sparkline, ColorDirect)), plain(colorOf(r.sparkline, ColorRelayed))
	faintDirect, faintRelayed := plain(faded(direct, 0.45)), plain(faded(relayed, 0.16))
	room := height - 1.5*p.scale // above it, the line is as thick as elsewhere
	for x := range w {
		lower, upper := r.edge(x, w, most, room, height, false), r.edge(x, w, most, room, height, true)
		if lower.middle < height {
			p.column(x, lower.middle, height, faintDirect)
			p.column(x, lower.top-0.75*p.scale, lower.bottom+0.75*p.scale, direct)
		}
		if upper.middle < lower.middle {
			p.column(x, upper.middle, lower.middle, faintRelayed)
			p.hatch(x, upper.middle, lower.middle, relayed)
			p.column(x, upper.top-0.75*p.scale, min(upper.bottom+0.75*p.scale, height), relayed)
		}
	}
	return p
}

// edge is the upper end of an area within one column of pixels.
type edge struct{ top, middle, bottom float64 }

// edge looks at both sides of a column of pixels, so that a steep line has no
// gaps; total adds what was relayed to what went direct.
func (r *sparklineRenderer) edge(x, w int, most, room, height float64, total bool) edge {
	at := func(x float64) float64 {
		return height - room*r.rate(x/float64(w)*(SparklineSamples-1), total)/most
	}
	left, middle, right := at(float64(x)), at(float64(x)+0.5), at(float64(x)+1)
	return edge{min(left, right), middle, max(left, right)}
}

// rate is the rate at a point between two samples, in a straight line.
func (r *sparklineRenderer) rate(slot float64, total bool) float64 {
	samples := r.sparkline.samples
	slot -= float64(SparklineSamples - len(samples))
	value := func(i int) float64 {
		if i < 0 || i >= len(samples) {
			return 0
		}
		if total {
			return float64(samples[i].Direct + samples[i].Relayed)
		}
		return float64(samples[i].Direct)
	}
	i := int(math.Floor(slot))
	part := slot - float64(i)
	if part == 0 {
		return value(i)
	}
	return value(i)*(1-part) + value(i+1)*part
}

// hatch fills a column of pixels with slanted lines.
func (p pixels) hatch(x int, top, bottom float64, ink color.NRGBA) {
	step, thick := 5*p.scale, 1.4*p.scale
	for y := int(math.Floor(top)); y < int(math.Ceil(bottom)); y++ {
		off := math.Abs(math.Mod(float64(x+y)+0.5, step) - step/2)
		covered := min(bottom, float64(y+1)) - max(top, float64(y))
		p.blend(x, y, ink, covered*min(max(thick/2-off+0.5, 0), 1)*0.8)
	}
}

func (r *sparklineRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.drawing, r.caption}
}

func (r *sparklineRenderer) Destroy() {}
