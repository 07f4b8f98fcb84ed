package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/causeway-app/causeway/engine"
)

// binding is a key, with what is held, that works wherever the focus is.
type binding struct {
	name fyne.KeyName
	held fyne.KeyModifier
	act  func()
}

// control is Ctrl, or Command on a Mac.
const control = fyne.KeyModifierShortcutDefault

func (w *Window) bindings() []binding {
	page := func(index int) func() { return func() { w.goTo(index) } }
	return []binding{
		{fyne.KeyV, control, w.pasteAnything},
		{fyne.KeyC, control, w.copyNewest},
		{fyne.KeyO, control, w.chooseFile},
		{fyne.KeyO, control | fyne.KeyModifierShift, w.chooseFolder},
		{fyne.Key1, control, page(transfersAt)},
		{fyne.Key2, control, page(networkAt)},
		{fyne.Key3, control, page(historyAt)},
		{fyne.Key4, control, page(settingsAt)},
		{fyne.KeyQ, control, w.askToQuit},
		{fyne.KeySlash, control, w.showKeys},
		{fyne.KeyF1, 0, w.showKeys},
		{fyne.KeyDelete, 0, w.removeMarked},
		{fyne.KeyEscape, 0, w.escape},
	}
}

// addShortcuts has the toolkit tell of keys. It tells only of those that what
// has the focus leaves over, so a program tells of all by pressed first.
func (w *Window) addShortcuts() {
	canvas := w.window.Canvas()
	for _, b := range w.bindings() {
		used := func(fyne.Shortcut) { w.pressed(b.name, b.held) }
		switch {
		case b.held == control && b.name == fyne.KeyV:
			canvas.AddShortcut(&fyne.ShortcutPaste{}, used)
		case b.held == control && b.name == fyne.KeyC:
			canvas.AddShortcut(&fyne.ShortcutCopy{}, used)
		case b.held != 0:
			canvas.AddShortcut(&desktop.CustomShortcut{KeyName: b.name, Modifier: b.held}, used)
		}
	}
	canvas.SetOnTypedKey(func(key *fyne.KeyEvent) { w.pressed(key.Name, 0) })
}

// shown has the program tell of keys as soon as there is a window on the screen.
func (w *Window) shown() {
	if w.onScreen {
		return
	}
	w.onScreen = true
	if w.keys != nil {
		w.keys(w.window, w.pressed)
	}
	// Nothing else has the focus at the start: a cursor that blinks has the whole
	// window painted again and again, and Ctrl+V needs none.
	if w.welcome != nil {
		w.window.Canvas().Focus(w.welcome.name.entry)
	}
	if w.crash != "" {
		w.tellOfCrash()
	}
}

// pressed takes a key that was pressed while others were held, whatever has the
// focus, and reports whether it is used up.
func (w *Window) pressed(name fyne.KeyName, held fyne.KeyModifier) bool {
	canvas := w.window.Canvas()
	focused := canvas.Focused()
	if isButton(focused) && held == 0 && (name == fyne.KeyReturn || name == fyne.KeyEnter) {
		focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace}) // the toolkit's know Space alone
		return true
	}
	if canvas.Overlays().Top() != nil {
		return w.pressedInDialog(name, held)
	}
	if w.welcome != nil {
		return w.pressedInWelcome(name, held)
	}
	if text, ok := focused.(text); ok && w.keepsForText(text, name, held) {
		return false
	}
	if focused != nil && name == fyne.KeyDelete {
		return false // what has the focus knows what to delete
	}
	for _, b := range w.bindings() {
		if b.name == name && b.held == held {
			b.act()
			return true
		}
	}
	return false
}

// pressedInWelcome takes a key while the first-run page hides all others: what
// would be done on one of these would be done unseen.
func (w *Window) pressedInWelcome(name fyne.KeyName, held fyne.KeyModifier) bool {
	switch {
	case held == control && name == fyne.KeyQ:
		w.askToQuit()
	case held == control && name == fyne.KeySlash, held == 0 && name == fyne.KeyF1:
		w.showKeys()
	case held == 0 && name == fyne.KeyEscape:
		w.window.Canvas().Unfocus()
	case held == 0 && (name == fyne.KeyReturn || name == fyne.KeyEnter) && w.window.Canvas().Focused() == nil:
		w.welcome.begin()
	default:
		return false
	}
	return true
}

// text is what can be edited: the toolkit's entry, and what is made of it.
type text interface {
	fyne.Focusable
	SelectedText() string
}

func isButton(focused fyne.Focusable) bool {
	button, ok := focused.(fyne.Accessible)
	return ok && button.AccessibilityRole() == fyne.AccessibleRoleButton
}

// keepsForText reports whether a text that is being edited needs a key itself.
func (w *Window) keepsForText(edited text, name fyne.KeyName, held fyne.KeyModifier) bool {
	switch {
	case held == control && name == fyne.KeyC:
		return edited.SelectedText() != ""
	case held == control && name == fyne.KeyV:
		// What is pasted into the empty box is taken at once, as elsewhere.
		box := w.transfers.invitation
		return fyne.Focusable(edited) != fyne.Focusable(box) || box.Text != "" || !isInvitation(w.app.Clipboard().Content())
	default:
		return false
	}
}

// modal is a dialog that is shown, and what Esc and Enter do in it.
type modal struct {
	shown dialog.Dialog
	// leave is the way out; submit, which may be nil, the way on.
	leave, submit func()
}

// showModal shows a dialog above everything. Esc leaves it, and Enter submits
// it where no button has the focus.
func (w *Window) showModal(m modal) {
	overlays := w.window.Canvas().Overlays()
	before := len(overlays.List())
	m.shown.Show()
	if len(overlays.List()) == before {
		return // the desktop shows a dialog of its own
	}
	w.modals = append(w.modals, m)
	m.shown.SetOnClosed(func() { w.closed(m.shown) }) // a chooser takes it now, and not before
}

func (w *Window) closed(gone dialog.Dialog) {
	for i, m := range w.modals {
		if m.shown == gone {
			w.modals = append(w.modals[:i:i], w.modals[i+1:]...)
			break
		}
	}
	if w.picker != nil && gone == dialog.Dialog(w.picker.dialog) {
		w.picker.cancel()
		w.picker = nil
	}
	if w.offer != nil && gone == dialog.Dialog(w.offer.dialog) {
		w.offer = nil
	}
}

// leaveModals puts every dialog aside.
func (w *Window) leaveModals() {
	for len(w.modals) > 0 {
		top := w.modals[len(w.modals)-1]
		w.modals = w.modals[:len(w.modals)-1]
		top.shown.Hide()
	}
}

func (w *Window) pressedInDialog(name fyne.KeyName, held fyne.KeyModifier) bool {
	if held == control && name == fyne.KeyQ {
		w.askToQuit()
		return true
	}
	// A menu or a dialog of the toolkit's own takes its keys itself.
	if held != 0 || len(w.modals) == 0 || len(w.window.Canvas().Overlays().List()) > len(w.modals) {
		return false
	}
	top := w.modals[len(w.modals)-1]
	switch name {
	case fyne.KeyEscape:
		top.leave()
		return true
	case fyne.KeyReturn, fyne.KeyEnter:
		if _, typing := w.window.Canvas().Focused().(text); !typing && top.submit != nil {
			top.submit()
			return true
		}
	}
	return false
}

// escape closes what lies over the page; of several things the nearest.
func (w *Window) escape() {
	if w.drawer.open() {
		w.drawer.close()
		return
	}
	if w.notice.content.Visible() {
		w.notice.hush()
		return
	}
	w.window.Canvas().Unfocus()
}

// removeMarked asks to remove the transfer that the keyboard is at, or the one
// that is unfolded, if it is one alone.
func (w *Window) removeMarked() {
	if w.here != transfersAt {
		return
	}
	if t, found := w.transfers.marked(); found {
		w.askToRemove(t)
		return
	}
	var unfolded []engine.Transfer
	for _, t := range w.state.Transfers {
		if w.transfers.expanded[t.ID] {
			unfolded = append(unfolded, t)
		}
	}
	if len(unfolded) == 1 {
		w.askToRemove(unfolded[0])
	}
}

// copyNewest copies the invitation of the transfer that the keyboard is at, or
// of the newest share. On the other pages, where none of them is in sight, it
// copies nothing: an invitation is a secret.
func (w *Window) copyNewest() {
	if w.here != transfersAt {
		return
	}
	if t, found := w.transfers.marked(); found && t.Invitation != "" {
		w.copyInvitation(t)
		return
	}
	for _, t := range slices.Backward(w.state.Transfers) {
		if t.Direction == engine.Send && t.Invitation != "" {
			w.copyInvitation(t)
			return
		}
	}
}
