package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/ui/look"
)

const (
	peerLineHeight = 48
	peerBadgeWidth = 178
	peerLineWide   = 620
	peerNameLeast  = 120
	// A story begins where the names do.
	storyIndent = peerBadgeWidth + 14
	storyGap    = 6
)

// peerLine shows one peer: how it is connected, how fast, and how far it is.
type peerLine struct {
	widget.BaseWidget
	words *words.Words
	peer  peerEntry

	badge                *look.Badge
	name, route, percent *look.Line
	incoming, outgoing   *look.Line
	bar                  *look.Bar
	story                *look.Paragraph
}

func newPeerLine(w *words.Words) *peerLine {
	l := &peerLine{
		words: w, badge: look.NewBadge(look.BadgeFace{}), name: look.NewLine(""), route: look.NewCaption(""),
		percent: look.NewCaption(""), bar: look.NewBar(), story: look.NewParagraph(""),
		incoming: look.NewCaption("").Aligned(fyne.TextAlignTrailing), outgoing: look.NewCaption("").Aligned(fyne.TextAlignTrailing),
	}
	l.ExtendBaseWidget(l)
	return l
}

// show does nothing when nothing has changed.
func (l *peerLine) show(p peerEntry) {
	if l.peer.same(p) {
		return
	}
	l.peer = p
	w := l.words
	l.badge.Set(pathFace(w, p.Path, p.Relay, p.switching))
	l.name.SetText(peerName(w, p.Peer))
	l.route.SetText(route(w, p.Peer))
	l.story.SetText(p.story)
	l.bar.Set(float32(p.Progress), theme.ColorNamePrimary)
	l.percent.SetText(w.Say("peer.has", map[string]string{"Percent": fraction(p.Progress)}))
	l.incoming.SetText(words.Rate(p.RateIn) + " ↓")
	l.outgoing.SetText(words.Rate(p.RateOut) + " ↑")
	l.Refresh() // a longer badge moves its neighbours
}

// CreateRenderer is called by Fyne.
func (l *peerLine) CreateRenderer() fyne.WidgetRenderer { return &peerLineRenderer{l} }

type peerLineRenderer struct{ *peerLine }

func (r *peerLineRenderer) Layout(size fyne.Size) {
	gap, rates, bar := float32(14), float32(88), float32(96)
	left := r.badge.MinSize().Width
	place(r.badge, 0, (peerLineHeight-24)/2, left, 24)
	if size.Width >= peerLineWide {
		left = max(left, peerBadgeWidth) // names stand in a column
	} else {
		bar = 64
	}
	left += gap
	right := size.Width - rates
	place(r.incoming, right, 6, rates, 18)
	place(r.outgoing, right, 25, rates, 18)
	// Who it is counts for more than how far they are.
	fits := right-gap-bar-gap-left >= peerNameLeast
	show(r.bar, fits)
	show(r.percent, fits)
	if fits {
		right -= gap + bar
		place(r.bar, right, 8, bar, 14)
		place(r.percent, right, 25, bar, 18)
	}
	right -= gap
	place(r.name, left, 3, right-left, 20)
	place(r.route, left, 25, right-left, 18)
	indent := storyLeft(size.Width)
	place(r.story, indent, peerLineHeight-3, size.Width-indent, r.peer.storyHeight)
}

// storyLeft is where a story begins in a line of a width.
func storyLeft(width float32) float32 {
	if width >= peerLineWide {
		return storyIndent
	}
	return 0
}

func (r *peerLineRenderer) MinSize() fyne.Size { return fyne.NewSize(460, r.peer.height()) }

func (r *peerLineRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.peerLine.Size())
}

func (r *peerLineRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.badge, r.name, r.route, r.bar, r.percent, r.incoming, r.outgoing, r.story}
}

func (r *peerLineRenderer) Destroy() {}

// place moves and sizes an object.
func place(o fyne.CanvasObject, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(width, 0), max(height, 0)))
}
