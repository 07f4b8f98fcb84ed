package link

import (
	"slices"
	"sync/atomic"
	"time"
)

// ledgerLimit bounds the entries of a link that changes its path all day.
const ledgerLimit = 64

// account is a ledger entry in use. Streams add to it from their goroutines;
// everything else belongs to the link's owner.
type account struct {
	entry   Entry
	in, out atomic.Int64
	ours    bool // the relay is this side's
}

// ledger is the accounts of a link, the present one last. It belongs to the
// link's owner, but for current, and for latest, which stays when that ends: what
// arrives while there is no path was sent on it.
type ledger struct {
	closed  []Entry
	current atomic.Pointer[account]
	latest  atomic.Pointer[account]
	read    map[string]traffic // what counters said when they were read last
}

// traffic is what a counter says, in bytes.
type traffic struct{ in, out int64 }

// readLimit bounds the counters that are remembered.
const readLimit = 256

// since returns what was added to a counter since it was read last. It starts
// at zero.
func (l *ledger) since(counter string, now traffic) traffic {
	if l.read == nil || len(l.read) >= readLimit {
		l.read = map[string]traffic{}
	}
	before := l.read[counter]
	if now.in < before.in || now.out < before.out {
		before = traffic{}
	}
	l.read[counter] = now
	return traffic{now.in - before.in, now.out - before.out}
}

// open begins an account and closes the one before it.
func (l *ledger) open(entry Entry, ours bool) {
	l.close(entry.Since)
	present := &account{entry: entry, ours: ours}
	l.latest.Store(present)
	l.current.Store(present)
}

// close ends the present account at a time.
func (l *ledger) close(at time.Time) {
	present := l.current.Swap(nil)
	if present == nil {
		return
	}
	entry := present.copied()
	entry.Until = at
	l.closed = append(l.closed, entry)
	if len(l.closed) >= ledgerLimit {
		l.fold()
	}
}

// fold adds the oldest entry to the next one that went the same way.
func (l *ledger) fold() {
	oldest := l.closed[0]
	at := slices.IndexFunc(l.closed[1:], func(e Entry) bool {
		return e.Path == oldest.Path && e.Lane == oldest.Lane && e.Relay == oldest.Relay
	})
	if at < 0 {
		return
	}
	sum := &l.closed[1+at]
	sum.Since = oldest.Since
	sum.In += oldest.In
	sum.Out += oldest.Out
	sum.WireIn += oldest.WireIn
	sum.WireOut += oldest.WireOut
	l.closed = slices.Delete(l.closed, 0, 1)
}

// wire takes the statistics of the selected pair, unless a relay of ours
// carries it: that is counted where its packets leave this computer.
func (l *ledger) wire(pair string, now traffic) {
	added := l.since("pair "+pair, now)
	if present := l.current.Load(); present != nil && !present.ours {
		present.entry.WireIn += added.in
		present.entry.WireOut += added.out
	}
}

// relay takes what an allocation has carried, headers and upkeep included. It
// belongs to the path that used that server last: packets are still under way
// when a path is left, and the way is paved before it is taken.
func (l *ledger) relay(counter, server string, now traffic) {
	present := l.current.Load()
	at := -1
	if present == nil || !present.ours || present.entry.Relay != server {
		for i, entry := range l.closed {
			if entry.Relay == server {
				at = i
			}
		}
		if at < 0 {
			return // nothing has used it yet
		}
	}
	added := l.since("relay "+counter, now)
	if at >= 0 {
		l.closed[at].WireIn += added.in
		l.closed[at].WireOut += added.out
		return
	}
	present.entry.WireIn += added.in
	present.entry.WireOut += added.out
}

// entries returns a copy that nobody changes any more.
func (l *ledger) entries() []Entry {
	all := slices.Clone(l.closed)
	if present := l.current.Load(); present != nil {
		all = append(all, present.copied())
	}
	return all
}

func (a *account) copied() Entry {
	entry := a.entry
	entry.In, entry.Out = a.in.Load(), a.out.Load()
	return entry
}
