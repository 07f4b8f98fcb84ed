package settings

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// withKeyring makes the process's keyring one of memory, as it is at the start
// of the program.
func withKeyring(t *testing.T, broken error) {
	t.Helper()
	if broken != nil {
		keyring.MockInitWithError(broken)
	} else {
		keyring.MockInit()
	}
	restart(t)
}

// restart forgets whether the keyring answers.
func restart(t *testing.T) {
	t.Helper()
	ring = &keyringSecrets{}
}

// installed are locations of a program that uses the keyring.
func installed(t *testing.T) Locations {
	t.Helper()
	l := LocationsIn(t.TempDir())
	l.OwnSecrets = false
	return l
}

func withTURN(servers ...TURN) Settings {
	s := Default()
	s.TURN = servers
	return s
}

var (
	alice = TURN{URL: "turn:relay.example", Username: "alice", Password: "wonderland"}
	bob   = TURN{URL: "turn:relay.example", Username: "bob", Password: "builder"}
	north = TURN{URL: "turns:other.example:443", Secret: "compass"}
)

func mustSave(t *testing.T, l Locations, s Settings) {
	t.Helper()
	if err := Save(l, s); err != nil {
		t.Fatal(err)
	}
}

func wantTURN(t *testing.T, l Locations, want ...TURN) {
	t.Helper()
	got, err := Load(l)
	if err != nil || !reflect.DeepEqual(got.TURN, want) {
		t.Errorf("loaded %+v, %v; want %+v", got.TURN, err, want)
	}
}

func inKeyring(t *testing.T, key string) string {
	t.Helper()
	secret, err := keyring.Get(service, key)
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		t.Fatal(err)
	}
	return secret
}

func TestPasswordsLiveInTheKeyring(t *testing.T) {
	withKeyring(t, nil)
	l := installed(t)
	if place := OpenSecrets(l).Place(); place != InKeyring {
		t.Errorf("the place is %s", place)
	}
	mustSave(t, l, withTURN(alice, bob, north))
	wantTURN(t, l, alice, bob, north)
	if _, err := os.Stat(l.SecretsFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a secrets file: %v", err)
	}
	if inKeyring(t, alice.passwordKey()) != "wonderland" || inKeyring(t, north.secretKey()) != "compass" {
		t.Error("the keyring has other secrets")
	}
}

func TestTheSecretsOfRemovedServersAreDeleted(t *testing.T) {
	for _, place := range []Place{InKeyring, InFile} {
		t.Run(string(place), func(t *testing.T) {
			withKeyring(t, nil)
			l := installed(t)
			l.OwnSecrets = place == InFile
			mustSave(t, l, withTURN(alice, bob, north))
			changed := TURN{URL: bob.URL, Username: bob.Username, Secret: "now a secret"}
			mustSave(t, l, withTURN(changed))
			wantTURN(t, l, changed)
			secrets := OpenSecrets(l)
			for _, key := range []string{alice.passwordKey(), bob.passwordKey(), north.secretKey()} {
				if secret, err := secrets.Get(key); secret != "" || err != nil {
					t.Errorf("%s is still %q, %v", key, secret, err)
				}
			}
			if got := secrets.Place(); got != place {
				t.Errorf("the place is %s, want %s", got, place)
			}
		})
	}
}

func TestWithoutAKeyringAFileKeepsPasswords(t *testing.T) {
	withKeyring(t, errors.New("dbus: no session bus"))
	l := installed(t)
	if place := OpenSecrets(l).Place(); place != InFile {
		t.Errorf("the place is %s", place)
	}
	mustSave(t, l, withTURN(alice, north))
	wantTURN(t, l, alice, north)
	info, err := os.Stat(l.SecretsFile)
	if err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Errorf("the secrets file: %v, %v", info.Mode(), err)
	}

	// Later there is a keyring: nothing is lost, and a save moves over.
	withKeyring(t, nil)
	wantTURN(t, l, alice, north)
	mustSave(t, l, withTURN(alice, north))
	wantTURN(t, l, alice, north)
	if inKeyring(t, alice.passwordKey()) != "wonderland" {
		t.Error("the password did not move to the keyring")
	}
	if text, err := os.ReadFile(l.SecretsFile); err != nil || strings.Contains(string(text), "wonderland") {
		t.Errorf("the file keeps the password: %s, %v", text, err)
	}
}

func TestARunWithAFolderOfItsOwnLeavesTheKeyringAlone(t *testing.T) {
	withKeyring(t, nil)
	l := LocationsIn(t.TempDir())
	mustSave(t, l, withTURN(alice))
	wantTURN(t, l, alice)
	if inKeyring(t, alice.passwordKey()) != "" {
		t.Error("the password is in the keyring")
	}
	if place := OpenSecrets(l).Place(); place != InFile {
		t.Errorf("the place is %s", place)
	}
}

func TestALockedKeyringLosesNoPassword(t *testing.T) {
	withKeyring(t, nil)
	l := installed(t)
	mustSave(t, l, withTURN(alice))

	ring = &keyringSecrets{silent: true} // as after a time-out
	s, err := Load(l)
	if !errors.Is(err, ErrCredentials) || len(s.TURN) != 1 {
		t.Errorf("loaded %+v, %v", s.TURN, err)
	}
	s.Name = "renamed while it was locked"
	mustSave(t, l, s)

	restart(t)
	wantTURN(t, l, alice)
	if err := Save(l, withTURN(TURN{URL: "turn:new.example", Username: "x"})); !errors.Is(err, ErrCredentials) {
		t.Errorf("a new server without a password was saved: %v", err)
	}
}

func TestASecretThatTheKeyringRefusesGoesToTheFile(t *testing.T) {
	withKeyring(t, nil)
	l := installed(t)
	secrets := OpenSecrets(l)
	if err := secrets.Set("key", "old"); err != nil {
		t.Fatal(err)
	}
	keyring.MockInitWithError(keyring.ErrSetDataTooBig)
	if err := secrets.Set("key", "new"); err != nil {
		t.Fatal(err)
	}
	if secret, err := secrets.Get("key"); secret != "new" || err != nil {
		t.Errorf("got %q, %v", secret, err)
	}
}

func TestAHangingKeyringDelaysTheStartByTwoSecondsAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keyringSecrets{}
		answer := make(chan struct{})
		start := time.Now()
		_, err := k.bounded(func() (string, error) { <-answer; return "late", nil })
		if took := time.Since(start); !errors.Is(err, ErrSecrets) || took != keyringTime {
			t.Errorf("%v after %v", err, took)
		}
		start = time.Now()
		if _, err := k.Get("key"); !errors.Is(err, ErrSecrets) || time.Since(start) != 0 {
			t.Errorf("the second call: %v after %v", err, time.Since(start))
		}
		if k.answers() {
			t.Error("it is said to answer")
		}
		close(answer)
	})
}

func TestABrokenSecretsFileIsSaidWithoutItsContent(t *testing.T) {
	l := LocationsIn(t.TempDir())
	mustSave(t, l, withTURN(alice))
	if err := os.WriteFile(l.SecretsFile, []byte(`{"password turn:relay.example alice": wonderland}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(l)
	if !errors.Is(err, ErrSecrets) || strings.Contains(err.Error(), "wonder") {
		t.Errorf("said %v", err)
	}
	if err := Save(l, withTURN(bob)); !errors.Is(err, ErrSecrets) {
		t.Errorf("saved over it: %v", err)
	}
}

func TestAWriteThatFailsHalfwayLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "settings.json")
	if err := writeFile(name, writeBytes([]byte("old"))); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	err := writeFile(name, func(w io.Writer) error {
		io.WriteString(w, "half of the new")
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("said %v", err)
	}
	if text, err := os.ReadFile(name); string(text) != "old" || err != nil {
		t.Errorf("the file is %q, %v", text, err)
	}
	// The last step can fail as well.
	blocked := filepath.Join(dir, "blocked.json")
	if err := os.MkdirAll(filepath.Join(blocked, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if writeFile(blocked, writeBytes([]byte("new"))) == nil {
		t.Error("replaced a folder")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestThePasswordOfTheRelayForOthersIsKeptLikeTheRest(t *testing.T) {
	for _, place := range []Place{InKeyring, InFile} {
		t.Run(string(place), func(t *testing.T) {
			withKeyring(t, nil)
			l := installed(t)
			l.OwnSecrets = place == InFile
			if got := SecretsPlace(l); got != place {
				t.Errorf("the window would say %s", got)
			}
			s := withTURN()
			s.Serve.Enabled, s.Serve.Username, s.Serve.Password = true, "guest", "tea"
			mustSave(t, l, s)
			wantServe := func(want Serve) {
				t.Helper()
				if got, err := Load(l); err != nil || got.Serve != want {
					t.Errorf("loaded %+v, %v; want %+v", got.Serve, err, want)
				}
			}
			wantServe(s.Serve)
			text, err := os.ReadFile(l.SettingsFile)
			if err != nil || strings.Contains(string(text), "tea") {
				t.Errorf("the settings file: %v, %s", err, text)
			}

			locked := s
			locked.Serve.Password, locked.Name = "", "renamed while it was locked"
			mustSave(t, l, locked)
			wantServe(s.Serve)

			s.Serve.Username, s.Serve.Password = "", ""
			mustSave(t, l, s)
			wantServe(s.Serve)
			if secret, err := OpenSecrets(l).Get(serveKey); secret != "" || err != nil {
				t.Errorf("the password of nobody is still %q, %v", secret, err)
			}
		})
	}
}
