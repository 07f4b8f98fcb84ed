package engine

import (
	"context"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/store"
	"github.com/causeway-app/causeway/engine/swarm"
)

// transfer is one share, sent or fetched. It belongs to the owner's goroutine.
type transfer struct {
	id     TransferID
	record *record
	text   string // the invitation
	keys   invite.Keys

	// cancel ends what goes on for this transfer in the background.
	ctx    context.Context
	cancel context.CancelFunc
	// placeCtx lasts as long as the files that are open now, see start.
	placeCtx   context.Context
	leavePlace context.CancelFunc
	opening    bool        // files are being opened, or prepared, or closed
	whenOpened func(place) // takes them instead, of a transfer removed meanwhile

	manifest  *store.Manifest // of a share, once listed
	hashed    int64           // bytes hashed so far
	preparing bool            // files are being listed and hashed here
	source    *store.Source   // of a share, once hashed
	sink      *store.Sink     // of a download
	infoHash  [20]byte        // zero while unknown
	leaving   chan struct{}   // closed when the torrent of a look has ended; may be nil
	torrent   *swarm.Torrent  // nil before the info-hash is known
	learned   time.Time       // when the info-hash was learned from a peer
	progress  swarm.Progress
	finishing bool           // everything is verified and is being put in its place
	complete  bool           // everything that is wanted is in its place
	known     bool           // what the share contains, with its info in the record
	listing   *store.Listing // of what is offered, once known; nil otherwise

	problem *Problem
	members map[link.Identity]*member
	served  map[link.Identity]bool // receivers that have had everything
	meeting meeting
	// rendezvous are the URLs where the share's peers meet.
	rendezvous []string
	// answering holds the peers whose offers are being answered just now.
	answering map[link.Identity]bool

	placedBefore bool // the download had come to its end in an earlier run

	gone    payload // of members that have left
	earlier byPath  // of earlier runs

	question    *RelayQuestion // while relayed bytes wait for the user
	countsSaved time.Time      // when the counts of bytes were last kept

	rate    meter
	rates   rateHistory
	greeted time.Time // when members were last told of a change
}

// member is one peer in one transfer.
type member struct {
	transfer *transfer
	link     *peerLink
	joined   time.Time
	hello    hello // the newest one
	greeted  bool  // hello holds something

	stream     *link.Stream
	attachedAt time.Time
	openAfter  time.Time
	openTries  int
	held       bool // relayed bytes wait

	past     payload // of streams that have ended
	progress float64
	in, out  meter
}

func (t *transfer) sending() bool { return t.record.Direction == Send }

// ready reports whether streams may be opened.
func (t *transfer) ready() bool {
	return t.torrent != nil && !t.record.Paused && !t.failed()
}

// failed reports whether the transfer cannot go on without help.
func (t *transfer) failed() bool { return t.problem != nil && t.problem.stops() }

// phase derives what the transfer is doing from what is known.
func (t *transfer) phase() Phase {
	switch {
	case t.record.Paused:
		return Paused
	case t.failed():
		return Failed
	case t.offered() && (t.known || t.problem == nil || t.problem.Code == NoRendezvous):
		return Offered
	case t.complete && !t.sending():
		return Complete
	case t.preparing:
		return Preparing
	case t.finishing:
		return Transferring
	}
	linked, up, fetching, had := false, false, false, len(t.served) > 0
	for _, m := range t.members {
		if !m.greeted {
			continue
		}
		linked, up = true, up || m.link.status.Up
		fetching = fetching || !m.hello.Complete && !m.hello.Looking
		if !t.sending() && m.hello.Preparing >= 0 && t.torrent == nil {
			return Preparing
		}
	}
	switch {
	case linked && t.sending() && !fetching && had:
		return Complete
	case up:
		return Transferring
	case t.problem != nil && t.problem.Code != NoRendezvous:
		return Failed
	case t.meeting.connecting() || len(t.members) > 0:
		return Connecting
	case t.sending() && len(t.record.Served) > 0:
		return Complete
	default:
		return Waiting
	}
}

// beginning reports whether a receiver waits for its first byte.
func (t *transfer) beginning() bool {
	return !t.sending() && len(t.members) > 0 && !t.opening && !t.complete && t.progress.Have == 0 &&
		!(t.offered() && t.known)
}

// bytes returns the verified bytes and the total, as Transfer documents them.
func (t *transfer) bytes() (done, total int64) {
	if total = t.record.Total; t.manifest != nil {
		total = t.manifest.Total
	} else if t.record.Choice != nil {
		total = t.record.Choice.Bytes
	}
	if t.offered() && !t.known {
		return 0, 0 // somebody has said how much it is; what it is nobody knows yet
	}
	if t.opening && !t.sending() {
		return 0, 0 // how much is here is being looked up
	}
	switch {
	case t.preparing:
		return t.hashed, total
	case !t.sending() && t.complete:
		return total, total
	case !t.sending():
		return min(t.progress.Have, total), total // a share of no bytes has one of padding
	case len(t.record.Served) > 0 && len(t.members) == 0:
		return total, total
	}
	for _, m := range t.members {
		done = max(done, int64(m.progress*float64(total)))
	}
	return done, total
}

// bestPath is the path of the member that moves most bytes, or of any.
func (t *transfer) bestPath() path.Kind {
	best, most := path.Connecting, int64(-1)
	for _, m := range t.members {
		if moved := m.in.rate() + m.out.rate(); m.link.status.Up && moved > most {
			best, most = m.link.status.Path, moved
		}
	}
	return best
}

// close flushes what the transfer wrote, at the very end, and releases it.
func (t *transfer) close() {
	t.cancel()
	place{sink: t.sink}.close()
	t.record.release()
}

// fail shows a problem and, if it stops the transfer, ends its streams.
func (o *owner) fail(t *transfer, problem *Problem) {
	o.log.Info("transfer has a problem", "transfer", t.id, "problem", problem)
	t.problem = problem
	o.changed = true
	if problem.stops() {
		o.detachMembers(t)
		if t.torrent != nil {
			t.torrent.Stop()
		}
		o.greetMembers(t, true)
	}
}

// clearPathProblem forgets that there was no path, now that there is one.
func (t *transfer) clearPathProblem() {
	if t.problem != nil && !t.failed() {
		t.problem = nil
	}
}

// stops reports whether a transfer cannot go on with this problem.
func (p *Problem) stops() bool {
	switch p.Code {
	case NoRendezvous, NoPath, NoRelay, PolicyBlocked:
		return false // it goes on trying
	}
	return true
}

// meterWindow is how far back a rate looks: long enough to be steady, short
// enough to show a stall within a breath.
const meterWindow = 3 * time.Second

// meter turns a counter that only grows into a rate.
type meter struct {
	samples []sample
}

type sample struct {
	at    time.Time
	count int64
}

// add notes the counter's value and reports whether it grew.
func (m *meter) add(now time.Time, count int64) bool {
	grew := len(m.samples) > 0 && count > m.samples[len(m.samples)-1].count
	if n := len(m.samples); n > 0 && now.Sub(m.samples[n-1].at) < busyPeriod/2 {
		m.samples[n-1].count = count
		return grew
	}
	m.samples = append(m.samples, sample{now, count})
	for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= meterWindow {
		m.samples = m.samples[1:]
	}
	return grew
}

// rate is in units a second over the last meterWindow.
func (m *meter) rate() int64 {
	if len(m.samples) < 2 {
		return 0
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	elapsed := last.at.Sub(first.at)
	if elapsed <= 0 {
		return 0
	}
	return int64(float64(last.count-first.count) / elapsed.Seconds())
}
