//go:build linux

package shell

import (
	"bufio"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// session starts a bus of the test's own.
func session(t *testing.T) string {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("dbus-daemon is not installed")
	}
	command := exec.Command(daemon, "--session", "--nofork", "--nopidfile", "--print-address=1", "--address=unix:dir="+t.TempDir())
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); command.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
	return strings.TrimSpace(address)
}

func connect(t *testing.T, address, name string) *dbus.Conn {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	if _, err := bus.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return bus
}

// manager stands in for a file manager.
type manager struct{ shown chan []string }

func (m manager) ShowItems(links []string, _ string) *dbus.Error {
	m.shown <- links
	return nil
}

func TestTheFileManagerShowsWhatHasArrived(t *testing.T) {
	address := session(t)
	m := manager{make(chan []string, 1)}
	if err := connect(t, address, "org.freedesktop.FileManager1").Export(m, "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1"); err != nil {
		t.Fatal(err)
	}
	if err := ShowInFolder(t.Context(), "/home/ada/a file é%.txt"); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-m.shown:
		if len(got) != 1 || got[0] != "file:///home/ada/a%20file%20%C3%A9%25.txt" {
			t.Errorf("it shows %q", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("the file manager was not asked")
	}
	if err := ShowInFolder(t.Context(), "relative"); err == nil {
		t.Error("a relative path is shown")
	}
}

func TestWhereNobodyAnswersThereIsNoTrayAndNoFileManager(t *testing.T) {
	session(t)
	if HasTray(t.Context()) {
		t.Error("nobody shows icons, and there is a tray")
	}
	if err := ShowInFolder(t.Context(), "/home/ada"); !errors.Is(err, ErrNobody) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutASessionNothingIsAskedFor(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if MayHaveTray() || HasTray(t.Context()) || !errors.Is(ShowInFolder(t.Context(), "/home/ada"), ErrNobody) {
		t.Error("something answers")
	}
}

func TestATrayIsThereWhileSomebodyShowsIcons(t *testing.T) {
	address := session(t)
	bus := connect(t, address, "org.kde.StatusNotifierWatcher")
	shown := &prop.Prop{Value: false, Emit: prop.EmitTrue}
	properties, err := prop.Export(bus, "/StatusNotifierWatcher", prop.Map{"org.kde.StatusNotifierWatcher": {"IsStatusNotifierHostRegistered": shown}})
	if err != nil {
		t.Fatal(err)
	}
	if !MayHaveTray() || HasTray(t.Context()) {
		t.Error("nobody shows icons, and there is a tray")
	}
	properties.SetMust("org.kde.StatusNotifierWatcher", "IsStatusNotifierHostRegistered", true)
	if !HasTray(t.Context()) {
		t.Error("the tray is not seen")
	}
}
