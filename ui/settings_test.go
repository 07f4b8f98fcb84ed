package ui

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// settingsDesk is a window that shows the settings, all of them.
func settingsDesk(t *testing.T) *desk {
	d := englishDesk(t)
	d.goTo(settingsAt)
	d.window.Resize(fyne.NewSize(980, 1300))
	return d
}

// put replaces the text of a field and presses Enter.
func put(f *field, text string) {
	f.entry.SetText("")
	test.Type(f.entry, text)
	f.entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
}

// latest is what the engine works by and the file says, which must be the same.
func (d *desk) latest(t *testing.T) settings.Settings {
	t.Helper()
	if len(d.engine.configured) == 0 || len(d.saved) != len(d.engine.configured) {
		t.Fatalf("the engine was told %d times and %d were saved", len(d.engine.configured), len(d.saved))
	}
	return d.saved[len(d.saved)-1]
}

func TestALimitIsLiveAsSoonAsItIsRight(t *testing.T) {
	d := settingsDesk(t)
	put(d.settings.down, "1.5")
	if got := d.latest(t).LimitDown; got != 1_500_000 {
		t.Errorf("the limit is %d", got)
	}
	put(d.settings.up, "")
	if got := d.latest(t); got.LimitUp != 0 || got.LimitDown != 1_500_000 {
		t.Errorf("the limits are %d up, %d down", got.LimitUp, got.LimitDown)
	}
}

func TestBadInputIsMarkedWhereItStandsAndChangesNothing(t *testing.T) {
	d := settingsDesk(t)
	for _, f := range []struct {
		field *field
		text  string
		says  string
	}{
		{d.settings.down, "fast", "megabytes"},
		{d.settings.up, "-1", "megabytes"},
		{d.settings.relayMonth, "10", "10 GB"},
		{d.settings.relayTransfer, "much", "10 GB"},
		{d.settings.relayRate, "fast", "megabytes"},
		{d.settings.folder, "Downloads", "whole path"},
		{d.settings.stun.fields[0], "https://stun.example.org", "stun:"},
		{d.settings.rendezvous.fields[0], "tracker.example.org", "wss://"},
	} {
		put(f.field, f.text)
		if !f.field.problem.Visible() || !strings.Contains(f.field.problem.Text(), f.says) {
			t.Errorf("%q: the field says %q", f.text, f.field.problem.Text())
		}
	}
	if len(d.engine.configured)+len(d.saved) > 0 {
		t.Errorf("bad input came through: %+v", d.saved)
	}
	put(d.settings.down, "2")
	if d.settings.down.problem.Visible() {
		t.Error("the mark stays after the text was corrected")
	}
}

func TestServersAreAddedEditedAndRemoved(t *testing.T) {
	d := settingsDesk(t)
	added := d.settings.stun.add("")
	put(added, "stun:stun.example.com")
	if got := d.latest(t).STUN; !slices.Equal(got, []string{"stun:stun.example.org:3478", "stun:stun.example.com"}) {
		t.Errorf("after adding: %q", got)
	}
	put(d.settings.rendezvous.fields[1], "ws://127.0.0.1:8000")
	if got := d.latest(t).Rendezvous; !slices.Equal(got, []string{"wss://tracker.example.org", "ws://127.0.0.1:8000"}) {
		t.Errorf("after editing: %q", got)
	}
	d.settings.stun.remove(added)
	if got := d.latest(t).STUN; !slices.Equal(got, []string{"stun:stun.example.org:3478"}) {
		t.Errorf("after removing: %q", got)
	}
}

func TestARelayNeedsItsCredentials(t *testing.T) {
	d := settingsDesk(t)
	d.settings.turn.edit(-1)
	editor := d.settings.turn.editor
	put(editor.url, "turn:turn3.example.org")
	put(editor.user, "ada")
	if !editor.password.problem.Visible() || len(d.saved) > 0 {
		t.Fatal("a relay without a password is taken")
	}
	put(editor.password, "p, w")
	want := settings.TURN{URL: "turn:turn3.example.org", Username: "ada", Password: "p, w"}
	if got := d.latest(t).TURN; len(got) != 3 || got[2] != want {
		t.Errorf("the relays are %+v", got)
	}
}

func TestARelayIsEditedToUseASharedSecret(t *testing.T) {
	d := settingsDesk(t)
	d.settings.turn.edit(0)
	editor := d.settings.turn.editor
	if editor.password.entry.Text != "one" || !editor.password.entry.Password {
		t.Error("the password is lost or can be read over one's shoulder")
	}
	editor.kind.SetSelected(editor.kinds[1])
	put(editor.secret, "three")
	want := settings.TURN{URL: "turn:turn1.example.org:3478?transport=udp", Secret: "three"}
	if got := d.latest(t).TURN; got[0] != want {
		t.Errorf("the relay is %+v", got[0])
	}
	d.settings.turn.set(d.settings.turn.servers[1:])
	if got := d.latest(t).TURN; len(got) != 1 || got[0].Secret != "two" {
		t.Errorf("after removing: %+v", got)
	}
}

func TestAPolicyIsChosen(t *testing.T) {
	d := settingsDesk(t)
	d.settings.policy.SetSelected(d.words.Say("policy.lan", nil))
	if got := d.latest(t).Policy; got != path.LANOnly {
		t.Errorf("the policy is %s", got)
	}
}

func TestWhatTheEngineRefusesIsSaidAndNotKept(t *testing.T) {
	d := settingsDesk(t)
	d.engine.err = errTest
	put(d.settings.down, "3")
	if len(d.saved) > 0 || !d.notice.content.Visible() {
		t.Errorf("saved %+v; the window says %q", d.saved, d.notice.text.Text)
	}
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "0": 0, "2.5": 2_500_000, "2,5": 2_500_000, "0.001": 1000, "1000000": 1e12} {
		got, err := parseLimit(text)
		if err != nil || got != want {
			t.Errorf("parseLimit(%q) = %d, %v", text, got, err)
		}
		if again, err := parseLimit(limitText(got)); err != nil || again != got {
			t.Errorf("%d is written as %q", got, limitText(got))
		}
	}
	for _, text := range []string{"-1", "NaN", "Inf", "1e9", "0.0001", "x", "1 2"} {
		if got, err := parseLimit(text); err == nil {
			t.Errorf("parseLimit(%q) = %d", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"": 0, "0": 0, "10 GB": 10e9, "5 TB": 5e12, "10G": 10e9, "2.5 gb": 2.5e9, "2,5 GB": 2.5e9, "500 MB": 500e6, "1.5 GiB": 3 << 29, "64kB": 64e3,
		"1234567 kB": 1_234_567_000, "5 B": 5, "1500000001 B": 1_500_000_001,
	} {
		got, err := parseSize(text)
		if err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v", text, got, err)
		}
		if again, err := parseSize(sizeText(got)); err != nil || again != got {
			t.Errorf("%d is written as %q", got, sizeText(got))
		}
	}
	for _, text := range []string{"10", "1.5", "-1 GB", "GB", "x", "1 TB of it", "1e9", ".", "5 BB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d", text, got)
		}
	}
	if got := sizeText(-5); checkSize(got) != notASize {
		t.Errorf("a file's negative limit shows as %q, which is right", got)
	}
}

func TestRelayLimitsAreLive(t *testing.T) {
	d := settingsDesk(t)
	put(d.settings.relayMonth, "10 GB")
	put(d.settings.relayTransfer, "1.5 GiB")
	put(d.settings.relayRate, "0.5")
	if got := d.latest(t); got.RelayMonth != 10e9 || got.RelayTransfer != 3<<29 || got.RelayRate != 500_000 {
		t.Errorf("the limits are %d a month, %d a transfer, %d a second", got.RelayMonth, got.RelayTransfer, got.RelayRate)
	}
	put(d.settings.relayMonth, "")
	if got := d.latest(t); got.RelayMonth != 0 {
		t.Errorf("the month's limit is %d", got.RelayMonth)
	}
}

func TestTheRouterIsAskedForPortsOnlyIfTheUserLikes(t *testing.T) {
	d := settingsDesk(t)
	d.settings.mapping.check.SetChecked(true)
	if !d.latest(t).PortMapping {
		t.Error("the choice is lost")
	}
	d.engine.err = errTest
	d.settings.mapping.check.SetChecked(false)
	if !d.settings.mapping.check.Checked {
		t.Error("what the engine refused still shows")
	}
}

func TestTheNewestEditWinsWhileTheEngineIsSlow(t *testing.T) {
	d := settingsDesk(t)
	var started []func()
	d.start = func(f func()) { started = append(started, f) }
	for _, limit := range []string{"1", "2", "3"} {
		put(d.settings.down, limit)
	}
	for len(started) > 0 { // the last to start is the first to run
		last := started[len(started)-1]
		started = started[:len(started)-1]
		last()
	}
	if got := d.latest(t).LimitDown; got != 3_000_000 || len(d.saved) != 2 {
		t.Errorf("the limit is %d, saved %d times", got, len(d.saved))
	}
}

func TestWhatTheEngineRefusesIsTakenBack(t *testing.T) {
	d := settingsDesk(t)
	d.engine.err = errTest
	put(d.settings.down, "3")
	put(d.settings.rendezvous.fields[0], "wss://other.example.org")
	d.settings.policy.SetSelected(d.words.Say("policy.lan", nil))
	if got := d.settings.down.entry.Text; got != "" {
		t.Errorf("the refused limit still shows: %q", got)
	}
	if got := d.settings.rendezvous.fields[0].entry.Text; got != "wss://tracker.example.org" {
		t.Errorf("the refused address still shows: %q", got)
	}
	if got := d.settings.policy.Selected; got != d.words.Say("policy.auto", nil) {
		t.Errorf("the refused policy still shows: %q", got)
	}
	d.engine.err = nil
	put(d.settings.up, "1")
	want := someSettings
	want.LimitUp = 1_000_000
	if got := d.latest(t); !reflect.DeepEqual(got, want) {
		t.Errorf("a refused edit comes back with the next: %+v", got)
	}
}

func TestASettingsFileEditedByHandOpensWithItsFaultsMarked(t *testing.T) {
	bad := someSettings
	bad.Policy, bad.LimitUp, bad.DownloadDir = "lann", -5, "Downloads"
	bad.RelayMonth = -7
	bad.STUN = []string{"http://stun.example.org", "stun:stun.example.org"}
	warning := &engine.Problem{Code: engine.SettingsWrong, Subject: "/home/ada/settings.json", Err: errTest}
	d := openDesk(t, "en", theme.VariantLight, bad, warning)
	if !d.settings.content.Visible() || !strings.Contains(d.notice.text.Text, "/home/ada/settings.json") || !d.notice.content.Visible() {
		t.Errorf("the window says %q", d.notice.text.Text)
	}
	p := d.settings
	for name, marked := range map[string]bool{
		"policy": p.noPolicy.Visible() && p.policy.Selected == "", "limit": p.up.problem.Visible(), "month": p.relayMonth.problem.Visible(), "folder": p.folder.problem.Visible(),
		"stun": p.stun.fields[0].problem.Visible(),
	} {
		if !marked {
			t.Errorf("the %s is not marked", name)
		}
	}
	if p.stun.fields[1].problem.Visible() || p.down.problem.Visible() || len(d.saved) > 0 {
		t.Error("what is right is marked, or something was saved")
	}
	p.policy.SetSelected(d.words.Say("policy.lan", nil))
	put(p.up, "")
	put(p.relayMonth, "10 GB")
	put(p.folder, "/home/ada")
	p.stun.remove(p.stun.fields[0])
	if _, flawed := p.flawed(); flawed || p.noPolicy.Visible() || d.notice.content.Visible() {
		t.Errorf("corrected, and still marked; the window says %q", d.notice.text.Text)
	}
	if got := d.latest(t); got.Policy != path.LANOnly || got.DownloadDir != "/home/ada" || got.LimitUp != 0 || len(got.STUN) != 1 {
		t.Errorf("saved %+v", got)
	}
}
