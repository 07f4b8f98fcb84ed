package signaling

import (
	"context"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
)

const (
	// maxQueue is how many messages wait for a connection.
	maxQueue = 64
	// stale is when a waiting message has lost its use: WebTorrent clients give
	// an offer 50 s.
	stale = 50 * time.Second
	// minPause is between two announces that only ask for counts.
	minPause = time.Second
	// usualInterval holds until a tracker asks for another.
	usualInterval = 2 * time.Minute
)

// tracker is what a Client knows about one URL. The Client's mutex guards it.
type tracker struct {
	url                      string
	minInterval, maxInterval time.Duration
	// cancel ends its goroutine; nil before there is one.
	cancel context.CancelFunc
	// soon asks to connect, or to make sure that it is connected, at once.
	soon chan struct{}
	// abandon gives up the present attempt to connect; nil before the first.
	abandon context.CancelCauseFunc
	// wake tells its writer to look for something to write.
	wake chan struct{}

	connected bool
	// err is why it is not connected.
	err error
	// complaints are what the tracker said of a room, or under the zero Room of
	// nothing in particular, since it is connected.
	complaints map[invite.Room]error

	members map[invite.Room]*membership
	// stops are the rooms of which the tracker is still to be told.
	stops []invite.Room
	waits []waiting
}

// membership is a room on a tracker.
type membership struct {
	// announced is whether the tracker knows, on this connection.
	announced bool
	// last and due are when the counts were and will be asked for.
	last, due time.Time
	interval  time.Duration
	// open is how many replies are still expected; others are ignored.
	open int
}

type waiting struct {
	room    invite.Room
	since   time.Time
	message outgoing
}

func newTracker(url string, config Config) *tracker {
	return &tracker{
		url:         url,
		minInterval: config.MinInterval,
		maxInterval: config.MaxInterval,
		wake:        make(chan struct{}, 1),
		soon:        make(chan struct{}, 1),
		complaints:  map[invite.Room]error{},
		members:     map[invite.Room]*membership{},
	}
}

func (t *tracker) status() Status {
	s := Status{URL: t.url, Connected: t.connected, Err: t.err, Rooms: len(t.members)}
	for _, complaint := range t.complaints {
		// The first in the alphabet, so that the same state looks the same.
		if s.Err == nil || complaint.Error() < s.Err.Error() {
			s.Err = complaint
		}
	}
	return s
}

func (t *tracker) join(id invite.Room, now time.Time) {
	if t.members[id] != nil {
		return
	}
	t.members[id] = &membership{due: now, interval: t.bound(usualInterval)}
	t.poke()
}

func (t *tracker) leave(id invite.Room) {
	member := t.members[id]
	if member == nil {
		return
	}
	delete(t.members, id)
	delete(t.complaints, id)
	t.waits = slices.DeleteFunc(t.waits, func(w waiting) bool { return w.room == id })
	if t.connected && member.announced {
		t.stops = append(t.stops, id)
	}
	t.poke()
}

// hurry makes the next announce of a room due.
func (t *tracker) hurry(id invite.Room, now time.Time) {
	member := t.members[id]
	if member == nil {
		return
	}
	due := member.last.Add(minPause)
	if due.Before(now) {
		due = now
	}
	if due.Before(member.due) {
		member.due = due
		t.poke()
	}
}

// queue keeps a message until it can be written; it reports whether no other
// had to go for it.
func (t *tracker) queue(id invite.Room, message outgoing, now time.Time) bool {
	full := len(t.waits) >= maxQueue
	if full {
		t.waits = slices.Delete(t.waits, 0, 1)
	}
	t.waits = append(t.waits, waiting{id, now, message})
	t.poke()
	return !full
}

func (t *tracker) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// begin is called for each new connection: the tracker knows nothing yet.
func (t *tracker) begin(now time.Time) {
	t.connected, t.err = true, nil
	t.stops = nil
	for _, member := range t.members {
		member.announced, member.due, member.open = false, now, 0
	}
}

// end is called when a connection, or the attempt to make one, failed.
func (t *tracker) end(err error) {
	t.connected, t.err = false, err
	clear(t.complaints)
	t.stops = nil
}

// next returns what is to be written now and for which room; or, when that is
// nothing, how long to wait for the next announce.
func (t *tracker) next(self PeerID, now time.Time) (*outgoing, invite.Room, time.Duration) {
	if len(t.stops) > 0 {
		id := t.stops[0]
		message := newOutgoing(self, id)
		message.Event = "stopped"
		t.stops = slices.Delete(t.stops, 0, 1)
		return &message, id, 0
	}
	wait := t.maxInterval
	for id, member := range t.members {
		if due := member.due.Sub(now); due > 0 {
			wait = min(wait, due)
			continue
		}
		return t.announce(self, id, member, now), id, 0
	}
	for len(t.waits) > 0 {
		first := t.waits[0]
		t.waits = slices.Delete(t.waits, 0, 1)
		if now.Sub(first.since) > stale {
			continue
		}
		if len(first.message.Offers) > 0 {
			t.members[first.room].asked(now)
		}
		return &first.message, first.room, 0
	}
	return nil, invite.Room{}, wait
}

// announce asks for counts; the first time on a connection it enters the room.
func (t *tracker) announce(self PeerID, id invite.Room, member *membership, now time.Time) *outgoing {
	message := newOutgoing(self, id)
	if !member.announced {
		member.announced = true
		message.Event = "started"
		// One more: a tracker may still reply to an earlier "stopped".
		member.open++
	}
	member.asked(now)
	member.last = now
	return &message
}

// asked notes that an announce leaves, whose reply will bring counts.
func (m *membership) asked(now time.Time) {
	m.open++
	m.due = now.Add(m.interval)
}

// replied notes a tracker's reply to an announce and reports whether one was
// expected: a tracker cannot make us busy by itself.
func (t *tracker) replied(id invite.Room, interval time.Duration, now time.Time) bool {
	member := t.members[id]
	if member == nil || member.open == 0 {
		return false
	}
	member.open--
	delete(t.complaints, id)
	delete(t.complaints, invite.Room{})
	if interval > 0 {
		member.interval = t.bound(interval)
		member.due = now.Add(member.interval)
		t.poke()
	}
	return true
}

func (t *tracker) bound(interval time.Duration) time.Duration {
	return min(max(interval, t.minInterval), t.maxInterval)
}
