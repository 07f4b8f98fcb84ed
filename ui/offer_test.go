package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// offering is a transfer whose contents are known, or not.
func offering(known bool) engine.Transfer {
	t := receiving(engine.Offered)
	t.ID, t.Bytes, t.Folder = "offered", 0, ""
	if known {
		t.Sender = "Grace's desktop"
		return t
	}
	t.Name, t.Total, t.Files = "", 0, 0
	return t
}

func offeredBy(known bool) engine.State {
	p := peer("offered", path.DirectLAN)
	p.Name, p.RateOut = "Grace's desktop", 0
	if !known {
		return one(offering(false))
	}
	return one(offering(true), p)
}

// holiday is a share with folders in it.
func holiday() engine.Contents {
	c := engine.Contents{Name: "Holiday pictures"}
	for _, file := range []struct {
		path string
		size int64
	}{
		{"Beach/IMG_0001.jpg", 4_100_000}, {"Beach/IMG_0002.jpg", 3_900_000}, {"Beach/Evening/fire.mp4", 812_000_000},
		{"Mountains/IMG_0107.jpg", 5_000_000}, {"Mountains/a very long name of a picture that nobody would ever give to a file.jpg", 5_200_000},
		{"Read me first.txt", 1_234},
	} {
		c.Files = append(c.Files, engine.ContentFile{Path: file.path, Size: file.size, Chosen: true})
		c.Total += file.size
	}
	return c
}

// crowd is a share of that many files in a hundred folders.
func crowd(files int) engine.Contents {
	c := engine.Contents{Name: "Archive"}
	for i := range files {
		c.Files = append(c.Files, engine.ContentFile{Path: fmt.Sprintf("folder %02d/picture %06d.jpg", i*100/files, i), Size: 1000, Chosen: true})
		c.Total += 1000
	}
	return c
}

func offerDesk(t *testing.T, contents engine.Contents) *desk {
	t.Helper()
	d := newDesk(t, "en", theme.VariantLight)
	d.keeper.taken.AskFirst = true
	d.engine.contents, d.engine.free = contents, 41_000_000_000
	return d
}

// asked pastes an invitation, and has the sender answer.
func asked(t *testing.T, d *desk) *offerSheet {
	t.Helper()
	d.Open(invitation)
	if d.offer == nil {
		t.Fatal("no sheet opens")
	}
	d.show(offeredBy(true))
	if d.offer.tree == nil {
		t.Fatal("the sheet does not show what is offered")
	}
	return d.offer
}

func lastVerb(d *desk) string {
	if said := d.engine.verbs(); len(said) > 0 {
		return said[len(said)-1]
	}
	return ""
}

func TestAnInvitationIsLookedAtBeforeAnythingIsFetched(t *testing.T) {
	d := offerDesk(t, holiday())
	d.Open(invitation)
	if got := d.engine.verbs(); !slices.Equal(got, []string{"look " + invitation}) {
		t.Fatalf("the engine was told %q", got)
	}
	d.show(offeredBy(false))
	if got := d.offer.name.Text(); got != "Asking the sender…" || !d.offer.accept.Disabled() {
		t.Errorf("before the sender has answered the sheet says %q", got)
	}
	d.show(offeredBy(true))
	if got := d.offer.summary.Text(); got != "from Grace's desktop · 2,001 files · 1.2 GB" {
		t.Errorf("the offer reads %q", got)
	}
	if got := d.offer.badge.Face().Text; !strings.Contains(got, "same network") {
		t.Errorf("the path is %q", got)
	}
	if got := d.offer.space.Text(); got != "41.0 GB free" {
		t.Errorf("the folder has %q", got)
	}
	if got := d.offer.count.Text(); got != "6 of 6 files chosen · 830 MB" {
		t.Errorf("chosen are %q", got)
	}
	if !d.pressed(fyne.KeyReturn, 0) {
		t.Fatal("Enter does nothing")
	}
	if got := lastVerb(d); got != "accept offered /home/ada/Downloads []" {
		t.Errorf("the engine was told %q", got)
	}
	if d.offer != nil || d.window.Canvas().Overlays().Top() != nil {
		t.Error("the sheet stays open")
	}
}

func TestSomeFilesAreChosenAndAnotherFolder(t *testing.T) {
	d := offerDesk(t, holiday())
	s := asked(t, d)
	s.tree.toggle(slices.IndexFunc(s.tree.nodes, func(n offerNode) bool { return n.name == "Beach" }))
	s.chosen()
	if got := s.count.Text(); got != "3 of 6 files chosen · 10.2 MB" && got != "3 of 6 files chosen · 10 MB" {
		t.Errorf("chosen are %q", got)
	}
	if !s.all.Partial || s.all.Checked {
		t.Error("the box for all does not show that some are chosen")
	}
	s.search.SetText("IMG_0107")
	if len(s.tree.visible) != 1 {
		t.Errorf("the search finds %d", len(s.tree.visible))
	}
	s.all.SetChecked(true)
	s.all.SetChecked(false) // of what is found
	s.search.SetText("")
	s.folder.SetText("/mnt/disk")
	tap(s.accept)
	if got := lastVerb(d); got != "accept offered /mnt/disk [4 5]" {
		t.Errorf("the engine was told %q", got)
	}
}

func TestNothingChosenCannotBeAccepted(t *testing.T) {
	d := offerDesk(t, holiday())
	s := asked(t, d)
	s.all.SetChecked(false)
	if !s.accept.Disabled() {
		t.Error("nothing can be accepted")
	}
	d.pressed(fyne.KeyReturn, 0)
	if strings.HasPrefix(lastVerb(d), "accept") {
		t.Error("Enter accepts nothing at all")
	}
}

func TestWhatDoesNotFitIsSaidBeforeItIsAccepted(t *testing.T) {
	d := offerDesk(t, holiday())
	d.engine.free = 100_000_000
	s := asked(t, d)
	if !s.accept.Disabled() || !s.trouble.Visible() || !strings.Contains(s.trouble.Text(), "830 MB") || !strings.Contains(s.trouble.Text(), "100 MB") {
		t.Errorf("it says %q", s.trouble.Text())
	}
	s.tree.toggle(slices.IndexFunc(s.tree.nodes, func(n offerNode) bool { return n.name == "fire.mp4" }))
	s.chosen()
	if s.accept.Disabled() || s.trouble.Visible() {
		t.Error("fewer files fit, and cannot be accepted")
	}
}

func TestWhyItCannotBeAcceptedIsSaidInTheSheet(t *testing.T) {
	d := offerDesk(t, holiday())
	s := asked(t, d)
	d.engine.err = &engine.Problem{Code: engine.CannotWrite, Subject: "/home/ada/Downloads"}
	tap(s.accept)
	if d.offer != s || !strings.Contains(s.trouble.Text(), "/home/ada/Downloads cannot be written to") {
		t.Errorf("the sheet says %q", s.trouble.Text())
	}
	d.engine.err = &engine.Problem{Code: engine.NotEnoughRoom, Needed: 900_000_000, Free: 1_000_000}
	tap(s.accept)
	if !strings.Contains(s.trouble.Text(), "900 MB") {
		t.Errorf("the sheet says %q", s.trouble.Text())
	}
	d.engine.err = nil
	tap(s.accept)
	if d.offer != nil {
		t.Error("once it can be written it is not accepted")
	}
}

// TestWhatHasNoRoomIsChosenAgain: the list of files becomes known after the
// offer was accepted unseen, and does not fit.
func TestWhatHasNoRoomIsChosenAgain(t *testing.T) {
	d := offerDesk(t, holiday())
	d.engine.free = 100_000_000
	stuck := failing(offering(true), engine.NotEnoughRoom, "/mnt/small")
	stuck.Folder = "/mnt/small"
	d.show(one(stuck))
	tap(d.button(t, "Choose folder and files…"))
	s := d.offer
	if s == nil || s.tree == nil || s.folder.Text != "/mnt/small" || !s.trouble.Visible() {
		t.Fatal("the sheet does not show what there is to choose from")
	}
	d.show(one(stuck)) // another state does not close it
	if d.offer != s || s.decline.Visible() {
		t.Fatal("the sheet closes, or would decline what was accepted")
	}
	d.engine.free = 41_000_000_000
	s.folder.SetText("/mnt/disk")
	tap(s.accept)
	if got := lastVerb(d); got != "accept offered /mnt/disk []" || d.offer != nil {
		t.Errorf("the engine was told %q", got)
	}
	d.showOffer("offered")
	d.pressed(fyne.KeyEscape, 0)
	if d.offer != nil || strings.HasPrefix(lastVerb(d), "remove") {
		t.Errorf("Esc: the engine was told %q", lastVerb(d))
	}
	d.showOffer("offered")
	stuck.Phase, stuck.Problem = engine.Preparing, nil
	d.show(one(stuck))
	if d.offer != nil {
		t.Error("the sheet stays though it is being fetched")
	}
}

func TestOnlyWhatIsNotBegunIsChosenAgain(t *testing.T) {
	begun := failing(receiving(""), engine.NotEnoughRoom, "")
	full := failing(offering(true), engine.DiskFull, "")
	mine := failing(offering(true), engine.NotEnoughRoom, "")
	mine.Direction = engine.Send
	for _, transfer := range []engine.Transfer{begun, full, mine, offering(true)} {
		if canChooseAgain(transfer) {
			t.Errorf("%+v can be chosen again", transfer)
		}
	}
}

// TestTheTroubleHasRoomOfItsOwn: the sentence goes on in a second line, which
// the buttons must not lie on.
func TestTheTroubleHasRoomOfItsOwn(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		for _, size := range []fyne.Size{first, minimum} {
			d := newDesk(t, language, theme.VariantLight)
			d.keeper.taken.AskFirst = true
			d.engine.contents, d.engine.free = holiday(), 8_000_000
			d.window.Resize(size)
			s := asked(t, d)
			driver := d.app.Driver()
			below := driver.AbsolutePositionForObject(s.trouble).Y + s.trouble.HeightFor(s.trouble.Size().Width)
			top := driver.AbsolutePositionForObject(s.accept).Y
			if !s.trouble.Visible() || below > top {
				t.Errorf("%s at %v: the sentence ends at %v, the buttons begin at %v", language, size, below, top)
			}
			if bottom := top + s.accept.Size().Height; bottom > size.Height {
				t.Errorf("%s at %v: the buttons end at %v", language, size, bottom)
			}
			if list := s.list.Size().Height; list < 2*offerRowHeight {
				t.Errorf("%s at %v: the list is %v high", language, size, list)
			}
		}
	}
}

func TestTheBadgeOfAnOfferIsReadOutWithItsMeaning(t *testing.T) {
	d := offerDesk(t, holiday())
	d.Open(invitation)
	state := offeredBy(true)
	p := peer("offered", path.Relayed)
	d.show(one(state.Transfers[0], p))
	if got := d.offer.badge.AccessibilityLabel(); !strings.Contains(got, d.words.Say("path-means.relayed", nil)) {
		t.Errorf("the badge is read out as %q", got)
	}
}

func TestEscDeclinesAndLaterKeepsTheOffer(t *testing.T) {
	d := offerDesk(t, holiday())
	asked(t, d)
	d.pressed(fyne.KeyEscape, 0)
	if lastVerb(d) != "remove offered" || d.offer != nil {
		t.Errorf("Esc: the engine was told %q", lastVerb(d))
	}
	d.show(engine.State{})
	s := asked(t, d)
	tap(s.wait)
	if d.offer != nil || lastVerb(d) == "remove offered" && len(d.engine.verbs()) > 3 {
		t.Errorf("Later: the engine was told %q", d.engine.verbs())
	}
	d.Open(invitation) // again
	if d.offer == nil || lastVerb(d) != "look "+invitation {
		t.Error("the same invitation does not open its offer")
	}
}

func TestAnOfferOpensByItselfWhenTheSenderAnswers(t *testing.T) {
	d := offerDesk(t, holiday())
	d.Open(invitation)
	d.show(offeredBy(false))
	tap(d.offer.wait)
	d.show(offeredBy(false))
	if d.offer != nil {
		t.Fatal("it opens before the sender has answered")
	}
	d.show(offeredBy(true))
	if d.offer == nil {
		t.Fatal("it stays shut")
	}
	tap(d.offer.wait)
	d.show(offeredBy(true))
	if d.offer != nil {
		t.Error("it opens again and again")
	}
}

func TestAnOfferThatIsGoneClosesItsSheet(t *testing.T) {
	d := offerDesk(t, holiday())
	asked(t, d)
	d.show(engine.State{})
	if d.offer != nil || d.window.Canvas().Overlays().Top() != nil {
		t.Error("the sheet stays")
	}
}

func TestQuittingWhileSomethingIsOfferedDoesNotDecline(t *testing.T) {
	d := offerDesk(t, holiday())
	asked(t, d)
	state := offeredBy(true)
	state.Transfers = append(state.Transfers, moving(sending(""), path.DirectLAN))
	d.show(state)
	d.pressed(fyne.KeyQ, control)
	if slices.Contains(d.engine.verbs(), "remove offered") || d.quits != 0 || len(d.modals) != 1 {
		t.Errorf("the engine was told %q, %d dialogs", d.engine.verbs(), len(d.modals))
	}
}

func TestWithoutAskingAnInvitationIsFetched(t *testing.T) {
	d := offerDesk(t, holiday())
	d.keeper.taken.AskFirst = false
	d.Open(invitation)
	if lastVerb(d) != "receive "+invitation || d.offer != nil {
		t.Errorf("the engine was told %q", lastVerb(d))
	}
}

func TestTheArrowsFoldAndUnfold(t *testing.T) {
	d := offerDesk(t, holiday())
	s := asked(t, d)
	all := len(s.tree.visible)
	s.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	if len(s.tree.visible) != all-4 {
		t.Errorf("folded %d of %d are shown", len(s.tree.visible), all)
	}
	s.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	s.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	s.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	if s.list.at != all-1 {
		t.Errorf("End goes to line %d of %d", s.list.at, all)
	}
	s.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if len(s.tree.visible) != all || s.tree.chosenFiles != 3 || s.list.at != 0 {
		t.Errorf("unfolded %d of %d are shown, %d chosen", len(s.tree.visible), all, s.tree.chosenFiles)
	}
}

func TestAHundredThousandFilesAreChosenAtOnce(t *testing.T) {
	began := time.Now()
	tree := newOfferTree(crowd(100_000))
	if len(tree.visible) != 100 {
		t.Errorf("%d lines are shown at first", len(tree.visible))
	}
	tree.search("picture 0")
	tree.chooseShown(false)
	tree.search("")
	tree.toggle(0)
	t.Logf("made, searched and chosen in %v", time.Since(began))
	if got := tree.chosen(); len(got) != 1000 || tree.chosenBytes != 1_000_000 || got[0] != 0 || got[999] != 999 {
		t.Errorf("%d are chosen", len(got))
	}
}

func TestALinkIsShownAboveADialogThatIsOpen(t *testing.T) {
	d := offerDesk(t, holiday())
	d.showKeys()
	s := asked(t, d)
	if len(d.modals) != 2 || !s.topmost() {
		t.Fatalf("%d dialogs are shown", len(d.modals))
	}
	d.pressed(fyne.KeyEscape, 0)
	if lastVerb(d) != "remove offered" || d.offer != nil || len(d.modals) != 1 {
		t.Error("Esc does not leave the offer, or leaves more")
	}
	d.pressed(fyne.KeyEscape, 0)
	if len(d.modals) != 0 || d.window.Canvas().Overlays().Top() != nil {
		t.Error("the dialog below stays")
	}
}

func TestCtrlCCopiesAnInvitationOnlyWhereTransfersAreSeen(t *testing.T) {
	d := newDesk(t, "en", theme.VariantLight)
	d.show(everything())
	for _, page := range []int{networkAt, historyAt, settingsAt} {
		d.goTo(page)
		d.app.Clipboard().SetContent("mine")
		d.pressed(fyne.KeyC, control)
		if d.app.Clipboard().Content() != "mine" {
			t.Errorf("on page %d a secret is copied unasked", page)
		}
	}
	d.goTo(transfersAt)
	d.pressed(fyne.KeyC, control)
	if d.app.Clipboard().Content() != invitation {
		t.Error("on the Transfers page nothing is copied")
	}
}

func TestTheKeysFitIntoTheSmallestWindow(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		d := newDesk(t, language, theme.VariantLight)
		d.window.Resize(minimum)
		d.showKeys()
		if need := d.modals[0].shown.(*dialog.CustomDialog).MinSize(); need.Height > minimum.Height || need.Width > minimum.Width {
			t.Errorf("%s: they need %v", language, need)
		}
		closing := d.window.Canvas().Focused().(*widget.Button)
		if bottom := d.app.Driver().AbsolutePositionForObject(closing).Y + closing.Size().Height; bottom > minimum.Height {
			t.Errorf("%s: the button ends at %v", language, bottom)
		}
	}
}

func TestTheKeysAreListed(t *testing.T) {
	d := newDesk(t, "en", theme.VariantLight)
	d.pressed(fyne.KeyF1, 0)
	if len(d.modals) != 1 {
		t.Fatal("F1 shows nothing")
	}
	d.pressed(fyne.KeyEscape, 0)
	if len(d.modals) != 0 || d.window.Canvas().Overlays().Top() != nil {
		t.Error("Esc does not close the list")
	}
	d.pressed(fyne.Key2, control)
	if d.here != networkAt {
		t.Errorf("Ctrl+2 goes to page %d", d.here)
	}
	d.notice.complain("Something is wrong.")
	d.pressed(fyne.KeyEscape, 0)
	if d.notice.content.Visible() {
		t.Error("Esc does not put the notice away")
	}
}

func TestAChooserOpensAndEscClosesIt(t *testing.T) {
	d := newDesk(t, "en", theme.VariantLight)
	for _, held := range []fyne.KeyModifier{control, control | fyne.KeyModifierShift} {
		d.pressed(fyne.KeyO, held)
		if len(d.modals) != 1 {
			t.Fatal("no chooser is shown")
		}
		d.pressed(fyne.KeyEscape, 0)
		if len(d.modals) != 0 || d.window.Canvas().Overlays().Top() != nil {
			t.Fatal("Esc does not close the chooser")
		}
	}
}

func TestAPastedInvitationIsTakenWhereverTheFocusIs(t *testing.T) {
	d := offerDesk(t, holiday())
	d.Show()
	if d.window.Canvas().Focused() != nil {
		t.Error("something has the focus from the start, and a cursor that blinks")
	}
	d.app.Clipboard().SetContent("some words")
	d.window.Canvas().Focus(d.transfers.invitation)
	if d.pressed(fyne.KeyV, control) {
		t.Error("other text is kept from the box")
	}
	d.app.Clipboard().SetContent(invitation)
	if !d.pressed(fyne.KeyV, control) || d.offer == nil {
		t.Error("the invitation is not taken")
	}
}

// TestPhotographsOfReceiving paints for people to look at.
func TestPhotographsOfReceiving(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for variantName, variant := range variants {
		for _, language := range []string{"en", "zh"} {
			d := newDesk(t, language, variant)
			d.keeper.taken.AskFirst = true
			d.engine.contents, d.engine.free = holiday(), 41_000_000_000
			take := func(name string) {
				t.Helper()
				photograph(t, d, filepath.Join(folder, name+"-"+language+"-"+variantName+".png"))
			}
			d.Open(invitation)
			d.show(offeredBy(false))
			take("offer-asking")
			d.show(offeredBy(true))
			d.offer.tree.toggle(1)
			d.offer.chosen()
			take("offer-known")
			d.offer.search.SetText("img")
			take("offer-found")
			d.offer.search.SetText("")
			d.engine.free = 8_000_000
			d.offer.measure()
			take("offer-no-room")
			d.window.Resize(minimum)
			d.offer.resize()
			take("offer-small")
			d.window.Resize(first)
			d.offer.leave()
			d.engine.free, d.engine.contents = 41_000_000_000, crowd(100_000)
			many := offeredBy(true)
			many.Transfers[0].Files, many.Transfers[0].Total, many.Transfers[0].Name = 100_000, 100_000_000, "Archive"
			d.state = many
			d.showOffer("offered")
			d.offer.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
			take("offer-many")
			d.offer.leave()
			d.engine.contents = engine.Contents{Name: "Minutes.txt", Total: 42_000, Files: []engine.ContentFile{{Path: "Minutes.txt", Size: 42_000, Chosen: true}}}
			many.Transfers[0].Files, many.Transfers[0].Total, many.Transfers[0].Name = 1, 42_000, "Minutes.txt"
			d.state = many
			d.showOffer("offered")
			take("offer-one-file")
			d.offer.leave()
			d.window.Resize(minimum)
			d.showKeys()
			take("keys")
		}
	}
}
