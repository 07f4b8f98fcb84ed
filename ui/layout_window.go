//go:build window

package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// Placed is something in the window that can be read or pressed.
type Placed struct {
	// Text is what stands on it: of a box without text what it asks for.
	Text string `json:"text"`
	// Role is that of fyne.Accessible, or "entry", "check" or "choice".
	Role string `json:"role"`
	// Disabled and Focused are as the user sees them.
	Disabled bool `json:"disabled,omitempty"`
	Focused  bool `json:"focused,omitempty"`
	// X, Y, Width and Height are in Fyne's units, from the window's upper left.
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
	Width  float32 `json:"width"`
	Height float32 `json:"height"`
}

// Layout tells where everything is that the user can reach: what lies over the
// page, or else the page. Only tests that drive the window ask; it is in no
// program that is given out.
func (w *Window) Layout() []Placed {
	top := w.window.Canvas().Overlays().Top()
	if top == nil {
		top = w.window.Canvas().Content()
	}
	var all []Placed
	w.place(top, fyne.NewPos(0, 0), w.window.Canvas().Size(), &all)
	return all
}

// place adds an object and all in it that lies in the window.
func (w *Window) place(o fyne.CanvasObject, at fyne.Position, within fyne.Size, all *[]Placed) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	size := o.Size()
	if at.X >= within.Width || at.Y >= within.Height || at.X+size.Width <= 0 || at.Y+size.Height <= 0 {
		return
	}
	if text, role := said(o); text != "" {
		p := Placed{Text: text, Role: role, X: at.X, Y: at.Y, Width: size.Width, Height: size.Height}
		if able, ok := o.(fyne.Disableable); ok {
			p.Disabled = able.Disabled()
		}
		p.Focused = any(w.window.Canvas().Focused()) == any(o)
		*all = append(*all, p)
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			w.place(child, at, within, all)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			w.place(child, at, within, all)
		}
	}
}

// said is what stands on an object itself, and what it is.
func said(o fyne.CanvasObject) (text, role string) {
	switch o := o.(type) {
	case *canvas.Text:
		return o.Text, string(fyne.AccessibleRoleText)
	case *widget.Check:
		return o.Text, "check"
	case *widget.Select:
		return o.Selected, "choice"
	case *widget.Button:
		return o.Text, string(fyne.AccessibleRoleButton)
	}
	switch o := o.(type) {
	case *widget.Entry:
		return entryWords(o), "entry"
	case *leavingEntry:
		return entryWords(&o.Entry), "entry"
	}
	if named, ok := o.(fyne.Accessible); ok && named.AccessibilityRole() != fyne.AccessibleRoleContainer {
		return named.AccessibilityLabel(), string(named.AccessibilityRole())
	}
	return "", ""
}

func entryWords(box *widget.Entry) string {
	if box.Text != "" {
		return box.Text
	}
	return box.PlaceHolder
}
