package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Card is a surface with content on it: a panel in a colour of its own, or a
// part of the window within an edge.
type Card struct {
	widget.BaseWidget
	content    fyne.CanvasObject
	fill, edge fyne.ThemeColorName
	pad        float32
	rounded    bool
}

// NewCard returns a card around content.
func NewCard(content fyne.CanvasObject) *Card {
	c := &Card{content: content, edge: ColorCardEdge, pad: 14}
	c.ExtendBaseWidget(c)
	return c
}

// NewPanel returns a surface without an edge, in a colour of the theme, with
// that much room around its content.
func NewPanel(fill fyne.ThemeColorName, pad float32, content fyne.CanvasObject) *Card {
	c := &Card{content: content, fill: fill, pad: pad}
	c.ExtendBaseWidget(c)
	return c
}

// AccessibilityLabel is empty: what is inside speaks for itself.
func (c *Card) AccessibilityLabel() string { return "" }

// AccessibilityRole says that this holds other widgets.
func (c *Card) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (c *Card) CreateRenderer() fyne.WidgetRenderer {
	r := &cardRenderer{card: c}
	if c.edge != "" {
		r.outline = newOutline()
	} else {
		r.surface = canvas.NewRectangle(nil)
		if c.rounded {
			r.surface.CornerRadius = 6
		}
	}
	r.Refresh()
	return r
}

// cardRenderer has a surface, or an edge around the window's own background:
// filling most of the window a second time is what painting it would cost most.
type cardRenderer struct {
	card    *Card
	surface *canvas.Rectangle
	outline *outline
}

func (r *cardRenderer) Layout(size fyne.Size) {
	if r.outline != nil {
		r.outline.layOut(size)
	} else {
		r.surface.Resize(size)
	}
	r.card.content.Move(fyne.NewSquareOffsetPos(r.card.pad))
	r.card.content.Resize(size.SubtractWidthHeight(2*r.card.pad, 2*r.card.pad))
}

func (r *cardRenderer) MinSize() fyne.Size {
	return r.card.content.MinSize().AddWidthHeight(2*r.card.pad, 2*r.card.pad)
}

func (r *cardRenderer) Refresh() {
	if r.outline != nil {
		r.outline.color(colorOf(r.card, r.card.edge))
	} else {
		r.surface.FillColor = colorOf(r.card, r.card.fill)
		r.surface.Refresh()
	}
	r.card.content.Refresh()
	r.Layout(r.card.Size())
}

func (r *cardRenderer) Objects() []fyne.CanvasObject {
	if r.outline != nil {
		return append(r.outline.objects(), r.card.content)
	}
	return []fyne.CanvasObject{r.surface, r.card.content}
}

func (r *cardRenderer) Destroy() {}

// Tight leaves little room around the content, and returns the card.
func (c *Card) Tight() *Card {
	c.pad = 4
	return c
}

// Rounded takes the corners off a panel, and returns it.
func (c *Card) Rounded() *Card {
	c.rounded = true
	return c
}
