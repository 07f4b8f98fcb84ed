package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/causeway-app/causeway/engine"
)

// The exit codes. Scripts rely on them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNoPath      = 3
	exitInterrupted = 130
)

// exit is an error which knows its exit code and what to tell the user.
type exit struct {
	Code int
	// Text is a sentence for stderr; empty says nothing.
	Text string
}

// Error returns the text.
func (e *exit) Error() string { return e.Text }

// fail tells what went wrong on stderr and returns the exit code.
func (c *console) fail(err error) int {
	if err == nil {
		return exitDone
	}
	var known *exit
	if !errors.As(err, &known) {
		known = exitFor(err)
	}
	if known.Text != "" {
		fmt.Fprintf(c.err, "%s: %s\n", programName, known.Text)
	}
	return known.Code
}

// exitFor chooses the exit code of a failure and puts it into words.
func exitFor(err error) *exit {
	var problem *engine.Problem
	if !errors.As(err, &problem) {
		return &exit{Code: exitFailed, Text: err.Error()}
	}
	code := exitFailed
	switch problem.Code {
	case engine.NoPath, engine.NoRelay, engine.PolicyBlocked, engine.RelayLimitReached:
		code = exitNoPath
	case engine.BadSetting, engine.NothingToShare:
		code = exitUsage
	}
	return &exit{Code: code, Text: sentence(problem)}
}

// badUsage is the failure of a command line that cannot be meant, and says
// where help is.
func badUsage(command string, err error) error {
	text := strings.TrimSuffix(err.Error(), ".")
	return &exit{Code: exitUsage, Text: fmt.Sprintf("%s.\nHelp: %s", text, strings.Join(strings.Fields(programName+" "+command+" --help"), " "))}
}

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// patience is how long an interrupted process may take to say goodbye. The
// contract is one second from the signal to the end of the process.
const patience = 900 * time.Millisecond

// untilTold returns a context that SIGINT, SIGTERM or a closed terminal ends.
// Whatever has not stopped by itself soon after, or when asked a second time,
// is ended by force: the user asked for the process to be gone.
func untilTold(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	told := make(chan os.Signal, 2)
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks to survive it
		signals = append(signals, syscall.SIGHUP)
	}
	signal.Notify(told, signals...)
	done := make(chan struct{})
	go func() {
		select {
		case <-told:
			cancel(errInterrupted)
		case <-done:
			return
		}
		select {
		case <-told:
		case <-time.After(patience):
		case <-done:
			return
		}
		os.Exit(exitInterrupted)
	}()
	// Signals stay taken: one in the last moment must not change the exit code.
	return ctx, func() {
		close(done)
		cancel(nil)
	}
}

// interrupted reports whether a signal ended ctx.
func interrupted(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), errInterrupted)
}
