package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// trayApp is a program with a place for its icon.
type trayApp struct {
	fyne.App
	menus []*fyne.Menu
}

func (a *trayApp) SetSystemTrayMenu(m *fyne.Menu) { a.menus = append(a.menus, m) }

func (a *trayApp) newest() *fyne.Menu { return a.menus[len(a.menus)-1] }

func (a *trayApp) press(t *testing.T, label string) {
	t.Helper()
	for _, item := range a.newest().Items {
		if item.Label == label && !item.Disabled {
			item.Action()
			return
		}
	}
	t.Fatalf("the menu has no %q", label)
}

// trayDesk is a desk whose desktop has a tray or has none.
func trayDesk(t *testing.T, there *bool) (*desk, *trayApp) {
	t.Helper()
	d := &desk{engine: &engineDouble{}, app: test.NewTempApp(t)}
	d.app.Settings().SetTheme(fixedTheme{look.Theme(), theme.VariantLight})
	a := &trayApp{App: d.app}
	s := someSettings
	s.KeepInTray = true
	inline := func(f func()) { f() }
	d.Window = New(Options{
		App: a, Engine: d.engine, Words: words.In("en"), Settings: s, Do: inline, Start: inline,
		After: func(_ time.Duration, f func()) { d.later = append(d.later, f) },
		Quit:  func() { d.quits++ }, Tray: func() bool { return *there },
	})
	t.Cleanup(func() { d.Stop(); d.window.Close() })
	return d, a
}

func TestTheTrayTellsTheRatesAndNotTooOften(t *testing.T) {
	there := true
	d, a := trayDesk(t, &there)
	now := time.Now()
	d.now = func() time.Time { return now }
	d.tray.last = now
	d.show(one(moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)))
	d.show(one(moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)))
	if len(a.menus) != 1 || len(d.later) != 1 {
		t.Fatalf("within two seconds there are %d menus", len(a.menus))
	}
	d.later[0]()
	if got := a.newest().Items[0].Label; got != "0 B/s down, 12.4 MB/s up" {
		t.Errorf("the menu says %q", got)
	}
	now = now.Add(time.Hour)
	d.show(d.state)
	if len(a.menus) != 2 {
		t.Error("the menu is given anew though nothing has changed")
	}
}

func TestAllIsPausedAndResumedFromTheTray(t *testing.T) {
	there := true
	d, a := trayDesk(t, &there)
	running, waiting, failed := moving(receiving(""), path.DirectLAN), sending(engine.Waiting), failing(sending(""), engine.NoPath, "")
	failed.ID = "f"
	d.tray.last = time.Time{}
	d.show(engine.State{Transfers: []engine.Transfer{running, waiting, failed}})
	a.press(t, "Pause all")
	if got := d.engine.verbs(); !slices.Equal(got, []string{"pause r", "pause s"}) {
		t.Errorf("the engine was told %q", got)
	}
	d.tray.last = time.Time{}
	running.Phase, waiting.Phase = engine.Paused, engine.Paused
	d.show(engine.State{Transfers: []engine.Transfer{running, waiting, failed}})
	a.press(t, "Resume all")
	if got := d.engine.verbs()[2:]; !slices.Equal(got, []string{"resume r", "resume s"}) {
		t.Errorf("the engine was told %q", got)
	}
}

func TestClosingHidesTheWindowWhereThereIsATray(t *testing.T) {
	there := true
	d, a := trayDesk(t, &there)
	d.Show()
	d.close()
	if len(d.modals) != 1 || d.quits != 0 {
		t.Fatal("the first time nothing is said")
	}
	d.pressed(fyne.KeyReturn, 0) // hide the window
	if !a.Preferences().Bool(trayTold) || len(d.modals) != 0 {
		t.Error("what was said is not kept")
	}
	d.close()
	if len(d.modals) != 0 || d.quits != 0 {
		t.Error("the second time it asks again, or quits")
	}
	there = false // the panel with the tray has ended
	d.close()
	if d.quits != 1 {
		t.Error("without a tray the window would be lost")
	}
}

func TestEscKeepsTheWindow(t *testing.T) {
	there := true
	d, a := trayDesk(t, &there)
	d.close()
	d.pressed(fyne.KeyEscape, 0)
	if a.Preferences().Bool(trayTold) || d.quits != 0 || len(d.modals) != 0 {
		t.Error("Esc hides or quits")
	}
}

func TestClosingQuitsWhereTheSettingsWantThat(t *testing.T) {
	there := true
	d, _ := trayDesk(t, &there)
	d.keeper.taken.KeepInTray = false
	d.close()
	if d.quits != 1 {
		t.Error("closing does not quit")
	}
}

func TestAHiddenStartShowsTheWindowWhereNoTrayComesUp(t *testing.T) {
	there := false
	d, _ := trayDesk(t, &there)
	now := time.Now()
	d.now = func() time.Time { return now }
	d.OpenHidden()
	if d.onScreen || len(d.later) != 1 {
		t.Fatal("it does not wait for the tray")
	}
	now = now.Add(trayPatience + time.Second)
	d.later[0]()
	if !d.onScreen {
		t.Error("the window stays hidden without a way back")
	}
	there = true
	other, a := trayDesk(t, &there)
	other.OpenHidden()
	if other.onScreen || len(other.later) != 0 {
		t.Error("with a tray it is shown")
	}
	a.press(t, "Open Causeway")
	if !other.onScreen {
		t.Error("the tray does not open it")
	}
}
