package engine

import (
	"errors"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
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
	policy  path.Policy // that it was made with, and keeps to
	since   time.Time
	// met is the share whose room brought the two together.
	met      *transfer
	sharedAt time.Time              // when there last was a share in common
	tags     map[string]invite.Room // what the peer's tags mean
	tagsFor  int                    // the roomsChanged for which they do
}

// addLink takes a new link into use; it was made in t's room.
func (o *owner) addLink(l *link.Link, t *transfer, offered bool) {
	p := &peerLink{identity: l.Remote(), link: l, offered: offered, policy: o.settings.Policy, since: time.Now(), met: t, sharedAt: time.Now()}
	o.links[p.identity] = p
	o.member(p, t)
	o.changed = true
	o.background(func() {
		ended := make(chan error, 1)
		go func() { ended <- l.Serve(o.ctx) }()
		o.followLink(p)
		err := <-ended
		o.post(func() { o.linkEnded(p, err) })
	})
}

// followLink posts what a link says until it has ended and all is said: the
// last message may be that the peer has everything.
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
			o.lastWords(p)
			return
		}
	}
}

func (o *owner) lastWords(p *peerLink) {
	for {
		select {
		case message := <-p.link.Messages():
			o.post(func() { o.received(p, message) })
		case stream := <-p.link.Streams():
			stream.Close()
		default:
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
		if p.wasUp {
			t.meeting.next, t.meeting.rounds = time.Time{}, 0
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
		if shared {
			p.sharedAt = now
		} else if now.Sub(p.sharedAt) > strangerTime {
			o.log.Debug("nothing in common any more", "peer", identity)
			o.closeLink(p)
		}
	}
}
