package settings_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// edited is Default with everything changed.
func edited() settings.Settings {
	s := settings.Default()
	s.Name = "Küche 厨房"
	s.DownloadDir = filepath.Join(os.TempDir(), "in")
	s.Rendezvous = []string{"wss://tracker.example:8443/announce", "ws://[::1]:8000"}
	s.STUN = []string{"stun:192.0.2.1", "stun:[2001:db8::1]:3478"}
	s.TURN = []settings.TURN{
		{URL: "turn:relay.example:3478?transport=udp", Username: "alice", Password: "pass, word"},
		{URL: "turns:relay.example", Secret: "north"},
	}
	s.Policy = path.DirectOnly
	s.LimitUp, s.LimitDown = 1_500_000, 0
	s.RelayMonth, s.RelayTransfer, s.RelayRate, s.PortMapping = 10_000_000_000, 500_000_000, 1_000_000, false
	s.LimitLAN, s.PortMin, s.PortMax, s.Metrics = false, 40000, 40100, "[::1]:9177"
	s.Schedule = settings.Schedule{Enabled: true, From: 1380, To: 0, Days: 0b1000001, LimitUp: 7, LimitDown: 8}
	s.Serve = settings.Serve{
		Enabled: true, TrackerPort: 8001, TURNPort: 3479, RelayMin: 50000, RelayMax: 50001, PublicIP: "2001:db8::2",
		Username: "guest", Password: "tea, biscuits", Rate: 1_000_000,
	}
	s.Language, s.Theme, s.LogLevel = "zh", "dark", "info"
	s.StartAtLogin, s.KeepInTray, s.AskFirst, s.Notify, s.NotifyNames, s.Welcomed = true, true, false, false, true, true
	return s
}

// strict is what is worked by while the user's settings cannot be read.
func strict() settings.Settings {
	s := settings.Default()
	s.Policy = path.LANOnly
	return s
}

func TestABrokenFileThatTheUserTakesAwayIsForgotten(t *testing.T) {
	l := here(t)
	write(t, l.SettingsFile, "{")
	if _, err := settings.Load(l); !errors.Is(err, settings.ErrBroken) {
		t.Fatalf("said %v", err)
	}
	if err := os.Remove(l.BrokenFile()); err != nil {
		t.Fatal(err)
	}
	if got := load(t, l); got.Policy != path.Auto {
		t.Errorf("got %+v", got)
	}
}

func here(t *testing.T) settings.Locations {
	t.Helper()
	return settings.LocationsIn(filepath.Join(t.TempDir(), "state of a run"))
}

func save(t *testing.T, l settings.Locations, s settings.Settings) {
	t.Helper()
	if err := settings.Save(l, s); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, l settings.Locations) settings.Settings {
	t.Helper()
	s, err := settings.Load(l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAFreshInstallationStartsWithTheDefaults(t *testing.T) {
	l := here(t)
	if got := load(t, l); !reflect.DeepEqual(got, settings.Default()) {
		t.Errorf("got %+v", got)
	}
	if err := settings.Validate(settings.Default()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(l.SettingsFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("loading wrote a file: %v", err)
	}
}

func TestWhatIsSavedIsLoadedAgain(t *testing.T) {
	l := here(t)
	for range 2 {
		save(t, l, edited())
		if got := load(t, l); !reflect.DeepEqual(got, edited()) {
			t.Errorf("got %+v", got)
		}
	}
	none := edited()
	none.Rendezvous, none.STUN, none.TURN = []string{}, []string{}, []settings.TURN{}
	save(t, l, none)
	if got := load(t, l); !reflect.DeepEqual(got, none) {
		t.Errorf("empty lists came back as %+v", got)
	}
}

func TestTheFilesAreForTheirOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	l := here(t)
	save(t, l, edited())
	for _, name := range []string{l.SettingsFile, l.SecretsFile} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), mode)
		}
	}
	if text := read(t, l.SettingsFile); strings.Contains(text, "pass, word") || strings.Contains(text, "north") || strings.Contains(text, "biscuits") {
		t.Error("a password is in the settings file")
	}
}

func TestAMissingFieldIsAsInTheDefaultsAndAnUnknownOneIsKept(t *testing.T) {
	l := here(t)
	write(t, l.SettingsFile, `{"version": 1, "name": "attic", "weather": {"dark": true}}`)
	got, want := load(t, l), settings.Default()
	want.Name = "attic"
	if want.TURN = []settings.TURN{}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	got.Name = "cellar"
	save(t, l, got)
	var fields map[string]any
	if err := json.Unmarshal([]byte(read(t, l.SettingsFile)), &fields); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fields["weather"], map[string]any{"dark": true}) || fields["name"] != "cellar" || fields["version"] != 1.0 {
		t.Errorf("wrote %v", fields)
	}
}

func TestABrokenFileIsSetAside(t *testing.T) {
	for name, text := range map[string]string{
		"cut off":                `{"version": 1, "name": "att`,
		"empty":                  ``,
		"wrong type":             `{"version": 1, "rendezvous": ["wss://mine.example", 7]}`,
		"no version":             `{"name": "attic"}`,
		"not a file of settings": `[1, 2]`,
	} {
		t.Run(name, func(t *testing.T) {
			l := here(t)
			write(t, l.SettingsFile, text)
			got, err := settings.Load(l)
			if !errors.Is(err, settings.ErrBroken) || !strings.Contains(err.Error(), "settings.json.broken") {
				t.Errorf("said %v", err)
			}
			if !reflect.DeepEqual(got, strict()) {
				t.Errorf("got %+v", got)
			}
			if aside := read(t, l.BrokenFile()); aside != text {
				t.Errorf("set aside: %q", aside)
			}
			again, err := settings.Load(l)
			if !errors.Is(err, settings.ErrBroken) || !reflect.DeepEqual(again, strict()) {
				t.Errorf("forgotten at the next start: %+v, %v", again, err)
			}
			save(t, l, edited())
			if got := load(t, l); got.Policy != edited().Policy {
				t.Errorf("after saving the policy is %s", got.Policy)
			}
		})
	}
}

func TestTheFileOfANewerVersionIsReadAsFarAsItGoesAndNeverOverwritten(t *testing.T) {
	l := here(t)
	for text, name := range map[string]string{
		`{"version": 2, "name": "attic", "lanes": ["quic"]}`: "attic",
		`{"version": 9, "name": {"first": "attic"}}`:         settings.Default().Name,
	} {
		write(t, l.SettingsFile, text)
		got, err := settings.Load(l)
		if !errors.Is(err, settings.ErrNewer) || got.Name != name {
			t.Errorf("loaded %q, %v", got.Name, err)
		}
		if name != "attic" && got.Policy != path.LANOnly {
			t.Errorf("a policy that was not understood became %q", got.Policy)
		}
		if err := settings.Save(l, edited()); !errors.Is(err, settings.ErrNewer) {
			t.Errorf("saved: %v", err)
		}
		if read(t, l.SettingsFile) != text {
			t.Error("the file has changed")
		}
	}
}

func TestAnUnreadableFileIsSaidAndLeftAlone(t *testing.T) {
	l := here(t)
	if err := os.MkdirAll(filepath.Join(l.SettingsFile, "a folder where the file should be"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := settings.Load(l)
	if err == nil || errors.Is(err, settings.ErrBroken) || !reflect.DeepEqual(got, strict()) {
		t.Errorf("got %+v, %v", got, err)
	}
	if settings.Save(l, edited()) == nil {
		t.Error("saved over a folder")
	}
}

func TestAFileEditedByHandIsReportedFieldByFieldAndFailsClosed(t *testing.T) {
	l := here(t)
	write(t, l.SettingsFile, `{"version": 1, "policy": "lann", "stun": ["http://example.com"]}`)
	got, err := settings.Load(l)
	fields := settings.FieldErrors(err)
	if len(fields) != 2 || fields[0].Field != "stun[0]" || fields[1].Field != "policy" || fields[1].Value != "lann" {
		t.Errorf("said %v", err)
	}
	if got.Policy.Permits(path.Relayed) || got.Policy.Permits(path.DirectInternet) {
		t.Error("a mistyped policy permits everything")
	}
}

func TestASaveThatIsRefusedChangesNothing(t *testing.T) {
	l := here(t)
	save(t, l, edited())
	before, secrets := read(t, l.SettingsFile), read(t, l.SecretsFile)
	bad := edited()
	bad.LimitDown = -1
	bad.TURN = nil
	if err := settings.Save(l, bad); !errors.Is(err, settings.ErrNegative) {
		t.Errorf("saved: %v", err)
	}
	if read(t, l.SettingsFile) != before || read(t, l.SecretsFile) != secrets {
		t.Error("something changed")
	}
}

func TestOneFolderHoldsAllStateOfARun(t *testing.T) {
	dir := t.TempDir()
	l := settings.LocationsIn(dir)
	for _, at := range []string{l.SettingsFile, l.SecretsFile, l.StateDir, l.CacheDir, l.LogFile} {
		if inside, err := filepath.Rel(dir, at); err != nil || !filepath.IsLocal(inside) {
			t.Errorf("%s is not in %s", at, dir)
		}
	}
	if !filepath.IsAbs(settings.LocationsIn("here").StateDir) {
		t.Error("a relative folder stays relative")
	}
}

func TestTheDefaultLocationsFollowTheSystemsConventions(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the variables are those of Linux")
	}
	home := t.TempDir()
	t.Cleanup(xdg.Reload)
	for name, dir := range map[string]string{
		"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "XDG_DOWNLOAD_DIR": "Downloads",
	} {
		t.Setenv(name, filepath.Join(home, dir))
	}
	xdg.Reload()
	want := settings.Locations{
		SettingsFile: filepath.Join(home, "config/causeway/settings.json"),
		SecretsFile:  filepath.Join(home, "config/causeway/secrets.json"),
		StateDir:     filepath.Join(home, "state/causeway"),
		CacheDir:     filepath.Join(home, "cache/causeway"),
		LogFile:      filepath.Join(home, "state/causeway/causeway.log"),
		DownloadDir:  filepath.Join(home, "Downloads"),
	}
	if got := settings.DefaultLocations(); got != want {
		t.Errorf("got %+v", got)
	}
	if got := settings.Default().DownloadDir; got != want.DownloadDir {
		t.Errorf("downloads go to %s", got)
	}
	t.Setenv("XDG_STATE_HOME", filepath.Join(home, "config")) // as on Windows and macOS
	xdg.Reload()
	if got := settings.DefaultLocations(); got.StateDir == filepath.Dir(got.SettingsFile) {
		t.Error("state and settings are mixed in one folder")
	}
}
