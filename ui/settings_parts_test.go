package ui

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

func TestEachSwitchIsLive(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	p := d.settings
	for name, one := range map[string]struct {
		toggle *toggle
		of     func(settings.Settings) bool
	}{
		"start at login":      {p.atLogin, func(s settings.Settings) bool { return s.StartAtLogin }},
		"keep in tray":        {p.keepInTray, func(s settings.Settings) bool { return s.KeepInTray }},
		"ask first":           {p.askFirst, func(s settings.Settings) bool { return s.AskFirst }},
		"limits on a LAN":     {p.alsoLAN, func(s settings.Settings) bool { return s.LimitLAN }},
		"schedule":            {p.scheduled, func(s settings.Settings) bool { return s.Schedule.Enabled && s.Schedule.Days != 0 }},
		"notifications":       {p.notify, func(s settings.Settings) bool { return s.Notify }},
		"names in them":       {p.notifyNames, func(s settings.Settings) bool { return s.NotifyNames }},
		"ports of the router": {p.mapping, func(s settings.Settings) bool { return s.PortMapping }},
	} {
		if name == "schedule" {
			d.keeper.change(func(s *settings.Settings) { s.Schedule.Days = 1 })
		}
		one.toggle.check.SetChecked(true)
		if !one.of(d.latest(t)) {
			t.Errorf("%s: switched on, and is not", name)
		}
		one.toggle.check.SetChecked(false)
		if one.of(d.latest(t)) && name != "schedule" {
			t.Errorf("%s: switched off, and is not", name)
		}
	}
}

func TestEachFieldTakesWhatIsRight(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, richSettings())
	p := d.settings
	for text, one := range map[string]struct {
		field *field
		holds func(settings.Settings) bool
	}{
		"Grace":          {p.name, func(s settings.Settings) bool { return s.Name == "Grace" }},
		"/srv/shared":    {p.folder, func(s settings.Settings) bool { return s.DownloadDir == "/srv/shared" }},
		"1.5":            {p.upThen, func(s settings.Settings) bool { return s.Schedule.LimitUp == 1_500_000 }},
		"0.5":            {p.downThen, func(s settings.Settings) bool { return s.Schedule.LimitDown == 500_000 }},
		"8:15":           {p.from, func(s settings.Settings) bool { return s.Schedule.From == 8*60+15 }},
		"18.30":          {p.to, func(s settings.Settings) bool { return s.Schedule.To == 18*60+30 }},
		"40000 - 40100":  {p.ports, func(s settings.Settings) bool { return s.PortMin == 40000 && s.PortMax == 40100 }},
		"localhost:9000": {p.metrics, func(s settings.Settings) bool { return s.Metrics == "localhost:9000" }},
	} {
		put(one.field, text)
		if !one.holds(d.latest(t)) || one.field.problem.Visible() {
			t.Errorf("%q is not taken: %q", text, one.field.problem.Text())
		}
	}
	put(p.ports, "")
	put(p.metrics, "")
	if got := d.latest(t); got.PortMin != 0 || got.PortMax != 0 || got.Metrics != "" {
		t.Errorf("emptied, and still %+v", got)
	}
}

func TestNothingOfWhatIsWrongComesThrough(t *testing.T) {
	once := richSettings()
	once.Schedule.Days = 1 << time.Monday
	d := fullSettings(t, "en", theme.VariantLight, once)
	markFields(d)
	if len(d.saved)+len(d.engine.configured) != 0 {
		t.Errorf("saved %+v", d.saved)
	}
	p := d.settings
	for f, says := range map[*field]string{
		p.from: "8:00", p.ports: "lower one first", p.metrics: "127.0.0.1", p.folder: "whole path", p.up: "megabytes",
	} {
		if !f.problem.Visible() || !strings.Contains(f.problem.Text(), says) {
			t.Errorf("%q: the field says %q", f.text(), f.problem.Text())
		}
	}
	if !p.noDays.Visible() {
		t.Error("a schedule without a day is not marked")
	}
	put(p.name, "Grace") // something else is taken meanwhile
	if p.from.text() != "25:00" || !p.noDays.Visible() || p.days[0].Checked || p.up.text() != "fast" {
		t.Error("what was typed is lost because something else was taken")
	}
	p.days[2].SetChecked(true)
	if got := d.latest(t).Schedule.Days; got != 1<<3 || p.noDays.Visible() {
		t.Errorf("the days are %b", got)
	}
}

func TestAScheduleIsSeenWhileThereIsOne(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, richSettings())
	p := d.settings
	if !p.schedule.Visible() || !p.nextDay.Visible() {
		t.Error("a schedule from 22:00 to 6:00 is not shown as one into the next day")
	}
	put(p.to, "23:00")
	if p.nextDay.Visible() {
		t.Error("23:00 is after 22:00, on the same day")
	}
	p.scheduled.check.SetChecked(false)
	if p.schedule.Visible() {
		t.Error("the hours are shown without a schedule")
	}
}

func TestTheLanguageChangesAtOnce(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	d.show(everything())
	d.transfers.toggle("s")
	d.settings.language.choose.SetSelected("简体中文")
	if d.words != words.In("zh") || d.latest(t).Language != "zh" {
		t.Fatalf("the window speaks %s", d.words.Language())
	}
	if d.here != settingsAt || !d.settings.content.Visible() || d.settings.stops[0].Text != d.words.Say("settings.general", nil) {
		t.Error("the page is another one, or in another language")
	}
	if len(d.transfers.entries) != 5 || !d.transfers.expanded["s"] {
		t.Error("what was shown is gone")
	}
	if d.window.Canvas().Focused() != fyne.Focusable(d.settings.language.choose) {
		t.Error("the focus is lost")
	}
	put(d.settings.down, "3")
	if got := d.latest(t); got.LimitDown != 3_000_000 || got.Language != "zh" {
		t.Errorf("after that: %+v", got)
	}
	d.settings.language.choose.SetSelected("English")
	if d.words != words.In("en") {
		t.Error("there is no way back")
	}
}

func TestTheThemeChangesAtOnce(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	background := func() any {
		return d.app.Settings().Theme().Color(theme.ColorNameBackground, theme.VariantLight)
	}
	light, dark := look.Theme().Color(theme.ColorNameBackground, theme.VariantLight), look.Theme().Color(theme.ColorNameBackground, theme.VariantDark)
	d.settings.theme.choose.SetSelected(d.words.Say("settings.theme-dark", nil))
	if d.latest(t).Theme != "dark" || background() != any(dark) {
		t.Error("dark is not dark")
	}
	d.settings.theme.choose.SetSelected(d.words.Say("settings.theme-light", nil))
	if d.latest(t).Theme != "light" || background() != any(light) {
		t.Error("light is not light")
	}
	d.settings.theme.choose.SetSelected(d.words.Say("settings.theme-system", nil))
	if got := d.app.Settings().Theme().Color(theme.ColorNameBackground, theme.VariantDark); d.latest(t).Theme != "" || got != dark {
		t.Error("the theme does not follow the desktop")
	}
}

func TestTheDesktopIsToldWhetherToStartCauseway(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	var told []bool
	refuse := error(nil)
	d.autostart = func(on bool) error { told = append(told, on); return refuse }
	d.settings.atLogin.check.SetChecked(true)
	d.settings.atLogin.check.SetChecked(false)
	if !slices.Equal(told, []bool{true, false}) {
		t.Errorf("the desktop was told %v", told)
	}
	refuse = errors.New("read-only")
	d.settings.atLogin.check.SetChecked(true)
	if d.settings.atLogin.check.Checked || d.latest(t).StartAtLogin || !strings.Contains(d.notice.text.Text, "read-only") {
		t.Errorf("what the desktop refused still shows; the window says %q", d.notice.text.Text)
	}
}

func TestTheLogFollowsItsLevel(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	var levels []string
	d.setLogLevel = func(level string) { levels = append(levels, level) }
	d.settings.logLevel.choose.SetSelectedIndex(3)
	if !slices.Equal(levels, []string{"debug"}) || d.latest(t).LogLevel != "debug" {
		t.Errorf("the levels were %q", levels)
	}
	folder := t.TempDir()
	d.logFile = filepath.Join(folder, "causeway.log")
	d.settings.showLog.OnTapped()
	if len(d.opened) > 0 || !strings.Contains(d.notice.text.Text, "There is no log yet") {
		t.Errorf("without a log %q is opened and %q is said", d.opened, d.notice.text.Text)
	}
	if err := os.WriteFile(d.logFile, []byte("started"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.settings.showLog.OnTapped()
	if !slices.Equal(d.opened, []string{folder}) {
		t.Errorf("opened %q", d.opened)
	}
}

func TestAServerIsTestedWhereItStands(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	f, try := d.settings.stun.fields[0], d.settings.stun.trials[0]
	try.button.OnTapped()
	if got := try.said.Text(); !strings.Contains(got, "20 ms") || try.button.Disabled() {
		t.Errorf("a server that works: %q", got)
	}
	d.engine.err = &netcheck.Failure{Stage: netcheck.Resolve, Reason: netcheck.NameUnknown}
	try.button.OnTapped()
	if got := try.said.Text(); !strings.HasPrefix(got, "The name of stun.example.org") {
		t.Errorf("a server that nobody knows: %q", got)
	}
	test.Type(f.entry, "x")
	if try.content.Visible() {
		t.Error("what was said of another address still stands")
	}
	said := len(d.engine.verbs())
	put(f, "http://stun.example.org")
	try.button.OnTapped()
	if len(d.engine.verbs()) != said || !f.problem.Visible() {
		t.Error("an address that cannot be is tested")
	}
}

func TestARendezvousThatCannotBeUsedIsSaidInASentence(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	for err, says := range map[error]string{
		errTest: "tracker.example.org cannot be used as a rendezvous",
		&netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.NotTURN}:     "no rendezvous",
		&netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.Certificate}: "certificate of tracker.example.org",
		&engine.Problem{Code: engine.Internal, Err: errTest}:                     errTest.Error(),
	} {
		d.engine.err = err
		d.settings.rendezvous.trials[0].button.OnTapped()
		if got := d.settings.rendezvous.trials[0].said.Text(); !strings.Contains(got, says) {
			t.Errorf("%v: %q", err, got)
		}
	}
}

func TestARelayIsCorrectedUntilItsTestPasses(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	d.engine.result = results(&netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401})
	d.settings.turn.edit(-1)
	editor := d.settings.turn.editor
	editor.trial.button.OnTapped()
	if !editor.password.problem.Visible() || len(d.engine.verbs()) > 0 {
		t.Error("a relay without credentials is tested")
	}
	editor.url.entry.SetText("turn:turn3.example.org")
	editor.user.entry.SetText("ada")
	editor.password.entry.SetText("wrong")
	editor.trial.button.OnTapped()
	last := editor.trial.stages.lines[len(editor.trial.stages.lines)-1]
	if !strings.Contains(last.failure.Text(), "refuses the credentials") || editor.trial.outcome.Visible() {
		t.Errorf("the test says %q", last.failure.Text())
	}
	if len(d.saved) > 0 {
		t.Error("a test saves")
	}
	editor.password.entry.SetText("right")
	if editor.trial.content.Visible() {
		t.Error("what was said of another password still stands")
	}
	d.engine.result = results(nil)
	editor.trial.button.OnTapped()
	if !editor.trial.outcome.Visible() || len(editor.trial.stages.lines) != len(stages) {
		t.Error("the test passes, and does not say so")
	}
	editor.submit()
	if got := d.latest(t).TURN; len(got) != 3 || got[2].Password != "right" {
		t.Errorf("the relays are %+v", got)
	}
}

func TestWhereSecretsAreKeptIsSaid(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	if got := d.settings.secrets.Text(); !strings.Contains(got, "secrets.json") || !d.settings.secrets.Visible() {
		t.Errorf("said %q", got)
	}
	d.Window.secrets = func() (settings.Place, string) { return settings.InKeyring, "" }
	d.rebuild()
	if got := d.settings.secrets.Text(); !strings.Contains(got, "keyring of this computer") {
		t.Errorf("said %q", got)
	}
}

func TestWhatIsChangedElsewhereShowsHere(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	d.keeper.change(func(s *settings.Settings) { s.Policy, s.Name = path.RelayOnly, "Grace" })
	if d.settings.policy.Selected != d.words.Say("policy.relay", nil) || d.settings.name.text() != "Grace" {
		t.Error("the page shows what was")
	}
	if d.settings.stunSees.Visible() || !strings.Contains(d.settings.people.Text(), "relay") {
		t.Errorf("under relay only people see %q", d.settings.people.Text())
	}
	put(d.settings.down, "3")
	if got := d.latest(t); got.Policy != path.RelayOnly || got.LimitDown != 3_000_000 {
		t.Errorf("an edit here takes back what was changed there: %+v", got)
	}
}

func TestAPolicyThatCostsSomethingIsAskedAbout(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, someSettings)
	direct := d.words.Say("policy.direct", nil)
	d.settings.policy.SetSelected(direct)
	if len(d.saved) > 0 || d.settings.policy.Selected != d.words.Say("policy.auto", nil) {
		t.Fatal("the policy is taken before it is agreed to")
	}
	tapButton(t, d.window.Canvas().Overlays().Top(),
		d.words.Say("policy.take", map[string]string{"Policy": d.words.Say("policy-title.direct", nil)}))
	if d.latest(t).Policy != path.DirectOnly || d.settings.policy.Selected != direct {
		t.Errorf("the policy is %s, and %q shows", d.latest(t).Policy, d.settings.policy.Selected)
	}
}

func TestAllSettingsAreReset(t *testing.T) {
	d := fullSettings(t, "en", theme.VariantLight, richSettings())
	put(d.settings.up, "fast")
	d.settings.reset.OnTapped()
	if len(d.saved) > 0 || d.window.Canvas().Overlays().Top() == nil {
		t.Fatal("nobody was asked")
	}
	tapButton(t, d.window.Canvas().Overlays().Top(), d.words.Say("settings.reset-yes", nil))
	got, fresh := d.latest(t), settings.Default()
	if len(got.TURN) != 0 || got.LimitUp != 0 || got.Schedule != fresh.Schedule || !slices.Equal(got.STUN, fresh.STUN) {
		t.Errorf("not reset: %+v", got)
	}
	if got.Name != someSettings.Name || got.DownloadDir != someSettings.DownloadDir || !got.Welcomed {
		t.Errorf("what should stay is gone: %+v", got)
	}
	if d.settings.up.text() != "" || len(d.settings.turn.lines) != 0 {
		t.Error("the page shows what was")
	}
}

func TestAFaultOpensThePartItIsIn(t *testing.T) {
	bad := someSettings
	bad.Metrics = "0.0.0.0:9177"
	d := openDesk(t, "en", theme.VariantLight, bad, nil)
	if d.here != settingsAt || d.settings.here != partAdvanced || d.settings.stops[partAdvanced].Icon == nil || d.settings.stops[partGeneral].Icon != nil {
		t.Errorf("page %d, part %d", d.here, d.settings.here)
	}
	put(d.settings.metrics, "")
	if d.settings.stops[partAdvanced].Icon != nil {
		t.Error("the part is marked and nothing in it is wrong")
	}
}

func TestEveryPartFitsIntoTheSmallestWindow(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		d := fullSettings(t, language, theme.VariantLight, richSettings())
		d.window.Resize(minimum)
		if got := d.settings.content.MinSize().Width; got > d.settings.content.Size().Width {
			t.Errorf("%s: the page needs %.0f of %.0f", language, got, d.settings.content.Size().Width)
		}
	}
}

func TestTimesAndPorts(t *testing.T) {
	for text, want := range map[string]int{"0:00": 0, "8:05": 485, "08.05": 485, "23:59": 1439} {
		if got, err := parseTime(text); err != nil || got != want {
			t.Errorf("parseTime(%q) = %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "8", "24:00", "8:60", "8:5", "-1:00", "+1:00", "8:05:00", "noon"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("parseTime(%q) = %d", text, got)
		}
	}
	for _, text := range []string{"50000", "0-10", "10-", "-10", "2-1", "1-65536", "a-b", "1-2-3"} {
		if low, high, err := parsePorts(text); err == nil {
			t.Errorf("parsePorts(%q) = %d, %d", text, low, high)
		}
	}
}

// tapButton taps the button with a text in what is shown.
func tapButton(t *testing.T, in fyne.CanvasObject, text string) {
	t.Helper()
	for _, o := range test.LaidOutObjects(in) {
		if button, ok := o.(interface {
			fyne.Tappable
			AccessibilityLabel() string
		}); ok && button.AccessibilityLabel() == text {
			button.Tapped(&fyne.PointEvent{})
			return
		}
	}
	t.Fatalf("there is no button %q", text)
}

func TestTheEditorOfARelayIsAsHighAsWhatIsInIt(t *testing.T) {
	for _, size := range []fyne.Size{first, minimum} {
		d := fullSettings(t, "en", theme.VariantLight, someSettings)
		d.window.Resize(size)
		d.settings.turn.edit(0)
		editor := d.settings.turn.editor
		idle := func() float32 { return editor.scroll.Size().Height - editor.scroll.Content.MinSize().Height }
		if got := idle(); got < 0 || got > 1 {
			t.Errorf("%v: %v stay empty before a test", size, got)
		}
		before := editor.scroll.Size().Height
		d.engine.result = results(&netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.UDPBlocked, Err: errTest})
		editor.trial.button.OnTapped()
		if got := idle(); got < 0 || got > 1 {
			t.Errorf("%v: %v stay empty after a short test", size, got)
		}
		if editor.scroll.Size().Height <= before {
			t.Errorf("%v: the dialog does not grow with the stages", size)
		}
		d.engine.result = results(nil)
		editor.trial.button.OnTapped()
		driver := d.app.Driver()
		if bottom := driver.AbsolutePositionForObject(editor.save).Y + editor.save.Size().Height; bottom > size.Height {
			t.Errorf("%v: the buttons are at %v, outside of the window", size, bottom)
		}
		mark, field := editor.trial.stages.lines[0].mark, editor.user.entry
		if left := driver.AbsolutePositionForObject(mark).X; left != driver.AbsolutePositionForObject(field).X {
			t.Errorf("%v: the stages begin at %v, the fields elsewhere", size, left)
		}
	}
}
