package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Choice is one of several things of which one holds.
type Choice struct {
	Icon fyne.Resource
	// Title names it, Consequence says in a sentence what follows from it, and
	// Detail what else there is to know; it may be empty.
	Title, Consequence, Detail string
}

const (
	choiceGap     = 10
	choiceColumn  = 280 // the least width of one of two columns
	choicePad     = 14
	choiceHalo    = 4 // how far the focus stands around a card
	choiceIcon    = 22
	choiceMark    = 20
	choiceSpacing = 4
)

// ChoiceCards are cards of which one is chosen: by the mouse, or by Tab and the
// arrow keys, and Space. As with Paragraph the height follows from the width: a
// layout resizes first, and then asks for MinSize.
type ChoiceCards struct {
	widget.BaseWidget
	cards    []*choiceCard
	selected int
	changed  func(int)
}

// NewChoiceCards returns cards of which none is chosen. changed is called with
// the index of the one that the user chooses; the card is marked by then.
func NewChoiceCards(choices []Choice, changed func(int)) *ChoiceCards {
	c := &ChoiceCards{selected: -1, changed: changed}
	for i, choice := range choices {
		c.cards = append(c.cards, newChoiceCard(c, i, choice))
	}
	c.ExtendBaseWidget(c)
	return c
}

// Select marks a card, and tells nobody; -1 marks none.
func (c *ChoiceCards) Select(index int) {
	if c.selected == index {
		return
	}
	before := c.selected
	c.selected = index
	for _, i := range []int{before, index} {
		if i >= 0 && i < len(c.cards) {
			c.cards[i].Refresh()
		}
	}
}

// Selected is the index of the card that is chosen; -1 for none.
func (c *ChoiceCards) Selected() int { return c.selected }

// Card is one of the cards, such as for the focus; it can be tapped.
func (c *ChoiceCards) Card(index int) fyne.Focusable { return c.cards[index] }

func (c *ChoiceCards) choose(index int) {
	if c.selected == index {
		return
	}
	c.Select(index)
	if c.changed != nil {
		c.changed(index)
	}
}

// goTo moves the focus to another card.
func (c *ChoiceCards) goTo(index int) {
	if found := fyne.CurrentApp().Driver().CanvasForObject(c); found != nil && index >= 0 && index < len(c.cards) {
		found.Focus(c.cards[index])
	}
}

// columns is how many cards stand side by side at a width.
func (c *ChoiceCards) columns(width float32) int {
	if width >= 2*choiceColumn+choiceGap && len(c.cards) > 1 {
		return 2
	}
	return 1
}

// AccessibilityLabel is empty: what is inside speaks for itself.
func (c *ChoiceCards) AccessibilityLabel() string { return "" }

// AccessibilityRole says that this holds other widgets.
func (c *ChoiceCards) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (c *ChoiceCards) CreateRenderer() fyne.WidgetRenderer { return &choiceCardsRenderer{c} }

type choiceCardsRenderer struct{ *ChoiceCards }

// Layout makes the cards of a row equally high.
func (r *choiceCardsRenderer) Layout(size fyne.Size) { r.arrange(size.Width) }

// arrange lays the cards out at a width, and returns their height.
func (r *choiceCardsRenderer) arrange(width float32) (height float32) {
	columns := r.columns(width)
	each := (width - float32(columns-1)*choiceGap) / float32(columns)
	for first := 0; first < len(r.cards); first += columns {
		row := r.cards[first:min(first+columns, len(r.cards))]
		most := float32(0)
		for _, card := range row {
			most = max(most, card.heightFor(each))
		}
		if first > 0 {
			height += choiceGap
		}
		for i, card := range row {
			card.Move(fyne.NewPos(float32(i)*(each+choiceGap), height))
			card.Resize(fyne.NewSize(each, most))
		}
		height += most
	}
	return height
}

func (r *choiceCardsRenderer) MinSize() fyne.Size {
	return fyne.NewSize(choiceColumn, r.arrange(max(r.ChoiceCards.Size().Width, choiceColumn)))
}

func (r *choiceCardsRenderer) Refresh() {
	for _, card := range r.cards {
		card.Refresh()
	}
	r.Layout(r.ChoiceCards.Size())
}

func (r *choiceCardsRenderer) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, len(r.cards))
	for i, card := range r.cards {
		objects[i] = card
	}
	return objects
}

func (r *choiceCardsRenderer) Destroy() {}

// choiceCard is one of the cards.
type choiceCard struct {
	widget.BaseWidget
	of               *ChoiceCards
	index            int
	choice           Choice
	hovered, focused bool

	title               *Line
	consequence, detail *Paragraph
}

func newChoiceCard(of *ChoiceCards, index int, choice Choice) *choiceCard {
	k := &choiceCard{
		of: of, index: index, choice: choice, title: NewTitle(choice.Title),
		consequence: NewParagraph(choice.Consequence).Colored(theme.ColorNameForeground), detail: NewParagraph(choice.Detail),
	}
	k.ExtendBaseWidget(k)
	return k
}

func (k *choiceCard) selected() bool                         { return k.of.selected == k.index }
func (k *choiceCard) Tapped(*fyne.PointEvent)                { k.of.goTo(k.index); k.of.choose(k.index) }
func (k *choiceCard) FocusGained()                           { k.focused = true; k.Refresh() }
func (k *choiceCard) FocusLost()                             { k.focused = false; k.Refresh() }
func (k *choiceCard) TypedRune(rune)                         {}
func (k *choiceCard) MouseIn(*desktop.MouseEvent)            { k.hovered = true; k.Refresh() }
func (k *choiceCard) MouseMoved(*desktop.MouseEvent)         {}
func (k *choiceCard) MouseOut()                              { k.hovered = false; k.Refresh() }
func (k *choiceCard) Cursor() desktop.Cursor                 { return desktop.PointerCursor }
func (k *choiceCard) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// AccessibilityLabel is all that the card says, with a mark where it is chosen.
func (k *choiceCard) AccessibilityLabel() string {
	label := k.choice.Title + ". " + k.choice.Consequence
	if k.choice.Detail != "" {
		label += " " + k.choice.Detail
	}
	if k.selected() {
		return "✓ " + label
	}
	return label
}

func (k *choiceCard) TypedKey(key *fyne.KeyEvent) {
	across := k.of.columns(k.of.Size().Width)
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		k.of.choose(k.index)
	case fyne.KeyLeft:
		k.of.goTo(k.index - 1)
	case fyne.KeyRight:
		k.of.goTo(k.index + 1)
	case fyne.KeyUp:
		k.of.goTo(k.index - across)
	case fyne.KeyDown:
		k.of.goTo(k.index + across)
	}
}

// wordsFrom and wordsWidth are where the words stand in a card of a width.
func (k *choiceCard) wordsFrom() float32 { return choicePad + choiceIcon + 12 }
func (k *choiceCard) wordsWidth(width float32) float32 {
	return width - k.wordsFrom() - choicePad
}

func (k *choiceCard) heightFor(width float32) float32 {
	words := k.wordsWidth(width)
	height := 2*choicePad + k.title.MinSize().Height + choiceSpacing + k.consequence.HeightFor(words)
	if k.choice.Detail != "" {
		height += choiceSpacing + k.detail.HeightFor(words)
	}
	return height
}

// CreateRenderer is called by Fyne.
func (k *choiceCard) CreateRenderer() fyne.WidgetRenderer {
	r := &choiceCardRenderer{
		card: k, halo: canvas.NewRectangle(nil), edge: newOutline(), icon: canvas.NewImageFromResource(nil),
		ring: canvas.NewCircle(nil), check: newStrokes(2),
	}
	r.halo.CornerRadius = outlineRadius + choiceHalo
	r.icon.FillMode = canvas.ImageFillContain
	r.Refresh()
	return r
}

type choiceCardRenderer struct {
	card *choiceCard
	halo *canvas.Rectangle
	edge *outline
	icon *canvas.Image
	// ring is empty, or full with a check mark on it.
	ring  *canvas.Circle
	check []*canvas.Line
}

// checkStrokes are the lines of a check mark within a square of choiceMark.
var checkStrokes = [][2]fyne.Position{{{X: 5.5, Y: 10.5}, {X: 8.8, Y: 13.8}}, {{X: 8.8, Y: 13.8}, {X: 14.8, Y: 6.8}}}

func (r *choiceCardRenderer) Layout(size fyne.Size) {
	r.halo.Move(fyne.NewSquareOffsetPos(-choiceHalo))
	r.halo.Resize(size.AddWidthHeight(2*choiceHalo, 2*choiceHalo))
	r.edge.layOut(size)
	k := r.card
	r.icon.Move(fyne.NewSquareOffsetPos(choicePad))
	r.icon.Resize(fyne.NewSquareSize(choiceIcon))
	mark := fyne.NewPos(size.Width-choicePad-choiceMark+2, choicePad-1)
	r.ring.Move(mark)
	r.ring.Resize(fyne.NewSquareSize(choiceMark))
	for i, stroke := range r.check {
		stroke.Position1, stroke.Position2 = mark.Add(checkStrokes[i][0]), mark.Add(checkStrokes[i][1])
	}
	left, width, top := k.wordsFrom(), k.wordsWidth(size.Width), float32(choicePad)
	stack := func(o fyne.CanvasObject, width, height float32) {
		o.Move(fyne.NewPos(left, top))
		o.Resize(fyne.NewSize(width, height))
		top += height + choiceSpacing
	}
	stack(k.title, width-choiceMark-8, k.title.MinSize().Height)
	stack(k.consequence, width, k.consequence.HeightFor(width))
	stack(k.detail, width, k.detail.HeightFor(width))
}

func (r *choiceCardRenderer) MinSize() fyne.Size {
	return fyne.NewSize(choiceColumn, r.card.heightFor(max(r.card.Size().Width, choiceColumn)))
}

func (r *choiceCardRenderer) Refresh() {
	k := r.card
	primary := colorOf(k, theme.ColorNamePrimary)
	edge := colorOf(k, ColorCardEdge)
	r.edge.thick = 1
	r.ring.FillColor, r.ring.StrokeColor, r.ring.StrokeWidth = faded(primary, 0), colorOf(k, ColorIdle), 1.5
	ink := theme.ColorNameForeground
	if k.selected() {
		ink = theme.ColorNamePrimary
		edge, r.edge.thick = primary, 2
		r.ring.FillColor, r.ring.StrokeColor = primary, primary
	} else if k.hovered {
		edge = colorOf(k, ColorIdle)
	}
	r.edge.color(edge)
	for _, stroke := range r.check {
		stroke.StrokeColor, stroke.StrokeWidth = colorOf(k, theme.ColorNameForegroundOnPrimary), 2
		stroke.Hidden = !k.selected()
	}
	r.halo.StrokeColor, r.halo.StrokeWidth, r.halo.Hidden = primary, 2, !k.focused
	r.icon.Hidden = k.choice.Icon == nil
	if !r.icon.Hidden {
		r.icon.Resource = theme.NewColoredResource(k.choice.Icon, ink)
		r.icon.Refresh()
	}
	for _, o := range []fyne.CanvasObject{k.title, k.consequence, k.detail} {
		o.Refresh()
	}
	r.Layout(k.Size())
	canvas.Refresh(k)
}

func (r *choiceCardRenderer) Objects() []fyne.CanvasObject {
	k := r.card
	objects := append([]fyne.CanvasObject{r.halo, r.icon, r.ring}, r.edge.objects()...)
	for _, stroke := range r.check {
		objects = append(objects, stroke)
	}
	return append(objects, k.title, k.consequence, k.detail)
}

func (r *choiceCardRenderer) Destroy() {}
