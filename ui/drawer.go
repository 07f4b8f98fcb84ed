package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// peerDrawer shows everything that is known of one peer, while it is open.
type peerDrawer struct {
	window  *Window
	content *look.Drawer

	transfer engine.TransferID
	id       string
	// peer is the newest that was known; gone tells that it is not there now.
	peer engine.Peer
	gone bool
	// before had the focus when the drawer was opened.
	before fyne.Focusable

	name, client *look.Line
	badge        *look.Badge
	meaning, why *look.Paragraph
	left         *look.Paragraph
	facts        *factList
	fingerprint  *look.Paragraph
	compare      fyne.CanvasObject
	timeline     *factList
	past         fyne.CanvasObject
	body         *fyne.Container
	scroll       *container.Scroll
	full         *widget.Check
}

func newPeerDrawer(w *Window) *peerDrawer {
	d := &peerDrawer{
		window: w, name: look.NewTitle(""), client: look.NewCaption(""), badge: look.NewBadge(look.BadgeFace{}),
		meaning: look.NewParagraph(""), why: look.NewParagraph(""), left: look.NewParagraph("").Colored(theme.ColorNameWarning),
		facts: newFactList(factLabelWidth), fingerprint: look.NewParagraph("").Colored(theme.ColorNameForeground).Sized(theme.SizeNameText).Bold(),
		timeline: newFactList(timeLabelWidth),
	}
	d.left.SetText(w.words.Say("drawer.gone", nil))
	d.compare = column(4, look.NewCaption(w.words.Say("drawer.fingerprint", nil)), d.fingerprint,
		look.NewParagraph(w.words.Say("drawer.compare", nil)))
	d.past = column(6, look.NewTitle(w.words.Say("drawer.timeline", nil)), d.timeline.content)
	d.body = column(14, d.left, column(6, container.NewHBox(d.badge), d.meaning, d.why), d.facts.content, d.compare, d.past, spacer(1))
	d.scroll = container.NewVScroll(container.New(rightMargin{scrollRoom}, d.body))
	d.content = look.NewDrawer(container.NewBorder(d.head(), d.foot(), nil, nil, container.New(&scrollLayout{}, d.scroll)), d.close)
	d.content.SetScroll(d.scroll)
	d.content.Hide()
	return d
}

func (d *peerDrawer) head() fyne.CanvasObject {
	away := look.NewTipButton(theme.CancelIcon(), d.window.words.Say("drawer.close", nil), d.close)
	return container.NewVBox(container.NewBorder(nil, nil, nil, container.NewVBox(away, layout.NewSpacer()),
		container.NewVBox(d.name, d.client)), spacer(6))
}

func (d *peerDrawer) foot() fyne.CanvasObject {
	w := d.window
	d.full = widget.NewCheck(w.words.Say("report.full", nil), nil)
	copied := widget.NewButtonWithIcon(w.words.Say("report.copy", nil), theme.ContentCopyIcon(), d.copyReport)
	closed := widget.NewButton(w.words.Say("drawer.close", nil), d.close)
	return container.NewVBox(widget.NewSeparator(), d.full, container.NewGridWithColumns(2, copied, closed))
}

// openDrawer shows what is known of a peer. It does nothing where there is no
// such peer now.
func (w *Window) openDrawer(transfer engine.TransferID, peer string) { w.drawer.openAt(transfer, peer) }

func (d *peerDrawer) openAt(transfer engine.TransferID, id string) {
	before := d.before
	if !d.open() {
		before = d.window.window.Canvas().Focused()
	}
	d.transfer, d.id = transfer, id
	p, found := d.find(d.window.state)
	if !found {
		return
	}
	d.before, d.full.Checked = before, false
	d.full.Refresh()
	d.content.Show()
	d.scroll.ScrollToTop()
	d.peer, d.gone = engine.Peer{}, true // so that all is laid out anew
	d.showPeer(p, false)
	d.window.window.Canvas().Focus(d.content)
}

// open reports whether the drawer is seen.
func (d *peerDrawer) open() bool { return d.content.Visible() }

// close hides the drawer, and gives the focus back.
func (d *peerDrawer) close() {
	if !d.open() {
		return
	}
	d.content.Hide()
	canvas := d.window.window.Canvas()
	if before, ok := d.before.(fyne.CanvasObject); ok && before.Visible() {
		canvas.Focus(d.before)
	} else {
		canvas.Unfocus()
	}
	d.before = nil
}

func (d *peerDrawer) find(s engine.State) (engine.Peer, bool) {
	for _, p := range s.Peers {
		if p.Transfer == d.transfer && p.ID == d.id {
			return p, true
		}
	}
	return engine.Peer{}, false
}

// show follows the peer in a new state. One that has left may come back, so
// what was known of it stays; it goes with its transfer.
func (d *peerDrawer) show(s engine.State) {
	if !d.open() {
		return
	}
	if _, found := s.Transfer(d.transfer); !found {
		d.close()
		return
	}
	p, found := d.find(s)
	if !found {
		p = d.peer
	}
	d.showPeer(p, !found)
}

// showPeer touches only what is new, because numbers change ten times a second.
func (d *peerDrawer) showPeer(p engine.Peer, gone bool) {
	w, now := d.window.words, d.window.now()
	moved := d.gone != gone || !slices.Equal(d.peer.Timeline, p.Timeline)
	if moved {
		d.timeline.set(d.told(p))
	}
	d.peer, d.gone = p, gone
	d.name.SetText(w.Say("peer.unnamed", nil))
	if p.Name != "" {
		d.name.SetText(oneLine(p.Name))
	}
	d.content.SetLabel(d.name.Text())
	d.client.SetText(oneLine(p.Client))
	if face := pathFace(w, p.Path, p.Relay, switching(p, now)); face != d.badge.Face() {
		d.badge.Set(face)
		moved = true
	}
	moved = tell(d.meaning, pathSentence(w, p.Path, p.Relay, d.window.keeper.taken.Policy)) || moved
	moved = tell(d.why, story(w, p)) || moved
	moved = tell(d.fingerprint, strings.Join(p.Fingerprint, " ")) || moved
	moved = d.facts.set(peerFacts(w, p, now, fullAddress, withoutUser)) || moved
	if !moved {
		return
	}
	show(d.why, d.why.Text() != "")
	show(d.meaning, d.meaning.Text() != "")
	show(d.left, gone)
	show(d.compare, len(p.Fingerprint) > 0)
	show(d.past, len(p.Timeline) > 0)
	d.arrange()
}

// told is what was tried for a peer.
func (d *peerDrawer) told(p engine.Peer) (told []fact) {
	for _, m := range moments(d.window.words, p.Timeline, withoutUser) {
		told = append(told, fact{clock(d.window.words, m.at, d.window.now()), m.text})
	}
	return told
}

// tell gives a paragraph another text, and reports whether that needs another
// height than before.
func tell(p *look.Paragraph, text string) (moved bool) {
	if p.Text() == text {
		return false
	}
	width := p.Size().Width
	before := p.HeightFor(width)
	p.SetText(text)
	return p.HeightFor(width) != before
}

// arrange gives everything the room that its words need now.
func (d *peerDrawer) arrange() {
	d.body.Refresh()
	d.scroll.Refresh()
}

func (d *peerDrawer) copyReport() {
	w := d.window
	w.app.Clipboard().SetContent(report(w.words, d.peer, w.keeper.taken.Policy, w.now(), d.full.Checked))
	w.notice.tell(w.words.Say("report.copied", nil))
}

const (
	factLabelWidth = 104
	timeLabelWidth = 62
)

// factList shows facts below each other, what they are called at the left.
type factList struct {
	content *fyne.Container
	width   float32
	shown   []fact
	lines   []*fyne.Container
	labels  []*look.Paragraph
	values  []*look.Paragraph
}

func newFactList(width float32) *factList { return &factList{content: column(6), width: width} }

// set touches only what has changed, and reports whether that needs another
// height than before.
func (l *factList) set(known []fact) (moved bool) {
	if slices.Equal(l.shown, known) {
		return false
	}
	moved = len(l.shown) != len(known)
	l.shown = known
	for len(l.lines) < len(known) {
		label, value := look.NewParagraph(""), look.NewParagraph("").Colored(theme.ColorNameForeground)
		line := container.New(factLayout{l.width}, label, value)
		l.labels, l.values, l.lines = append(l.labels, label), append(l.values, value), append(l.lines, line)
		l.content.Add(line)
	}
	for i, line := range l.lines {
		show(line, i < len(known))
		if i < len(known) {
			moved = tell(l.labels[i], known[i].label) || moved
			moved = tell(l.values[i], known[i].value) || moved
		}
	}
	return moved
}

// factLayout puts a label left of a value; both are as high as they need to be.
type factLayout struct{ label float32 }

func (f factLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := f.label + 8
	for i, width := range []float32{f.label, size.Width - left} {
		o := objects[i]
		o.Resize(fyne.NewSize(width, o.Size().Height))
		place(o, float32(i)*left, 0, width, o.MinSize().Height)
	}
}

func (f factLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	label, value := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(f.label+8+value.Width, max(label.Height, value.Height))
}

// drawerLayout stands a drawer at the right edge.
type drawerLayout struct{}

func (drawerLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		place(o, size.Width-look.DrawerWidth, 0, look.DrawerWidth, size.Height)
	}
}

// MinSize is nothing: a drawer stands over what is there.
func (drawerLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
