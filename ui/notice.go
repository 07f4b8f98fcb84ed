package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/ui/look"
)

// notice is a sentence above the page: what went wrong, or what was done. It
// stays until it is closed or something else is said.
type notice struct {
	content fyne.CanvasObject
	icon    *widget.Icon
	text    *widget.Label
}

func newNotice() *notice {
	n := &notice{icon: widget.NewIcon(theme.InfoIcon()), text: widget.NewLabel("")}
	n.text.Wrapping = fyne.TextWrapWord
	closing := quietButton(theme.CancelIcon(), n.hush)
	n.content = container.NewPadded(look.NewCard(container.NewBorder(nil, nil,
		n.icon, container.NewCenter(closing), n.text)).Tight())
	n.content.Hide()
	return n
}

func (n *notice) complain(text string) { n.say(text, widget.DangerImportance, errorIcon) }
func (n *notice) tell(text string)     { n.say(text, widget.MediumImportance, infoIcon) }

var (
	errorIcon = theme.NewErrorThemedResource(theme.ErrorIcon())
	infoIcon  = theme.NewPrimaryThemedResource(theme.InfoIcon())
)

func (n *notice) say(text string, importance widget.Importance, icon fyne.Resource) {
	n.icon.SetResource(icon)
	n.text.Importance = importance
	n.text.SetText(text)
	n.content.Show()
}

func (n *notice) hush() { n.content.Hide() }
