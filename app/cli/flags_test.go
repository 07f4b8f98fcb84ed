package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// state is a state folder whose settings file has one of everything.
func state(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	saved := settings.Default()
	saved.DownloadDir = folder
	saved.Rendezvous = []string{"wss://saved.example.org"}
	saved.STUN = []string{"stun:saved.example.org:3478"}
	saved.TURN = []settings.TURN{{URL: "turn:saved.example.org:3478", Username: "me", Password: "password"}}
	saved.Policy, saved.LimitUp, saved.LimitDown = path.DirectOnly, 1000, 2000
	if err := settings.Save(settings.LocationsIn(folder), saved); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestFlagsGoOverTheSettings(t *testing.T) {
	folder := state(t)
	flags := transferFlags{State: folder, NoLAN: true}
	config, err := flags.config(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	got := config.Settings
	if got.Rendezvous[0] != "wss://saved.example.org" || got.STUN[0] != "stun:saved.example.org:3478" ||
		got.TURN[0].Password != "password" || got.Policy != path.DirectOnly || got.LimitUp != 1000 || !config.NoLAN {
		t.Errorf("without flags the settings do not hold: %+v", got)
	}
	if want := settings.LocationsIn(folder).StateDir; config.StateDir != want {
		t.Errorf("state is in %s, want %s", config.StateDir, want)
	}

	flags = transferFlags{State: folder, Override: settings.Override{
		Rendezvous: []string{"ws://a.example.org", "ws://b.example.org"}, STUN: []string{"c.example.org:1"},
		TURN: []string{"turn:d.example.org:2?transport=tcp,user,pass,word"}, TURNSecret: []string{"turns:e.example.org,se,cret"},
		Policy: "relay", LimitUp: "10M", LimitDown: "0",
	}}
	if config, err = flags.config(t.Output()); err != nil {
		t.Fatal(err)
	}
	got = config.Settings
	want := got
	want.Rendezvous = []string{"ws://a.example.org", "ws://b.example.org"}
	want.STUN = []string{"stun:c.example.org:1"}
	want.TURN = []settings.TURN{
		{URL: "turn:d.example.org:2?transport=tcp", Username: "user", Password: "pass,word"},
		{URL: "turns:e.example.org", Secret: "se,cret"},
	}
	want.Policy, want.LimitUp, want.LimitDown = path.RelayOnly, 10_000_000, 0
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestUnusableFlagsSayWhatIsMeant(t *testing.T) {
	for words, override := range map[string]settings.Override{
		"--rendezvous":      {Rendezvous: []string{"http://example.org"}},
		"stun:host:port":    {STUN: []string{"turn:example.org"}},
		"URL,user,password": {TURN: []string{"turn:example.org,me"}},
		"URL,secret":        {TURNSecret: []string{"turn:example.org"}},
		"10M":               {LimitDown: "fast"},
		"a policy is":       {Policy: "fast"},
	} {
		flags := transferFlags{State: t.TempDir(), Override: override}
		_, err := flags.config(t.Output())
		var known *exit
		if !errors.As(err, &known) || known.Code != exitUsage || !strings.Contains(known.Text, words) {
			t.Errorf("%s: got %v", words, err)
		}
	}
	flags := transferFlags{State: t.TempDir(), Override: settings.Override{TURN: []string{"example.org,me,the password"}}}
	if _, err := flags.config(t.Output()); err == nil || strings.Contains(err.Error(), "the password") {
		t.Errorf("an error tells the password: %v", err)
	}
}

func TestATURNServerWithoutItsPasswordIsLeftOut(t *testing.T) {
	folder := state(t)
	if err := os.Remove(settings.LocationsIn(folder).SecretsFile); err != nil {
		t.Fatal(err)
	}
	var warnings bytes.Buffer
	config, err := (&transferFlags{State: folder}).config(&warnings)
	if err != nil || len(config.Settings.TURN) != 0 {
		t.Errorf("TURN servers %v, error %v", config.Settings.TURN, err)
	}
	if !strings.Contains(warnings.String(), "turn:saved.example.org:3478") {
		t.Errorf("it is not said: %q", warnings.String())
	}
}

func TestBrokenSettingsAreNotReplacedByLooserOnes(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "settings.json"), []byte(`{"version":1,"policy":"la`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{"first", "second"} {
		_, err := (&transferFlags{State: folder}).config(t.Output())
		var known *exit
		if !errors.As(err, &known) || known.Code != exitUsage || !strings.Contains(known.Text, filepath.Join(folder, "settings.json.broken")) {
			t.Errorf("%s start: got %v", start, err)
		}
	}
}

func TestASettingEditedByHandIsNamedWithItsFile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "settings.json")
	if err := os.WriteFile(file, []byte(`{"version":1,"policy":"lann"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := (&transferFlags{State: folder}).config(t.Output())
	var known *exit
	if !errors.As(err, &known) || known.Code != exitUsage || !strings.Contains(known.Text, file+`: policy "lann" cannot be used: a policy is auto`) {
		t.Errorf("got %v", err)
	}
}
