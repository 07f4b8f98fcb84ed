package ui

import (
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/ui/look"
)

// mark says at a glance how something is, by shape and by colour.
type mark int

// The marks. The zero value says that it is not known.
const (
	unknown mark = iota
	good
	fair
	bad
)

// markFace is what a mark looks like.
type markFace struct {
	color fyne.ThemeColorName
	icon  fyne.Resource
}

// marks are kept, because Fyne draws an icon anew whenever it is given another
// resource. They are made when they are first needed, because Fyne's icons are
// those of a running program.
var marks = sync.OnceValue(func() map[mark]markFace {
	return map[mark]markFace{
		unknown: {look.ColorIdle, theme.NewColoredResource(theme.MoreHorizontalIcon(), look.ColorIdle)},
		good:    {look.ColorDirect, theme.NewColoredResource(theme.ConfirmIcon(), look.ColorDirect)},
		fair:    {look.ColorRelayed, theme.NewColoredResource(warnIcon, look.ColorRelayed)},
		bad:     {theme.ColorNameError, theme.NewColoredResource(theme.CancelIcon(), theme.ColorNameError)},
	}
})

func newMark(size float32) *look.Dot { return look.NewDot(look.ColorIdle, size) }

func setMark(dot *look.Dot, m mark) {
	face := marks()[m]
	dot.Set(face.color, face.icon)
}
