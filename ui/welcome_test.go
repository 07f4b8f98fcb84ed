package ui

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
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
