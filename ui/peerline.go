package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

const (
	peerLineHeight = 48
	peerBadgeWidth = 224
	peerLineWide   = 640
	peerNameLeast  = 120
	// A story begins where the names do.
	storyIndent = peerBadgeWidth + 14
	storyGap    = 6
)

// peerEntry is everything that the line of a peer shows.
type peerEntry struct {
	engine.Peer
	// switching tells that the path is about to become direct.
	switching bool
	// story says why the path is what it is; storyHeight is its room.
	story       string
	storyHeight float32
	// tip says what the path means.
	tip string
}

// height is how tall the line is.
func (e peerEntry) height() float32 {
	if e.storyHeight == 0 {
		return peerLineHeight
	}
	return peerLineHeight + e.storyHeight + storyGap
}

// peerLine shows one peer: how it is connected, how fast, and how far it is. A
// click tells all about it.
type peerLine struct {
	widget.BaseWidget
	words *words.Words
	// tapped is told which line was clicked.
	tapped func(rowKey)
	peer   peerEntry
	laid   peerShape

	hover                *canvas.Rectangle
	badge                *look.Badge
	name, route, percent *look.Line
	incoming, outgoing   *look.Line
	bar                  *look.Bar
	story                *look.Paragraph
}

// peerShape is everything that the places of things in a line depend on.
type peerShape struct {
	size  fyne.Size
	badge string
	story float32
}

func newPeerLine(w *words.Words, tapped func(rowKey)) *peerLine {
	l := &peerLine{
		words: w, tapped: tapped, hover: canvas.NewRectangle(nil),
		badge: look.NewBadge(look.BadgeFace{}), name: look.NewLine(""), route: look.NewCaption(""),
		percent: look.NewCaption(""), bar: look.NewBar(), story: look.NewParagraph(""),
		incoming: look.NewCaption("").Aligned(fyne.TextAlignTrailing), outgoing: look.NewCaption("").Aligned(fyne.TextAlignTrailing),
	}
	l.hover.CornerRadius, l.hover.Hidden = 6, true
	l.ExtendBaseWidget(l)
	return l
}

// show draws only what is new.
func (l *peerLine) show(p peerEntry) {
	l.peer = p
	w := l.words
	l.badge.Set(pathFace(w, p.Path, p.Relay, p.switching))
	l.badge.SetTip(p.tip)
	l.name.SetText(peerName(w, p.Peer))
	l.route.SetText(route(w, p.Peer))
	l.story.SetText(p.story)
	l.bar.Set(float32(p.Progress), theme.ColorNamePrimary)
	l.percent.SetText(w.Say("peer.has", map[string]string{"Percent": fraction(p.Progress)}))
	if p.Paused { // a rate of nothing would say that something is wrong
		l.incoming.SetText(w.Say("status.paused", nil))
		l.outgoing.SetText("")
	} else {
		l.incoming.SetText(words.Rate(p.RateIn) + " ↓")
		l.outgoing.SetText(words.Rate(p.RateOut) + " ↑")
	}
	l.arrange(l.Size())
}

// Tapped tells all about the peer.
func (l *peerLine) Tapped(*fyne.PointEvent) { l.tapped(l.key()) }

func (l *peerLine) key() rowKey {
	return rowKey{transfer: l.peer.Transfer, part: peerPart, peer: l.peer.ID}
}

// Cursor says that a click does something.
func (l *peerLine) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn is called by Fyne.
func (l *peerLine) MouseIn(*desktop.MouseEvent) { l.hovered(true) }

// MouseMoved is called by Fyne.
func (l *peerLine) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by Fyne.
func (l *peerLine) MouseOut() { l.hovered(false) }

func (l *peerLine) hovered(on bool) {
	l.hover.FillColor = theme.Color(theme.ColorNameHover)
	l.hover.Hidden = !on
	canvas.Refresh(l.hover)
}

// AccessibilityLabel is the whole line.
func (l *peerLine) AccessibilityLabel() string {
	return facts(l.name.Text(), l.badge.Face().Text, l.route.Text(), l.percent.Text(), l.peer.story)
}

// AccessibilityRole says that pressing it does something.
func (l *peerLine) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// arrange puts things into their places, unless they are there.
func (l *peerLine) arrange(whole fyne.Size) {
	now := peerShape{whole, l.badge.Face().Text, l.peer.storyHeight}
	if now == l.laid {
		return
	}
	l.laid = now
	start, width := float32(rowText), whole.Width-rowText-rowPad
	place(l.hover, start-8, 1, width+16, l.peer.height()-2)
	gap, rates, bar := float32(14), float32(88), float32(96)
	taken := l.badge.MinSize().Width
	place(l.badge, start, (peerLineHeight-24)/2, taken, 24)
	if width >= peerLineWide {
		taken = max(taken, peerBadgeWidth) // names stand in a column
	} else {
		bar = 64
	}
	left, right := start+taken+gap, start+width-rates
	place(l.incoming, right, 6, rates, 18)
	place(l.outgoing, right, 25, rates, 18)
	// Who it is counts for more than how far they are.
	fits := right-gap-bar-gap-left >= peerNameLeast
	show(l.bar, fits)
	show(l.percent, fits)
	if fits {
		right -= gap + bar
		place(l.bar, right, 8, bar, 14)
		place(l.percent, right, 25, bar, 18)
	}
	right -= gap
	place(l.name, left, 3, right-left, 20)
	place(l.route, left, 25, right-left, 18)
	indent := storyLeft(width)
	place(l.story, start+indent, peerLineHeight-3, width-indent, l.peer.storyHeight)
}

// storyLeft is where a story begins in a line of a width.
func storyLeft(width float32) float32 {
	if width >= peerLineWide {
		return storyIndent
	}
	return 0
}

// CreateRenderer is called by Fyne.
func (l *peerLine) CreateRenderer() fyne.WidgetRenderer { return &peerLineRenderer{l} }

type peerLineRenderer struct{ *peerLine }

func (r *peerLineRenderer) Layout(size fyne.Size) {
	r.laid = peerShape{}
	r.arrange(size)
}

func (r *peerLineRenderer) MinSize() fyne.Size { return fyne.NewSize(420, r.peer.height()) }

// Refresh is called for a new theme; what has changed is drawn by show.
func (r *peerLineRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.peerLine.Size())
}

func (r *peerLineRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.hover, r.badge, r.name, r.route, r.bar, r.percent, r.incoming, r.outgoing, r.story}
}

func (r *peerLineRenderer) Destroy() {}

// place moves and sizes an object.
func place(o fyne.CanvasObject, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(width, 0), max(height, 0)))
}
