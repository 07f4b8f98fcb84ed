package link

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// pion restarts ICE by closing every candidate first, so an offer that an ICE
// restart makes cannot be sent over the link it has just cut. Here each side
// restarts alone, and nothing has to be exchanged before: its credentials stay
// the same, its direct candidates keep their sockets and ports (socket.go), it
// tells itself the peer's known candidates as the answer, and the peer follows
// the nomination that comes of it (followNomination). New candidates of the
// restarted side, its relays above all, are then told over the link.

const (
	// strandedAfter is how long the path may be silent before ICE restarts for
	// want of a relay; strandedBlind where there is none to ask.
	strandedAfter, strandedBlind = 2500 * time.Millisecond, 8 * time.Second
	// restartAgain is the pause between restarts while the path stays lost.
	restartAgain = 8 * time.Second
	// lossLimit ends a link that stays without a path. An outage of a minute
	// is survived.
	lossLimit = 90 * time.Second
	// lossShown is how long a link stays up in its status without a path: an
	// ICE restart is over before.
	lossShown = 1500 * time.Millisecond
	// stuckAfter is how long the answering side waits for a nomination.
	stuckAfter = 800 * time.Millisecond
	// The peer may have been nominated while its wish was on the way.
	stuckGrace = 2 * time.Second
	// interfaceRounds samples make the period in which interfaces are read.
	interfaceRounds = int(2 * time.Second / samplePeriod)
)

// Restart gathers candidates anew and looks for a better path, while streams
// go on. Bytes pause for about a round trip; none is lost.
func (l *Link) Restart() {
	go l.post(l.restartAsked)
}

func (l *Link) restartAsked() {
	if !l.offers && l.state.ready && l.state.lost.IsZero() {
		// The side that nominates has to begin.
		l.signal(signal{Restart: restartNow})
		return
	}
	l.restart()
}

func (l *Link) connectedNow() bool {
	switch l.peer.ICEConnectionState() {
	case webrtc.ICEConnectionStateConnected, webrtc.ICEConnectionStateCompleted:
		return true
	default:
		return false
	}
}

// pathChanged looks at what ICE says.
func (l *Link) pathChanged() {
	s := &l.state
	now := time.Now()
	switch {
	case l.connectedNow():
		if s.connected.IsZero() {
			s.connected = now
		}
		if !s.lost.IsZero() {
			s.lost = time.Time{}
			l.reconsider()
		}
		select {
		case l.kick <- struct{}{}:
		default:
		}
	case !s.connected.IsZero() && s.lost.IsZero():
		s.lost = now
	}
	s.dirty = true
}

// watchLoss restarts ICE where that can help, and gives up in the end.
func (l *Link) watchLoss(now time.Time) {
	s := &l.state
	if l.stranded(now) {
		l.restart()
	}
	if s.lost.IsZero() {
		l.noteReturn()
		return
	}
	lost := now.Sub(s.lost)
	if lost > lossShown && s.up {
		l.ledger.close(now)
		s.dirty = true
	}
	if lost > lossShown && s.timeline.lost(s.lost) {
		s.dirty = true
	}
	if lost > lossLimit {
		l.fail(fmt.Errorf("%w: no path for %s", ErrLost, lossLimit))
	}
	l.askIfStuck(now)
}

// stranded reports whether new sockets are wanted. While a relay of ours works
// it is the peer that is gone, and to it our address should stay what it was;
// while the network is down a restart would only lose the relays that will
// work when it is back. In both cases checks go on, and the path comes back
// with the first answer.
func (l *Link) stranded(now time.Time) bool {
	s := &l.state
	silent := l.silent()
	if l.sockets.selected.Load() == nil {
		silent = now.Sub(s.choice.began) // since the last restart
	}
	if silent < strandedAfter || now.Sub(s.restarted) < restartAgain {
		return false
	}
	works := l.sockets.served(now.Add(-silent))
	for _, a := range l.sockets.allocations() {
		at, _ := a.state()
		heard := a.heardAfter(silent)
		works = works || heard
		if at == held && heard {
			return false
		}
	}
	if len(l.servers.relays) == 0 {
		return silent > strandedBlind && now.Sub(s.restarted) > 2*restartAgain
	}
	return works || !l.holdsRelays()
}

// holdsRelays reports whether there are allocations that may work again when
// the network does.
func (l *Link) holdsRelays() bool {
	return slices.ContainsFunc(l.sockets.allocations(), (*allocation).usable)
}

// askIfStuck asks the offering side for a nomination. After a restart of the
// answering side alone, pairs work and none is nominated, because the offering
// side has one already.
func (l *Link) askIfStuck(now time.Time) {
	s := &l.state
	if l.offers || s.restarted.Before(s.lost) || now.Sub(s.restarted) < stuckAfter || now.Sub(s.askedAt) < stuckAfter {
		return
	}
	if l.outbox.idle() {
		s.askedAt = now
		l.signal(signal{Restart: restartStuck})
	}
}

// restartWanted is the peer's wish.
func (l *Link) restartWanted(why string) {
	s := &l.state
	if !l.offers || s.restarting || time.Since(s.restarted) < stuckAfter {
		return
	}
	if why == restartStuck {
		s.choice.distrusted = time.Now()
		s.peerWants = time.Now().Add(stuckGrace)
		l.sockets.checks.notify()
		return
	}
	l.restart()
}

// restart restarts ICE on this side.
func (l *Link) restart() {
	s := &l.state
	if s.restarting || s.connected.IsZero() {
		return
	}
	s.restarting, s.restarted = true, time.Now()
	l.noteRelays()
	s.timeline.restarted(s.restarted, s.lost.IsZero())
	s.timeline.forsake(l.sockets.used())
	s.dirty = true
	l.searchAnew(s.restarted)
	l.sockets.gatherAnew()
	known := session{frame: l.theirs.frame, candidates: slices.Clone(l.theirs.candidates)}
	l.log.Debug("restarting ICE", "peer", l.remote)
	l.tasks.Go(func() { // pion may make it wait
		err := l.restartICE(known.asAnswer())
		l.post(func() {
			l.state.restarting = false
			if err != nil {
				l.log.Debug("cannot restart ICE", "peer", l.remote, "error", err)
				return
			}
			for _, candidate := range l.theirs.candidates {
				if !slices.Contains(known.candidates, candidate) {
					l.addCandidate(candidate)
				}
			}
		})
	})
}

func (l *Link) restartICE(theirs session) error {
	offer, err := l.peer.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return err
	}
	if err := l.peer.SetLocalDescription(offer); err != nil {
		return err
	}
	return l.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: theirs.text()})
}

// interfacesSeen restarts ICE when this computer's addresses have changed. An
// outage takes them away and brings them back: then nothing has changed, and
// the sockets, what NATs know of them, and the relays still serve.
func (l *Link) interfacesSeen(prefixes []netip.Prefix) {
	s := &l.state
	l.setNetworks(prefixes)
	now := describeInterfaces(prefixes)
	before := s.interfaces
	switch {
	case before == "":
		s.interfaces = now
		return
	case before == now, !s.ready, now == "", reachesOut(before) && !reachesOut(now):
		return
	}
	if s.local.Type == path.RelayedType && !l.doubtful(l.silent()) &&
		(containsAll(now, before) || containsAll(before, now)) {
		// The relay still works. Its address would change with a restart, and
		// a peer behind a strict NAT would not hear of that.
		return
	}
	l.log.Debug("network interfaces changed", "peer", l.remote)
	s.interfaces = now
	l.restart()
}

// reachesOut reports whether a list of addresses has one that others can reach.
func reachesOut(list string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(each string) bool {
		prefix, err := netip.ParsePrefix(each)
		return err == nil && !prefix.Addr().IsLoopback()
	})
}

// containsAll reports whether a list of addresses has all of another.
func containsAll(list, other string) bool {
	all := strings.Fields(list)
	for address := range strings.FieldsSeq(other) {
		if !slices.Contains(all, address) {
			return false
		}
	}
	return true
}

// describeInterfaces makes a list of addresses that can be compared.
func describeInterfaces(prefixes []netip.Prefix) string {
	var words []string
	for _, prefix := range prefixes {
		words = append(words, prefix.String())
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}
