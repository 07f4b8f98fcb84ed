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
const showPeriod = 40 * time.Millisecond

// job is what "send" and "receive" have the engine do.
type job struct {
	start func(context.Context, *engine.Engine) (engine.Transfer, error)
	// ended says when the process is done with the transfer.
	ended func(engine.Transfer) bool
	// stays lets the job go on when there is no path to a peer: others may come.
	stays bool
}

// pathPatience is how long a job without a path goes on trying. The engine
// tries again by itself, and the first try, which takes 7 s, fails at times.
// Users are told why within 15 s.
const pathPatience = 5500 * time.Millisecond

// relayPatience is how long a job waits for a direct path when a limit of
// relayed bytes is reached and nothing else moves.
const relayPatience = time.Minute

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
	var pathless time.Time
	for {
		state, changed := e.State().Get()
		now, found := state.Transfer(transfer.ID)
		if found { // it may not have been published yet
			if err := v.show(state); err != nil {
				return err
			}
		}
		if j.ended(now) {
			return nil
		}
		if problem := j.failure(now, &pathless); problem != nil {
			return problem
		}
		time.Sleep(showPeriod)
		var look <-chan time.Time
		if !pathless.IsZero() {
			look = time.After(time.Second / 4)
		}
		select {
		case <-changed:
		case <-look:
		case <-ctx.Done():
			return errors.Join(v.show(e.State().Load()), ctx.Err())
		}
	}
}

// failure returns the problem that ends a job, or nil. pathless is since when
// there has been no path; it is kept up to date.
func (j job) failure(t engine.Transfer, pathless *time.Time) error {
	if t.Question != nil && t.Rate == 0 {
		if pathless.IsZero() {
			*pathless = time.Now()
		}
		if j.stays || time.Since(*pathless) < relayPatience {
			return nil
		}
		return &engine.Problem{Code: engine.RelayLimitReached, Subject: string(t.Question.Limit)}
	}
	if t.Phase != engine.Failed || t.Problem == nil {
		*pathless = time.Time{}
		return nil
	}
	switch t.Problem.Code {
	case engine.PolicyBlocked:
		if j.stays {
			return nil
		}
	case engine.NoPath:
		if pathless.IsZero() {
			*pathless = time.Now()
		}
		if j.stays || time.Since(*pathless) < pathPatience {
			return nil
		}
	}
	return t.Problem
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
