package engine

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/signaling"
)

const (
	// offersAtOnce bounds the connections that wait for an answer, a share.
	offersAtOnce = 5
	// offerLife is how long an offer waits for its answer; WebTorrent clients
	// give up after 50 s too.
	offerLife = 50 * time.Second
	// meetPause is doubled up to meetLimit between two rounds of offers.
	meetPause = 2 * time.Second
	meetLimit = time.Minute
	// lostLimit bounds the pause while a link that was up has no path: whoever
	// comes back is to be found soon.
	lostLimit = 8 * time.Second
	// freshOffer is how old an offer may be then: what was gathered while the
	// network was away is of no use.
	freshOffer = 3 * time.Second
	// membersLimit bounds the peers of one share.
	membersLimit = 60
)

// meeting is how one share looks for peers through its rendezvous. A tracker
// hands each offer to one other peer, so there is one connection an offer; the
// trackers' counts tell how many are worth making.
type meeting struct {
	others map[string]int // by rendezvous URL: other peers in the room
	offers []*offer
	gather int // offers being gathered
	next   time.Time
	rounds int
}

// offer is a connection that waits for somebody's answer.
type offer struct {
	pending   *link.Pending
	made      time.Time
	foretells bool                       // ports could be foretold when it was made
	ids       map[signaling.OfferID]bool // one for each time it was announced
	sentTo    map[string]bool            // rendezvous URLs that have it
}

// invitationToLink is the sealed content of an offer.
type invitationToLink struct {
	link.Description
	// Linked lists the peers that the offering side is linked with; they
	// need no further link and ignore the offer.
	Linked []string `json:"linked,omitempty"`
	// Again lists the peers to which the offering side has a link that finds no
	// path, and now knows of more ways: this is a further attempt beside it.
	Again []string `json:"again,omitempty"`
	// Network is what the side that says this knows of its network.
	Network toldFindings `json:"network"`
}

// join enters a share's room on every rendezvous it has. A receiver expects
// somebody there, so it gathers its first offer meanwhile.
func (o *owner) join(t *transfer) {
	o.withdrawOffers(t)
	if o.lan != nil {
		o.lan.allow(t.keys.Room)
	}
	o.joinRendezvous(t)
	if !t.sending() {
		o.makeOffer(t)
	}
	o.greetEverybody(t)
}

func (o *owner) leave(t *transfer) {
	o.signaling.Leave(t.keys.Room)
	if o.lan != nil {
		o.lan.refuse(t.keys.Room)
	}
	o.withdrawOffers(t)
	t.meeting = meeting{others: map[string]int{}, gather: t.meeting.gather}
}

func (o *owner) withdrawOffers(t *transfer) {
	for _, offer := range t.meeting.offers {
		o.withdraw(offer.pending)
	}
	t.meeting.offers = nil
}

// withdraw closes an offer that nobody has answered, and waits behind the
// scenes until its sockets and allocations are released.
func (o *owner) withdraw(pending *link.Pending) {
	pending.Close()
	o.background(func() { <-pending.Done() })
}

// signaled takes what a rendezvous says.
func (o *owner) signaled(event signaling.Event) {
	switch e := event.(type) {
	case signaling.Counted:
		if t := o.rooms[e.Room]; t != nil && !t.record.Paused {
			if e.Others > t.meeting.others[e.URL] {
				t.meeting.next, t.meeting.rounds = time.Time{}, 0
				if o.foretells() {
					o.withdrawOlder(t, time.Now().Add(-freshOffer)) // other ports come next by now
				}
			}
			t.meeting.others[e.URL] = e.Others
			o.meet(t, time.Now())
		}
	case signaling.Offered:
		if t := o.rooms[e.Room]; t != nil && !t.record.Paused {
			o.offered(t, e)
		}
	case signaling.Answered:
		if t := o.rooms[e.Room]; t != nil && !t.record.Paused {
			o.answered(t, e)
		}
	}
	o.changed = true
}

// connecting reports whether somebody is there to be connected with. After a
// few rounds in which nobody answered, whom the tracker still counts has gone.
func (m *meeting) connecting() bool {
	for _, others := range m.others {
		if others > 0 && m.rounds <= 3 {
			return true
		}
	}
	return false
}

// meet makes and announces offers while the trackers know of more peers than
// this side is linked with.
func (o *owner) meet(t *transfer, now time.Time) {
	o.expireOffers(t, now)
	if t.record.Paused || t.failed() {
		return
	}
	most := 0
	for _, others := range t.meeting.others {
		most = max(most, others)
	}
	if o.foretells() {
		o.withdrawUnforetold(t)
	}
	lost := t.pathless()
	linked := len(t.members) - lost
	missing := min(most-linked, offersAtOnce, membersLimit-linked)
	if missing <= 0 || now.Before(t.meeting.next) {
		return
	}
	limit := meetLimit
	if lost > 0 {
		limit = lostLimit
		o.withdrawOlder(t, now.Add(-freshOffer))
	}
	wanted := missing
	if t.meeting.rounds > 0 {
		// The tracker chooses who gets an offer. Chance gave the last ones to
		// peers that are linked already; with one for each, nobody is left out.
		wanted = min(most, offersAtOnce)
	}
	for n := len(t.meeting.offers) + t.meeting.gather; n < wanted; n++ {
		o.makeOffer(t)
	}
	for _, offer := range t.meeting.offers {
		clear(offer.sentTo)
	}
	t.meeting.next = now.Add(min(meetPause<<min(t.meeting.rounds, 10), limit))
	t.meeting.rounds++
	o.announce(t)
	if t.meeting.rounds > 1 {
		o.signaling.Reannounce(t.keys.Room)
	}
}

func (o *owner) expireOffers(t *transfer, now time.Time) { o.withdrawOlder(t, now.Add(-offerLife)) }

// withdrawOlder withdraws the offers that were made before a time.
func (o *owner) withdrawOlder(t *transfer, than time.Time) {
	t.meeting.offers = slices.DeleteFunc(t.meeting.offers, func(offer *offer) bool {
		old := offer.made.Before(than)
		if old {
			o.withdraw(offer.pending)
		}
		return old
	})
}

// withdrawUnforetold withdraws the offers that lack foretold ports, and reports
// whether there are any. One that was just sent may be answered at this moment.
func (o *owner) withdrawUnforetold(t *transfer) bool {
	before := len(t.meeting.offers)
	t.meeting.offers = slices.DeleteFunc(t.meeting.offers, func(offer *offer) bool {
		lacks := !offer.foretells && (len(offer.ids) == 0 || time.Since(offer.made) > freshOffer)
		if lacks {
			o.withdraw(offer.pending)
		}
		return lacks
	})
	return len(t.meeting.offers) < before
}

// makeOffer gathers a connection behind the scenes and announces it when it
// can leave.
func (o *owner) makeOffer(t *transfer) {
	t.meeting.gather++
	ctx, generation, foretells := t.ctx, o.generation, o.foretells()
	gather := o.dialer.Offer
	if len(t.again()) > 0 {
		gather = o.dialer.OfferPatiently
	}
	o.background(func() {
		pending, err := gather(ctx)
		o.post(func() {
			t.meeting.gather--
			stale := generation != o.generation || o.foretells() && !foretells
			switch {
			case ctx.Err() != nil || t.record.Paused || stale:
				if err == nil {
					o.withdraw(pending)
				}
				if stale && ctx.Err() == nil && !t.record.Paused {
					o.makeOffer(t)
				}
			case err != nil:
				o.connectFailed(t, err, nil)
			default:
				t.meeting.offers = append(t.meeting.offers, &offer{
					pending: pending, made: time.Now(), foretells: foretells,
					ids: map[signaling.OfferID]bool{}, sentTo: map[string]bool{},
				})
				o.announce(t)
			}
		})
	})
}

// announce sends offers to every rendezvous that knows enough other peers.
func (o *owner) announce(t *transfer) {
	linked, again := make([]string, 0, len(t.members)), t.again()
	for identity, m := range t.members {
		if !m.link.lost() && !m.link.again {
			linked = append(linked, identity.String())
		}
	}
	for url, others := range t.meeting.others {
		var batch []signaling.Offer
		for _, offer := range t.meeting.offers[:min(others, len(t.meeting.offers))] {
			if offer.sentTo[url] {
				continue
			}
			offer.sentTo[url] = true
			id := signaling.NewOfferID()
			offer.ids[id] = true
			text, _ := json.Marshal(invitationToLink{
				Description: offer.pending.Description(), Linked: linked, Again: again, Network: toldFindings{o.findings()},
			})
			batch = append(batch, signaling.Offer{ID: id, Plaintext: text})
		}
		if len(batch) > 0 {
			o.signaling.Offer(t.keys.Room, url, batch)
		}
	}
}

// offered answers a peer's offer unless there is a link to that peer already.
func (o *owner) offered(t *transfer, e signaling.Offered) {
	var theirs invitationToLink
	if err := json.Unmarshal(e.Plaintext, &theirs); err != nil {
		o.log.Debug("an offer makes no sense", "transfer", t.id, "error", err)
		return
	}
	own := o.dialer.Identity()
	if theirs.Identity == own || slices.Contains(theirs.Linked, own.String()) || len(t.members)+len(t.answering) >= membersLimit {
		return
	}
	if t.answering[theirs.Identity] {
		return
	}
	again := slices.Contains(theirs.Again, own.String())
	if p := o.links[theirs.Identity]; p != nil && !(again && p.mayTryAgain()) {
		if p.status.Up {
			o.greetAll(p) // it knows this room; it may not know that we do
		}
		if p.taken() {
			return
		}
		o.makeRoom(p)
	}
	t.answering[theirs.Identity] = true
	generation, foretells := o.generation, o.foretells()
	o.background(func() {
		l, answer, err := o.dialer.Answer(o.ctx, theirs.Description)
		o.post(func() {
			delete(t.answering, theirs.Identity)
			if err != nil {
				o.connectFailed(t, err, nil)
				return
			}
			if generation != o.generation {
				o.discardLink(l) // the settings have changed; the peer offers again
				return
			}
			o.answer(t, e, l, answer, theirs, foretells)
		})
	})
}

func (o *owner) answer(t *transfer, e signaling.Offered, l *link.Link, answer link.Description, theirs invitationToLink, foretells bool) {
	again := slices.Contains(theirs.Again, o.dialer.Identity().String())
	if t.ctx.Err() != nil || t.record.Paused || !o.settleGlare(l.Remote(), false, again) {
		o.discardLink(l)
		return
	}
	text, _ := json.Marshal(invitationToLink{Description: answer, Network: toldFindings{o.findings()}})
	o.signaling.Answer(t.keys.Room, e.URL, e.From, e.OfferID, text)
	o.addLink(l, t, false, foretells, theirs)
}

// answered completes one of our offers.
func (o *owner) answered(t *transfer, e signaling.Answered) {
	at := slices.IndexFunc(t.meeting.offers, func(offer *offer) bool { return offer.ids[e.OfferID] })
	if at < 0 {
		return
	}
	var theirs invitationToLink
	if err := json.Unmarshal(e.Plaintext, &theirs); err != nil {
		o.log.Debug("an answer makes no sense", "transfer", t.id, "error", err)
		return
	}
	taken := t.meeting.offers[at]
	current := o.links[theirs.Identity]
	again := current != nil && current.again
	if theirs.Identity == o.dialer.Identity() || !o.settleGlare(theirs.Identity, true, again) {
		return // the offer is still good for somebody else
	}
	t.meeting.offers = slices.Delete(t.meeting.offers, at, at+1)
	l, err := taken.pending.Accept(theirs.Description)
	if err != nil {
		o.withdraw(taken.pending)
		o.log.Info("cannot accept an answer", "transfer", t.id, "error", err)
		return
	}
	o.addLink(l, t, true, taken.foretells, theirs)
}

// settleGlare decides whether a new link to a peer may be made, and ends the
// one it replaces. offered tells whether this side made the new link's offer.
// When both offered at the same moment, both keep what the lower identity
// offered. again tells that it is a further attempt, which replaces none.
func (o *owner) settleGlare(peer link.Identity, offered, again bool) bool {
	current := o.links[peer]
	if current == nil || current.lost() && current.heir == nil || again && current.mayTryAgain() {
		return true
	}
	old := current.newest()
	if !old.replaceable() {
		ours := o.dialer.Identity().Less(peer)
		if old.status.Up || old.offered == offered || offered != ours {
			return false
		}
	}
	o.closeLink(old)
	return true
}

// discardLink ends a link that is not needed after all.
func (o *owner) discardLink(l *link.Link) {
	l.Close()
	o.background(func() { <-l.Done() })
}
