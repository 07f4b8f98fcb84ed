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
	// moved lays the page out again, with or without the notice.
	moved func()
}

func newNotice(moved func()) *notice {
	n := &notice{moved: moved, icon: widget.NewIcon(theme.InfoIcon()), text: widget.NewLabel("")}
	n.text.Wrapping = fyne.TextWrapWord
	closing := quietButton(theme.CancelIcon(), n.hush)
	n.content = container.NewPadded(look.NewCard(container.NewBorder(nil, nil,
		n.icon, container.NewCenter(closing), n.text)).Tight())
	n.content.Hide()
	return n
}

func (n *notice) complain(text string) {
	n.say(text, widget.DangerImportance, theme.NewErrorThemedResource(theme.ErrorIcon()))
}
func (n *notice) tell(text string) {
	n.say(text, widget.MediumImportance, theme.NewPrimaryThemedResource(theme.InfoIcon()))
}

func (n *notice) say(text string, importance widget.Importance, icon fyne.Resource) {
	n.icon.SetResource(icon)
	n.text.Importance = importance
	n.text.SetText(text)
	n.content.Show()
	n.moved()
}

func (n *notice) hush() {
	if n.content.Visible() {
		n.content.Hide()
		n.moved()
	}
}
