//go:build linux || freebsd || openbsd || netbsd

package links

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

var some = Handler{ID: "org.example.Causeway", Name: "Causeway", Scheme: "causeway", Program: `/opt/My "programs"/causeway 100%`}

// desktop is the home of somebody, with the desktop's programs that exist there.
type desktop struct{ home, system, ran string }

func newDesktop(t *testing.T, programs ...string) *desktop {
	t.Helper()
	root := t.TempDir()
	d := &desktop{home: filepath.Join(root, "home"), system: filepath.Join(root, "system"), ran: filepath.Join(root, "ran")}
	bin := filepath.Join(root, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		script := "#!/bin/sh\necho " + program + " \"$@\" >> '" + d.ran + "'\n"
		if err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	t.Setenv("XDG_DATA_HOME", d.home)
	t.Setenv("XDG_DATA_DIRS", d.system)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	return d
}

func (d *desktop) entry(folder string) string {
	return filepath.Join(folder, "applications", some.ID+".desktop")
}

// has is what the user's entry says; empty without one.
func (d *desktop) has() string {
	text, _ := os.ReadFile(d.entry(d.home))
	return string(text)
}

// told is what the desktop's programs were started with.
func (d *desktop) told() string {
	text, _ := os.ReadFile(d.ran)
	return string(text)
}

func (d *desktop) install(t *testing.T, folder, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, "applications"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.entry(folder), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func registerTwice(t *testing.T, h Handler) {
	t.Helper()
	for range 2 { // the second finds everything done
		if err := Register(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAProgramThatNobodyInstalledOpensLinks(t *testing.T) {
	d := newDesktop(t, "update-desktop-database", "xdg-mime")
	registerTwice(t, some)
	for _, line := range []string{
		"[Desktop Entry]", "Type=Application", "Name=Causeway", "MimeType=x-scheme-handler/causeway;", "NoDisplay=true",
		`Exec="/opt/My \\"programs\\"/causeway 100%%" %U`, `TryExec=/opt/My "programs"/causeway 100%`,
	} {
		if !strings.Contains(d.has(), line+"\n") {
			t.Errorf("%q is not in\n%s", line, d.has())
		}
	}
	once := "update-desktop-database -q " + filepath.Join(d.home, "applications") + "\n"
	if d.told() != once {
		t.Errorf("the desktop was told %q", d.told())
	}

	moved := some
	moved.Program = "/home/ada/causeway"
	registerTwice(t, moved)
	if !strings.Contains(d.has(), "Exec=/home/ada/causeway %U\n") || d.told() != once+once {
		t.Errorf("after the program has moved the desktop was told %q of\n%s", d.told(), d.has())
	}
}

func TestThePackageOpensLinksWhereThereIsOne(t *testing.T) {
	d := newDesktop(t, "update-desktop-database")
	d.install(t, d.system, "[Desktop Entry]\n")
	registerTwice(t, some)
	if d.has() != "" || d.told() != "" {
		t.Errorf("the desktop was told %q of\n%s", d.told(), d.has())
	}
}

func TestThePackageTakesOver(t *testing.T) {
	d := newDesktop(t, "update-desktop-database")
	registerTwice(t, some)
	d.install(t, d.system, "[Desktop Entry]\n")
	registerTwice(t, some)
	if d.has() != "" || strings.Count(d.told(), "\n") != 2 {
		t.Errorf("the desktop was told %q of\n%s", d.told(), d.has())
	}
}

func TestAnEntryOfTheUsersOwnIsLeftAlone(t *testing.T) {
	d := newDesktop(t, "update-desktop-database")
	const own = "[Desktop Entry]\nExec=/usr/bin/env LANG=C causeway %U\n"
	for _, system := range []bool{false, true} {
		d.install(t, d.home, own)
		if system {
			d.install(t, d.system, "[Desktop Entry]\n")
		}
		registerTwice(t, some)
		if d.has() != own || d.told() != "" {
			t.Errorf("the desktop was told %q of\n%s", d.told(), d.has())
		}
	}
}

func TestADesktopWithoutADatabaseIsToldByTheList(t *testing.T) {
	d := newDesktop(t, "xdg-mime")
	registerTwice(t, some)
	if want := "xdg-mime default org.example.Causeway.desktop x-scheme-handler/causeway\n"; d.told() != want {
		t.Errorf("the desktop was told %q", d.told())
	}
}

func TestNobodyToTellIsAnError(t *testing.T) {
	newDesktop(t)
	if err := Register(t.Context(), some); err == nil {
		t.Error("nothing is said")
	}
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	d := newDesktop(t, "update-desktop-database")
	if err := os.WriteFile(d.home, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Register(t.Context(), some); err == nil {
		t.Error("nothing is said")
	}
}

func TestTheEntryIsValid(t *testing.T) {
	validator, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		t.Skip("desktop-file-validate is not installed")
	}
	file := filepath.Join(t.TempDir(), some.ID+".desktop")
	if err := os.WriteFile(file, []byte(entry(some)), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(validator, file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}
