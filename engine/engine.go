// Package engine shares and fetches files. One goroutine owns everything; it
// publishes a State and takes verbs. It draws nothing and needs no C.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/watch"
)

// ErrStopped is returned by verbs after Serve has ended.
var ErrStopped = errors.New("engine: stopped")

// Config is what an Engine starts with.
type Config struct {
	Settings settings.Settings
	// StateDir holds everything that survives a restart.
	StateDir string
	// Client is the program's name and version, told to peers.
	Client string
	// NoLAN keeps the LAN tracker off and LAN addresses out of invitations.
	NoLAN bool
	// Restore lets Serve go on with every transfer of the state folder, as the
	// window does. Without it only what Share and Receive name is run.
	Restore bool
	// Logger gets no secrets. nil is silent.
	Logger *slog.Logger

	free func(folder string) (int64, error) // store.Free, but in tests
}

// Engine runs transfers. Its methods are safe for concurrent use. When a verb
// returns, the State shows what it has done.
//
// A verb that cannot do what was asked returns a *Problem, or ErrUnknownTransfer
// where the id names no transfer. It returns ErrStopped once Serve has ended,
// and ctx's error when ctx ended first; then it may be done all the same.
type Engine struct {
	state watch.Value[State]
	owner *owner
}

// New opens the state folder and prepares an Engine; nothing runs before Serve.
// An error that the user can do something about is or wraps a *Problem.
func New(config Config) (*Engine, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(config.StateDir, 0o700); err != nil {
		return nil, &Problem{Code: CannotWrite, Subject: config.StateDir, Err: err}
	}
	e := &Engine{}
	owner, err := newOwner(config, &e.state)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	e.owner = owner
	return e, nil
}

// Serve runs transfers until ctx ends; it returns within a second of that,
// with every socket closed. It must be called once.
func (e *Engine) Serve(ctx context.Context) error { return e.owner.serve(ctx) }

// State is the newest state and its wake-up.
func (e *Engine) State() *watch.Value[State] { return &e.state }

// Share offers files and folders and returns at once; hashing goes on behind
// and shows as Preparing. The same unchanged paths give the same transfer and
// invitation again.
func (e *Engine) Share(ctx context.Context, paths []string) (Transfer, error) {
	prepared, err := e.owner.prepareShare(ctx, paths)
	if err != nil {
		return Transfer{}, err
	}
	var taken atomic.Bool // by the owner, or by nobody any more
	shown, err := e.transferVerb(ctx, func() (*transfer, error) {
		if !taken.CompareAndSwap(false, true) {
			return nil, ctx.Err()
		}
		t, err := e.owner.addShare(prepared)
		if err != nil {
			prepared.release()
		}
		return t, err
	})
	if taken.CompareAndSwap(false, true) {
		prepared.release()
	}
	return shown, err
}

// Receive fetches what an invitation offers into folder; empty means the
// download folder of the settings. An invitation whose transfer this state
// folder knows goes on from its finished pieces, in the folder it began in. What
// is Offered is accepted as a whole.
func (e *Engine) Receive(ctx context.Context, invitation, folder string) (Transfer, error) {
	return e.transferVerb(ctx, func() (*transfer, error) { return e.owner.addReceive(invitation, folder) })
}

// Pause stops a transfer and keeps what it has.
func (e *Engine) Pause(ctx context.Context, id TransferID) error {
	return e.verb(ctx, func() error { return e.owner.pause(id) })
}

// Resume lets a paused or failed transfer go on.
func (e *Engine) Resume(ctx context.Context, id TransferID) error {
	return e.verb(ctx, func() error { return e.owner.resume(id) })
}

// Remove forgets a transfer. Finished files stay; an unfinished download's
// partial files are deleted; where that fails, the State's Problems say so. A
// shared file is never touched.
func (e *Engine) Remove(ctx context.Context, id TransferID) error {
	removed := make(chan error, 1)
	err := e.verb(ctx, func() error { return e.owner.remove(id, func(err error) { removed <- err }) })
	if err != nil {
		return err
	}
	return e.await(ctx, removed)
}

// Configure applies new settings to what runs: limits and rendezvous at once,
// STUN, TURN and policy to every link made from now on. Links that a laxer
// policy had allowed end, and are made anew.
func (e *Engine) Configure(ctx context.Context, s settings.Settings) error {
	return e.verb(ctx, func() error { return e.owner.configure(s) })
}

// AllowRelay answers a transfer's RelayQuestion: relayed bytes go on for more
// bytes than now, or without limit where more is 0: for this transfer, or for
// the rest of the month, whichever limit was asked about. It takes a DenyRelay
// back. Changing that limit in the settings makes what was allowed void.
func (e *Engine) AllowRelay(ctx context.Context, id TransferID, more int64) error {
	return e.verb(ctx, func() error { return e.owner.allowRelay(id, more) })
}

// DenyRelay lets no more bytes of a transfer go by relay, until AllowRelay. It
// goes on by direct paths.
func (e *Engine) DenyRelay(ctx context.Context, id TransferID) error {
	return e.verb(ctx, func() error { return e.owner.denyRelay(id) })
}

// verb runs do on the owner's goroutine and returns its answer.
func (e *Engine) verb(ctx context.Context, do func() error) error {
	answer := make(chan error, 1)
	err := e.owner.postVerb(ctx, func() {
		if e.owner.ctx.Err() != nil {
			answer <- ErrStopped
			return
		}
		err := do()
		e.owner.publish() // or the caller could see the State from before
		answer <- err
	})
	if err != nil {
		return err
	}
	return e.await(ctx, answer)
}

// ask reads something on the owner's goroutine. Nothing is published.
func (e *Engine) ask(ctx context.Context, read func()) error {
	done := make(chan error, 1)
	if err := e.owner.postVerb(ctx, func() { read(); done <- nil }); err != nil {
		return err
	}
	return e.await(ctx, done)
}

// askOf is ask about a transfer, of which there may be none.
func (e *Engine) askOf(ctx context.Context, id TransferID, read func(*transfer)) error {
	var unknown error
	err := e.ask(ctx, func() {
		t, err := e.owner.find(id)
		if unknown = err; err == nil {
			read(t)
		}
	})
	return cmp.Or(unknown, err)
}

func (e *Engine) await(ctx context.Context, answer <-chan error) error {
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-e.owner.stopped:
		return ErrStopped
	}
}

func (e *Engine) transferVerb(ctx context.Context, do func() (*transfer, error)) (Transfer, error) {
	var shown Transfer
	err := e.verb(ctx, func() error {
		t, err := do()
		if err == nil {
			shown = e.owner.show(t)
		}
		return err
	})
	if err != nil { // and the owner may be at it still
		return Transfer{}, err
	}
	return shown, nil
}
