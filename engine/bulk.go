package engine

import (
	"context"
	"errors"
)

// What is too much for every State is fetched on demand by what shows it.

// PieceState is how far a piece of a share is.
type PieceState byte

// The states.
const (
	PieceMissing PieceState = iota
	PieceUnderWay
	PieceHere
	// PieceUnwanted is only of files that were not chosen.
	PieceUnwanted
)

// RateSample is what went in one second, both ways, in bytes.
type RateSample struct{ Direct, Relayed int64 }

// Pieces tells of each piece of a share how far it is: here, or of a sent share
// at the receiver that is furthest. Empty while the pieces are unknown.
func (e *Engine) Pieces(ctx context.Context, id TransferID) ([]PieceState, error) {
	return nil, errors.ErrUnsupported
}

// Rates are the samples of the last 60 seconds, the newest last; seconds before
// the transfer began are missing.
func (e *Engine) Rates(ctx context.Context, id TransferID) ([]RateSample, error) {
	return nil, errors.ErrUnsupported
}
