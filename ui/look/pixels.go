package look

import (
	"image"
	"image/color"
	"math"
)

// pixels is a picture that a widget draws for itself, where so many shapes would
// be dear as objects of their own. Coordinates are in pixels of the screen.
type pixels struct {
	*image.NRGBA
	// scale is how many pixels a unit of the layout has.
	scale float64
}

// newPixels returns a clear picture of a size in pixels for a widget that is
// width units wide.
func newPixels(w, h int, width float32) pixels {
	p := pixels{image.NewNRGBA(image.Rect(0, 0, w, h)), 1}
	if width > 0 && w > 0 {
		p.scale = float64(w) / float64(width)
	}
	return p
}

// blend lays a colour over a pixel, which it covers by a part from 0 to 1.
func (p pixels) blend(x, y int, ink color.NRGBA, part float64) {
	above := float64(ink.A) / 255 * min(max(part, 0), 1)
	if above <= 0 || !(image.Point{X: x, Y: y}).In(p.Rect) {
		return
	}
	at := p.PixOffset(x, y)
	pix := p.Pix[at : at+4 : at+4]
	below := float64(pix[3]) / 255 * (1 - above)
	whole := above + below
	for i, value := range [3]uint8{ink.R, ink.G, ink.B} {
		pix[i] = uint8(math.Round((float64(value)*above + float64(pix[i])*below) / whole))
	}
	pix[3] = uint8(math.Round(whole * 255))
}

// column fills a column of pixels between two heights; parts of pixels are
// covered in part.
func (p pixels) column(x int, top, bottom float64, ink color.NRGBA) {
	for y := int(math.Floor(top)); y < int(math.Ceil(bottom)); y++ {
		p.blend(x, y, ink, min(bottom, float64(y+1))-max(top, float64(y)))
	}
}

// box fills a box with round corners, of which only what is below top is drawn.
func (p pixels) box(left, upper, width, height, radius, top float64, ink color.NRGBA) {
	p.shape(left, upper, width, height, func(x, y float64) float64 {
		below := min(max(y+0.5-top, 0), 1)
		return below * inside(roundedDistance(x-left-width/2, y-upper-height/2, width/2, height/2, radius))
	}, ink)
}

// frame draws the edge of a box with round corners, within it.
func (p pixels) frame(left, upper, width, height, radius, thick float64, ink color.NRGBA) {
	p.shape(left, upper, width, height, func(x, y float64) float64 {
		d := roundedDistance(x-left-width/2, y-upper-height/2, width/2, height/2, radius)
		return inside(d) - inside(d+thick)
	}, ink)
}

// shape draws what covers the pixels of a region; covered is asked for the
// middle of each.
func (p pixels) shape(left, upper, width, height float64, covered func(x, y float64) float64, ink color.NRGBA) {
	for y := int(math.Floor(upper)); y < int(math.Ceil(upper+height)); y++ {
		for x := int(math.Floor(left)); x < int(math.Ceil(left+width)); x++ {
			p.blend(x, y, ink, covered(float64(x)+0.5, float64(y)+0.5))
		}
	}
}

// roundedDistance is how far a point is outside of a box with round corners
// around the origin; inside of it it is negative.
func roundedDistance(x, y, halfWidth, halfHeight, radius float64) float64 {
	dx, dy := math.Abs(x)-halfWidth+radius, math.Abs(y)-halfHeight+radius
	return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
}

// inside is how much of a pixel at that distance from an edge is within it.
func inside(distance float64) float64 { return min(max(0.5-distance, 0), 1) }

func plain(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }
