package ui

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2/theme"
)

// TestTheFormIsFilledInByTheKeyboard walks from field to field with Tab, in the
// order in which they are read.
func TestTheFormIsFilledInByTheKeyboard(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "off")
	form, canvas := d.network.serving.form, d.window.Canvas()
	canvas.Focus(form.address.entry)
	var order []string
	for range 12 {
		for i, one := range form.all() {
			if canvas.Focused() == one.entry {
				order = append(order, []string{"address", "name", "password", "tracker", "turn", "min", "max", "rate"}[i])
			}
		}
		canvas.FocusNext()
	}
	if want := []string{"address", "name", "password", "tracker", "turn", "min", "max", "rate"}; len(order) < 8 || !slices.Equal(order[:8], want) {
		t.Errorf("Tab goes to %v, want %v", order, want)
	}
}
