package link

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// sample reads the selected pair, its statistics and the interfaces until the
// link ends. It is a goroutine of its own because pion may make it wait.
func (l *Link) sample() {
	ticker := time.NewTicker(samplePeriod)
	defer ticker.Stop()
	transport := l.ice
	for round := 0; ; round++ {
		select {
		case <-l.ended:
			return
		case <-ticker.C:
		case <-l.kick:
		}
		if pair, err := transport.GetSelectedCandidatePair(); err == nil && pair != nil {
			stats, ok := transport.GetSelectedCandidatePairStats()
			l.post(func() { l.sampled(pair, stats, ok) })
		}
		if round%interfaceRounds == interfaceRounds-1 {
			prefixes := l.sockets.prefixes()
			l.post(func() { l.interfacesSeen(prefixes) })
		}
	}
}

// sampled takes the selected pair as it is now.
func (l *Link) sampled(pair *webrtc.ICECandidatePair, stats webrtc.ICECandidatePairStats, counted bool) {
	s := &l.state
	if !l.connectedNow() {
		return // a pair that ICE has given up
	}
	local, remote := candidate(pair.Local), candidate(pair.Remote)
	if l.sockets.selected.Load() == nil && !s.restarting {
		l.pionSelected(pair)
	}
	relay := ""
	if local.Type == path.RelayedType {
		if a := l.sockets.relay(pair.Local.RelatedPort); a != nil {
			relay = a.uri()
		}
	}
	if local != s.local || remote != s.remote || relay != s.relay {
		s.local, s.remote, s.relay = local, remote, relay
		l.tell()
		l.reconsider()
	}
	if counted {
		// Unknown before the first answer.
		if rtt := time.Duration(stats.CurrentRoundTripTime * float64(time.Second)); rtt > 0 {
			s.rtt = roundRTT(rtt)
		}
		l.ledger.wire(stats.LocalCandidateID+" "+stats.RemoteCandidateID,
			traffic{int64(stats.BytesReceived), int64(stats.BytesSent)})
	}
	l.countRelays()
	s.dirty = true
}

// countRelays reads what went over our allocations.
func (l *Link) countRelays() []RelayUse {
	var uses []RelayUse
	for _, a := range l.sockets.used() {
		use, ok := a.use()
		if !ok {
			continue
		}
		l.ledger.relay(strconv.Itoa(a.number), use.Server, traffic{use.In, use.Out})
		uses = append(uses, use)
	}
	return uses
}

// pionSelected notes a pair that pion has selected by itself.
func (l *Link) pionSelected(selected *webrtc.ICECandidatePair) {
	local, err := selected.Local.ToICE()
	ip, ipErr := netip.ParseAddr(selected.Remote.Address)
	if err != nil || ipErr != nil {
		return
	}
	if leg := l.sockets.legOf(local.Type(), local.Address(), local.Port(), local.RelatedAddress()); leg != nil {
		l.sockets.selects(pair{leg, netip.AddrPortFrom(ip.Unmap(), selected.Remote.Port)})
	}
}

// roundRTT keeps the digits that mean something.
func roundRTT(rtt time.Duration) time.Duration {
	if rtt < 10*time.Millisecond {
		return rtt.Round(100 * time.Microsecond)
	}
	return rtt.Round(time.Millisecond)
}

func candidate(c *webrtc.ICECandidate) path.Candidate {
	ip, err := netip.ParseAddr(c.Address)
	if err != nil {
		return path.Candidate{}
	}
	return path.Candidate{
		Type:     c.Typ.String(),
		Address:  netip.AddrPortFrom(ip, c.Port).String(),
		Protocol: c.Protocol.String(),
	}
}

// reconsider decides what the path is, from both ends' evidence, and whether
// it may be used.
func (l *Link) reconsider() {
	s := &l.state
	kind, relay, theirs := l.classify()
	present := l.ledger.current.Load()
	if kind == path.Connecting {
		return
	}
	if at, err := netip.ParseAddrPort(s.remote.Address); err == nil && s.choice.relays != nil {
		// It may have come as an address that no candidate tells.
		s.choice.relays[at] = s.told.Type == path.RelayedType
	}
	permitted := l.config.Policy.Permits(kind)
	l.allowed.Store(permitted)
	l.flow.setRelayed(kind == path.Relayed)
	s.kind, s.dirty = kind, true
	l.tellOpening()
	if present == nil || present.entry.Path != kind || present.entry.Local != s.local ||
		present.entry.Remote != s.remote || present.entry.Relay != relay {
		s.since = time.Now()
		l.ledger.open(Entry{
			Path: kind, Lane: path.WebRTC, Local: s.local, Remote: s.remote, Relay: relay, Since: s.since,
		}, kind == path.Relayed && !theirs)
		l.log.Debug("path", "peer", l.remote, "path", kind, "relay", relay, "theirs", theirs, "permitted", permitted)
	}
	if permitted && !s.restarting { // then the pair may be the one of before
		l.notePath(kind, relay)
	}
	switch {
	case !permitted && s.ready:
		l.fail(fmt.Errorf("%w: it became %s, the policy is %s", ErrPolicy, kind, l.config.Policy))
	case permitted && s.hello && !s.ready:
		l.becomeReady()
	}
}

// classify returns the kind of the selected path, the relay that carries it
// and whether that is the peer's. Only both ends together know: what arrives
// from a relay of the peer looks like any peer-reflexive address here.
func (l *Link) classify() (kind path.Kind, relay string, theirs bool) {
	s := &l.state
	if s.told == nil || s.local.Type == "" || !s.lost.IsZero() {
		return path.Connecting, "", false
	}
	remote := s.remote
	// What the peer says may be of the pair before. Where its description says
	// better, that counts; a policy that wants no relay takes the worse.
	described := remote.Type == path.Host || remote.Type == path.ServerReflexive
	strict := l.config.Policy == path.DirectOnly || l.config.Policy == path.LANOnly
	if s.told.Type == path.RelayedType && (strict || !described) {
		remote.Type = path.RelayedType
	}
	kind = path.Classify(s.local, remote, *l.networks.Load())
	switch {
	case kind != path.Relayed:
		return kind, "", false
	case s.local.Type == path.RelayedType:
		return kind, s.relay, false
	default:
		return kind, s.told.Relay, true
	}
}

// becomeReady lets messages and streams through for the first time.
func (l *Link) becomeReady() {
	s := &l.state
	s.ready, s.dirty = true, true
	l.outbox.release()
	for _, message := range s.heldMessages {
		l.deliver(message)
	}
	for _, stream := range s.heldStreams {
		l.deliverStream(stream)
	}
	s.heldMessages, s.heldStreams = nil, nil
}

// publish shows the state, if anything in it has changed.
func (l *Link) publish() {
	s := &l.state
	s.dirty = false
	kind, relay, theirs := l.classify()
	up := s.ready && (s.lost.IsZero() || time.Since(s.lost) < lossShown)
	relays := l.countRelays()
	status := Status{
		Relays: relays, Up: up, Path: path.Connecting, Lane: path.WebRTC, Since: s.since,
		Ledger: l.ledger.entries(), RendezvousNeeded: !s.hello || (s.ready && !up),
		Untold: s.untold && !s.ready, Timeline: s.timeline.events,
	}
	switch {
	case kind != path.Connecting:
		status.Path, status.Relay, status.RelayIsTheirs = kind, relay, theirs
		status.Local, status.Remote, status.RTT = s.local, s.remote, s.rtt
		status.Opening = l.opening()
	case up: // between two paths, too short to be shown
		before := l.status.Load()
		status.Path, status.Relay, status.RelayIsTheirs = before.Path, before.Relay, before.RelayIsTheirs
		status.Local, status.Remote, status.RTT = before.Local, before.Remote, before.RTT
		status.Opening = before.Opening
	}
	s.up = up
	if !reflect.DeepEqual(status, l.status.Load()) {
		l.status.Set(status)
	}
}

// settle publishes the end.
func (l *Link) settle(cause error) {
	relays := l.countRelays()
	l.ledger.close(time.Now())
	status := l.status.Load()
	status.Relays = relays
	status.Up, status.Err, status.Path, status.RendezvousNeeded = false, cause, path.Connecting, true
	status.Ledger, status.Timeline = l.ledger.entries(), l.state.timeline.events
	l.status.Set(status)
}

// tried says which kinds of candidates did not meet.
func (l *Link) tried() string {
	return fmt.Sprintf("tried %s here and %s there", kinds(slices.Collect(maps.Keys(l.described))), kinds(l.theirs.candidates))
}

// kinds counts candidates by type: "2 host, 1 relay".
func kinds(candidates []string) string {
	var words []string
	for _, kind := range []string{path.Host, path.ServerReflexive, path.PeerReflexive, path.RelayedType} {
		count := 0
		for _, candidate := range candidates {
			if strings.Contains(candidate+" ", " typ "+kind+" ") {
				count++
			}
		}
		if count > 0 {
			words = append(words, fmt.Sprintf("%d %s", count, kind))
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
