//go:build window

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/app/internal/screen"
	"github.com/causeway-app/causeway/ui"
)

// shared is a window that shares a folder, and its invitation.
func (d *desktop) shared(t *testing.T, folder string, flags ...string) (sender *running, invitation string) {
	t.Helper()
	sender = d.start(t, "Causeway of Ada", 0, append(flags, folder)...)
	must(t, sender.Focus())
	sender.press(t, "Copy invitation")
	return sender, d.clipboard(t, "causeway:")
}

// pasted types an invitation into the window, which has the keyboard then.
func (r *running) pasted(t *testing.T, invitation string) {
	t.Helper()
	must(t, r.Focus())
	r.clickOn(t, r.find(t, "entry", "causeway:", patience))
	must(t, r.desktop.screen.Type(invitation))
	must(t, r.desktop.screen.Press(screen.Return))
}

// TestTheStoryOfChoosing is what Grace does with what she gets: a mistyped
// invitation, an offer that she declines, and one of which she wants one file.
func TestTheStoryOfChoosing(t *testing.T) {
	d := newDesktop(t)
	holiday := makeFolder(t)
	sender, invitation := d.shared(t, holiday)
	grace := d.start(t, "Causeway of Grace", windowWidth+10)

	grace.pasted(t, mistype(invitation))
	grace.says(t, "typing mistake", patience)
	time.Sleep(settled)
	grace.photograph(t, "choosing-1-mistyped")
	must(t, d.screen.Press('a', screen.Control))
	must(t, d.screen.Press(screen.Delete))

	grace.pasted(t, invitation)
	grace.find(t, "button", "Accept 24", patience)
	grace.press(t, "Decline")
	grace.find(t, "entry", "causeway:", patience)
	grace.lacks(t, filepath.Base(holiday), patience)
	time.Sleep(settled)
	grace.photograph(t, "choosing-2-declined")
	if left, err := os.ReadDir(grace.downloads); err == nil && len(left) > 0 {
		t.Errorf("after declining %v is there", left)
	}

	// The same invitation can be looked at again.
	grace.pasted(t, invitation)
	grace.find(t, "button", "Accept 24", patience)
	grace.beside(t, "5 of 5 files chosen · 24.0 MB", -25) // its box
	grace.says(t, "0 of 5", patience)
	grace.beside(t, "sea.jpg", -40)
	grace.says(t, "1 of 5", patience)
	time.Sleep(settled)
	grace.photograph(t, "choosing-3-one-file")
	grace.press(t, "Accept 9")
	grace.says(t, "Received and verified", patience)
	time.Sleep(settled)
	grace.photograph(t, "choosing-4-arrived")
	sender.photograph(t, "choosing-4-sent")
	grace.end(t)
	sender.end(t)

	var files []string
	for name, content := range readTree(t, grace.downloads) {
		if string(content) != "folder" {
			files = append(files, filepath.ToSlash(name))
		}
	}
	if want := filepath.Base(holiday) + "/sea.jpg"; !slices.Equal(files, []string{want}) {
		t.Fatalf("%q have arrived, but %q was chosen", files, want)
	}
	want, err := os.ReadFile(filepath.Join(holiday, "sea.jpg"))
	must(t, err)
	got, err := os.ReadFile(filepath.Join(grace.downloads, filepath.Base(holiday), "sea.jpg"))
	must(t, err)
	if string(want) != string(got) {
		t.Error("sea.jpg has arrived with other bytes")
	}
}

// mistype changes one letter in the middle of an invitation.
func mistype(invitation string) string {
	at := strings.Index(invitation, ":") + 12
	other := "q"
	if invitation[at] == 'q' {
		other = "w"
	}
	return invitation[:at] + other + invitation[at+1:]
}

// An invitation that is clicked in a browser before Causeway was ever used is
// not lost: its offer is there when the first-run page has been seen.
func TestALinkThatIsOpenedDuringTheFirstRunIsNotLost(t *testing.T) {
	d := newDesktop(t)
	sender, invitation := d.shared(t, makeFolder(t))
	grace := d.startWith(t, "", "Causeway of Grace", windowWidth+10)
	must(t, grace.Focus())
	grace.find(t, "button", "Start", patience)
	if said, err := d.program(t, grace.home, invitation).CombinedOutput(); err != nil {
		t.Fatalf("the second start: %v\n%s", err, said)
	}
	time.Sleep(settled)
	grace.photograph(t, "link-1-first-run")
	// Whether it is asked about first or afterwards is left to the window.
	first := grace.locate(t, "button Start or Accept", patience, func(p ui.Placed) bool {
		return p.Role == "button" && (p.Text == "Start" || strings.HasPrefix(p.Text, "Accept 24"))
	})
	if first.Text == "Start" {
		grace.press(t, "Start")
	}
	grace.find(t, "button", "Accept 24", patience)
	time.Sleep(settled)
	grace.photograph(t, "link-2-offered")
	grace.end(t)
	sender.end(t)
}

// One that starts Causeway for the first time waits for the first-run page.
func TestALinkThatStartsCausewayForTheFirstTimeIsNotLost(t *testing.T) {
	d := newDesktop(t)
	sender, invitation := d.shared(t, makeFolder(t))
	grace := d.startWith(t, "", "Causeway of Grace", windowWidth+10, invitation)
	must(t, grace.Focus())
	grace.press(t, "Start")
	grace.find(t, "button", "Accept 24", patience)
	grace.end(t)
	sender.end(t)
}
