// Package engine shares and fetches files. One goroutine owns everything; it
// publishes a State and takes verbs. It draws nothing and needs no C.
package engine

import (
	"context"
	"errors"
	"log/slog"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/watch"
)

// Config is what an Engine starts with.
type Config struct {
	Settings settings.Settings
	// StateDir holds everything that survives a restart.
	StateDir string
	// Client is the program's name and version, told to peers.
	Client string
	// NoLAN keeps the LAN tracker off and LAN addresses out of invitations.
	NoLAN bool
	// Logger gets no secrets. nil is silent.
	Logger *slog.Logger
}

// Engine runs transfers. Its methods are safe for concurrent use.
type Engine struct {
	state watch.Value[State]
}

// New opens the state folder and prepares an Engine; nothing runs before Serve.
func New(config Config) (*Engine, error) { return nil, errors.New("under construction") }

// Serve restores the transfers of the state folder and runs until ctx ends;
// it returns within a second of that, with every socket closed.
func (e *Engine) Serve(ctx context.Context) error { return nil }

// State is the newest state and its wake-up.
func (e *Engine) State() *watch.Value[State] { return &e.state }

// Share offers files and folders and returns at once; hashing goes on behind
// and shows as Preparing. The same unchanged paths give the same transfer and
// invitation again. Errors are *Problem.
func (e *Engine) Share(ctx context.Context, paths []string) (Transfer, error) {
	return Transfer{}, nil
}

// Receive fetches what an invitation offers into folder; empty means the
// download folder of the settings. An invitation whose transfer this state
// folder knows goes on from its finished pieces. Errors are *Problem.
func (e *Engine) Receive(ctx context.Context, invitation, folder string) (Transfer, error) {
	return Transfer{}, nil
}

// Pause stops a transfer and keeps what it has.
func (e *Engine) Pause(ctx context.Context, id TransferID) error { return nil }

// Resume lets a paused or failed transfer go on.
func (e *Engine) Resume(ctx context.Context, id TransferID) error { return nil }

// Remove forgets a transfer. Finished files stay; an unfinished download's
// partial files are deleted. A shared file is never touched.
func (e *Engine) Remove(ctx context.Context, id TransferID) error { return nil }

// Configure applies new settings to what runs.
func (e *Engine) Configure(ctx context.Context, s settings.Settings) error { return nil }
