package engine

import (
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/link"
)

// A link that has lost its path may find one again by itself: after a change of
// network, when the computer wakes, when a cable is plugged in. Whether it will
// nobody knows, so another link is made meanwhile, its heir. Whichever works
// first carries the bytes: the old link as soon as it is up again, the heir for
// good as soon as it is up. Both sides see the heir come up, so both keep it.

// earlierLimit bounds the paths of earlier links that are remembered of a peer.
const earlierLimit = 32

// lost reports whether a link that was up has no path now.
func (p *peerLink) lost() bool { return p.wasUp && !p.status.Up }

// newest is the link's heir, or itself where there is none.
func (p *peerLink) newest() *peerLink {
	if p.heir != nil {
		return p.heir
	}
	return p
}

// taken reports whether a further link to the peer is of no use now.
func (p *peerLink) taken() bool {
	switch {
	case p.status.Up:
		return true
	case p.lost() && p.heir == nil:
		return false
	default:
		return !p.newest().replaceable()
	}
}

// makeRoom ends what a further link to the peer replaces. A link that may come
// back is kept.
func (o *owner) makeRoom(p *peerLink) {
	if newest := p.newest(); !newest.lost() {
		o.closeLink(newest)
	}
}

// pathless counts the members to which another link is wanted.
func (t *transfer) pathless() int {
	count := 0
	for _, m := range t.members {
		if m.link.again || m.link.lost() && m.link.heir == nil {
			count++
		}
	}
	return count
}

// lookAgain looks for a peer whose link has lost its path, at once, as if it
// had never been met.
func (o *owner) lookAgain(p *peerLink) {
	o.log.Info("a link has lost its path", "peer", p.identity)
	for _, t := range o.transfers {
		if t.members[p.identity] == nil || t.record.Paused {
			continue
		}
		o.withdrawOlder(t, time.Now().Add(-freshOffer))
		t.meeting.next, t.meeting.rounds = time.Time{}, 0
		o.signaling.Reannounce(t.keys.Room)
	}
	o.wake()
}

// takeOver puts the heir of a link in its place. What the peer has said and what
// was counted of it stay.
func (o *owner) takeOver(old *peerLink) {
	heir := old.heir
	old.heir = nil
	o.log.Info("a newer link takes over", "peer", old.identity)
	o.links[old.identity] = heir
	heir.met, heir.sharedAt, heir.tags, heir.tagsFor = old.met, old.sharedAt, old.tags, old.tagsFor
	heir.earlier = slices.Concat(old.earlier, old.status.Ledger)
	heir.earlier = heir.earlier[max(0, len(heir.earlier)-earlierLimit):]
	heir.earlierEvents = slices.Clone(old.timeline())
	heir.earlierEvents = heir.earlierEvents[max(0, len(heir.earlierEvents)-earlierLimit):]
	heir.recollect()
	for _, t := range o.transfers {
		if m := t.members[old.identity]; m != nil && m.link == old {
			m.detach()
			m.link, m.held = heir, false
			m.openAfter, m.openTries = time.Time{}, 0
		}
	}
	heir.relayedThen = o.relayedBy(heir)
	old.link.Close()
	o.changed = true
}

// current reports whether a link from which something came is the one in use.
// An heir that speaks is up, and takes over; its status is on the way.
func (o *owner) current(p *peerLink) bool {
	if old := o.links[p.identity]; old != nil && old.heir == p {
		o.takeOver(old)
	}
	return o.links[p.identity] == p
}

// recollect puts together what is shown of a link and of those before it, once
// for all States until it changes.
func (p *peerLink) recollect() {
	p.all.paths, p.all.events = p.status.Ledger, p.status.Timeline
	if len(p.earlier) > 0 {
		p.all.paths = slices.Concat(p.earlier, p.status.Ledger)
	}
	if len(p.earlierEvents) > 0 {
		p.all.events = slices.Concat(p.earlierEvents, p.status.Timeline)
	}
}

// paths are all that were used with the peer, the present one last.
func (p *peerLink) paths() []link.Entry { return p.all.paths }

// timeline is what happened to the links with the peer, in order.
func (p *peerLink) timeline() []link.Event { return p.all.events }
