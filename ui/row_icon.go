package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

const (
	rowIcon   = 40
	arrowSize = 18
)

// kindIcon shows what a share is made of, and by a small arrow which way it
// goes.
type kindIcon struct {
	widget.BaseWidget
	words *words.Words
	dot   *look.Dot
	color fyne.ThemeColorName
	arrow fyne.Resource
	// label says in words what the arrow says.
	label string
}

// arrows are kept, because Fyne draws an icon anew whenever it is given another
// resource.
var arrows = map[engine.Direction]fyne.Resource{
	engine.Send:    theme.NewColoredResource(upIcon, theme.ColorNameForegroundOnPrimary),
	engine.Receive: theme.NewColoredResource(downIcon, theme.ColorNameForegroundOnPrimary),
}

func newKindIcon(w *words.Words) *kindIcon {
	k := &kindIcon{words: w, dot: look.NewDot(look.ColorIdle, rowIcon)}
	k.ExtendBaseWidget(k)
	return k
}

// show draws only what is new.
func (k *kindIcon) show(t engine.Transfer) {
	color, arrow := phaseColor(t), arrows[t.Direction]
	k.dot.Set(color, look.FileIcon(kindOf(t), color))
	if k.color == color && k.arrow == arrow {
		return
	}
	k.color, k.arrow = color, arrow
	k.label = k.words.Say("row.incoming", nil)
	if t.Direction == engine.Send {
		k.label = k.words.Say("row.outgoing", nil)
	}
	k.Refresh()
}

// AccessibilityLabel says which way the share goes.
func (k *kindIcon) AccessibilityLabel() string { return k.label }

// AccessibilityRole says that this is read, not pressed.
func (k *kindIcon) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// kindOf is what a share is made of, as far as it is known.
func kindOf(t engine.Transfer) look.FileKind {
	switch {
	case t.Files > 1:
		return look.Folder
	case t.Files == 1:
		return look.KindOf(t.Name)
	default:
		return look.OtherFile
	}
}

// phaseColor is the colour of what a transfer is doing.
func phaseColor(t engine.Transfer) fyne.ThemeColorName {
	switch t.Phase {
	case engine.Failed:
		return theme.ColorNameError
	case engine.Complete:
		return look.ColorDirect
	case engine.Paused:
		return look.ColorIdle
	default:
		return theme.ColorNamePrimary
	}
}

// CreateRenderer is called by Fyne.
func (k *kindIcon) CreateRenderer() fyne.WidgetRenderer {
	r := &kindIconRenderer{kindIcon: k, disc: canvas.NewCircle(nil), arrow: canvas.NewImageFromResource(nil)}
	r.arrow.FillMode = canvas.ImageFillContain
	r.disc.StrokeWidth = 2
	r.Refresh()
	return r
}

type kindIconRenderer struct {
	*kindIcon
	disc  *canvas.Circle
	arrow *canvas.Image
}

func (r *kindIconRenderer) Layout(size fyne.Size) {
	r.dot.Resize(size)
	corner := size.Width - arrowSize + 3
	place(r.disc, corner, corner, arrowSize, arrowSize)
	place(r.arrow, corner+4, corner+4, arrowSize-8, arrowSize-8)
}

func (r *kindIconRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(rowIcon) }

func (r *kindIconRenderer) Refresh() {
	r.dot.Refresh()
	r.disc.FillColor, r.disc.StrokeColor = theme.Color(r.color), theme.Color(look.ColorCard)
	r.disc.Refresh()
	r.arrow.Resource = r.kindIcon.arrow
	r.arrow.Refresh()
}

func (r *kindIconRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.dot, r.disc, r.arrow}
}

func (r *kindIconRenderer) Destroy() {}
