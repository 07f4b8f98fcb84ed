package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
)

// Relayed bytes of a transfer wait where a limit is reached: its streams over
// relayed links are closed, on both sides, and opened again when the limit is
// lifted or the link has moved to a direct path. Nothing is lost by that: what
// was not verified is fetched again. The other side is told, so that it does
// not knock in vain.

// errRelaySize is returned for an allowance that cannot be.
var errRelaySize = errors.New("engine: a negative number of bytes")

// countLink adds what a link has carried since it was last looked at.
func (o *owner) countLink(p *peerLink, now time.Time) {
	relays := map[string]int64{}
	for _, use := range p.status.Relays {
		relays[relayName(use.Server)] += use.In + use.Out
	}
	for _, entry := range p.status.Ledger {
		if entry.Path.Direct() {
			relays[""] += entry.WireIn + entry.WireOut
		}
	}
	for relay, total := range relays {
		if more := total - p.counted[relay]; more > 0 {
			o.budget.count(now, relay, more)
			p.counted[relay] = total
		}
	}
	p.relayedThen = o.relayedBy(p)
	o.carry(p)
}

// estimate notes the payload that own relays have carried since their links were
// last counted: a link tells what its relays count only twice a second.
func (o *owner) estimate() {
	o.uncounted = 0
	for _, p := range o.links {
		if s := p.status; s.Path == path.Relayed && !s.RelayIsTheirs {
			o.uncounted += max(o.relayedBy(p)-p.relayedThen, 0)
		}
	}
}

// relayedBy is the relayed payload that was exchanged with a peer.
func (o *owner) relayedBy(p *peerLink) int64 {
	sum := int64(0)
	for _, t := range o.transfers {
		if m := t.members[p.identity]; m != nil && m.link == p {
			sum += m.counts().relayed
		}
	}
	return sum
}

// reached returns the limit that stops a transfer's relayed bytes; nil where
// none does. The month's concerns own relays alone.
func (o *owner) reached(t *transfer, ownRelay bool) *RelayQuestion {
	used, granted := o.budget.used(o.budget.month(time.Now()))
	used += o.uncounted
	allowed, limited := granted.allowance(o.settings.RelayMonth)
	if limited && ownRelay && spent(used, allowed) {
		return &RelayQuestion{Limit: MonthLimit, Used: used, Allowed: allowed}
	}
	allowed, limited = t.record.Grant.allowance(o.settings.RelayTransfer)
	if !limited {
		return nil
	}
	if used = t.relayed(); spent(used, allowed) {
		return &RelayQuestion{Limit: TransferLimit, Used: used, Allowed: allowed}
	}
	return nil
}

// held reports whether bytes of a member have to wait.
func (o *owner) held(m *member) bool {
	if m.link.status.Path != path.Relayed {
		return false
	}
	return m.transfer.record.RelayDenied || o.reached(m.transfer, !m.link.status.RelayIsTheirs) != nil
}

// ration stops the relayed bytes of a transfer at a limit, lets them go on when
// it is lifted, and asks the user between.
func (o *owner) ration(t *transfer) {
	var question *RelayQuestion
	for _, m := range t.members {
		held := o.held(m)
		if held != m.held {
			m.held = held
			o.log.Info("relayed bytes", "wait", held, "peer", m.link.identity, "transfer", t.id)
			m.openAfter = time.Time{}
			if m.link.status.Up {
				o.greet(m)
			}
			o.changed = true
		}
		if !held {
			continue
		}
		m.detach()
		if asked := o.reached(t, !m.link.status.RelayIsTheirs); !t.record.RelayDenied && t.unfinished(m) && asked != nil {
			question = asked
		}
	}
	if (question == nil) != (t.question == nil) || question != nil && *question != *t.question {
		t.question, o.changed = question, true
	}
}

// rationLink holds a new link's bytes back before any goes, where a limit has
// been reached before it came.
func (o *owner) rationLink(p *peerLink) {
	o.estimate()
	for _, t := range o.transfers {
		if m := t.members[p.identity]; m != nil && m.link == p {
			o.ration(t)
		}
	}
	o.pace()
}

// unfinished reports whether there is anything left to exchange with a peer.
func (t *transfer) unfinished(m *member) bool {
	if !m.greeted || t.record.Paused || m.hello.Paused {
		return false
	}
	if t.offered() && t.known || m.hello.Looking && m.hello.InfoHash == "" {
		return false // until it is accepted
	}
	return !(t.sending() || t.complete) || !m.hello.Complete
}

// keepCounts saves how the bytes of a transfer went, relayed ones as often as the
// month's count.
func (o *owner) keepCounts(t *transfer, now time.Time) {
	went := t.went()
	if went == t.record.went() {
		return
	}
	pause := budgetDirectPause
	if went.relayed != t.record.Relayed {
		pause = budgetPause
	}
	if now.Sub(t.countsSaved) >= pause {
		t.countsSaved = now
		o.saveRecord(t)
	}
}

// allowRelay answers a RelayQuestion: go on.
func (o *owner) allowRelay(id TransferID, more int64) error {
	t, err := o.find(id)
	if err != nil {
		return err
	}
	if more < 0 {
		return &Problem{Code: BadSetting, Subject: fmt.Sprint(more), Err: errRelaySize}
	}
	t.record.RelayDenied = false
	limit := t.question
	if limit == nil {
		limit = o.reached(t, t.usesOwnRelay())
	}
	switch {
	case limit == nil:
	case limit.Limit == MonthLimit:
		month := o.budget.month(time.Now())
		used, granted := o.budget.used(month)
		o.budget.add(month, usage{Grant: granted.extended(o.settings.RelayMonth, used, more)})
		o.saveBudget(time.Now(), true)
	default:
		t.record.Grant = t.record.Grant.extended(o.settings.RelayTransfer, t.relayed(), more)
	}
	o.saveRecord(t)
	o.rationAll()
	return nil
}

// denyRelay answers a RelayQuestion: directly or not at all.
func (o *owner) denyRelay(id TransferID) error {
	t, err := o.find(id)
	if err != nil {
		return err
	}
	t.record.RelayDenied = true
	o.saveRecord(t)
	o.rationAll()
	return nil
}

// rationAll applies a change of limits.
func (o *owner) rationAll() {
	o.estimate()
	for _, t := range o.transfers {
		o.ration(t)
		o.attachMembers(t, time.Now())
	}
	o.pace()
	o.changed = true
	o.wake()
}

// usesOwnRelay reports whether a peer is linked through a relay of this side.
func (t *transfer) usesOwnRelay() bool {
	for _, m := range t.members {
		if s := m.link.status; s.Path == path.Relayed && !s.RelayIsTheirs {
			return true
		}
	}
	return false
}

// relayReleased is when the relay of an earlier path was given back; zero where
// there is none, or it is held still.
func relayReleased(s link.Status) time.Time {
	var last time.Time
	for _, use := range s.Relays {
		if use.Released.IsZero() {
			return time.Time{}
		}
		if use.Released.After(last) {
			last = use.Released
		}
	}
	return last
}
