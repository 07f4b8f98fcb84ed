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
	relayed bool
}

// ledger is the accounts of a link, the present one last. It belongs to the
// link's owner, but for current.
type ledger struct {
	closed  []Entry
	current atomic.Pointer[account]
	// The pair whose statistics were read last, and what they said.
	pair            string
	wireIn, wireOut uint64
}

// open begins an account and closes the one before it.
func (l *ledger) open(entry Entry, relayed bool) {
	l.close(entry.Since)
	l.current.Store(&account{entry: entry, relayed: relayed})
}

// close ends the present account at a time.
func (l *ledger) close(at time.Time) {
	present := l.current.Swap(nil)
	if present == nil {
		return
	}
	entry := present.read()
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

// wire takes the statistics of a candidate pair. They start at zero for each
// new pair, also when ICE restarts.
func (l *ledger) wire(pair string, in, out uint64) {
	if pair != l.pair || in < l.wireIn || out < l.wireOut {
		l.pair, l.wireIn, l.wireOut = pair, 0, 0
	}
	if present := l.current.Load(); present != nil {
		present.entry.WireIn += int64(in - l.wireIn)
		present.entry.WireOut += int64(out - l.wireOut)
	}
	l.wireIn, l.wireOut = in, out
}

// entries returns a copy that nobody changes any more.
func (l *ledger) entries() []Entry {
	all := slices.Clone(l.closed)
	if present := l.current.Load(); present != nil {
		all = append(all, present.read())
	}
	return all
}

func (a *account) read() Entry {
	entry := a.entry
	entry.In, entry.Out = a.in.Load(), a.out.Load()
	return entry
}
