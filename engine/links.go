package engine

import (
	"errors"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
)

const (
	// settleTime is how long a new link is left alone before a further offer
	// of the same peer may replace it.
	settleTime = 15 * time.Second
	// strangerTime is how long a linked peer may stay without a share in common.
	strangerTime = 2 * time.Minute
)

// peerLink is the link to one peer, whatever number of shares it serves.
type peerLink struct {
	identity link.Identity
	link     *link.Link
	status   link.Status
	wasUp    bool
	// offered tells that this side made the offer. Where two links to one peer
	// come up at once, the offer of the lower identity wins on both sides.
	offered bool
	since   time.Time
	// met is the share whose room brought the two together.
	met       *transfer
	greetedAt time.Time
	tags      map[string]invite.Room // what the peer's tags mean, as far as known
}

// addLink takes a new link into use; it was made in t's room.
func (o *owner) addLink(l *link.Link, t *transfer, offered bool) {
	p := &peerLink{identity: l.Remote(), link: l, offered: offered, since: time.Now(), met: t, greetedAt: time.Now()}
	o.links[p.identity] = p
	o.member(p, t)
	o.changed = true
	o.tasks.Go(func() {
		err := l.Serve(o.ctx)
		o.post(func() { o.linkEnded(p, err) })
	})
	o.tasks.Go(func() { o.followLink(p) })
}

// followLink posts what a link says until it has ended.
func (o *owner) followLink(p *peerLink) {
	for {
		status, changed := p.link.Status().Get()
		o.post(func() { o.linkChanged(p, status) })
		select {
		case <-changed:
		case message := <-p.link.Messages():
			o.post(func() { o.received(p, message) })
		case stream := <-p.link.Streams():
			o.post(func() { o.streamCame(p, stream) })
		case <-p.link.Done():
			return
		case <-o.ctx.Done():
			return
		}
	}
}

func (o *owner) linkChanged(p *peerLink, status link.Status) {
	if o.links[p.identity] != p {
		return
	}
	up := status.Up && !p.status.Up
	p.status = status
	o.changed = true
	if up {
		p.wasUp = true
		o.log.Info("linked", "peer", p.identity, "path", status.Path, "relay", status.Relay)
		o.greetAll(p)
	}
}

// linkEnded forgets a link and looks for another way to the peer.
func (o *owner) linkEnded(p *peerLink, err error) {
	o.log.Info("link ended", "peer", p.identity, "error", err)
	if o.links[p.identity] != p || o.ctx.Err() != nil {
		return // replaced by a newer one, or all is ending
	}
	delete(o.links, p.identity)
	o.changed = true
	for _, t := range o.transfers {
		m := t.members[p.identity]
		if m == nil {
			continue
		}
		o.dropMember(m)
		if t == p.met && !p.wasUp && err != nil {
			o.connectFailed(t, err)
		}
		if !t.record.Paused {
			o.signaling.Reannounce(t.keys.Room)
		}
	}
}

// connectFailed says why no link to a peer came up, unless there is another
// peer to have the share from. It is tried again all the same.
func (o *owner) connectFailed(t *transfer, err error) {
	o.log.Info("cannot connect", "transfer", t.id, "error", err)
	if len(t.members) > 0 || t.problem != nil || t.ctx.Err() != nil {
		return
	}
	switch {
	case errors.Is(err, link.ErrNoRelay):
		o.fail(t, &Problem{Code: NoRelay, Err: err})
	case errors.Is(err, link.ErrPolicy):
		o.fail(t, &Problem{Code: PolicyBlocked, Subject: string(o.settings.Policy), Err: err})
	case errors.Is(err, link.ErrNoPath), errors.Is(err, link.ErrHandshake):
		o.fail(t, &Problem{Code: NoPath, Err: err})
	}
}

// replaceable reports whether a further offer of the same peer means that the
// link is lost on its side.
func (p *peerLink) replaceable() bool {
	return !p.status.Up && time.Since(p.since) > settleTime
}

// closeLink ends a link on purpose; its members are dropped at once.
func (o *owner) closeLink(p *peerLink) {
	if o.links[p.identity] == p {
		delete(o.links, p.identity)
	}
	for _, t := range o.transfers {
		if m := t.members[p.identity]; m != nil && m.link == p {
			o.dropMember(m)
		}
	}
	p.link.Close()
	o.changed = true
}

// sweepLinks ends links over which nobody shares anything.
func (o *owner) sweepLinks(now time.Time) {
	for identity, p := range o.links {
		shared := false
		for _, t := range o.transfers {
			if m := t.members[identity]; m != nil && (m.greeted || !p.status.Up) {
				shared = true
			}
		}
		if !shared && now.Sub(p.greetedAt) > strangerTime {
			o.log.Debug("nothing in common any more", "peer", identity)
			o.closeLink(p)
		}
	}
}
