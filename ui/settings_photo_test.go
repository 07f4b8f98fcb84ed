package ui

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
)

// The states that the settings are shown in.

// fullSettings is a desk at the settings, with all that a program has.
func fullSettings(t *testing.T, language string, variant fyne.ThemeVariant, s settings.Settings) *desk {
	d := openDesk(t, language, variant, s, nil)
	d.autostart = func(bool) error { return nil }
	d.logFile = "/home/ada/.local/state/causeway/causeway.log"
	d.secrets = func() (settings.Place, string) { return settings.InFile, "/home/ada/.config/causeway/secrets.json" }
	d.rebuild()
	d.goTo(settingsAt)
	return d
}

// richSettings are settings that use every part.
func richSettings() settings.Settings {
	s := someSettings
	s.LimitLAN, s.AskFirst, s.Notify, s.PortMapping = true, true, true, true
	s.Schedule = settings.Schedule{Enabled: true, From: 22 * 60, To: 6 * 60, Days: 0b0111110, LimitDown: 10e6}
	s.PortMin, s.PortMax, s.Metrics, s.LogLevel = 50000, 50100, "127.0.0.1:9177", "info"
	return s
}

// markFields types into fields what cannot be.
func markFields(d *desk) {
	p := d.settings
	for f, text := range map[*field]string{
		p.folder: "Downloads", p.up: "fast", p.from: "25:00", p.relayMonth: "10", p.ports: "50100-50000", p.metrics: "0.0.0.0:9177",
		p.stun.fields[0]: "https://stun.example.org", p.rendezvous.fields[1]: "tracker.example.net",
	} {
		put(f, text)
	}
	for _, check := range p.days {
		check.SetChecked(false)
	}
}

// tryServers shows a test that went well, and one that did not.
func tryServers(d *desk) {
	d.settings.open(partNetwork)
	d.settings.stun.trials[0].button.OnTapped()
	d.engine.err = errors.New("refused")
	d.settings.rendezvous.trials[1].button.OnTapped()
	d.engine.err = nil
	d.engine.result = results(&netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401, Realm: "example.org"})
	d.settings.turn.lines[0].trial.button.OnTapped()
	d.engine.result = results(nil)
	d.settings.turn.lines[1].trial.button.OnTapped()
}

// tryEditor tests a relay in the editor, without saving it.
func tryEditor(d *desk, failure *netcheck.Failure) {
	d.engine.result = results(failure)
	d.settings.turn.edit(0)
	d.settings.turn.editor.trial.button.OnTapped()
}

func unwelcomed() settings.Settings {
	s := someSettings
	s.Welcomed = false
	return s
}

// TestPhotographsOfTheSettings paints the settings and the first-run page, where
// CAUSEWAY_PHOTOS names a folder. It judges nothing.
func TestPhotographsOfTheSettings(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for variantName, variant := range variants {
		for _, language := range []string{"en", "zh"} {
			d := fullSettings(t, language, variant, richSettings())
			take := func(name string) {
				t.Helper()
				photograph(t, d, filepath.Join(folder, "settings-"+name+"-"+language+"-"+variantName+".png"))
			}
			parts := []struct {
				name   string
				part   part
				height float32
			}{{"general", partGeneral, 640}, {"sending", partSending, 900}, {"network", partNetwork, 1250}, {"privacy", partPrivacy, 640}, {"advanced", partAdvanced, 720}}
			for _, one := range parts {
				d.window.Resize(fyne.NewSize(980, one.height))
				d.settings.open(one.part)
				take(one.name)
				d.window.Resize(minimum)
				take(one.name + "-small")
			}
			d.window.Resize(fyne.NewSize(980, 1700))
			tryServers(d)
			take("tested")
			d.window.Resize(first)
			tryEditor(d, &netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401, Realm: "example.org"})
			take("editor-failed")
			d.settings.turn.editor.dialog.Hide()
			tryEditor(d, nil)
			take("editor-passed")
			d.window.Resize(minimum)
			d.settings.turn.editor.dialog.Hide()
			tryEditor(d, nil)
			take("editor-small")
			d.settings.turn.editor.dialog.Hide()
			d.settings.turn.edit(-1)
			d.settings.turn.editor.submit()
			take("editor-marked")
			d.settings.turn.editor.dialog.Hide()
			d.window.Resize(fyne.NewSize(980, 1300))
			markFields(d)
			for _, one := range parts {
				d.settings.open(one.part)
				take(one.name + "-marked")
			}
			d = openDesk(t, language, variant, unwelcomed(), nil)
			d.autostart = func(bool) error { return nil }
			d.rebuild()
			take("welcome")
			d.window.Resize(minimum)
			take("welcome-small")
			put(d.welcome.folder, "Downloads")
			take("welcome-marked")
		}
	}
}
