package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/invite"
)

type sendCommand struct {
	Paths []string `arg:"" name:"path" help:"Files and folders to share."`
	Once  bool     `help:"End as soon as one receiver has everything."`

	transferFlags
}

// Run shares until ctx ends, or until one receiver has everything.
func (s *sendCommand) Run(ctx context.Context, c *console, log *slog.Logger) error {
	paths := make([]string, len(s.Paths))
	for i, path := range s.Paths {
		full, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("finding %s: %w", path, err)
		}
		paths[i] = full
	}
	served := 0 // receivers of earlier runs
	j := job{
		start: func(ctx context.Context, e *engine.Engine) (engine.Transfer, error) {
			transfer, err := e.Share(ctx, paths)
			served = transfer.Receivers
			return transfer, err
		},
		ended: func(t engine.Transfer) bool { return s.Once && t.Receivers > served },
		stays: !s.Once,
	}
	var v view = newDisplay(c, func(t engine.Transfer) error { return s.greet(c, t) })
	if s.JSON {
		v = jsonView{newReporter(c.out)}
	}
	return j.run(ctx, c, &s.transferFlags, v, log)
}

// greet prints the invitation alone on stdout, and for a human what to do with
// it.
func (s *sendCommand) greet(c *console, t engine.Transfer) error {
	if _, err := fmt.Fprintln(c.out, t.Invitation); err != nil {
		return err
	}
	if code := qrCode(t.Invitation, c.width()); code != "" {
		fmt.Fprintf(c.err, "\n%s\n", code)
	}
	fmt.Fprintln(c.err, "Give the invitation to the receiver: whoever has it can fetch the files.")
	if s.Once {
		fmt.Fprintln(c.err, "Keep this running until the receiver has everything.")
	} else {
		fmt.Fprintln(c.err, "Sharing until you press Ctrl-C.")
	}
	return nil
}

// qrCode draws an invitation for a terminal of that width; it is empty where
// there is no terminal, no room, or where the terminal may print the color
// sequences instead of obeying them.
func qrCode(invitation string, width int) string {
	const border = 8
	if width == 0 || runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == "" {
		return ""
	}
	code, err := invite.QR(invitation)
	if err != nil || code.Size()+border > width {
		return ""
	}
	return code.Terminal()
}
