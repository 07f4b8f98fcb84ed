package signaling

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
)

// noon is when these tests begin; time passes only as they say.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newTestTracker() *tracker { return newTracker("ws://x.example", Config{}.withDefaults()) }

// events takes everything a tracker writes now: the events of announces, or
// "offers" or "answer".
func events(t *tracker, now time.Time) (written []string) {
	for {
		message, _, _ := t.next(PeerID{}, now)
		switch {
		case message == nil:
			return written
		case message.Answer != nil:
			written = append(written, "answer")
		case len(message.Offers) > 0:
			written = append(written, "offers")
		default:
			written = append(written, "announce "+message.Event)
		}
	}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("wrote %q, want %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("wrote %q, want %q", got, want)
		}
	}
}

func someOffers() outgoing { return outgoing{Offers: []wireOffer{{}}} }
func someAnswer() outgoing { return outgoing{Answer: &description{}} }

func TestARoomIsEnteredBeforeAnythingIsSaidInIt(t *testing.T) {
	t.Parallel()
	tracker, room := newTestTracker(), invite.Room{1}
	tracker.join(room, noon)
	tracker.queue(room, someOffers(), noon)
	tracker.queue(room, someAnswer(), noon)
	for range 2 { // the second time after a reconnect, which finds nothing waiting
		tracker.begin(noon)
		expect(t, events(tracker, noon)[:1], "announce started")
	}
	tracker.queue(room, someOffers(), noon)
	expect(t, events(tracker, noon), "offers")
}

func TestWhatWaitedTooLongIsNotSent(t *testing.T) {
	t.Parallel()
	tracker, room := newTestTracker(), invite.Room{1}
	tracker.join(room, noon)
	tracker.queue(room, someOffers(), noon)
	tracker.queue(room, someAnswer(), noon.Add(30*time.Second))
	later := noon.Add(stale + time.Second)
	tracker.begin(later)
	expect(t, events(tracker, later), "announce started", "answer")
}

func TestOnlySoManyMessagesWait(t *testing.T) {
	t.Parallel()
	tracker, room := newTestTracker(), invite.Room{1}
	tracker.join(room, noon)
	if !tracker.queue(room, someAnswer(), noon) {
		t.Fatal("the first found no place")
	}
	for range maxQueue - 1 {
		tracker.queue(room, someOffers(), noon)
	}
	if tracker.queue(room, someOffers(), noon) {
		t.Error("one too many had a place")
	}
	tracker.begin(noon)
	written := events(tracker, noon)
	if len(written) != maxQueue+1 || written[1] != "offers" {
		t.Errorf("wrote %d messages, first %q", len(written), written[:2])
	}
}

func TestAnnouncesKeepToTheIntervalWithinBounds(t *testing.T) {
	t.Parallel()
	for asked, want := range map[time.Duration]time.Duration{
		0:               usualInterval,
		time.Second:     15 * time.Second,
		5 * time.Minute: 5 * time.Minute,
		24 * time.Hour:  10 * time.Minute,
	} {
		tracker, room := newTestTracker(), invite.Room{1}
		tracker.join(room, noon)
		tracker.begin(noon)
		expect(t, events(tracker, noon), "announce started")
		if !tracker.replied(room, asked, noon) {
			t.Fatal("the reply was not expected")
		}
		if _, _, wait := tracker.next(PeerID{}, noon); wait != want {
			t.Errorf("asked for %v: waits %v, want %v", asked, wait, want)
		}
		expect(t, events(tracker, noon.Add(want-time.Millisecond)))
		expect(t, events(tracker, noon.Add(want)), "announce ")
		expect(t, events(tracker, noon.Add(want)))
	}
}

func TestOffersCountAsAnAnnounce(t *testing.T) {
	t.Parallel()
	tracker, room := newTestTracker(), invite.Room{1}
	tracker.join(room, noon)
	tracker.begin(noon)
	expect(t, events(tracker, noon), "announce started")
	later := noon.Add(time.Minute)
	tracker.queue(room, someOffers(), later)
	expect(t, events(tracker, later), "offers")
	if _, _, wait := tracker.next(PeerID{}, later); wait != usualInterval {
		t.Errorf("waits %v", wait)
	}
}

func TestARoomLeftAndJoinedAgainIsStoppedThenStarted(t *testing.T) {
	t.Parallel()
	tracker, room := newTestTracker(), invite.Room{1}
	tracker.join(room, noon)
	tracker.leave(room)
	tracker.begin(noon)
	expect(t, events(tracker, noon)) // it never knew
	tracker.join(room, noon)
	expect(t, events(tracker, noon), "announce started")
	tracker.queue(room, someOffers(), noon)
	tracker.leave(room)
	tracker.join(room, noon)
	expect(t, events(tracker, noon), "announce stopped", "announce started")
}

func TestOffersAreDividedAsTrackersTakeThem(t *testing.T) {
	t.Parallel()
	offer := func(size int) wireOffer { return wireOffer{description{"offer", string(make([]byte, size))}, ""} }
	sizes := func(offers []wireOffer) (sizes []int) {
		for batch := range batches(offers) {
			sizes = append(sizes, len(batch))
		}
		return sizes
	}
	many := make([]wireOffer, 2*maxOffers+1)
	for name, test := range map[string]struct {
		offers []wireOffer
		want   []int
	}{
		"none":       {nil, nil},
		"many":       {many, []int{maxOffers, maxOffers, 1}},
		"large":      {[]wireOffer{offer(maxAnnounce / 2), offer(maxAnnounce / 2), offer(1)}, []int{2, 1}},
		"very large": {[]wireOffer{offer(MaxSealed), offer(MaxSealed), offer(1)}, []int{1, 1, 1}},
	} {
		got := sizes(test.offers)
		if len(got) != len(test.want) {
			t.Fatalf("%s: %v, want %v", name, got, test.want)
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s: %v, want %v", name, got, test.want)
			}
		}
	}
}

func TestAnAnswerCountsForTwoMinutes(t *testing.T) {
	t.Parallel()
	r := newRoom(invite.NewSecret().Keys())
	id := NewOfferID()
	offers := []wireOffer{{OfferID: toByteString(id)}}
	r.remember(offers, noon)
	r.remember(offers, noon.Add(time.Minute)) // by another tracker
	if r.awaits(id, noon.Add(time.Minute+offerLife)) == nil {
		t.Error("forgotten too early")
	}
	if r.awaits(id, noon.Add(time.Minute+offerLife+1)) != nil {
		t.Error("remembered too long")
	}
	r.remember(nil, noon.Add(time.Hour))
	if len(r.sent) != 0 {
		t.Errorf("%d offers are kept for nothing", len(r.sent))
	}
}

func TestARoomRemembersTheNewestOffersOnly(t *testing.T) {
	t.Parallel()
	r := newRoom(invite.NewSecret().Keys())
	nth := func(n int) seenOffer { return seenOffer{id: OfferID{byte(n), byte(n >> 8)}} }
	for n := range 3 * maxSeen {
		r.seen.add(nth(n))
		r.seen.add(nth(n))
	}
	if len(r.seen.known) != maxSeen || len(r.seen.order) != maxSeen {
		t.Errorf("%d offers known, %d in order", len(r.seen.known), len(r.seen.order))
	}
	if r.seen.has(nth(2*maxSeen-1)) || !r.seen.has(nth(2*maxSeen)) || !r.seen.has(nth(3*maxSeen-1)) {
		t.Error("not the newest are remembered")
	}
}
