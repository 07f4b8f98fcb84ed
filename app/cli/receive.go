package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/causeway-app/causeway/engine"
)

type receiveCommand struct {
	Invitation string `arg:"" help:"The invitation, or - to read it from stdin, which keeps it out of the process list."`
	To         string `default:"." placeholder:"DIR" help:"Folder to put the share in (the current one)."`
	Stay       bool   `help:"Go on sharing with other receivers until Ctrl-C."`

	transferFlags
}

// Run fetches a share and ends when all of it is here and verified. Then it
// prints where, alone on stdout.
func (r *receiveCommand) Run(ctx context.Context, c *console, log *slog.Logger) error {
	invitation, err := r.invitation(c.in)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(r.To)
	if err != nil {
		return fmt.Errorf("finding %s: %w", r.To, err)
	}
	placed := ""
	j := job{
		start: func(ctx context.Context, e *engine.Engine) (engine.Transfer, error) {
			return e.Receive(ctx, invitation, folder)
		},
		ended: func(t engine.Transfer) bool {
			placed = t.Placed
			return t.Phase == engine.Complete && !r.Stay
		},
	}
	var v view = newDisplay(c, func(t engine.Transfer) error {
		_, err := fmt.Fprintf(c.err, "Receiving into %s.\n", printable(t.Folder))
		return err
	})
	if r.JSON {
		v = jsonView{newReporter(c.out)}
	}
	if err := j.run(ctx, c, &r.transferFlags, v, log); err != nil || r.JSON {
		return err
	}
	_, err = fmt.Fprintln(c.out, placed)
	return err
}

// invitation is the argument, or the first line of stdin.
func (r *receiveCommand) invitation(in io.Reader) (string, error) {
	if r.Invitation != "-" {
		return r.Invitation, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 1<<16)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading the invitation: %w", err)
	}
	return strings.TrimSpace(line), nil
}
