package engine

import (
	"cmp"
	"slices"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
)

// Speed is what bounds a transfer's rate just now.
type Speed struct {
	// Reason is empty where there is nothing to say.
	Reason SpeedReason
	// Peer is the ID of the peer that the reason is about, where it is about one.
	Peer string
	// Relay is a TURN URI, with SpeedRelayed and SpeedRelayLimit.
	Relay string
	// Limit is in bytes a second, with the limits.
	Limit int64
}

// SpeedReason names what bounds a rate.
type SpeedReason string

// The reasons, the first that applies.
const (
	// SpeedPreparing: files are hashed, here or, with Peer, by the sender.
	SpeedPreparing SpeedReason = "preparing"
	// SpeedAsking: relayed bytes wait for the user's answer, here or, with Peer, there.
	SpeedAsking SpeedReason = "asking"
	// SpeedWaiting: nobody else is there or, with Peer, who is there has paused.
	// SpeedConnecting: a peer was found.
	SpeedWaiting    SpeedReason = "waiting"
	SpeedConnecting SpeedReason = "connecting"
	// SpeedPathChanging: the path was lost or is being changed.
	SpeedPathChanging SpeedReason = "path-changing"
	// SpeedRelayLimit: the user's own limit of relayed bytes a second.
	SpeedRelayLimit SpeedReason = "relay-limit"
	// SpeedOwnLimit, SpeedTheirLimit: a limit of the settings here, or there.
	SpeedOwnLimit   SpeedReason = "own-limit"
	SpeedTheirLimit SpeedReason = "their-limit"
	// SpeedRelayed: a relay carries the bytes.
	SpeedRelayed SpeedReason = "relayed"
	// SpeedNothingMissing: the peers have what there is.
	SpeedNothingMissing SpeedReason = "nothing-missing"
	// SpeedPlacing: everything has arrived, and is being put in its place.
	SpeedPlacing SpeedReason = "placing"
	// SpeedRelayDenied: the user wants no relay to carry it, and there is no
	// direct path.
	SpeedRelayDenied SpeedReason = "relay-denied"
	// SpeedNetwork: as fast as the direct path and the computers allow.
	SpeedNetwork SpeedReason = "network"
)

// atLimit reports whether a rate is so near to a limit that it is what bounds
// it: a limit is kept to within a tenth.
func atLimit(rate, limit int64) bool { return limit > 0 && rate >= limit-limit/10 }

// boundary is what is known of a limit of this computer: bytes a second that go
// by all transfers together, and may go.
type boundary struct{ rate, limit int64 }

func (b boundary) reached() bool { return atLimit(b.rate, b.limit) }

// bounds is all that may bound a transfer.
type bounds struct {
	phase    Phase
	preparer string // the peer that hashes, of a receiver
	// asking and denied tell that relayed bytes wait for the user, or may not go.
	asking, denied bool
	placing        bool // everything is verified, and being put in its place
	missing        bool // there is something that a peer could give or take
	paused         string
	// leading is the peer that carries most; its ID is empty while there is none.
	leading leading
	own     boundary // limit of the direction
	relay   boundary // limit of relayed bytes
}

// leading is what bounds the bytes of one peer.
type leading struct {
	id       string
	relay    string
	relayed  bool
	changing bool     // its path was lost, or is sought anew
	held     bool     // its relayed bytes wait for its user's answer
	there    boundary // its limit
	spared   bool     // own limits are not for it
}

// speed says what bounds a transfer.
func (b bounds) speed() Speed {
	first := b.leading
	switch {
	case b.phase == Preparing:
		return Speed{Reason: SpeedPreparing, Peer: b.preparer}
	case b.phase == Waiting:
		return Speed{Reason: SpeedWaiting}
	case b.phase == Connecting:
		return Speed{Reason: SpeedConnecting, Peer: first.id}
	case b.phase != Transferring:
		return Speed{}
	case b.placing:
		return Speed{Reason: SpeedPlacing}
	case b.asking:
		return Speed{Reason: SpeedAsking}
	case first.id == "" && b.paused == "":
		return Speed{Reason: SpeedWaiting}
	case first.id == "":
		return Speed{Reason: SpeedWaiting, Peer: b.paused}
	case first.relayed && first.held:
		return Speed{Reason: SpeedAsking, Peer: first.id}
	case first.changing:
		return Speed{Reason: SpeedPathChanging, Peer: first.id}
	case first.relayed && b.denied:
		return Speed{Reason: SpeedRelayDenied, Peer: first.id}
	case first.relayed && b.relay.reached():
		return Speed{Reason: SpeedRelayLimit, Relay: first.relay, Limit: b.relay.limit}
	case !first.spared && b.own.reached():
		return Speed{Reason: SpeedOwnLimit, Limit: b.own.limit}
	case first.there.reached():
		return Speed{Reason: SpeedTheirLimit, Peer: first.id, Limit: first.there.limit}
	case !b.missing:
		return Speed{Reason: SpeedNothingMissing}
	case first.relayed:
		return Speed{Reason: SpeedRelayed, Peer: first.id, Relay: first.relay}
	default:
		return Speed{Reason: SpeedNetwork, Peer: first.id}
	}
}

// flowing is what goes by all transfers together, in bytes a second; what own
// limits do not concern is left out.
type flowing struct{ up, down, relayed int64 }

// measureFlow adds up rates, after they were measured.
func (o *owner) measureFlow() {
	var sum flowing
	for _, t := range o.transfers {
		for _, m := range t.members {
			in, out := m.in.rate(), m.out.rate()
			if m.link.status.Path == path.Relayed {
				sum.relayed += in + out
			}
			if !o.spares(m.link) {
				sum.up, sum.down = sum.up+out, sum.down+in
			}
		}
	}
	o.flowing = sum
}

// spares reports whether own limits are not for a peer.
func (o *owner) spares(p *peerLink) bool {
	return p.status.Path == path.DirectLAN && !o.limited.lan
}

// speedOf says what bounds a transfer, whose phase is known.
func (o *owner) speedOf(t *transfer, phase Phase) Speed {
	b := bounds{
		phase: phase, asking: t.question != nil, denied: t.record.RelayDenied, placing: t.finishing,
		relay: boundary{o.flowing.relayed, o.settings.RelayRate},
	}
	up, down := o.limits()
	if b.own = (boundary{o.flowing.down, down}); t.sending() {
		b.own = boundary{o.flowing.up, up}
	}
	if phase == Preparing && !t.sending() {
		b.preparer = t.preparer()
	}
	if phase == Transferring || phase == Connecting {
		b.leading, b.paused = t.lead(o)
		b.missing = t.missing()
	}
	return b.speed()
}

// preparer is the peer that is furthest with hashing.
func (t *transfer) preparer() string {
	furthest, id := -1.0, ""
	for _, m := range t.members {
		if m.greeted && m.hello.Preparing > furthest {
			furthest, id = m.hello.Preparing, m.link.id
		}
	}
	return id
}

// lead finds the peer that carries most of a transfer, and one that has paused
// where there is none else.
func (t *transfer) lead(o *owner) (first leading, paused string) {
	var most *member
	weight := func(m *member) int64 {
		if t.sending() {
			return m.out.rate()
		}
		return m.in.rate()
	}
	before := func(a, b *member) bool { // whether a leads
		return cmp.Or(
			cmp.Compare(weight(a), weight(b)),
			cmp.Compare(number(t.unfinished(a)), number(t.unfinished(b))),
			b.joined.Compare(a.joined), // the one that came first stays
			cmp.Compare(b.link.id, a.link.id),
		) > 0
	}
	for _, m := range t.members {
		switch {
		case m.greeted && m.hello.Paused:
			paused = m.link.id
		case most == nil || before(m, most):
			most = m
		}
	}
	if most == nil {
		return leading{}, paused
	}
	s := most.link.status
	first = leading{
		id: most.link.id, relay: s.Relay, relayed: s.Path == path.Relayed, held: most.hello.Held,
		changing: most.link.changing(), spared: o.spares(most.link),
		there: boundary{weight(most), most.hello.LimitUp},
	}
	if t.sending() {
		first.there.limit = most.hello.LimitDown
	}
	if s.Path == path.DirectLAN && !most.hello.LimitLAN {
		first.there.limit = 0
	}
	return first, paused
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

// missing reports whether there is something that a peer could give or take.
func (t *transfer) missing() bool {
	for _, m := range t.members {
		gives := m.hello.Complete || m.progress > 0 || m.in.rate() > 0
		if t.unfinished(m) && !m.hello.Looking && (t.sending() || gives) {
			return true
		}
	}
	return false
}

// changing reports whether a link that had a path has lost it, or looks for
// another one.
func (p *peerLink) changing() bool {
	if p.wasUp && (!p.status.Up || p.status.Path == path.Connecting) {
		return true
	}
	for _, e := range slices.Backward(p.status.Timeline) {
		switch e.Kind {
		case link.PathSelected:
			return false
		case link.PathLost, link.Restarted:
			return true
		}
	}
	return false
}

// limitMost is more than any network carries, in bytes a second; what a peer says
// beyond it is no limit.
const limitMost = 1 << 44

// checkedLimit is a limit that a peer tells; 0 where that cannot be one.
func checkedLimit(limit int64) int64 {
	if limit < 0 || limit > limitMost {
		return 0
	}
	return limit
}

// tellLimits tells peers of other limits than they know, as the schedule has it.
func (o *owner) tellLimits() {
	if o.limited == o.limitsTold {
		return
	}
	o.limitsTold = o.limited
	for _, t := range o.transfers {
		if len(t.members) > 0 {
			o.greetMembers(t, true)
		}
	}
}
