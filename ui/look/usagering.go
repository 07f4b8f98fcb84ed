package look

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Usage is what went by which path, in any one unit, and how much may be
// relayed. A Limit of 0 is none.
type Usage struct{ Direct, Relayed, Limit int64 }

// warnAbove is the part of a limit from which on a ring warns.
const warnAbove = 0.8

const (
	ringSize  = 88
	ringThick = 11
)

// UsageRing shows how much of a limit is used, with a tick where it gets scarce,
// and an exclamation mark from there on. Without a limit it shows the shares of
// what went direct, a full arc, and what was relayed, a hatched one.
type UsageRing struct {
	widget.BaseWidget
	usage           Usage
	centre, caption string
}

// NewUsageRing returns a ring of which nothing is used.
func NewUsageRing() *UsageRing {
	r := &UsageRing{}
	r.ExtendBaseWidget(r)
	return r
}

// Set shows another usage.
func (u *UsageRing) Set(usage Usage) {
	if u.usage == usage {
		return
	}
	u.usage = usage
	u.Refresh()
}

// SetWords sets what stands in the middle, a few letters, and below it.
func (u *UsageRing) SetWords(centre, caption string) {
	if u.centre == centre && u.caption == caption {
		return
	}
	u.centre, u.caption = centre, caption
	u.Refresh()
}

// AccessibilityLabel is what stands in the middle and below it.
func (u *UsageRing) AccessibilityLabel() string {
	if u.caption == "" {
		return u.centre
	}
	return u.centre + ", " + u.caption
}

// AccessibilityRole says that this is text.
func (u *UsageRing) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// used is the part of the limit that is used; 0 without one.
func (u *UsageRing) used() float64 {
	if u.usage.Limit <= 0 {
		return 0
	}
	return float64(u.usage.Relayed) / float64(u.usage.Limit)
}

// color is that of the used part.
func (u *UsageRing) color() fyne.ThemeColorName {
	switch used := u.used(); {
	case used >= 1:
		return theme.ColorNameError
	case used >= warnAbove:
		return theme.ColorNameWarning
	default:
		return theme.ColorNamePrimary
	}
}

// CreateRenderer is called by Fyne.
func (u *UsageRing) CreateRenderer() fyne.WidgetRenderer {
	r := &usageRingRenderer{ring: u, centre: canvas.NewText("", nil), mark: canvas.NewText("!", nil), caption: NewCaption("").Aligned(fyne.TextAlignCenter)}
	r.drawing = canvas.NewRaster(r.draw)
	r.centre.Alignment, r.centre.TextStyle.Bold = fyne.TextAlignCenter, true
	r.mark.Alignment, r.mark.TextStyle.Bold = fyne.TextAlignCenter, true
	r.Refresh()
	return r
}

type usageRingRenderer struct {
	ring         *UsageRing
	drawing      *canvas.Raster
	centre, mark *canvas.Text
	caption      *Line
}

func (r *usageRingRenderer) Layout(size fyne.Size) {
	left := (size.Width - ringSize) / 2
	r.drawing.Move(fyne.NewPos(left, 0))
	r.drawing.Resize(fyne.NewSquareSize(ringSize))
	words := r.centre.MinSize()
	r.centre.Move(fyne.NewPos(left, (ringSize-words.Height)/2))
	r.centre.Resize(fyne.NewSize(ringSize, words.Height))
	r.mark.Move(fyne.NewPos(left, (ringSize+words.Height)/2-4))
	r.mark.Resize(fyne.NewSize(ringSize, r.mark.MinSize().Height))
	r.caption.Move(fyne.NewPos(0, ringSize+4))
	r.caption.Resize(fyne.NewSize(size.Width, r.caption.MinSize().Height))
}

func (r *usageRingRenderer) MinSize() fyne.Size {
	size := fyne.NewSquareSize(ringSize)
	if r.ring.caption != "" {
		size = fyne.NewSize(max(ringSize, r.caption.Width()), ringSize+4+r.caption.MinSize().Height)
	}
	return size
}

func (r *usageRingRenderer) Refresh() {
	sizes := themeOf(r.ring)
	r.centre.Text, r.centre.Color = r.ring.centre, colorOf(r.ring, theme.ColorNameForeground)
	r.centre.TextSize = sizes.Size(theme.SizeNameText) + 2
	r.mark.Hidden, r.mark.Color = r.ring.used() < warnAbove, colorOf(r.ring, r.ring.color())
	r.mark.TextSize = sizes.Size(theme.SizeNameText) + 2
	r.caption.Hidden = r.ring.caption == ""
	r.caption.SetText(r.ring.caption)
	r.caption.Refresh()
	r.Layout(r.ring.Size())
	r.drawing.Refresh()
	canvas.Refresh(r.ring)
}

func (r *usageRingRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.drawing, r.centre, r.mark, r.caption}
}

func (r *usageRingRenderer) Destroy() {}

// draw paints the ring anew; Fyne keeps it until the next Refresh.
func (r *usageRingRenderer) draw(w, h int) image.Image {
	p := newPixels(w, h, ringSize)
	u := r.ring
	p.ring(0, 1, plain(colorOf(u, ColorTrack)), false)
	if u.usage.Limit > 0 {
		p.ring(0, min(u.used(), 1), plain(colorOf(u, u.color())), false)
		p.tick(warnAbove, plain(colorOf(u, theme.ColorNameForeground)))
		return p
	}
	if all := u.usage.Direct + u.usage.Relayed; all > 0 {
		direct := float64(u.usage.Direct) / float64(all)
		p.ring(0, direct, plain(colorOf(u, ColorDirect)), false)
		p.ring(direct, 1, plain(colorOf(u, ColorRelayed)), true)
	}
	return p
}

// ring draws a part of a ring, clockwise from the top; 1 is all of it.
func (p pixels) ring(from, to float64, ink color.NRGBA, hatched bool) {
	if to <= from {
		return
	}
	middle := float64(p.Rect.Dx()) / 2
	outer, inner := middle-p.scale, middle-(1+ringThick)*p.scale
	p.shape(0, 0, 2*middle, 2*middle, func(x, y float64) float64 {
		dx, dy := x-middle, y-middle
		far := math.Hypot(dx, dy)
		covered := inside(far-outer) * inside(inner-far)
		if covered == 0 {
			return 0
		}
		if to-from < 1 {
			turn := math.Atan2(dx, -dy) / (2 * math.Pi)
			if turn < 0 {
				turn++
			}
			around := 2 * math.Pi * far // from turns to pixels
			covered *= max(inside((from-turn)*around)*inside((turn-to)*around),
				inside((from-turn-1)*around)*inside((turn+1-to)*around))
		}
		if hatched && math.Mod(x+y, 5*p.scale) < 2.5*p.scale {
			covered *= 0.4
		}
		return covered
	}, ink)
}

// tick draws a line across the ring.
func (p pixels) tick(at float64, ink color.NRGBA) {
	middle := float64(p.Rect.Dx()) / 2
	outer, inner := middle, middle-(2+ringThick)*p.scale
	sin, cos := math.Sincos(at * 2 * math.Pi)
	p.shape(0, 0, 2*middle, 2*middle, func(x, y float64) float64 {
		dx, dy := x-middle, y-middle
		along, across := dx*sin-dy*cos, dx*cos+dy*sin
		return inside(along-outer) * inside(inner-along) * inside(math.Abs(across)-p.scale)
	}, ink)
}
