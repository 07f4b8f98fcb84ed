package look

import (
	"image"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Piece is how far a part of something is.
type Piece uint8

// The states of a piece.
const (
	// Missing is a pale cell, Here a full one, UnderWay a frame around a dot, and
	// Unwanted a point.
	Missing Piece = iota
	UnderWay
	Here
	Unwanted
)

const (
	pieceCell      = 9 // and the gap behind it
	pieceGap       = 2
	pieceMapWidth  = 120
	pieceMapHeight = 3*pieceCell - pieceGap
)

// PieceMap shows which pieces are here. Where there are more pieces than cells,
// a cell stands for several, and is as full as they are.
type PieceMap struct {
	widget.BaseWidget
	pieces []Piece
	label  string
}

// NewPieceMap returns an empty map.
func NewPieceMap() *PieceMap {
	m := &PieceMap{}
	m.ExtendBaseWidget(m)
	return m
}

// Set shows pieces in their order. It keeps a copy, and draws only what is new.
func (m *PieceMap) Set(pieces []Piece) {
	if slices.Equal(m.pieces, pieces) {
		return
	}
	m.pieces = slices.Clone(pieces)
	m.Refresh()
}

// SetLabel sets what is read to people who do not see the map; how much is here
// is said behind it.
func (m *PieceMap) SetLabel(text string) { m.label = text }

// Percent is how many of the wanted pieces are here, rounded down.
func (m *PieceMap) Percent() int {
	all := fold(m.pieces)
	if all.wanted == 0 {
		return 0
	}
	return all.here * 100 / all.wanted
}

// AccessibilityLabel is the label and how much is here.
func (m *PieceMap) AccessibilityLabel() string {
	return strings.TrimSpace(m.label + " " + strconv.Itoa(m.Percent()) + " %")
}

// AccessibilityRole says that this is text.
func (m *PieceMap) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (m *PieceMap) CreateRenderer() fyne.WidgetRenderer {
	r := &pieceMapRenderer{pieces: m}
	r.drawing = canvas.NewRaster(r.draw)
	return r
}

type pieceMapRenderer struct {
	pieces  *PieceMap
	drawing *canvas.Raster
}

func (r *pieceMapRenderer) Layout(size fyne.Size) { r.drawing.Resize(size) }
func (r *pieceMapRenderer) MinSize() fyne.Size    { return fyne.NewSize(pieceMapWidth, pieceMapHeight) }
func (r *pieceMapRenderer) Refresh()              { r.drawing.Refresh() }
func (r *pieceMapRenderer) Destroy()              {}
func (r *pieceMapRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.drawing}
}

// cell is what several pieces come to.
type cell struct {
	wanted, here int
	underWay     bool
}

func fold(pieces []Piece) (c cell) {
	for _, piece := range pieces {
		switch piece {
		case Unwanted:
			continue
		case Here:
			c.here++
		case UnderWay:
			c.underWay = true
		}
		c.wanted++
	}
	return c
}

// draw paints the picture anew; Fyne keeps it until the next Refresh.
func (r *pieceMapRenderer) draw(w, h int) image.Image {
	size := r.drawing.Size()
	p := newPixels(w, h, size.Width)
	pieces := r.pieces.pieces
	if len(pieces) == 0 {
		return p
	}
	most := max(int((size.Width+pieceGap)/pieceCell), 1)
	rows := max(int((size.Height+pieceGap)/pieceCell), 1)
	rows = min(rows, (len(pieces)+most-1)/most)
	columns := min(most, (len(pieces)+rows-1)/rows)
	cells := min(rows*columns, len(pieces))
	step := float64(size.Width+pieceGap) / float64(columns)
	for i := range cells {
		part := pieces[i*len(pieces)/cells : (i+1)*len(pieces)/cells]
		left, upper := float64(i%columns)*step, float64(i/columns*pieceCell)
		r.drawCell(p, fold(part), left*p.scale, upper*p.scale, (step-pieceGap)*p.scale, (pieceCell-pieceGap)*p.scale)
	}
	return p
}

func (r *pieceMapRenderer) drawCell(p pixels, c cell, left, upper, width, height float64) {
	ink, track := plain(colorOf(r.pieces, theme.ColorNamePrimary)), plain(colorOf(r.pieces, ColorTrack))
	round := 2 * p.scale
	switch {
	case c.wanted == 0:
		dot := 2 * p.scale
		quiet := plain(faded(colorOf(r.pieces, ColorIdle), 0.7))
		p.box(left+(width-dot)/2, upper+(height-dot)/2, dot, dot, dot/2, 0, quiet)
		return
	case c.here == c.wanted:
		p.box(left, upper, width, height, round, 0, ink)
		return
	}
	p.box(left, upper, width, height, round, 0, track)
	if c.here > 0 {
		p.box(left, upper, width, height, round, upper+height*(1-float64(c.here)/float64(c.wanted)), ink)
	}
	if c.underWay {
		dot := 3 * p.scale
		p.frame(left, upper, width, height, round, p.scale, ink)
		p.box(left+(width-dot)/2, upper+(height-dot)/2, dot, dot, dot/2, 0, ink)
	}
}
