package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
)

const (
	// ratesEvery and piecesEvery are how often the drawings of an unfolded
	// transfer are brought up to date.
	ratesEvery  = 500 * time.Millisecond
	piecesEvery = time.Second
	// busyFor is for how long after a state another one is expected. What is
	// fetched meanwhile is drawn with it, because each drawing paints the whole
	// window.
	busyFor = 300 * time.Millisecond
)

// sampling is what was last fetched for the drawings of a transfer.
type sampling struct {
	rates, pieces               time.Time
	fetchingRates, fetchingPart bool
	// again tells that the last minute is looked at once more by itself, since
	// no state tells that time passes.
	again bool
	// waiting draws what was fetched, with the next state.
	waiting []func()
}

func (s *sampling) flush() {
	drawings := s.waiting
	s.waiting = nil
	for _, draw := range drawings {
		draw()
	}
}

// drawSoon draws what was fetched: at once, or with the next state where one is
// expected.
func (p *transfersPage) drawSoon(s *sampling, draw func()) {
	if p.sampling || p.window.now().Sub(p.sampledAt) >= busyFor {
		draw()
		return
	}
	s.waiting = append(s.waiting, draw)
	p.window.after(busyFor, s.flush)
}

// sample fetches what the drawings in sight need, and no more.
func (p *transfersPage) sample() {
	now := p.window.now()
	p.sampling, p.sampledAt = true, now
	defer func() { p.sampling = false }()
	for _, s := range p.sampled {
		s.flush()
	}
	for id := range p.detailsInSight() {
		s := p.sampled[id]
		if s == nil {
			s = &sampling{}
			p.sampled[id] = s
		}
		if !s.fetchingRates && now.Sub(s.rates) >= ratesEvery {
			s.rates, s.fetchingRates = now, true
			p.fetchRates(id, s)
		}
		if !s.fetchingPart && now.Sub(s.pieces) >= piecesEvery {
			s.pieces, s.fetchingPart = now, true
			p.fetchPieces(id, s)
		}
	}
	if len(p.sampled) > len(p.entries) {
		clear(p.sampled)
	}
}

// detailsInSight are the unfolded transfers whose drawings can be seen.
func (p *transfersPage) detailsInSight() map[engine.TransferID]*detailRow {
	if p.window.here != transfersAt || p.window.transfers != p {
		return nil // not seen, or made anew in another language
	}
	var found map[engine.TransferID]*detailRow
	p.list.each(func(key rowKey, object fyne.CanvasObject) {
		if shown, ok := object.(*detailRow); ok {
			if found == nil {
				found = map[engine.TransferID]*detailRow{}
			}
			found[key.transfer] = shown
		}
	})
	return found
}

func (p *transfersPage) fetchRates(id engine.TransferID, s *sampling) {
	var rates []engine.RateSample
	p.window.attempt(func(ctx context.Context) (err error) {
		rates, err = p.window.engine.Rates(ctx, id)
		return err
	}, func(err error) {
		s.fetchingRates = false
		if err == nil { // a drawing is not worth a complaint
			p.drawSoon(s, func() { p.drawRates(id, s, rates) })
		}
	})
}

func (p *transfersPage) drawRates(id engine.TransferID, s *sampling, rates []engine.RateSample) {
	shown := p.detailsInSight()[id]
	if shown == nil {
		return
	}
	shown.setSamples(rates)
	if shown.minute.Highest() > 0 && !s.again {
		s.again = true
		p.window.after(time.Second, func() {
			s.again = false
			p.sample()
		})
	}
}

func (p *transfersPage) fetchPieces(id engine.TransferID, s *sampling) {
	var pieces []engine.PieceState
	p.window.attempt(func(ctx context.Context) (err error) {
		pieces, err = p.window.engine.Pieces(ctx, id)
		return err
	}, func(err error) {
		s.fetchingPart = false
		if err != nil {
			return
		}
		p.drawSoon(s, func() {
			if shown := p.detailsInSight()[id]; shown != nil {
				shown.setPieces(pieces)
			}
		})
	})
}
