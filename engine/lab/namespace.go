//go:build linux

package lab

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace that lives as long as its file is open.
type namespace struct{ file *os.File }

// ownNamespace is the path of the calling thread's network namespace.
const ownNamespace = "/proc/thread-self/ns/net"

// newNamespace makes an empty network namespace with "lo" up.
func newNamespace() (*namespace, error) {
	var made *namespace
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		file, err := os.Open(ownNamespace)
		if err != nil {
			return err
		}
		if err := loopbackUp(); err != nil {
			file.Close()
			return err
		}
		made = &namespace{file}
		return nil
	})
	return made, err
}

// do runs f on a thread inside the namespace.
func (n *namespace) do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering a network namespace: %w", err)
		}
		return f()
	})
}

// path is where other processes find the namespace, as long as this one lives.
func (n *namespace) path() string {
	return "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/" + strconv.Itoa(int(n.file.Fd()))
}

func (n *namespace) close() { _ = n.file.Close() }

// onThread runs f on a thread of its own that f may move to another namespace.
// A thread that cannot be brought back ends with its goroutine.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		// Where f panics or calls runtime.Goexit (t.Fatal does), the caller
		// still hears of an end.
		err := fmt.Errorf("lab: the function did not return")
		defer func() { done <- err }()
		before, opening := os.Open(ownNamespace)
		if opening != nil {
			err = opening
			return
		}
		defer before.Close()
		err = f()
		if unix.Setns(int(before.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return <-done
}
