package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

func englishDesk(t *testing.T) *desk { return newDesk(t, "en", theme.VariantLight) }

// button finds a visible button by its text.
func (d *desk) button(t *testing.T, text string) *widget.Button {
	t.Helper()
	var found *widget.Button
	for _, o := range test.LaidOutObjects(d.window.Content()) {
		if b, ok := o.(*widget.Button); ok && b.Text == text && b.Visible() {
			found = b
		}
	}
	if top := d.window.Canvas().Overlays().Top(); top != nil {
		for _, o := range test.LaidOutObjects(top) {
			if b, ok := o.(*widget.Button); ok && b.Text == text && b.Visible() {
				found = b
			}
		}
	}
	if found == nil {
		t.Fatalf("there is no button %q", text)
	}
	return found
}

func (d *desk) wantVerbs(t *testing.T, want ...string) {
	t.Helper()
	if got := d.engine.verbs(); !slices.Equal(got, want) {
		t.Errorf("the engine was told %q, want %q", got, want)
	}
}

func TestWhatIsDroppedTogetherIsOneShare(t *testing.T) {
	d := englishDesk(t)
	d.goTo(settingsAt)
	d.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("/home/ada/a file é.txt"), storage.NewFileURI("/home/ada/Pictures")})
	d.wantVerbs(t, "share /home/ada/a file é.txt | /home/ada/Pictures")
	if !d.transfers.content.Visible() {
		t.Error("the new share is not in sight")
	}
	d.show(one(engine.Transfer{ID: "shared", Direction: engine.Send, Phase: engine.Preparing, Invitation: invitation}))
	d.button(t, "Copy invitation") // the row is open
}

func TestADroppedInvitationIsReceived(t *testing.T) {
	d := englishDesk(t)
	d.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(invitation)})
	d.wantVerbs(t, "receive "+invitation)
}

func TestAPastedInvitationIsReceivedWithEnter(t *testing.T) {
	d := englishDesk(t)
	test.Type(d.transfers.invitation, "  "+invitation)
	d.transfers.invitation.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	d.wantVerbs(t, "receive "+invitation)
	if d.transfers.invitation.Text != "" {
		t.Error("the box still has the invitation that was taken")
	}
}

func TestAWrongInvitationStaysInTheBoxAndIsExplained(t *testing.T) {
	d := englishDesk(t)
	d.engine.err = &engine.Problem{Code: engine.InvitationMistyped}
	test.Type(d.transfers.invitation, invitation)
	test.Tap(d.button(t, "Receive"))
	if d.transfers.invitation.Text != invitation {
		t.Error("the invitation is gone, so it cannot be corrected")
	}
	if !d.notice.content.Visible() || !strings.Contains(d.notice.text.Text, "typing mistake") {
		t.Errorf("the window says %q", d.notice.text.Text)
	}
	d.engine.err = nil
	test.Tap(d.button(t, "Receive"))
	if d.notice.content.Visible() {
		t.Error("the old complaint is still there")
	}
}

func TestCtrlVTakesAnInvitationWhereverTheFocusIs(t *testing.T) {
	d := englishDesk(t)
	d.app.Clipboard().SetContent("just some text")
	test.TypeOnCanvas(d.window.Canvas(), "")
	d.pressed(fyne.KeyV, control)
	d.wantVerbs(t)
	if got := d.notice.text.Text; got != "The clipboard holds neither an invitation nor files." {
		t.Errorf("without one the window says %q", got)
	}
	d.app.Clipboard().SetContent("\n" + invitation + "\n")
	d.pressed(fyne.KeyV, control)
	d.app.Clipboard().SetContent("file:///home/ada/x\n/home/ada/y")
	d.goTo(networkAt)
	d.pressed(fyne.KeyV, control)
	d.wantVerbs(t, "receive "+invitation, "share /home/ada/x | /home/ada/y")
	if d.here != transfersAt {
		t.Error("what is shared is not in sight")
	}
}

func TestArgumentsAreSharesAndInvitations(t *testing.T) {
	d := englishDesk(t)
	d.Open("/a", "CAUSEWAY:XYZ", "/b")
	d.wantVerbs(t, "receive CAUSEWAY:XYZ", "share /a | /b")
}

func TestTheButtonsOfARow(t *testing.T) {
	d := englishDesk(t)
	transfer := moving(sending(""), path.DirectLAN)
	d.show(one(transfer, peer("s", path.DirectLAN)))
	d.transfers.toggle("s")
	test.Tap(d.button(t, "Copy invitation"))
	if got := d.app.Clipboard().Content(); got != invitation {
		t.Errorf("the clipboard has %q", got)
	}
	d.notice.complain("something else")
	d.later[0]()
	if !d.notice.content.Visible() {
		t.Error("an old message takes a newer one away")
	}
	d.copyInvitation(transfer)
	d.later[1]()
	if d.notice.content.Visible() {
		t.Error("a message about success stays for ever")
	}
	test.Tap(d.tipButton(t, "Open folder"))
	if !slices.Equal(d.opened, []string{"/home/ada/Pictures"}) {
		t.Errorf("opened %q", d.opened)
	}
	row := d.row(t, 0)
	test.Tap(row.drawn.pause)
	d.show(one(sending(engine.Paused)))
	test.Tap(row.drawn.pause)
	d.show(one(failing(sending(""), engine.SourceMissing, "/home/ada/x")))
	test.Tap(row.drawn.pause)
	d.wantVerbs(t, "pause s", "resume s", "resume s")
}

// row finds the row of a transfer in sight, by its place in the list.
func (d *desk) row(t *testing.T, at int) *row {
	t.Helper()
	want := d.transfers.entries[at].transfer.ID
	var found *row
	d.transfers.list.each(func(key rowKey, o fyne.CanvasObject) {
		if shown, ok := o.(*row); ok && key.transfer == want {
			shown.CreateRenderer()
			found = shown
		}
	})
	if found == nil {
		t.Fatalf("no row shows %s", want)
	}
	return found
}

func TestRemovingAsksOnlyWhenSomethingIsLost(t *testing.T) {
	complete := receiving(engine.Complete)
	complete.Bytes = complete.Total
	untouched := receiving(engine.Waiting)
	untouched.Bytes = 0
	finished := peer("s", path.DirectLAN)
	finished.Progress = 1
	for name, test := range map[string]struct {
		state engine.State
		asks  string
	}{
		"a finished download":              {one(complete), ""},
		"a download that has nothing yet":  {one(untouched), ""},
		"half a download":                  {one(receiving(engine.Paused)), "540 MB have been received and will be deleted."},
		"a share that nobody fetches":      {one(sending(engine.Waiting)), ""},
		"a share that everybody has":       {one(sending(engine.Complete), finished), ""},
		"a share that somebody is getting": {one(moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)), "1 person is still receiving this. Your own files stay where they are."},
	} {
		t.Run(name, func(t *testing.T) {
			d := englishDesk(t)
			d.show(test.state)
			transfer := test.state.Transfers[0]
			d.transfers.toggle(transfer.ID)
			tapTip(d.tipButton(t, "Remove"))
			if test.asks == "" {
				d.wantVerbs(t, "remove "+string(transfer.ID))
				return
			}
			d.wantVerbs(t)
			if got := d.loss(transfer); got != test.asks {
				t.Errorf("it says %q", got)
			}
			tap(d.button(t, "Keep it"))
			d.wantVerbs(t)
			d.askToRemove(transfer)
			tap(d.button(t, "Remove"))
			d.wantVerbs(t, "remove "+string(transfer.ID))
		})
	}
}

func tap(b *widget.Button) { test.Tap(b) }

func TestClosingAsksWhileTransfersRun(t *testing.T) {
	d := englishDesk(t)
	d.show(one(sending(engine.Waiting)))
	d.close()
	if d.quits != 1 {
		t.Error("closing asks although nothing runs")
	}
	d.show(everything())
	d.close()
	if d.quits != 1 {
		t.Error("closing does not ask")
	}
	tap(d.button(t, "Keep going"))
	if d.quits != 1 {
		t.Error("it went on to quit")
	}
	d.close()
	d.close() // an impatient user
	tap(d.button(t, "Quit"))
	if d.quits != 2 {
		t.Errorf("quit %d times", d.quits)
	}
}

func TestTheNewestTransferIsOnTop(t *testing.T) {
	d := englishDesk(t)
	d.show(everything())
	if got := d.transfers.entries[0].transfer.ID; got != "s" {
		t.Errorf("%q is on top", got)
	}
}

func TestARowStaysOpenWhileOthersComeAndGo(t *testing.T) {
	d := englishDesk(t)
	first, second := sending(engine.Waiting), receiving(engine.Waiting)
	d.show(one(first))
	d.transfers.toggle("s")
	d.show(engine.State{Transfers: []engine.Transfer{first, second}})
	if !d.transfers.entries[1].expanded || d.transfers.entries[0].expanded {
		t.Error("another row is open now")
	}
	d.show(one(second))
	if d.transfers.entries[0].expanded {
		t.Error("a row is open that nobody opened")
	}
}

func TestAnOpenRowTellsWhatIsNotIncluded(t *testing.T) {
	d := englishDesk(t)
	partly, whole := receiving(engine.Waiting), receiving(engine.Waiting)
	partly.Skipped = 1
	d.transfers.toggle("r")
	d.show(one(whole))
	low := d.transfers.list.height()
	if d.detailRow(t, 0).skipped.Visible() {
		t.Error("something is said to be missing from a whole share")
	}
	d.show(one(partly))
	drawn := d.detailRow(t, 0)
	if text := drawn.skipped.Text(); !drawn.skipped.Visible() || !strings.HasPrefix(text, "1 item is not included") {
		t.Errorf("the row says %q", text)
	}
	d.window.Resize(minimum)
	if d.transfers.list.height() <= low {
		t.Error("there is no room for it")
	}
	d.transfers.toggle("r")
	d.transfers.list.each(func(key rowKey, _ fyne.CanvasObject) {
		if key.part != headPart {
			t.Error("a folded row tells it too")
		}
	})
}

func TestWhatConcernsNoTransferIsToldOnceAndUntilItIsOver(t *testing.T) {
	d := englishDesk(t)
	unsaved := engine.Problem{Code: engine.RecordNotSaved, Subject: "/state/a"}
	left := engine.Problem{Code: engine.PartialLeft, Subject: "/downloads/b.part"}
	state := func(problems ...engine.Problem) engine.State {
		s := one(sending(engine.Waiting))
		s.Problems = problems
		return s
	}
	says := func(what string, parts ...string) {
		t.Helper()
		if d.notice.content.Visible() != (len(parts) > 0) {
			t.Fatalf("%s: visible is %v, with %q", what, d.notice.content.Visible(), d.notice.text.Text)
		}
		if lines := strings.Split(d.notice.text.Text, "\n"); len(parts) > 0 && len(lines) != len(parts) {
			t.Errorf("%s: it says %q", what, lines)
		}
		for _, part := range parts {
			if !strings.Contains(d.notice.text.Text, part) {
				t.Errorf("%s: %q is not in %q", what, part, d.notice.text.Text)
			}
		}
	}
	d.show(state(unsaved))
	says("the first", "/state/a")
	d.show(state(unsaved, left))
	says("a second while the first is shown", "/state/a", "/downloads/b.part")
	d.show(state(left))
	says("one is over", "/downloads/b.part")
	d.notice.hush()
	d.show(state(left))
	says("put away by the user")
	d.show(state(left, unsaved))
	says("only the new one after that", "/state/a")
	d.show(state())
	says("all is over")
	d.show(state(unsaved))
	d.notice.complain("something else")
	d.show(state())
	says("another complaint stays", "something else")
	d.show(state(left))
	says("nor does it hide another complaint", "something else", "/downloads/b.part")
}
