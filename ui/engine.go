// Package ui is the window: it shows an engine.State and turns gestures into
// verbs. It never imports fyne.io/fyne/v2/app, so it builds and is tested
// without C and without a screen.
package ui

import (
	"context"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/watch"
)

// Engine is what the window needs of an engine.Engine. The verbs are called
// off the main goroutine; their errors may be *engine.Problem.
type Engine interface {
	State() *watch.Value[engine.State]
	Share(ctx context.Context, paths []string) (engine.Transfer, error)
	Receive(ctx context.Context, invitation, folder string) (engine.Transfer, error)
	Look(ctx context.Context, invitation string) (engine.Transfer, error)
	Accept(ctx context.Context, id engine.TransferID, folder string, files []int) error
	Contents(ctx context.Context, id engine.TransferID) (engine.Contents, error)
	FreeSpace(ctx context.Context, folder string) (int64, error)
	Pieces(ctx context.Context, id engine.TransferID) ([]engine.PieceState, error)
	Rates(ctx context.Context, id engine.TransferID) ([]engine.RateSample, error)
	History(ctx context.Context) ([]engine.Finished, error)
	ForgetHistory(ctx context.Context, ids ...engine.TransferID) error
	Pause(ctx context.Context, id engine.TransferID) error
	Resume(ctx context.Context, id engine.TransferID) error
	Remove(ctx context.Context, id engine.TransferID) error
	AllowRelay(ctx context.Context, id engine.TransferID, more int64) error
	DenyRelay(ctx context.Context, id engine.TransferID) error
	CheckNetwork(ctx context.Context) (netcheck.Report, error)
	// TestRelay calls onStage on the goroutine that called TestRelay.
	TestRelay(ctx context.Context, server settings.TURN, onStage func(netcheck.StageResult)) (netcheck.TURNResult, error)
	TestSTUN(ctx context.Context, uri string) (time.Duration, error)
	TestRendezvous(ctx context.Context, url string) (time.Duration, error)
	Configure(ctx context.Context, s settings.Settings) error
}

var _ Engine = (*engine.Engine)(nil)
