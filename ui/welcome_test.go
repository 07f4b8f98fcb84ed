package ui

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
)

func TestANewcomerIsWelcomedOnce(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	if d.welcome == nil || d.under.Visible() {
		t.Fatal("nobody is welcomed")
	}
	put(d.welcome.folder, "Downloads")
	if d.welcome == nil || len(d.saved) > 0 || !d.welcome.folder.problem.Visible() {
		t.Fatal("a folder that cannot be is taken")
	}
	d.welcome.folder.entry.SetText("/srv/shared")
	put(d.welcome.name, "Grace")
	if got := d.latest(t); got.Name != "Grace" || got.DownloadDir != "/srv/shared" || !got.Welcomed || got.StartAtLogin {
		t.Errorf("saved %+v", got)
	}
	if d.welcome != nil || !d.under.Visible() || d.over.Objects != nil {
		t.Error("the window cannot be used")
	}
	if d.settings.name.text() != "Grace" {
		t.Error("the settings show another name")
	}
	d.show(everything())
	if len(d.transfers.entries) != 5 {
		t.Error("the window shows nothing")
	}
}

func TestANewcomerLetsCausewayStartAtLoginByTheKeyboard(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	var told []bool
	d.autostart = func(on bool) error { told = append(told, on); return nil }
	d.rebuild()
	d.window.Canvas().Focus(d.welcome.atLogin)
	d.welcome.atLogin.TypedRune(' ')
	d.welcome.atLogin.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !d.latest(t).StartAtLogin || !slices.Equal(told, []bool{true}) || d.welcome != nil {
		t.Errorf("the desktop was told %v, saved %+v", told, d.saved)
	}
}

func TestNobodyWithOtherCaresIsWelcomed(t *testing.T) {
	if d := openDesk(t, "en", theme.VariantLight, someSettings, nil); d.welcome != nil {
		t.Error("somebody who was welcomed is welcomed again")
	}
	warning := &engine.Problem{Code: engine.SettingsBroken, Subject: "/home/ada/settings.json", Err: errTest}
	if d := openDesk(t, "en", theme.VariantLight, unwelcomed(), warning); d.welcome != nil || !d.notice.content.Visible() {
		t.Error("the warning is hidden")
	}
}

func TestAWelcomeThatCannotBeSavedIsSaid(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	d.engine.err = errors.New("no room")
	d.welcome.start.OnTapped()
	if d.welcome != nil || !d.notice.content.Visible() || d.keeper.wanted.Welcomed {
		t.Errorf("the window says %q", d.notice.text.Text)
	}
}

func TestNoKeyReachesThePagesUnderTheFirstRunPage(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	d.show(everything())
	d.app.Clipboard().SetContent("/home/ada/x")
	for _, focused := range []fyne.Focusable{d.welcome.name.entry, nil} {
		d.window.Canvas().Focus(focused)
		for _, b := range d.bindings() {
			if b.name == fyne.KeyF1 || b.name == fyne.KeySlash || b.name == fyne.KeyQ {
				continue
			}
			d.pressed(b.name, b.held)
			if d.welcome == nil || len(d.modals) > 0 || d.here != transfersAt {
				t.Fatalf("%s acts, on what nobody sees", b.name)
			}
		}
	}
	d.wantVerbs(t)
	if d.app.Clipboard().Content() != "/home/ada/x" {
		t.Error("an invitation was copied")
	}
	d.pressed(fyne.KeyF1, 0)
	if len(d.modals) != 1 {
		t.Error("F1 does not show the keys")
	}
	d.pressed(fyne.KeyEscape, 0)
	d.window.Canvas().Unfocus()
	d.pressed(fyne.KeyReturn, 0)
	if d.welcome != nil {
		t.Error("Enter does not go on")
	}
}

func TestWhatArrivesDuringTheFirstRunPageIsNotLost(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	d.welcome.name.entry.SetText("Grace")
	d.welcome.folder.entry.SetText("/srv/shared")
	d.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("/home/ada/x")})
	if d.welcome != nil || !d.under.Visible() || d.engine.verbs()[len(d.engine.verbs())-1] != "share /home/ada/x" {
		t.Errorf("what was dropped goes unseen; the engine was told %q", d.engine.verbs())
	}
	if got := d.latest(t); got.Name != "Grace" || got.DownloadDir != "/srv/shared" || !got.Welcomed {
		t.Errorf("saved %+v", got)
	}
}

func TestALinkEndsTheFirstRunPageEvenWithAMistakeOnIt(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	before := d.keeper.wanted.DownloadDir
	d.welcome.name.entry.SetText("Grace")
	put(d.welcome.folder, "Downloads")
	d.showKeys() // and under a dialog
	d.Open(invitation)
	if d.welcome != nil || len(d.modals) > 0 && d.offer == nil {
		t.Error("the page, or its dialog, stays")
	}
	if got := d.latest(t); got.Name != "Grace" || got.DownloadDir != before || !got.Welcomed {
		t.Errorf("saved %+v", got)
	}
	if got := d.engine.verbs(); !slices.Contains(got, "look "+invitation) && !slices.Contains(got, "receive "+invitation) {
		t.Errorf("the engine was told %q", got)
	}
}

func TestWhatCausewayIsStartedWithWaitsForTheFirstRunPage(t *testing.T) {
	d := openDesk(t, "en", theme.VariantLight, unwelcomed(), nil)
	d.OpenFirst("/home/ada/x")
	if d.welcome == nil {
		t.Fatal("a newcomer is not welcomed")
	}
	d.wantVerbs(t)
	d.welcome.start.OnTapped()
	if got := d.engine.verbs(); !slices.Contains(got, "share /home/ada/x") {
		t.Errorf("the engine was told %q", got)
	}
	other := englishDesk(t)
	other.OpenFirst("/home/ada/x")
	other.wantVerbs(t, "share /home/ada/x")
}
