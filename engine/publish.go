package engine

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

// publish shows the newest state, unless nothing that is shown has changed.
func (o *owner) publish() {
	o.changed = false
	o.publishedAt = time.Now()
	s := State{Transfers: make([]Transfer, 0, len(o.transfers)), Problems: slices.Clone(o.problems), History: o.history.changes}
	s.Network = o.showNetwork()
	for _, t := range o.transfers {
		s.Transfers = append(s.Transfers, o.show(t))
		s.Peers = append(s.Peers, o.showMembers(t)...)
	}
	for _, status := range o.signaling.Status().Load() {
		s.Network.Rendezvous = append(s.Network.Rendezvous, Rendezvous{
			URL: status.URL, Connected: status.Connected, Err: status.Err,
		})
	}
	if !reflect.DeepEqual(s, o.state.Load()) {
		o.state.Set(s)
	}
}

func (o *owner) show(t *transfer) Transfer {
	done, total := t.bytes()
	shown := Transfer{
		ID: t.id, Name: t.record.Name, Direction: t.record.Direction, Phase: t.phase(),
		Bytes: done, Total: total, Files: t.record.Files, Skipped: t.record.Skipped, Rate: t.rate.rate(), Left: -1,
		Path: t.bestPath(), Invitation: t.text,
		Folder: t.record.Folder, Placed: t.record.Placed, Preparing: -1,
		Receivers: len(t.record.Served), Added: t.record.Added, Problem: t.problem,
		RelayDenied: t.record.RelayDenied, Question: t.question, Finished: t.record.Finished,
	}
	went := t.went()
	shown.RelayedBytes, shown.LANBytes, shown.InternetBytes = went.relayed, went.lan, went.internet
	if shown.Phase == Transferring && shown.Rate > 0 && total > done {
		// A peer may say any total, and a Duration ends after 292 years.
		seconds := min(float64(total-done)/float64(shown.Rate), math.MaxInt32)
		shown.Left = time.Duration(seconds) * time.Second
	}
	shown.Sender, shown.Chosen = t.record.Sender, t.record.Files
	if t.sending() {
		shown.Sender = o.settings.Name
	} else if t.record.Choice != nil {
		shown.Chosen = t.record.Choice.Count
	}
	if t.offered() && !t.known {
		shown.Files, shown.Chosen = 0, 0 // as Total
	}
	if (shown.Phase == Preparing || shown.Phase == Offered) && !t.sending() {
		shown.Preparing = t.remotePreparing()
	}
	shown.Speed = o.speedOf(t, shown.Phase)
	return shown
}

// remotePreparing is how far the furthest sender is with hashing.
func (t *transfer) remotePreparing() float64 {
	furthest := -1.0
	for _, m := range t.members {
		if m.greeted {
			furthest = max(furthest, m.hello.Preparing)
		}
	}
	return furthest
}

func (o *owner) showMembers(t *transfer) []Peer {
	members := make([]*member, 0, len(t.members))
	for _, m := range t.members {
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b *member) int {
		return cmp.Or(a.joined.Compare(b.joined), cmp.Compare(a.link.id, b.link.id))
	})
	shown := make([]Peer, 0, len(members))
	for _, m := range members {
		peer := m.show()
		peer.Explanation = o.explain(m.link)
		shown = append(shown, peer)
	}
	return shown
}

func (m *member) show() Peer {
	status := m.link.status
	counted := m.counts()
	p := Peer{
		Transfer: m.transfer.id, ID: m.link.id,
		Client: m.hello.Client, Name: m.hello.Computer,
		Path: status.Path, Lane: status.Lane, Relay: status.Relay,
		Local: status.Local, Remote: status.Remote, RTT: status.RTT, Since: status.Since,
		BytesIn: counted.in, BytesOut: counted.out, BytesRelayed: counted.relayed,
		RateIn: m.in.rate(), RateOut: m.out.rate(),
		Paused: m.greeted && m.hello.Paused, Progress: m.progress, RendezvousNeeded: status.RendezvousNeeded,
	}
	p.Opening, p.Paths, p.Timeline = status.Opening, m.link.paths(), m.link.timeline()
	p.Relays, p.RelayReleased, p.RelayExpires = status.Relays, relayReleased(status), relayExpires(status)
	p.Fingerprint = m.link.fingerprint
	if p.Path == "" {
		p.Path = path.Connecting
	}
	if p.Lane == "" {
		p.Lane = path.WebRTC
	}
	return p
}

// poll reads the counters of a transfer.
func (o *owner) poll(t *transfer, now time.Time) {
	if t.torrent == nil {
		return
	}
	before := t.progress
	t.readProgress()
	if err := t.torrent.Err(); err != nil && !t.failed() {
		o.fail(t, t.torrentProblem(err))
	}
	if t.progress != before {
		o.moved(now)
	}
	peers := t.torrent.Peers()
	exchanged := t.gone
	shown := t.rate.rate()
	for _, m := range t.members {
		if progress, ok := peers[m.link.identity.Address()]; ok && !m.hello.Complete {
			if part := m.fraction(progress); part != m.progress {
				m.progress = part
				o.changed = true
			}
		}
		if m.hello.Complete {
			m.progress = 1
		}
		counted := m.counts()
		before := m.in.rate() + m.out.rate()
		received, sent := m.in.add(now, counted.in), m.out.add(now, counted.out)
		if received || sent {
			o.moved(now)
		}
		if received && !t.sending() {
			t.record.met(m.hello.Computer)
		}
		// A rate falls when nothing moves, and has to be seen to fall.
		o.changed = o.changed || m.in.rate()+m.out.rate() != before
		exchanged = exchanged.plus(counted)
	}
	if t.sending() {
		t.rate.add(now, exchanged.out)
	} else {
		t.rate.add(now, exchanged.in)
	}
	t.rates.add(now, exchanged.sample())
	o.changed = o.changed || t.rate.rate() != shown
	o.finish(t)
}

// torrentProblem names why the swarm gave a torrent up.
func (t *transfer) torrentProblem(err error) *Problem {
	if t.sending() {
		return sourceProblem(t.record.Folder, err)
	}
	return sinkProblem(t.record.Folder, err)
}

// moved notes that bytes have moved, so that counters are read more often.
func (o *owner) moved(now time.Time) {
	o.busyAt = now
	o.changed = true
}

// wake makes the loop look often for the next moments.
func (o *owner) wake() { o.moved(time.Now()) }
