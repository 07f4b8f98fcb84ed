package shell

import (
	"context"
	"fmt"
	"os/exec"
)

func showInFolder(ctx context.Context, name string) error {
	if err := exec.CommandContext(ctx, "open", "-R", "--", name).Run(); err != nil {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	return nil
}

func hasTray(context.Context) bool { return true }

func mayHaveTray() bool { return true }
