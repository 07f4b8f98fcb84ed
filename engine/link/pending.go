package link

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// relayLimit is how long a description waits for a relay's candidate when there
// are relays and no server has answered yet.
const relayLimit = 1200 * time.Millisecond

// reflexiveGrace is how much longer a description with a relay waits for the
// STUN servers, which are nearer by a round trip: they do not answer where UDP
// is blocked, and a candidate that comes later follows over the relay.
const reflexiveGrace = 60 * time.Millisecond

// Pending is an offer that waits for its answer. It must be accepted or closed.
type Pending struct {
	link *Link
	mine session

	mu   sync.Mutex
	used bool
}

// Description is for the peer. It grows by the ports that the router maps later
// than Offer waits for it; each one is good for an answer.
func (p *Pending) Description() Description {
	mine := session{frame: p.mine.frame, candidates: p.link.withMapped(p.mine.candidates)}
	return Description{Identity: p.link.own, SDP: mine.text()}
}

// Accept takes a peer's answer and returns the link, which needs Serve or
// Close. After an error the offer waits on; after a link it is used up.
func (p *Pending) Accept(answer Description) (*Link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used {
		return nil, fmt.Errorf("%w: the offer has been accepted or closed", ErrClosed)
	}
	if err := p.link.accept(answer); err != nil {
		return nil, err
	}
	p.used = true
	return p.link, nil
}

// Close withdraws the offer. It does nothing after Accept.
func (p *Pending) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.used {
		p.used = true
		p.link.Close()
	}
}

// Done is closed when a closed offer, or the link that came of it, has ended
// and nothing of it is left.
func (p *Pending) Done() <-chan struct{} { return p.link.done }

// offer gathers and describes the side that calls.
func (l *Link) offer(ctx context.Context) (session, error) {
	gathered := webrtc.GatheringCompletePromise(l.peer)
	offer, err := l.peer.CreateOffer(nil)
	if err != nil {
		return session{}, fmt.Errorf("link: making an offer: %w", err)
	}
	if err := l.peer.SetLocalDescription(offer); err != nil {
		return session{}, fmt.Errorf("link: making an offer: %w", err)
	}
	return l.describe(ctx, gathered)
}

// answer takes an offer, and gathers and describes the side that is called.
func (l *Link) answer(ctx context.Context, offer Description) (session, error) {
	if err := l.meet(offer, webrtc.SDPTypeOffer); err != nil {
		return session{}, err
	}
	gathered := webrtc.GatheringCompletePromise(l.peer)
	answer, err := l.peer.CreateAnswer(nil)
	if err != nil {
		return session{}, fmt.Errorf("link: making an answer: %w", err)
	}
	if err := l.peer.SetLocalDescription(answer); err != nil {
		return session{}, fmt.Errorf("link: making an answer: %w", err)
	}
	return l.describe(ctx, gathered)
}

// accept takes the answer to an offer of ours.
func (l *Link) accept(answer Description) error {
	return l.meet(answer, webrtc.SDPTypeAnswer)
}

// meet learns who the peer is and where.
func (l *Link) meet(theirs Description, kind webrtc.SDPType) error {
	if theirs.Identity == l.own {
		return fmt.Errorf("%w: it is our own", ErrDescription)
	}
	remote, err := parseSession(theirs, kind, l.filter().remote)
	if err != nil {
		return err
	}
	if err := l.peer.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: remote.text()}); err != nil {
		return fmt.Errorf("%w: %w", ErrDescription, err)
	}
	l.remote, l.theirs = theirs.Identity, remote
	return nil
}

// describe waits for candidates and tells what there is. Host candidates take
// milliseconds. It waits for the servers at most the gather limit, but for a
// first relay up to relayLimit where nothing else was heard of the world: that
// is a network without UDP, and what comes too late for a description cannot
// help a link that has no path yet. It does not wait for a relay to stand by.
func (l *Link) describe(ctx context.Context, gathered <-chan struct{}) (session, error) {
	limit := time.NewTimer(l.config.GatherLimit)
	defer limit.Stop()
	last := time.NewTimer(max(relayLimit, l.config.GatherLimit))
	defer last.Stop()
	patient := len(l.servers.relays) > 0
	passed, hurried := false, false
	until := time.Now().Add(l.config.GatherLimit)
wait:
	for {
		select {
		case <-gathered:
			break wait
		case <-l.found.changed:
			reflexive, relayed := l.found.has(path.ServerReflexive), l.found.has(path.RelayedType)
			// A server in the own network can answer before pion has come to
			// the host candidates.
			settled := (relayed || !patient) && (reflexive || !l.servers.stun) && l.hasHost()
			if settled || (passed && (relayed || reflexive)) {
				break wait
			}
			if relayed && !hurried && time.Until(until) > reflexiveGrace {
				hurried = true
				limit.Reset(reflexiveGrace)
			}
		case <-limit.C:
			passed = true
			if !patient || l.found.has(path.ServerReflexive) || l.found.has(path.RelayedType) {
				break wait
			}
		case <-last.C:
			break wait
		case <-ctx.Done():
			return session{}, ctx.Err()
		}
	}
	// Gathering may have ended together with the context.
	if err := ctx.Err(); err != nil {
		return session{}, err
	}
	local := l.peer.LocalDescription()
	if local == nil {
		return session{}, fmt.Errorf("%w: no description", ErrClosed)
	}
	mine, err := parseSession(Description{Identity: l.own, SDP: local.SDP}, local.Type, l.filter().local)
	if err != nil {
		return session{}, err
	}
	l.addMapped(ctx, &mine)
	l.addPredicted(&mine)
	for _, candidate := range mine.candidates {
		l.described[candidate] = true
	}
	return mine, nil
}

// hasHost reports whether a host candidate was gathered, where there are any.
func (l *Link) hasHost() bool {
	return l.config.Policy == path.RelayOnly || l.found.has(path.Host)
}

// found notes which types of candidates were gathered. pion tells of them on a
// goroutine of its own.
type found struct {
	changed chan struct{}

	mu    sync.Mutex
	types map[string]bool
}

func newFound() found { return found{changed: make(chan struct{}, 1), types: map[string]bool{}} }

func (f *found) add(kind string) {
	f.mu.Lock()
	f.types[kind] = true
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *found) has(kind string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.types[kind]
}
