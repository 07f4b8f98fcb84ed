package ui

import (
	"slices"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// rowPart is what of a transfer a row of the list shows.
type rowPart int

// The parts, in their order. An unfolded transfer is several rows, so that of
// many peers too only those in sight exist.
const (
	headPart rowPart = iota
	detailPart
	peerPart
	rowParts
)

// rowKey names a row, wherever in the list it stands.
type rowKey struct {
	transfer engine.TransferID
	part     rowPart
	peer     string
}

// listed is a row's place in the list.
type listed struct {
	key    rowKey
	height float32
}

const (
	// cardGap is between the cards that transfers stand on.
	cardGap = 8
	// cardOverlap is how much of a card that is taller than the list is drawn
	// beyond its edge, so that no round corner is seen there.
	cardOverlap = 60
	// pageRest is how much PageUp and PageDown leave in sight.
	pageRest = 60
)

// rowList shows rows of different heights, one below the other, and has widgets
// only for those in sight. Fyne's list draws each of them anew at any change,
// and lays all of them out once for each height that changes.
type rowList struct {
	widget.BaseWidget
	// make makes a widget for a part, and update has it show the row at an index.
	make   func(rowPart) fyne.CanvasObject
	update func(int, fyne.CanvasObject)
	// pressed is told of keys that do something with the marked row.
	pressed func(rowKey, fyne.KeyName)

	rows []listed
	// tops are where the rows begin; the last is where all of them end.
	tops []float32
	// first is the first row in sight, and seen are the widgets from there on.
	first int
	seen  []fyne.CanvasObject
	spare [rowParts][]fyne.CanvasObject

	scroll *container.Scroll
	sheet  *rowSheet

	marked  rowKey
	focused bool
}

func newRowList(create func(rowPart) fyne.CanvasObject, update func(int, fyne.CanvasObject), pressed func(rowKey, fyne.KeyName)) *rowList {
	l := &rowList{make: create, update: update, pressed: pressed, tops: []float32{0}}
	l.sheet = newRowSheet(l)
	l.scroll = container.NewVScroll(l.sheet)
	l.scroll.OnScrolled = func(fyne.Position) { l.arrange() }
	l.ExtendBaseWidget(l)
	return l
}

// AccessibilityLabel is what the marked row says, since the list has the focus
// for its rows; empty where none is marked.
func (l *rowList) AccessibilityLabel() (label string) {
	l.each(func(key rowKey, object fyne.CanvasObject) {
		if shown, ok := object.(fyne.Accessible); ok && key == l.marked {
			label = shown.AccessibilityLabel()
		}
	})
	return label
}

// AccessibilityRole says that there is more in it.
func (l *rowList) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (l *rowList) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(l.scroll) }

// Resize is called by Fyne.
func (l *rowList) Resize(size fyne.Size) {
	l.BaseWidget.Resize(size)
	l.arrange()
}

// set shows other rows, or the same ones with other content. What is in sight
// stays where it is when something above it comes or goes.
func (l *rowList) set(rows []listed) {
	if slices.Equal(l.rows, rows) {
		for i, object := range l.seen {
			l.update(l.first+i, object)
		}
		return
	}
	kept := l.take()
	anchor, above := l.anchor()
	l.rows = append(l.rows[:0], rows...)
	l.measure()
	if at, found := l.find(anchor); found {
		l.scroll.Offset.Y = max(l.tops[at]-above, 0)
	}
	l.fill(kept)
	l.scroll.Refresh()
	l.sheet.redraw()
}

// measure finds where each row begins.
func (l *rowList) measure() {
	l.tops = l.tops[:0]
	top := float32(rowHalo)
	for i, row := range l.rows {
		if i > 0 && row.key.transfer != l.rows[i-1].key.transfer {
			top += cardGap
		}
		l.tops = append(l.tops, top)
		top += row.height
	}
	l.tops = append(l.tops, top+rowHalo)
}

// anchor is the topmost row in sight and how far above the edge it begins; no
// row while the list stands at its top.
func (l *rowList) anchor() (rowKey, float32) {
	if l.scroll.Offset.Y <= 0 || len(l.rows) == 0 {
		return rowKey{}, 0
	}
	at := min(l.at(l.scroll.Offset.Y), len(l.rows)-1)
	return l.rows[at].key, l.tops[at] - l.scroll.Offset.Y
}

// at is the first row that ends below a height.
func (l *rowList) at(y float32) int {
	return sort.Search(len(l.rows), func(i int) bool { return l.tops[i]+l.rows[i].height > y })
}

func (l *rowList) find(key rowKey) (int, bool) {
	if key == (rowKey{}) {
		return 0, false
	}
	at := slices.IndexFunc(l.rows, func(row listed) bool { return row.key == key })
	return at, at >= 0
}

// take takes all widgets off the list, by what they show.
func (l *rowList) take() map[rowKey]fyne.CanvasObject {
	kept := make(map[rowKey]fyne.CanvasObject, len(l.seen))
	for i, object := range l.seen {
		kept[l.rows[l.first+i].key] = object
	}
	l.seen = l.seen[:0]
	return kept
}

// arrange gives widgets to what has come into sight.
func (l *rowList) arrange() {
	first, last := l.inSight()
	if first != l.first || last-first != len(l.seen) {
		l.replace(first, last, l.take())
	}
	l.sheet.place()
}

// fill gives widgets to all that is in sight and has them show it. kept are the
// widgets there were.
func (l *rowList) fill(kept map[rowKey]fyne.CanvasObject) {
	first, last := l.inSight()
	known := make(map[rowKey]bool, len(kept))
	for key := range kept {
		known[key] = true
	}
	l.replace(first, last, kept)
	for i, object := range l.seen {
		if known[l.rows[l.first+i].key] {
			l.update(l.first+i, object)
		}
	}
	l.sheet.place()
}

// replace has rows in sight; what is new among them is shown.
func (l *rowList) replace(first, last int, kept map[rowKey]fyne.CanvasObject) {
	l.first, l.seen = first, l.seen[:0]
	for _, row := range l.rows[first:last] {
		l.seen = append(l.seen, kept[row.key])
		delete(kept, row.key)
	}
	for key, object := range kept {
		l.spare[key.part] = append(l.spare[key.part], object)
	}
	for i, object := range l.seen {
		if object == nil {
			l.seen[i] = l.widgetFor(l.rows[first+i].key.part)
			l.update(first+i, l.seen[i])
		}
	}
}

func (l *rowList) widgetFor(part rowPart) fyne.CanvasObject {
	spare := l.spare[part]
	if len(spare) == 0 {
		return l.make(part)
	}
	l.spare[part] = spare[:len(spare)-1]
	return spare[len(spare)-1]
}

// inSight are the rows from the first to before the last that can be seen.
func (l *rowList) inSight() (first, last int) {
	height := l.scroll.Size().Height
	if height <= 0 || len(l.rows) == 0 {
		return 0, 0
	}
	top := min(l.scroll.Offset.Y, max(l.height()-height, 0))
	first = l.at(top)
	last = first
	for last < len(l.rows) && l.tops[last] < top+height {
		last++
	}
	return first, last
}

func (l *rowList) height() float32 { return l.tops[len(l.tops)-1] }

// each calls f for what is in sight.
func (l *rowList) each(f func(rowKey, fyne.CanvasObject)) {
	for i, object := range l.seen {
		f(l.rows[l.first+i].key, object)
	}
}

// toTop scrolls to the first row.
func (l *rowList) toTop() { l.scrollTo(0) }

// reveal scrolls as little as is needed to have a row in sight.
func (l *rowList) reveal(key rowKey) {
	at, found := l.find(key)
	if !found {
		return
	}
	top, bottom := l.tops[at]-rowHalo, l.tops[at]+l.rows[at].height+rowHalo
	height := l.scroll.Size().Height
	switch {
	case top < l.scroll.Offset.Y:
		l.scrollTo(top)
	case bottom > l.scroll.Offset.Y+height:
		l.scrollTo(bottom - height)
	}
}

func (l *rowList) scrollTo(y float32) {
	l.scroll.ScrollToOffset(fyne.NewPos(0, min(max(y, 0), max(l.height()-l.scroll.Size().Height, 0))))
	l.arrange()
}

// rowSheet is what is scrolled: the cards, the rows in sight, and the frame
// around the marked one.
type rowSheet struct {
	widget.BaseWidget
	list  *rowList
	cards []*look.Card
	used  int
	frame *canvas.Rectangle
}

func newRowSheet(l *rowList) *rowSheet {
	s := &rowSheet{list: l, frame: canvas.NewRectangle(nil)}
	s.frame.CornerRadius, s.frame.StrokeWidth = 10, 2
	s.ExtendBaseWidget(s)
	return s
}

// AccessibilityLabel is empty: the rows say everything.
func (s *rowSheet) AccessibilityLabel() string { return "" }

// AccessibilityRole says that there is more in it.
func (s *rowSheet) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// MinSize is as high as all rows, those that do not exist too.
func (s *rowSheet) MinSize() fyne.Size { return fyne.NewSize(420, s.list.height()) }

// place puts everything in sight where it belongs.
func (s *rowSheet) place() {
	l, width := s.list, s.Size().Width-scrollRoom
	for i, object := range l.seen {
		place(object, 0, l.tops[l.first+i], width, l.rows[l.first+i].height)
	}
	s.placeCards(width)
	s.placeFrame(width)
}

// placeCards puts a card under the rows of each transfer.
func (s *rowSheet) placeCards(width float32) {
	l := s.list
	s.used = 0
	upper := l.scroll.Offset.Y - cardOverlap
	lower := l.scroll.Offset.Y + l.scroll.Size().Height + cardOverlap
	last := l.first + len(l.seen)
	for i := l.first; i < last; {
		top, id := l.tops[i], l.rows[i].key.transfer
		if i > 0 && l.rows[i-1].key.transfer == id {
			top = upper
		}
		for i < last && l.rows[i].key.transfer == id {
			i++
		}
		bottom := l.tops[i-1] + l.rows[i-1].height
		if i < len(l.rows) && l.rows[i].key.transfer == id {
			bottom = lower
		}
		place(s.card(), rowHalo, top, width-2*rowHalo, bottom-top)
	}
}

// card is the next card that is not used yet.
func (s *rowSheet) card() *look.Card {
	if s.used == len(s.cards) {
		s.cards = append(s.cards, look.NewCard(container.NewWithoutLayout()))
	}
	s.used++
	return s.cards[s.used-1]
}

// placeFrame shows which row the keyboard is at.
func (s *rowSheet) placeFrame(width float32) {
	l := s.list
	at, found := l.find(l.marked)
	s.frame.Hidden = !l.focused || !found || at < l.first || at >= l.first+len(l.seen)
	if s.frame.Hidden {
		return
	}
	s.frame.StrokeColor = theme.Color(theme.ColorNamePrimary)
	place(s.frame, rowHalo, l.tops[at], width-2*rowHalo, l.rows[at].height)
}

func (s *rowSheet) redraw() { canvas.Refresh(s) }

// CreateRenderer is called by Fyne.
func (s *rowSheet) CreateRenderer() fyne.WidgetRenderer { return &rowSheetRenderer{sheet: s} }

type rowSheetRenderer struct {
	sheet   *rowSheet
	objects []fyne.CanvasObject
}

func (r *rowSheetRenderer) Layout(fyne.Size) { r.sheet.list.arrange() }

func (r *rowSheetRenderer) MinSize() fyne.Size { return r.sheet.MinSize() }

// Refresh is called for a new theme, and when rows come or go. The rows in sight
// are drawn by themselves; those out of sight are made anew when they are needed.
func (r *rowSheetRenderer) Refresh() {
	for _, card := range r.sheet.cards {
		card.Refresh()
	}
	r.sheet.list.spare = [rowParts][]fyne.CanvasObject{}
	r.sheet.list.arrange()
	r.sheet.redraw()
}

func (r *rowSheetRenderer) Objects() []fyne.CanvasObject {
	r.objects = r.objects[:0]
	for _, card := range r.sheet.cards[:r.sheet.used] {
		r.objects = append(r.objects, card)
	}
	r.objects = append(r.objects, r.sheet.list.seen...)
	r.objects = append(r.objects, r.sheet.frame)
	return r.objects
}

func (r *rowSheetRenderer) Destroy() {}
