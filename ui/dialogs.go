package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/ui/look"
)

// answer is a button under a question.
type answer struct {
	text string
	does func()
}

// ask asks before something that cannot be taken back. The way out is the
// button that Enter and Esc choose.
func (w *Window) ask(heading, text, yes, no string, agreed func()) {
	w.choose(heading, text, answer{yes, agreed}, answer{no, func() {}})
}

// choose asks which of two things to do. Enter chooses the second, which has the
// focus, and Esc does neither.
func (w *Window) choose(heading, text string, other, dear answer) {
	words := widget.NewLabel(text)
	words.Wrapping = fyne.TextWrapWord
	question := dialog.NewCustomWithoutButtons(heading, container.NewGridWrap(fyne.NewSize(400, 76), words), w.window)
	button := func(a answer) *widget.Button {
		return widget.NewButton(a.text, func() {
			question.Hide()
			a.does()
		})
	}
	leave, stay := button(other), button(dear)
	stay.Importance = widget.HighImportance
	question.SetButtons([]fyne.CanvasObject{leave, stay})
	w.showModal(modal{shown: question, leave: question.Hide})
	w.window.Canvas().Focus(stay)
}

// askToRemove asks when removing would lose something that a click cannot
// bring back.
func (w *Window) askToRemove(t engine.Transfer) {
	text := w.loss(t)
	if text == "" {
		w.remove(t)
		return
	}
	say := w.words.Say
	w.ask(say("remove.title", map[string]string{"Name": title(w.words, t)}), text,
		say("remove.yes", nil), say("remove.no", nil), func() { w.remove(t) })
}

// loss says what removing a transfer would lose; empty for nothing.
func (w *Window) loss(t engine.Transfer) string {
	if t.Direction == engine.Receive {
		if t.Phase == engine.Complete || t.Bytes == 0 {
			return ""
		}
		return w.words.Say("remove.partial", map[string]string{"Size": words.Bytes(t.Bytes)})
	}
	receiving := 0
	for _, p := range w.state.PeersOf(t.ID) {
		if p.Progress < 1 {
			receiving++
		}
	}
	if receiving == 0 {
		return ""
	}
	return w.words.Count("remove.receiving", receiving)
}

// transferring counts the transfers that would stop.
func (w *Window) transferring() (running int) {
	for _, t := range w.state.Transfers {
		if t.Phase == engine.Transferring {
			running++
		}
	}
	return running
}

// askToQuit ends the program, after a question when transfers would stop.
func (w *Window) askToQuit() {
	running := w.transferring()
	if running == 0 {
		w.quit()
		return
	}
	w.leaveModals() // whatever was asked, closing comes first
	say := w.words.Say
	w.ask(say("quit.title", nil), w.words.Count("quit.running", running), say("quit.yes", nil), say("quit.no", nil), w.quit)
}

// tellOfCrash says that the run before ended by a mistake of the program.
func (w *Window) tellOfCrash() {
	file := w.crash
	w.crash = ""
	say := w.words.Say
	w.choose(say("crash.title", nil), say("crash.hint", map[string]string{"File": file}),
		answer{say("crash.open", nil), func() { w.openName(file) }}, answer{say("dialog.close", nil), func() {}})
}

// showQR shows an invitation for somebody who points a camera at the screen.
func (w *Window) showQR(t engine.Transfer) {
	say := w.words.Say
	code, err := invite.QR(t.Invitation)
	if err != nil {
		w.notice.complain(Sentence(w.words, err))
		return
	}
	picture := canvas.NewImageFromImage(code.Image(4))
	picture.ScaleMode = canvas.ImageScalePixels
	picture.FillMode = canvas.ImageFillContain
	picture.SetMinSize(fyne.NewSquareSize(300))
	text := widget.NewLabel(t.Invitation)
	text.Wrapping = fyne.TextWrapBreak
	text.SizeName = theme.SizeNameCaptionText
	text.Alignment = fyne.TextAlignCenter
	copying := widget.NewButtonWithIcon(say("row.copy", nil), theme.ContentCopyIcon(), func() { w.copyInvitation(t) })
	shown := dialog.NewCustomWithoutButtons(title(w.words, t), container.NewVBox(container.NewCenter(picture), text), w.window)
	shown.SetButtons([]fyne.CanvasObject{copying, widget.NewButton(say("dialog.close", nil), shown.Hide)})
	w.showModal(modal{shown: shown, leave: shown.Hide})
}

// showKeys lists the keys that work.
func (w *Window) showKeys() {
	say := w.words.Say
	held, shift := "Ctrl", "Shift"
	if control == fyne.KeyModifierSuper {
		held = "Command"
	}
	lines := container.New(&keysLayout{})
	for _, line := range [][2]string{
		{held + "+V", say("keys.paste", nil)},
		{held + "+O", say("keys.files", nil)},
		{held + "+" + shift + "+O", say("keys.folder", nil)},
		{held + "+C", say("keys.copy", nil)},
		{say("keys.up-down", nil), say("keys.rows", nil)},
		{say("keys.left-right", nil), say("keys.fold", nil)},
		{"Home, End", say("keys.ends", nil)},
		{"P, Q", say("keys.pause", nil)},
		{"Delete, Backspace", say("keys.remove", nil)},
		{held + "+1 … " + held + "+4", say("keys.pages", nil)},
		{"Tab, " + shift + "+Tab", say("keys.next", nil)},
		{say("keys.enter-or-space", nil), say("keys.press", nil)},
		{"Esc", say("keys.leave", nil)},
		{held + "+Q", say("keys.quit", nil)},
		{say("keys.help-or", map[string]string{"Held": held}), say("keys.help", nil)},
	} {
		lines.Add(look.NewLine(line[0]).Whole().Monospaced())
		lines.Add(look.NewLine(line[1]).Whole())
	}
	shown := dialog.NewCustomWithoutButtons(say("keys.title", nil), lines, w.window)
	closing := widget.NewButton(say("dialog.close", nil), shown.Hide)
	shown.SetButtons([]fyne.CanvasObject{closing})
	w.showModal(modal{shown: shown, leave: shown.Hide, submit: shown.Hide})
	w.window.Canvas().Focus(closing)
}

// keysLayout puts each key at the left of what it does.
type keysLayout struct{}

// keysHeight has all of them fit into the smallest window.
const keysGap, keysHeight = 24, 24

func (l *keysLayout) left(objects []fyne.CanvasObject) (width float32) {
	for i := 0; i < len(objects); i += 2 {
		width = max(width, objects[i].MinSize().Width)
	}
	return width
}

func (l *keysLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := l.left(objects)
	for i := 0; i+1 < len(objects); i += 2 {
		top := float32(i/2) * keysHeight
		place(objects[i], 0, top, left, keysHeight)
		place(objects[i+1], left+keysGap, top, size.Width-left-keysGap, keysHeight)
	}
}

func (l *keysLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var right float32
	for i := 1; i < len(objects); i += 2 {
		right = max(right, objects[i].MinSize().Width)
	}
	return fyne.NewSize(l.left(objects)+keysGap+right, float32(len(objects)/2)*keysHeight)
}

// chooseFolder asks for a folder to share.
func (w *Window) chooseFolder() {
	chooser := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err == nil && folder != nil {
			w.share([]string{folder.Path()})
		}
	}, w.window)
	w.showChooser(chooser)
}

// showChooser shows a dialog that looks into folders.
func (w *Window) showChooser(chooser *dialog.FileDialog) {
	w.showModal(modal{shown: chooser, leave: chooser.Hide})
	if w.window.Canvas().Overlays().Top() != nil {
		chooser.Resize(w.dialogSize()) // it has no size before
	}
}

// dialogSize leaves an edge of the window to see.
func (w *Window) dialogSize() fyne.Size {
	return w.window.Canvas().Size().SubtractWidthHeight(80, 80)
}
