package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

func parse(t *testing.T, arguments ...string) commandLine {
	t.Helper()
	var line commandLine
	parser, err := kong.New(&line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	return line
}

func savedSettings(t *testing.T) settings.Settings {
	s := settings.Default()
	s.DownloadDir = t.TempDir()
	s.TURN = []settings.TURN{{URL: "turn:saved.example.org", Username: "ada", Password: "one"}}
	return s
}

func TestFlagsHoldForOneRun(t *testing.T) {
	saved := savedSettings(t)
	line := parse(t, "--rendezvous", "ws://127.0.0.1:8000", "--turn", "turn:a.example.org,ada,p,w", "--turn-secret", "turn:b.example.org,s",
		"--policy", "relay", "--limit-up", "2M", "/some/file")
	run, err := line.override(saved)
	if err != nil {
		t.Fatal(err)
	}
	want := []settings.TURN{
		{URL: "turn:a.example.org", Username: "ada", Password: "p,w"}, {URL: "turn:b.example.org", Secret: "s"},
	}
	if !reflect.DeepEqual(run.TURN, want) || run.Policy != path.RelayOnly || run.LimitUp != 2_000_000 || len(run.Rendezvous) != 1 {
		t.Errorf("this run works by %+v", run)
	}
	edited := run
	edited.LimitDown, edited.LimitUp = 5_000_000, 7_000_000
	keep := kept(saved, run, edited)
	if keep.LimitDown != 5_000_000 || keep.LimitUp != 7_000_000 {
		t.Errorf("what the user edited is lost: %+v", keep)
	}
	keep.LimitDown, keep.LimitUp = saved.LimitDown, saved.LimitUp
	if !reflect.DeepEqual(keep, saved) {
		t.Errorf("flags are saved: %+v", keep)
	}
}

func TestFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, arguments := range [][]string{
		{"--turn", "turn:a.example.org"}, {"--turn-secret", "turn:a.example.org"}, {"--limit-up", "fast"},
		{"--rendezvous", "http://a.example.org"}, {"--stun", "turn:a"}, {"--policy", "fast"},
	} {
		line := parse(t, arguments...)
		if _, err := line.override(savedSettings(t)); err == nil {
			t.Errorf("%q is taken", arguments)
		} else if wrong := settings.FieldErrors(err); len(wrong) != 1 || "--"+wrong[0].Field != arguments[0] {
			t.Errorf("%q: the fault is %v", arguments, err)
		}
	}
}

func TestTheWindowSaysWhatItCannotDoWithItsSettings(t *testing.T) {
	l := settings.LocationsIn(t.TempDir())
	for text, want := range map[string]engine.Problem{
		`{"version":1,"policy":"la`:                 {Code: engine.SettingsBroken, Subject: l.BrokenFile()},
		`{"version":1,"stun":["http://a.example"]}`: {Code: engine.SettingsWrong, Subject: l.SettingsFile},
		`{"version":2}`:                             {Code: engine.SettingsNewer, Subject: l.SettingsFile},
		`{"version":1,"policy":"lan"}`:              {},
	} {
		if err := os.WriteFile(l.SettingsFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := settings.Load(l)
		got := settingsProblem(l, s, err)
		if want.Code == "" && got != nil {
			t.Errorf("%s: %v", text, got)
		} else if want.Code != "" && (got == nil || got.Code != want.Code || got.Subject != want.Subject) {
			t.Errorf("%s: %v, want %s about %s", text, got, want.Code, want.Subject)
		}
	}
}

func TestArgumentsMeanTheSameInTheFirstWindow(t *testing.T) {
	here, err := filepath.Abs("letter.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := absolute([]string{"letter.txt", "causeway:ABC", "Causeway:abc", "file:///tmp/a%20b.txt"})
	want := []string{here, "causeway:ABC", "Causeway:abc", filepath.FromSlash("/tmp/a b.txt")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
