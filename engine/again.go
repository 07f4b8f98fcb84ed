package engine

import (
	"time"
)

// Two computers that start at the same moment know little of their networks
// when they first meet: the router may not have been found that maps ports, and
// nobody has seen yet whether ports can be foretold. The first attempt at a link
// does not wait for that, because most need none of it. Where it finds no path,
// and this side has come to know more ways since, a further attempt is made
// beside it, as its heir (heir.go), long before the first one gives up.

// againAfter is how long a first attempt is left alone.
const againAfter = 500 * time.Millisecond

// mayTryAgain reports whether a further attempt may go on beside this one.
func (p *peerLink) mayTryAgain() bool { return !p.wasUp && !p.status.Up && p.heir == nil }

// foretells reports whether descriptions made now have foretold ports.
func (o *owner) foretells() bool { return o.portStep() != 0 }

// tryAgain begins a further attempt at a peer where that may find a path which
// this one cannot. It comes back by itself once the first one has had its time.
func (o *owner) tryAgain(p *peerLink) {
	knowsMore := p.status.Untold || !p.foretells && o.foretells()
	if p.asked || !knowsMore || !p.mayTryAgain() || p.status.Err != nil || o.links[p.identity] != p {
		return
	}
	if wait := againAfter - time.Since(p.since); wait > 0 {
		o.later(wait, func() { o.tryAgain(p) })
		return
	}
	p.again, p.asked = true, true
	o.log.Info("trying a peer again, as there are more ways now", "peer", p.identity)
	for _, t := range o.transfers {
		if t.members[p.identity] != nil && !t.record.Paused {
			t.meeting.next, t.meeting.rounds = time.Time{}, 0
			o.signaling.Reannounce(t.keys.Room)
			o.meet(t, time.Now())
		}
	}
	o.wake()
}

// later posts work after a time, unless the end comes before.
func (o *owner) later(wait time.Duration, work func()) {
	o.background(func() {
		select {
		case <-time.After(wait):
			o.post(work)
		case <-o.ctx.Done():
		}
	})
}

// again lists the peers to which this share wants a further attempt.
func (t *transfer) again() []string {
	var all []string
	for identity, m := range t.members {
		if m.link.again {
			all = append(all, identity.String())
		}
	}
	return all
}

// knowMore uses what was found out of the network for links that have no path
// yet. Offers without foretold ports are made anew.
func (o *owner) knowMore() {
	if !o.foretells() {
		return
	}
	for _, t := range o.transfers {
		if o.withdrawUnforetold(t) && !t.record.Paused && !t.failed() {
			o.makeOffer(t)
		}
	}
	for _, p := range o.links {
		o.tryAgain(p)
	}
}
