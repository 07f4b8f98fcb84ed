//go:build window

package main

import (
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
	sender.find(t, "button", "Copy invitation", patience)
	sender.photograph(t, "2-dropped")
	sender.press(t, "Copy invitation")
	invitation := d.clipboard(t, "causeway:")
	sender.photograph(t, "3-copied")

	// Grace types it and presses Enter, looks at what is offered, and accepts.
	must(t, receiver.Focus())
	receiver.clickOn(t, receiver.find(t, "entry", "causeway:", patience))
	must(t, d.screen.Type(invitation))
	must(t, d.screen.Press(screen.Return))
	receiver.find(t, "button", "Accept 24", patience)
	receiver.says(t, filepath.Base(holiday), time.Second)
	receiver.photograph(t, "4-offered")
	must(t, d.screen.Press(screen.Return))
	receiver.reaches(t, 45, 90, patience)
	sender.photograph(t, "4-half-sending")
	receiver.photograph(t, "4-half-receiving")

	// Grace closes the window, is asked, and keeps going.
	must(t, receiver.Close())
	receiver.find(t, "button", "Keep going", 5*time.Second)
	receiver.photograph(t, "5-asks")
	must(t, d.screen.Press(screen.Return))

	// All is there.
	receiver.says(t, "Received and verified", time.Minute)
	sender.says(t, "Sent to 1 person", 10*time.Second)
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
	sender, invitation := d.shared(t, holiday, "--limit-up", "1M")
	receiver := d.start(t, "Causeway of Grace", windowWidth+10)
	if said, err := d.program(t, receiver.home, invitation).CombinedOutput(); err != nil {
		t.Errorf("handing over the invitation: %v\n%s", err, said)
	}
	receiver.press(t, "Accept")
	receiver.reaches(t, 2, 99, patience)
	sender.within(t, time.Second, func() error { return sender.command.Process.Signal(syscall.SIGTERM) })
	receiver.within(t, time.Second, func() error { return receiver.command.Process.Signal(os.Interrupt) })
}

// The whole window is reached without a mouse, whatever has the focus.
func TestTheKeyboardReachesEverything(t *testing.T) {
	d := newDesktop(t)
	w := d.start(t, "Causeway of Ada", 0)
	must(t, w.Focus())
	w.find(t, "entry", "causeway:", patience) // it has the focus, and eats what it knows
	must(t, d.screen.Press('2', screen.Control))
	w.says(t, "Your network", 5*time.Second)
	must(t, d.screen.Press(screen.F1))
	w.says(t, "Quit Causeway", 5*time.Second)
	w.photograph(t, "keys")
	must(t, d.screen.Press(screen.Escape))
	w.says(t, "Your network", 5*time.Second)
	must(t, d.screen.Press('1', screen.Control))
	w.find(t, "entry", "causeway:", 5*time.Second)
	must(t, d.screen.Press('o', screen.Control))
	w.find(t, "button", "Cancel", 5*time.Second)
	must(t, d.screen.Press(screen.Escape))
	w.find(t, "entry", "causeway:", 5*time.Second)
	w.within(t, time.Second, func() error { return d.screen.Press('q', screen.Control) })
}

// A crash is told of at the next start, and kept.
func TestACrashIsToldOfAtTheNextStart(t *testing.T) {
	d := newDesktop(t)
	first := d.start(t, "Causeway of Ada", 0)
	first.find(t, "entry", "causeway:", patience) // it listens to signals now
	first.within(t, time.Second, func() error { return first.command.Process.Signal(syscall.SIGTERM) })
	crash := filepath.Join(first.home, "state", "crash.log")
	must(t, os.WriteFile(crash, []byte("panic: as if it had crashed"), 0o600))
	again := d.restart(t, first)
	must(t, again.Focus())
	again.says(t, "Causeway ended by mistake", patience)
	again.photograph(t, "crashed")
	must(t, d.screen.Press(screen.Escape))
	again.find(t, "entry", "causeway:", 5*time.Second)
	if kept, err := filepath.Glob(filepath.Join(first.home, "state", "crash-*.log")); err != nil || len(kept) != 1 {
		t.Errorf("of the crash there is %q (%v)", kept, err)
	}
	again.within(t, time.Second, func() error { return again.command.Process.Signal(syscall.SIGTERM) })
}
