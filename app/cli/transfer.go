package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/causeway-app/causeway/engine"
)

// showPeriod is the least time between two lines of --json, and between two
// pictures of the progress bar.
const showPeriod = 100 * time.Millisecond

// job is what "send" and "receive" have the engine do.
type job struct {
	start func(context.Context, *engine.Engine) (engine.Transfer, error)
	// ended says when the process is done with the transfer.
	ended func(engine.Transfer) bool
}

// view shows a job: JSON lines for scripts, or lines and a bar for humans.
type view interface {
	// begin is called once, as soon as the transfer exists.
	begin(engine.Transfer) error
	// show is called with the newest state, at most once in a showPeriod.
	show(engine.State) error
	// close is called when nothing more will be shown.
	close()
}

// run serves an engine until the job has ended or ctx has. When it returns,
// every socket is closed.
func (j job) run(ctx context.Context, c *console, flags *transferFlags, v view, log *slog.Logger) error {
	config, err := flags.config(c.err)
	if err != nil {
		return err
	}
	config.Client = clientName
	config.Logger = log
	e, err := engine.New(config)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() {
		served <- e.Serve(serving)
		stop() // for whoever waits for an engine that has given up
	}()
	outcome := j.follow(serving, e, v)
	stop()
	failure := <-served
	switch {
	case interrupted(ctx):
		return &exit{Code: exitInterrupted}
	case failure != nil && (errors.Is(outcome, context.Canceled) || errors.Is(outcome, engine.ErrStopped)):
		return failure
	case failure != nil:
		log.Warn("the engine did not end well", "error", failure)
	}
	return outcome
}

// follow starts the job and shows every state until it has ended. The newest
// state has always been shown when it returns.
func (j job) follow(ctx context.Context, e *engine.Engine, v view) error {
	defer v.close()
	transfer, err := j.start(ctx, e)
	if err != nil {
		return err
	}
	if transfer.Phase == engine.Paused { // in the window
		if err := e.Resume(ctx, transfer.ID); err != nil {
			return err
		}
	}
	if err := v.begin(transfer); err != nil {
		return err
	}
	for {
		state, changed := e.State().Get()
		if err := v.show(state); err != nil {
			return err
		}
		now, _ := state.Transfer(transfer.ID)
		switch {
		case j.ended(now):
			return nil
		case now.Phase == engine.Failed && now.Problem != nil:
			return now.Problem
		}
		time.Sleep(showPeriod)
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(v.show(e.State().Load()), ctx.Err())
		}
	}
}

// jsonView prints the contract's objects.
type jsonView struct{ *reporter }

func (v jsonView) begin(t engine.Transfer) error {
	if t.Direction != engine.Send {
		return nil
	}
	return v.invitation(t.Invitation)
}

func (v jsonView) show(s engine.State) error { return v.state(s) }

func (v jsonView) close() {}
