package autostart

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

var some = Entry{ID: "org.example.Causeway", Name: "Causeway", Program: `/opt/My "programs"/causeway 100%`, Arguments: []string{"--hidden"}}

func TestTheDesktopFileSaysWhatToStart(t *testing.T) {
	t.Parallel()
	text := desktopEntry(some)
	for _, line := range []string{
		"[Desktop Entry]", "Type=Application", "Name=Causeway", "Icon=org.example.Causeway",
		`Exec="/opt/My \\"programs\\"/causeway 100%%" --hidden`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	validator, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		t.Skip("desktop-file-validate is not installed")
	}
	file := filepath.Join(t.TempDir(), "causeway.desktop")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(validator, file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

func TestWindowsTakesTheCommandLineApartAsMeant(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		program string
		want    string
	}{
		{`C:\causeway.exe`, `C:\causeway.exe --hidden`},
		{`C:\Program Files\Causeway\causeway.exe`, `"C:\Program Files\Causeway\causeway.exe" --hidden`},
		{`C:\odd "name"\causeway.exe`, `"C:\odd \"name\"\causeway.exe" --hidden`},
		{`C:\a b\`, `"C:\a b\\" --hidden`},
		{``, `"" --hidden`},
	} {
		if got := commandLine(Entry{Program: test.program, Arguments: []string{"--hidden"}}); got != test.want {
			t.Errorf("%s: got %s, want %s", test.program, got, test.want)
		}
	}
}

func TestTheLaunchAgentIsAPropertyList(t *testing.T) {
	t.Parallel()
	text := launchAgent(Entry{ID: "org.example.Causeway", Program: "/Applications/A & <B>.app/causeway", Arguments: []string{"--hidden"}})
	var list struct {
		Keys    []string `xml:"dict>key"`
		Strings []string `xml:"dict>string"`
		Program []string `xml:"dict>array>string"`
	}
	if err := xml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(list.Program) != 2 || list.Program[0] != "/Applications/A & <B>.app/causeway" || list.Program[1] != "--hidden" ||
		list.Strings[0] != "org.example.Causeway" || !strings.Contains(text, "<key>RunAtLoad</key>\n\t<true/>") {
		t.Errorf("the agent is\n%s", text)
	}
}

func TestLoginStartsItAndThenNoLonger(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks at the files of an XDG desktop")
	}
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	name := filepath.Join(home, "autostart", some.ID+".desktop")
	if err := Set(some, false); err != nil {
		t.Errorf("not starting what never was: %v", err)
	}
	for range 2 {
		if err := Set(some, true); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != desktopEntry(some) {
		t.Errorf("%v: %s", err, text)
	}
	moved := some
	moved.Program = "/usr/bin/causeway"
	if err := Set(moved, true); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(name); !strings.Contains(string(text), "Exec=/usr/bin/causeway --hidden\n") {
		t.Errorf("after the program has moved the file is\n%s", text)
	}
	if err := Set(some, false); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks at the files of an XDG desktop")
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "autostart"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", home)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	if err := Set(some, true); err == nil {
		t.Error("nothing is said")
	}
}
