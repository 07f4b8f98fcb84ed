package engine

import (
	"strings"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
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
	id       string // the identity as State has it
	link     *link.Link
	status   link.Status
	wasUp    bool
	// offered tells that this side made the offer. Where two links to one peer
	// come up at once, the offer of the lower identity wins on both sides.
	offered bool
	policy  path.Policy      // that it was made with, and keeps to
	counted map[string]int64 // bytes by relay, "" for none, that the budget has
	since   time.Time
	// relayedThen is the relayed payload of when the budget last counted.
	relayedThen int64
	// findings are what the peer says of its network, relays whether it offered
	// a relay's address.
	findings netcheck.Findings
	relays   bool
	// heir is a newer link to the same peer that takes over once it is up; there
	// is one only while this one has no path, which it may find yet.
	heir *peerLink
	// foretells tells that ports could be foretold when this side's description
	// was made.
	foretells bool
	// again asks for a further attempt beside this one; it was asked for once.
	again, asked bool
	// earlier are the paths of links that this one took over from, earlierEvents
	// what happened to them; all are both with this link's own.
	earlier       []link.Entry
	earlierEvents []link.Event
	all           struct {
		paths  []link.Entry
		events []link.Event
	}
	// fingerprint stands for both ends' certificates.
	fingerprint []string
	// met is the share whose room brought the two together.
	met      *transfer
	sharedAt time.Time              // when there last was a share in common
	tags     map[string]invite.Room // what the peer's tags mean
	tagsFor  int                    // the roomsChanged for which they do
	// carried is the payload by path that the counters have.
	carried map[path.Kind]carriage
}

// addLink takes a new link into use; it was made in t's room. foretells tells
// whether this side's description has ports that were foretold.
func (o *owner) addLink(l *link.Link, t *transfer, offered, foretells bool, theirs invitationToLink) {
	p := &peerLink{identity: l.Remote(), id: l.Remote().String(), link: l, offered: offered, policy: o.settings.Policy, since: time.Now(), met: t, sharedAt: time.Now(), counted: map[string]int64{},
		fingerprint: fingerprint(o.dialer.Identity(), l.Remote()),
		foretells:   foretells, findings: theirs.Network.Findings, relays: strings.Contains(theirs.SDP, " typ "+path.RelayedType)}
	if old := o.links[p.identity]; old != nil { // it has no path
		old.heir, old.again = p, false
	} else {
		o.links[p.identity] = p
		o.member(p, t)
	}
	o.explainAgain(t, p)
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
	up, down := status.Up && !p.status.Up, p.status.Up && !status.Up
	lost := down && status.Err == nil || relayLost(p.status, status)
	p.status = status
	p.recollect()
	o.countLink(p, time.Now()) // also of one that has been replaced
	if old := o.links[p.identity]; old != nil && old.heir == p && up {
		o.takeOver(old)
	}
	if o.links[p.identity] != p {
		return
	}
	o.changed = true
	if down && status.Err == nil && o.ctx.Err() == nil {
		o.lookAgain(p)
	}
	if lost && o.ctx.Err() == nil {
		o.lookSoon() // a relay that has died is named
	}
	o.tryAgain(p)
	if up {
		p.wasUp, p.again = true, false
		o.log.Info("linked", "peer", p.identity, "path", status.Path, "relay", status.Relay)
		o.rationLink(p)
		o.greetAll(p)
	}
}

// linkEnded forgets a link and looks for another way to the peer.
func (o *owner) linkEnded(p *peerLink, err error) {
	o.log.Info("link ended", "peer", p.identity, "error", err)
	switch current := o.links[p.identity]; {
	case o.ctx.Err() != nil, current == nil:
		return // all is ending, or it was closed here
	case current.heir == p:
		current.heir = nil
		return
	case current != p:
		return // replaced by a newer one
	case p.heir != nil:
		o.takeOver(p) // the peer has, perhaps
		if !p.wasUp && err != nil {
			o.firstFailed(p, err)
		}
		return
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
			o.connectFailed(t, err, p)
		}
		if p.wasUp {
			t.meeting.next, t.meeting.rounds = time.Time{}, 0
		}
		if !t.record.Paused {
			o.signaling.Reannounce(t.keys.Room)
		}
	}
}

// firstFailed says why the first attempt at a peer came to nothing, though its
// heir still tries: whoever waits is told in the same time as without one.
func (o *owner) firstFailed(p *peerLink, err error) {
	t := p.met
	if t == nil || t.problem != nil || t.ctx.Err() != nil || len(t.members) > 1 {
		return
	}
	if problem := o.pathProblem(err, p); problem != nil {
		o.fail(t, problem)
	}
}

// connectFailed says why no link to a peer came up, unless there is another
// peer to have the share from. It is tried again all the same. p is nil where no
// peer was met.
func (o *owner) connectFailed(t *transfer, err error, p *peerLink) {
	o.log.Info("cannot connect", "transfer", t.id, "error", err)
	o.explainAgain(t, p)
	if len(t.members) > 0 || t.problem != nil || t.ctx.Err() != nil {
		return
	}
	if problem := o.pathProblem(err, p); problem != nil {
		o.fail(t, problem)
	}
}

// replaceable reports whether a further offer of the same peer means that the
// link is lost on its side.
func (p *peerLink) replaceable() bool {
	return !p.status.Up && time.Since(p.since) > settleTime
}

// closeLink ends a link on purpose; its members are dropped at once.
func (o *owner) closeLink(p *peerLink) {
	current := o.links[p.identity]
	switch {
	case current == p:
		delete(o.links, p.identity)
	case current != nil && current.heir == p:
		current.heir = nil
	}
	if p.heir != nil {
		p.heir.link.Close()
		p.heir = nil
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
