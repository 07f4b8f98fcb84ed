package shell

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
)

// showInFolder starts the Explorer, which ends with 1 also when all is well. It
// takes its command line apart in a way of its own, so that is put together here.
func showInFolder(_ context.Context, name string) error {
	explorer := exec.Command("explorer.exe")
	explorer.SysProcAttr = &syscall.SysProcAttr{CmdLine: `explorer.exe /select,"` + filepath.Clean(name) + `"`}
	if err := explorer.Start(); err != nil {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	go explorer.Wait()
	return nil
}

func hasTray(context.Context) bool { return true }

func mayHaveTray() bool { return true }
