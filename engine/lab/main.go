//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

const (
	// insideVariable tells a test process that it has a namespace of its own,
	// and those that it starts, such as workers of a fuzz test.
	insideVariable = "CAUSEWAY_LAB_INSIDE"
	// RequireVariable, set to anything, makes New fail where it would skip, so
	// that a machine that should run the lab cannot pass without it.
	RequireVariable = "CAUSEWAY_REQUIRE_LAB"
)

// refusal is why there can be no lab in this process; Main clears it.
var refusal = errors.New("lab: TestMain does not call lab.Main")

// Main runs the tests in a user and network namespace of their own and ends
// the process; TestMain calls it. It starts the test binary once more, since a
// running process with threads cannot enter a user namespace. Where namespaces
// are refused the tests run all the same, and New skips those that need a lab.
// At the end it looks for goroutines left behind, as goleak.VerifyTestMain.
func Main(m *testing.M, options ...goleak.Option) {
	if os.Getenv(insideVariable) != "" {
		refusal = loopbackUp()
		goleak.VerifyTestMain(m, options...)
		return
	}
	child, err := startInside()
	if err != nil {
		refusal = fmt.Errorf("lab: namespaces are refused: %w", err)
		goleak.VerifyTestMain(m, options...)
		return
	}
	code := follow(child)
	endOrphans()
	os.Exit(code)
}

// loopbackUp brings up "lo" in the namespace of the calling thread.
func loopbackUp() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("lab: finding lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("lab: bringing lo up: %w", err)
	}
	return nil
}

// startInside starts this test binary in namespaces of its own: as "root" of a
// new user namespace, as anybody may; or without one, as real root may where
// user namespaces are turned off.
func startInside() (*exec.Cmd, error) {
	// The child dies with the thread that started it, so this one has to stay.
	runtime.LockOSThread()
	// What the child leaves behind becomes ours, for endOrphans.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the parent of orphans: %w", err)
	}
	mapped := &syscall.SysProcAttr{
		Pdeathsig:   syscall.SIGKILL,
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	child, err := start(mapped)
	if err == nil || os.Geteuid() != 0 {
		return child, err
	}
	return start(&syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNET})
}

func start(attributes *syscall.SysProcAttr) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.Command(self, os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Env = append(os.Environ(), insideVariable+"=yes")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = attributes
	if err := child.Start(); err != nil {
		return nil, err
	}
	return child, nil
}

// follow passes signals on to the child and returns its exit code.
func follow(child *exec.Cmd) int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	go func() {
		for s := range signals {
			_ = child.Process.Signal(s)
		}
	}()
	err := child.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "lab: the tests ended:", err)
		return 2
	}
}

// endOrphans ends the programs that a test left behind, as one does that runs
// out of time: nothing would end them otherwise.
func endOrphans() {
	for range 100 {
		left := orphans()
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	}
}

// orphans are the children of this process, by the lists of its threads.
func orphans() []int {
	var all []int
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for pid := range strings.FieldsSeq(string(text)) {
			if number, err := strconv.Atoi(pid); err == nil {
				all = append(all, number)
			}
		}
	}
	return all
}
