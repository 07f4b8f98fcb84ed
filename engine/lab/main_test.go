//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

// refusing runs one of this package's tests where no namespace can be made.
func refusing(t *testing.T, environment ...string) string {
	t.Helper()
	New(t, Options{}) // this test needs namespaces itself
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := exec.Command("unshare", "--user", "--map-root-user", "sh", "-c",
		`echo 0 >/proc/sys/user/max_user_namespaces && echo 0 >/proc/sys/user/max_net_namespaces &&
		exec "$0" -test.v -test.run '^TestWatcherSees'`, self)
	tests.Env = outsideEnvironment(environment...)
	said, _ := tests.CombinedOutput()
	return string(said)
}

// outsideEnvironment is that of tests which begin outside a namespace.
func outsideEnvironment(more ...string) []string {
	return append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, insideVariable+"=") || strings.HasPrefix(v, RequireVariable+"=")
	}), more...)
}

func TestRefusedNamespacesAreAReasonToSkip(t *testing.T) {
	t.Parallel()
	said := refusing(t)
	if !strings.Contains(said, "--- SKIP: TestWatcherSees") || !strings.Contains(said, "lab: namespaces are refused: ") {
		t.Errorf("the tests say %s", said)
	}
}

func TestRefusedNamespacesFailWhereTheLabIsRequired(t *testing.T) {
	t.Parallel()
	said := refusing(t, RequireVariable+"=1")
	if !strings.Contains(said, "--- FAIL: TestWatcherSees") || !strings.Contains(said, "lab: namespaces are refused: ") {
		t.Errorf("the tests say %s", said)
	}
}

func TestProgramRunsOnItsComputer(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	h := l.Home("home", PortRestricted)
	said, err := h.Command(t.Context(), "ip", "-brief", "-4", "address", "show", "eth0").CombinedOutput()
	if err != nil || !strings.Contains(string(said), h.IP4().String()+"/24") {
		t.Errorf("its address is %s (%v)", said, err)
	}
	if err := h.Command(t.Context(), "sh", "-c", "exit 7").Run(); err == nil || err.Error() != "exit status 7" {
		t.Errorf("a program that exits with 7: %v", err)
	}
	if err := h.Command(t.Context(), "no-such-program").Run(); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("a program that does not exist: %v", err)
	}
}

// leavingVariable makes TestLeavesAProgram do what no test should.
const leavingVariable = "CAUSEWAY_LAB_LEAVES_A_PROGRAM"

func TestLeavesAProgram(t *testing.T) {
	if os.Getenv(leavingVariable) == "" {
		t.Skip("only for TestForgottenProgramsEnd")
	}
	h := New(t, Options{}).Home("home", PortRestricted)
	sleep := h.Command(context.Background(), "sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("left", sleep.Process.Pid)
	os.Exit(3)
}

func TestForgottenProgramsEnd(t *testing.T) {
	t.Parallel()
	New(t, Options{})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := exec.Command(self, "-test.run", "^TestLeavesAProgram$")
	tests.Env = outsideEnvironment(leavingVariable + "=1")
	said, err := tests.Output()
	var pid int
	if _, scanned := fmt.Sscanf(string(said), "left %d", &pid); scanned != nil || err == nil || err.Error() != "exit status 3" {
		t.Fatalf("the tests say %q (%v)", said, err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the program is still there: %v", err)
	}
}
