package look

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

const (
	// tipDelay is how long the mouse rests on something before its tip comes.
	tipDelay = 600 * time.Millisecond
	tipWidth = 280
	tipPad   = 8
	tipGap   = 6
)

// TipLayer is the content of a window, with room above it for one tip. Its
// functions run on the main goroutine. It finds its way by the canvas, so a
// window needs nothing but WithTips around its content; what is shown in
// another place, such as a dialog, has no tips.
type TipLayer struct {
	widget.BaseWidget
	content fyne.CanvasObject
	after   func(time.Duration, func())
	tip     *tip
	// of is what a tip is shown for, or will be when asked is not overtaken.
	of    fyne.CanvasObject
	asked int
}

// WithTips returns content as the root of a window in which tips are shown.
// after runs a function on the main goroutine after a while.
func WithTips(content fyne.CanvasObject, after func(time.Duration, func())) *TipLayer {
	l := &TipLayer{content: content, after: after, tip: newTip()}
	l.tip.Hide()
	l.ExtendBaseWidget(l)
	return l
}

// TipLater shows a text below an object once the mouse has rested on it. It does
// nothing where the object's window has no TipLayer, or there is no text.
func TipLater(of fyne.CanvasObject, text string) {
	l := tipLayerOf(of)
	if l == nil || text == "" {
		return
	}
	l.asked++
	l.of = of
	asked := l.asked
	l.after(tipDelay, func() {
		if l.asked == asked {
			l.show(of, text)
		}
	})
}

// HideTip hides the tip of an object, and forgets one that was to come.
func HideTip(of fyne.CanvasObject) {
	if l := tipLayerOf(of); l != nil && l.of == of {
		l.asked++
		l.of = nil
		l.tip.Hide()
	}
}

// Tip is the text that is shown now; empty while there is none.
func (l *TipLayer) Tip() string {
	if !l.tip.Visible() {
		return ""
	}
	return l.tip.text.Text()
}

func tipLayerOf(of fyne.CanvasObject) *TipLayer {
	found := fyne.CurrentApp().Driver().CanvasForObject(of)
	if found == nil {
		return nil
	}
	layer, _ := found.Content().(*TipLayer)
	return layer
}

func (l *TipLayer) show(of fyne.CanvasObject, text string) {
	if text == "" {
		return
	}
	l.of = of
	driver := fyne.CurrentApp().Driver()
	at := driver.AbsolutePositionForObject(of).Subtract(driver.AbsolutePositionForObject(l))
	l.tip.text.SetText(text)
	size := l.tip.sizeWithin(l.Size().Width)
	left := min(at.X, l.Size().Width-size.Width-tipGap)
	top := at.Y + of.Size().Height + tipGap
	if top+size.Height > l.Size().Height-tipGap {
		top = at.Y - size.Height - tipGap
	}
	l.tip.Move(fyne.NewPos(max(left, tipGap), max(top, tipGap)))
	l.tip.Resize(size)
	l.tip.Show()
	l.tip.Refresh()
}

// AccessibilityLabel is empty: what is inside speaks for itself.
func (l *TipLayer) AccessibilityLabel() string { return "" }

// AccessibilityRole says that this holds other widgets.
func (l *TipLayer) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (l *TipLayer) CreateRenderer() fyne.WidgetRenderer { return &tipLayerRenderer{l} }

type tipLayerRenderer struct{ *TipLayer }

// Layout hides the tip, because what it stands at may have moved.
func (r *tipLayerRenderer) Layout(size fyne.Size) {
	r.content.Resize(size)
	r.tip.Hide()
}

func (r *tipLayerRenderer) MinSize() fyne.Size { return r.content.MinSize() }
func (r *tipLayerRenderer) Refresh()           { r.content.Refresh() }
func (r *tipLayerRenderer) Destroy()           {}
func (r *tipLayerRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.content, r.tip}
}

// tip is a text on a small surface.
type tip struct {
	widget.BaseWidget
	text *Paragraph
}

func newTip() *tip {
	t := &tip{text: NewParagraph("")}
	t.text.Colored(colorTipText)
	t.ExtendBaseWidget(t)
	return t
}

// sizeWithin is as wide as the lines of the text, which are no wider than is
// easy to read.
func (t *tip) sizeWithin(width float32) fyne.Size {
	room := min(tipWidth, width-2*tipGap) - 2*tipPad
	words := float32(0)
	for _, line := range wrap(t.text.Text(), room, t.text.measure) {
		words = max(words, t.text.measure(line)+1)
	}
	return fyne.NewSize(words+2*tipPad, t.text.HeightFor(words)+2*tipPad-2)
}

// CreateRenderer is called by Fyne.
func (t *tip) CreateRenderer() fyne.WidgetRenderer {
	r := &tipRenderer{tip: t, surface: canvas.NewRectangle(nil)}
	r.surface.CornerRadius = 6
	r.Refresh()
	return r
}

type tipRenderer struct {
	tip     *tip
	surface *canvas.Rectangle
}

func (r *tipRenderer) Layout(size fyne.Size) {
	r.surface.Resize(size)
	r.tip.text.Move(fyne.NewPos(tipPad, tipPad-1))
	r.tip.text.Resize(size.SubtractWidthHeight(2*tipPad, 2*tipPad-2))
}

// MinSize is nothing, so that a tip makes no window larger.
func (r *tipRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *tipRenderer) Refresh() {
	r.surface.FillColor = colorOf(r.tip, colorTip)
	r.tip.text.Refresh()
	r.Layout(r.tip.Size())
	canvas.Refresh(r.tip)
}

func (r *tipRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.surface, r.tip.text}
}

func (r *tipRenderer) Destroy() {}
