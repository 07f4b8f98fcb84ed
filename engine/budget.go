package engine

import (
	"cmp"
	"maps"
	"time"

	"github.com/pion/stun/v4"
)

// Two limits bound what goes by relays. The month's is about the user's own
// TURN servers, which somebody pays for: it counts what they carry for this
// computer, in and out, as they count it themselves. A transfer's is about that
// transfer: it counts its payload by any relay, the peer's too.

// monthLayout writes a month so that months sort.
const monthLayout = "2006-01"

// usage is what went in one month, and what the user allowed beyond the limit.
type usage struct {
	// Relays are bytes by the TURN server that carried them.
	Relays map[string]int64 `json:"relays,omitempty"`
	// Direct are bytes that no relay carried.
	Direct int64  `json:"direct,omitempty"`
	Grant  *grant `json:"grant,omitempty"`
}

// relayed is what all relays carried together.
func (u usage) relayed() int64 {
	sum := int64(0)
	for _, bytes := range u.Relays {
		sum += bytes
	}
	return sum
}

// plus adds what was counted since. A later grant replaces the earlier one.
func (u usage) plus(since usage) usage {
	sum := usage{Relays: map[string]int64{}, Direct: u.Direct + since.Direct, Grant: u.Grant}
	maps.Copy(sum.Relays, u.Relays)
	for relay, bytes := range since.Relays {
		sum.Relays[relay] += bytes
	}
	if since.Grant != nil {
		sum.Grant = since.Grant
	}
	return sum
}

// grant is what the user has allowed beyond a limit of relayed bytes. With
// another limit it is void: whoever changes a limit means the new one.
type grant struct {
	Limit int64 `json:"limit"`
	// More is in bytes; Free lifts the limit.
	More int64 `json:"more,omitempty"`
	Free bool  `json:"free,omitempty"`
}

// allowance is how many bytes may go; limited is false where nothing bounds it.
func (g *grant) allowance(limit int64) (bytes int64, limited bool) {
	switch {
	case limit <= 0:
		return 0, false
	case g == nil || g.Limit != limit:
		return limit, true
	default:
		return limit + g.More, !g.Free
	}
}

// extended returns a grant of more bytes than those used; 0 lifts the limit.
func (g *grant) extended(limit, used, more int64) *grant {
	allowed, _ := g.allowance(limit)
	if more == 0 {
		return &grant{Limit: limit, Free: true}
	}
	return &grant{Limit: limit, More: max(allowed, used) - limit + more}
}

// budgetMargin is the most by which relayed bytes stop before a limit, for
// those that are under way then: see link's high water of a stream.
const budgetMargin = 4 << 20

// spent reports whether a limit is so near that relayed bytes have to wait.
// What is less than a few messages is no budget at all.
func spent(used, allowed int64) bool {
	return used+min(max(allowed/16, 16<<10), budgetMargin) >= allowed
}

// newBudget reads what was counted before.
func newBudget(stateDir string) (*budget, error) {
	b := &budget{file: &budgetFile{stateDir}, unsaved: map[string]usage{}, savedAt: time.Now()}
	var err error
	b.known, err = b.file.load()
	return b, err
}

// budget counts relayed bytes. Those of other processes with the same state
// folder are in it as of the last look at the file.
type budget struct {
	file    *budgetFile
	known   map[string]usage // by month, as in the file
	unsaved map[string]usage // counted here since
	saving  map[string]usage // being added to the file just now; nil while nothing is
	savedAt time.Time
}

// month is the present one's name.
func (b *budget) month(now time.Time) string { return now.Format(monthLayout) }

// count adds what a relay has carried; an empty one means that none did.
func (b *budget) count(now time.Time, relay string, bytes int64) {
	since := usage{Relays: map[string]int64{relay: bytes}}
	if relay == "" {
		since = usage{Direct: bytes}
	}
	b.add(b.month(now), since)
}

func (b *budget) add(month string, since usage) { b.unsaved[month] = b.unsaved[month].plus(since) }

// of returns what is known of a month.
func (b *budget) of(month string) usage {
	return b.known[month].plus(b.saving[month]).plus(b.unsaved[month])
}

// used is what own relays have carried in a month, and grant what the user has
// allowed beyond its limit.
func (b *budget) used(month string) (bytes int64, latest *grant) {
	for _, part := range []map[string]usage{b.known, b.saving, b.unsaved} {
		counted := part[month]
		bytes += counted.relayed()
		latest = cmp.Or(counted.Grant, latest)
	}
	return bytes, latest
}

// Times of the budget's file.
const (
	// budgetPause is the least time between two writes of relayed bytes: what a
	// killed process has not counted. Direct ones have no limit and wait longer.
	budgetPause, budgetDirectPause = 2 * time.Second, 30 * time.Second
	// budgetLook is how often another process's counts are looked for.
	budgetLook = time.Minute
)

// saveBudget adds what was counted to the file, behind the scenes.
func (o *owner) saveBudget(now time.Time, atOnce bool) {
	b := o.budget
	if b.saving != nil || !atOnce && now.Sub(b.savedAt) < b.pause() {
		return
	}
	b.saving, b.unsaved, b.savedAt = b.unsaved, map[string]usage{}, now
	since := b.saving
	o.background(func() {
		known, err := b.file.add(since)
		o.post(func() { o.budgetSaved(known, err) })
	})
}

// pause is the least time from one write to the next.
func (b *budget) pause() time.Duration {
	pause := budgetLook
	for _, since := range b.unsaved {
		switch {
		case len(since.Relays) > 0 || since.Grant != nil:
			return budgetPause
		case since.Direct > 0:
			pause = budgetDirectPause
		}
	}
	return pause
}

// budgetSaved takes what is in the file now, or keeps what could not be added.
func (o *owner) budgetSaved(known map[string]usage, err error) {
	b := o.budget
	if err != nil {
		for month, since := range b.saving {
			b.unsaved[month] = since.plus(b.unsaved[month])
		}
		o.tell(Problem{Code: RelayCountNotSaved, Subject: b.file.folder, Err: err})
	} else {
		b.known = known
		o.settle(RelayCountNotSaved, b.file.folder)
	}
	b.saving = nil
	o.changed = true
}

// relayName is how a TURN server is called wherever bytes are counted: two
// spellings of one URI are one server.
func relayName(url string) string {
	uri, err := stun.ParseURI(url)
	if err != nil {
		return url
	}
	return uri.String()
}
