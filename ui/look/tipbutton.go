package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// TipButton is a button with an icon, and its words in a tip, which comes to
// the mouse and to the keyboard.
type TipButton struct {
	widget.Button
	tip string
}

// NewTipButton returns a quiet button with an icon.
func NewTipButton(icon fyne.Resource, tip string, tapped func()) *TipButton {
	b := &TipButton{tip: tip}
	b.Icon, b.OnTapped, b.Importance = icon, tapped, widget.LowImportance
	b.ExtendBaseWidget(b)
	return b
}

// SetTip changes the words.
func (b *TipButton) SetTip(text string) { b.tip = text }

// Tip is what the button is for.
func (b *TipButton) Tip() string { return b.tip }

// AccessibilityLabel is what the button is for.
func (b *TipButton) AccessibilityLabel() string { return b.tip }

// AccessibilityRole says that this is a button.
func (b *TipButton) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// MouseIn is called by Fyne.
func (b *TipButton) MouseIn(event *desktop.MouseEvent) {
	b.Button.MouseIn(event)
	TipLater(b, b.tip)
}

// MouseOut is called by Fyne.
func (b *TipButton) MouseOut() {
	b.Button.MouseOut()
	HideTip(b)
}

// FocusGained is called by Fyne.
func (b *TipButton) FocusGained() {
	b.Button.FocusGained()
	TipLater(b, b.tip)
}

// FocusLost is called by Fyne.
func (b *TipButton) FocusLost() {
	b.Button.FocusLost()
	HideTip(b)
}

// Tapped is called by Fyne.
func (b *TipButton) Tapped(event *fyne.PointEvent) {
	HideTip(b)
	b.Button.Tapped(event)
}
