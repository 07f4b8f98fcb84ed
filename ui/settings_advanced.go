package ui

import (
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
)

// advancedControls are those of the part Advanced.
type advancedControls struct {
	ports    *field
	metrics  *field
	logLevel *choice
	showLog  *widget.Button
	reset    *widget.Button
}

func (p *settingsPage) newAdvanced() []fyne.CanvasObject {
	say := p.window.words.Say
	p.ports = p.field(say("settings.any-port", nil), checkPorts,
		func(s settings.Settings) string { return portsText(s.PortMin, s.PortMax) },
		func(s *settings.Settings, text string) { s.PortMin, s.PortMax, _ = parsePorts(text) }).sized(260, "")
	p.metrics = p.field(say("settings.no-metrics", nil), checkMetrics,
		func(s settings.Settings) string { return s.Metrics },
		func(s *settings.Settings, text string) { s.Metrics = text }).sized(260, "")
	p.reset = widget.NewButtonWithIcon(say("settings.reset-button", nil), theme.ContentUndoIcon(), p.askToReset)
	return []fyne.CanvasObject{
		p.section("ports", form(label(say("settings.udp", nil)), p.ports.content)),
		p.newLog(),
		p.section("metrics", form(label(say("settings.metrics-address", nil)), p.metrics.content)),
		p.section("reset", container.NewHBox(p.reset)),
	}
}

func (p *settingsPage) newLog() fyne.CanvasObject {
	w, say := p.window, p.window.words.Say
	p.logLevel = p.choice([]string{"", "warn", "info", "debug"},
		[]string{say("settings.log-off", nil), say("settings.log-warn", nil), say("settings.log-info", nil), say("settings.log-debug", nil)},
		func(s *settings.Settings) *string { return &s.LogLevel })
	p.showLog = widget.NewButtonWithIcon(say("settings.show-log", nil), theme.FolderOpenIcon(), w.openLog)
	show(p.showLog, w.logFile != "")
	return p.section("log", form(label(say("settings.log-level", nil)), p.logLevel.content), container.NewHBox(p.showLog))
}

// openLog shows the log in its folder, and says so where nothing was kept yet.
func (w *Window) openLog() {
	w.start(func() {
		_, none := os.Stat(w.logFile)
		w.do(func() {
			if none != nil {
				w.notice.tell(w.words.Say("settings.no-log", nil))
				return
			}
			w.revealName(w.logFile)
		})
	})
}

// askToReset asks before the settings become those of a fresh installation.
func (p *settingsPage) askToReset() {
	say := p.window.words.Say
	text := say("settings.reset-question", nil)
	if relays := len(p.window.keeper.wanted.TURN); relays > 0 {
		text = p.window.words.Sentences(text, p.window.words.Count("settings.reset-relays", relays))
	}
	p.window.ask(say("settings.reset-title", nil), text, say("settings.reset-yes", nil), say("dialog.cancel", nil), func() {
		p.change(resetSettings)
		p.window.rebuild() // nothing half-typed stays
	})
}

// resetSettings makes settings those of a fresh installation, but for what this
// computer is called, where its files are, and what it does for others.
func resetSettings(s *settings.Settings) {
	fresh := settings.Default()
	fresh.Name, fresh.DownloadDir, fresh.Serve, fresh.Welcomed = s.Name, s.DownloadDir, s.Serve, s.Welcomed
	*s = fresh
}
