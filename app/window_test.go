//go:build window

package main

import (
	"image"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-app/causeway/app/internal/screen"
)

func TestWindowToWindow(t *testing.T) {
	d := newDesktop(t)
	holiday := makeFolder(t)
	sender := d.start(t, "Causeway of Ada", 0, "--limit-up", "3M")
	receiver := d.start(t, "Causeway of Grace", windowWidth+10)
	time.Sleep(300 * time.Millisecond)
	sender.photograph(t, "1-empty")

	// Ada drops a folder and copies the invitation.
	must(t, sender.Drop(holiday))
	var button image.Rectangle
	sender.see(t, "the button that copies", patience, func(picture image.Image) (found bool) {
		button, found = block(picture, primary, 80, 5)
		return found && button.Dy() < 40
	})
	sender.photograph(t, "2-dropped")
	middle := button.Min.Add(button.Max).Div(2)
	must(t, sender.Click(middle.X, button.Min.Y+3))
	invitation := d.clipboard(t, "causeway:")
	sender.photograph(t, "3-copied")

	// Grace types it and presses Enter.
	must(t, receiver.Focus())
	must(t, receiver.Click(invitationBox.X, invitationBox.Y))
	must(t, d.screen.Type(invitation))
	must(t, d.screen.Press(screen.Return))
	receiver.see(t, "half of the bar", patience, func(picture image.Image) bool {
		part, found := barAt(picture)
		return found && part > 0.45 && part < 0.9
	})
	sender.photograph(t, "4-half-sending")
	receiver.photograph(t, "4-half-receiving")

	// Grace closes the window, is asked, and keeps going.
	must(t, receiver.Close())
	receiver.see(t, "the question", 5*time.Second, func(picture image.Image) bool {
		keep, found := block(picture, primary, 60, 5)
		return found && keep.Min.Y > 250
	})
	receiver.photograph(t, "5-asks")
	must(t, d.screen.Press(' '))

	// All is there.
	complete := func(picture image.Image) bool {
		_, found := block(picture, finished, 400, 3)
		return found
	}
	receiver.see(t, "a full bar", time.Minute, complete)
	sender.see(t, "a full bar", 10*time.Second, complete)
	time.Sleep(200 * time.Millisecond)
	sender.photograph(t, "6-sent")
	receiver.photograph(t, "6-received")
	sameTree(t, holiday, filepath.Join(receiver.downloads, filepath.Base(holiday)))

	// A second start hands its file to the open window.
	letter := filepath.Join(t.TempDir(), "letter.txt")
	must(t, os.WriteFile(letter, []byte("Dear Grace"), 0o600))
	second := d.program(t, sender.home, letter)
	if said, err := second.CombinedOutput(); err != nil {
		t.Errorf("the second start: %v\n%s", err, said)
	}
	must(t, sender.Focus())
	d.copies(t, invitation)
	sender.photograph(t, "7-two-shares")

	receiver.within(t, time.Second, receiver.Close)
	sender.within(t, time.Second, func() error { return sender.command.Process.Signal(syscall.SIGTERM) })
}

// A window that is told to end while bytes move ends as fast.
func TestAWindowThatIsSendingEndsWhenTold(t *testing.T) {
	d := newDesktop(t)
	holiday := makeFolder(t)
	sender := d.start(t, "Causeway of Ada", 0, "--limit-up", "1M", holiday)
	must(t, sender.Focus())
	receiver := d.start(t, "Causeway of Grace", windowWidth+10)
	must(t, sender.Focus())
	invitation := d.copies(t, "")
	if said, err := d.program(t, receiver.home, invitation).CombinedOutput(); err != nil {
		t.Errorf("handing over the invitation: %v\n%s", err, said)
	}
	receiver.see(t, "a bar that grows", patience, func(picture image.Image) bool {
		part, found := barAt(picture)
		return found && part > 0.02
	})
	sender.within(t, time.Second, func() error { return sender.command.Process.Signal(syscall.SIGTERM) })
	receiver.within(t, time.Second, func() error { return receiver.command.Process.Signal(os.Interrupt) })
}
