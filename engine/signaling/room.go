package signaling

import (
	"time"

	"github.com/causeway-app/causeway/engine/invite"
)

const (
	// offerLife is how long an answer to an offer of ours is taken.
	offerLife = 2 * time.Minute
	// maxSeen is how many offers of others a room remembers.
	maxSeen = 2048
)

// room is what a Client knows about a room it joined. The Client's mutex
// guards it.
type room struct {
	keys invite.Keys
	seen seen
	// sent are the offers that left for a tracker in the last offerLife.
	sent map[OfferID]*sentOffer
}

type sentOffer struct {
	at       time.Time
	answered bool
}

func newRoom(keys invite.Keys) *room {
	return &room{keys: keys, seen: seen{known: map[seenOffer]bool{}}, sent: map[OfferID]*sentOffer{}}
}

// remember notes that offers leave now.
func (r *room) remember(offers []wireOffer, now time.Time) {
	for id, offer := range r.sent {
		if now.Sub(offer.at) > offerLife {
			delete(r.sent, id)
		}
	}
	for _, offer := range offers {
		id, err := offer.OfferID.bytes()
		if err != nil {
			continue // it was made from 20 bytes
		}
		if known := r.sent[id]; known != nil {
			known.at = now // it goes to another tracker too
			continue
		}
		r.sent[id] = &sentOffer{at: now}
	}
}

// awaits returns an offer of ours that nobody has answered, or nil.
func (r *room) awaits(id OfferID, now time.Time) *sentOffer {
	offer := r.sent[id]
	if offer == nil || offer.answered || now.Sub(offer.at) > offerLife {
		return nil
	}
	return offer
}

// seen remembers the newest maxSeen offers, against replays.
type seen struct {
	known map[seenOffer]bool
	// order is a ring once it is full; next is its oldest.
	order []seenOffer
	next  int
}

type seenOffer struct {
	from PeerID
	id   OfferID
}

func (s *seen) has(offer seenOffer) bool { return s.known[offer] }

func (s *seen) add(offer seenOffer) {
	if s.known[offer] {
		return
	}
	s.known[offer] = true
	if len(s.order) < maxSeen {
		s.order = append(s.order, offer)
		return
	}
	delete(s.known, s.order[s.next])
	s.order[s.next] = offer
	s.next = (s.next + 1) % maxSeen
}
