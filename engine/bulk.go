package engine

import (
	"context"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/swarm"
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
// at the receiver that is furthest, which does not say what is under way. Empty
// while the pieces are unknown.
func (e *Engine) Pieces(ctx context.Context, id TransferID) ([]PieceState, error) {
	var look func() []PieceState
	err := e.askOf(ctx, id, func(t *transfer) { look = t.pieces() })
	if err != nil || look == nil {
		return nil, err
	}
	return look(), nil // here, for the owner has other things to do
}

// pieces returns what looks at a transfer's pieces, on any goroutine; nil while
// they are unknown.
func (t *transfer) pieces() func() []PieceState {
	torrent := t.torrent
	if torrent == nil {
		return nil
	}
	if !t.sending() {
		return func() []PieceState { return pieceStates(torrent.Pieces()) }
	}
	furthest := t.furthest()
	if furthest == nil {
		return func() []PieceState { return allPieces(torrent, len(t.record.Served) > 0) }
	}
	address, everything := furthest.link.identity.Address(), furthest.hello.Complete && furthest.hello.Pieces == 0
	return func() []PieceState {
		if there := torrent.PeerPieces(address); there != nil && !everything {
			return pieceStates(there)
		}
		return allPieces(torrent, everything)
	}
}

// furthest is the receiver that has most of the share; nil where nobody is there.
func (t *transfer) furthest() *member {
	var furthest *member
	for _, m := range t.members {
		if m.greeted && (furthest == nil || m.progress > furthest.progress) {
			furthest = m
		}
	}
	return furthest
}

func pieceStates(pieces []swarm.Piece) []PieceState {
	states := make([]PieceState, len(pieces))
	for at, piece := range pieces {
		switch piece {
		case swarm.PieceUnderWay:
			states[at] = PieceUnderWay
		case swarm.PieceHere:
			states[at] = PieceHere
		case swarm.PieceUnwanted:
			states[at] = PieceUnwanted
		}
	}
	return states
}

// allPieces are those of a share of which a receiver has everything, or nothing.
func allPieces(torrent *swarm.Torrent, everything bool) []PieceState {
	state := PieceMissing
	if everything {
		state = PieceHere
	}
	return slices.Repeat([]PieceState{state}, torrent.Progress().Pieces)
}

// Rates are the samples of the last 60 seconds, the newest last; seconds before
// the transfer began, or before this program did, are missing.
func (e *Engine) Rates(ctx context.Context, id TransferID) ([]RateSample, error) {
	var samples []RateSample
	err := e.askOf(ctx, id, func(t *transfer) {
		t.rates.add(time.Now(), t.exchanged().sample())
		samples = t.rates.samples()
	})
	return samples, err
}
