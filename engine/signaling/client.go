package signaling

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/watch"
)

const (
	// maxEvents is how many events wait for their reader.
	maxEvents = 256
	// maxOffered is how many of them may wait when an offer still gets in: the
	// rest is kept for answers, which are rarer and worth more.
	maxOffered = 192
)

// Client is in rooms on trackers. Its methods are safe for concurrent use and
// never wait for the network; before Serve they only take note.
type Client struct {
	config Config
	logger *slog.Logger
	events chan Event
	status *watch.Value[[]Status]

	// running are the goroutines of trackers.
	running sync.WaitGroup

	mu sync.Mutex
	// serving is nil before Serve; stopped is true after it.
	serving  context.Context
	stopped  bool
	rooms    map[invite.Room]*room
	trackers map[string]*tracker
}

// New returns a Client that is in no room; nothing runs before Serve.
func New(config Config) *Client {
	config = config.withDefaults()
	return &Client{
		config:   config,
		logger:   config.Logger,
		events:   make(chan Event, maxEvents),
		status:   watch.NewValue[[]Status](nil),
		rooms:    map[invite.Room]*room{},
		trackers: map[string]*tracker{},
	}
}

// PeerID returns the own name.
func (c *Client) PeerID() PeerID { return c.config.PeerID }

// Events returns the one channel of events. It is never closed. A reader who is
// slow loses offers first; sockets never wait for it.
func (c *Client) Events() <-chan Event { return c.events }

// Status returns the state of every tracker, sorted by URL, and its wake-up.
func (c *Client) Status() *watch.Value[[]Status] { return c.status }

// Serve connects to the trackers of every room until ctx ends, and returns nil
// within 200 ms of that, with every connection closed. It serves once.
func (c *Client) Serve(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if !c.start(ctx) {
		return ErrServed
	}
	<-ctx.Done()
	c.stop()
	c.running.Wait()
	return nil
}

func (c *Client) start(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.serving != nil {
		return false
	}
	c.serving = ctx
	for _, t := range c.trackers {
		c.run(t)
	}
	return true
}

// stop makes sure that no tracker is started any more.
func (c *Client) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
}

// Join enters the room of keys on the trackers at urls. Joined again with other
// urls, a room moves to those; with the same, nothing happens.
func (c *Client) Join(keys invite.Keys, urls []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rooms[keys.Room] == nil {
		c.rooms[keys.Room] = newRoom(keys)
	}
	for _, t := range c.trackers {
		if !slices.Contains(urls, t.url) {
			c.part(t, keys.Room)
		}
	}
	for _, url := range urls {
		t := c.trackers[url]
		if t == nil {
			t = newTracker(url, c.config)
			c.trackers[url] = t
			c.run(t)
		}
		t.join(keys.Room, time.Now())
	}
	c.publish()
}

// Leave tells the room's trackers that it is over here, and disconnects from
// those that no other room uses.
func (c *Client) Leave(id invite.Room) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.trackers {
		c.part(t, id)
	}
	delete(c.rooms, id)
	c.publish()
}

// part takes a room off a tracker. A tracker without rooms that is connected
// ends by itself, after it was told.
func (c *Client) part(t *tracker, id invite.Room) {
	t.leave(id)
	if !t.connected {
		c.retire(t)
	}
}

// retire ends a tracker that has no rooms and no connection.
func (c *Client) retire(t *tracker) {
	if len(t.members) > 0 {
		return
	}
	if c.trackers[t.url] == t { // and not one that was joined since
		delete(c.trackers, t.url)
	}
	if t.cancel != nil {
		t.cancel()
	}
}

// Offer announces offers in a room on the tracker at url, or on each tracker of
// the room when url is empty. The tracker hands each of them to another peer,
// of its own choice. They wait for a connection, up to 50 s. Offers beyond
// MaxPlaintext are not sent, and offers to a room not joined go nowhere.
func (c *Client) Offer(id invite.Room, url string, offers []Offer) {
	keys, joined := c.keys(id)
	if !joined {
		c.logger.Debug("offers for a room that is not joined", "room", id)
		return
	}
	var sealed []wireOffer
	for _, offer := range offers {
		if len(offer.Plaintext) > MaxPlaintext {
			c.logger.Warn("an offer is too large to send", "room", id, "bytes", len(offer.Plaintext))
			continue
		}
		context := Context{Kind: KindOffer, From: c.config.PeerID[:], OfferID: offer.ID}
		text := Seal(keys, context, offer.Plaintext)
		sealed = append(sealed, wireOffer{description{"offer", text}, toByteString(offer.ID)})
	}
	for batch := range batches(sealed) {
		message := newOutgoing(c.config.PeerID, id)
		message.Numwant, message.Offers = len(batch), batch
		c.queue(id, url, message)
	}
}

// batches divides offers into announces that trackers accept.
func batches(offers []wireOffer) func(yield func([]wireOffer) bool) {
	return func(yield func([]wireOffer) bool) {
		for len(offers) > 0 {
			n, size := 0, 0
			for n < len(offers) && n < maxOffers {
				size += len(offers[n].Offer.SDP)
				if n > 0 && size > maxAnnounce {
					break
				}
				n++
			}
			if !yield(offers[:n]) {
				return
			}
			offers = offers[n:]
		}
	}
}

// Answer answers an offer by way of the tracker at url, or of each tracker of
// the room when url is empty. It waits for a connection, up to 50 s. An answer
// beyond MaxPlaintext is not sent, and one to a room not joined goes nowhere.
func (c *Client) Answer(id invite.Room, url string, to PeerID, offer OfferID, plaintext []byte) {
	keys, joined := c.keys(id)
	if !joined {
		c.logger.Debug("an answer for a room that is not joined", "room", id)
		return
	}
	if len(plaintext) > MaxPlaintext {
		c.logger.Warn("an answer is too large to send", "room", id, "bytes", len(plaintext))
		return
	}
	context := Context{Kind: KindAnswer, From: c.config.PeerID[:], To: to[:], OfferID: offer}
	message := newOutgoing(c.config.PeerID, id)
	message.Answer = &description{"answer", Seal(keys, context, plaintext)}
	message.ToPeerID, message.OfferID = toByteString(to), toByteString(offer)
	c.queue(id, url, message)
}

// Reannounce asks the trackers of a room for counts now, or a second after the
// last time.
func (c *Client) Reannounce(id invite.Room) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.trackers {
		t.hurry(id, time.Now())
	}
}

func (c *Client) keys(id invite.Room) (invite.Keys, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[id]
	if r == nil {
		return invite.Keys{}, false
	}
	return r.keys, true
}

func (c *Client) queue(id invite.Room, url string, message outgoing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.trackers {
		if url != "" && url != t.url {
			continue
		}
		if t.members[id] != nil && !t.queue(id, message, time.Now()) {
			c.logger.Debug("too many messages wait; the oldest is dropped", "url", t.url)
		}
	}
}

// deliver hands an event to the reader and reports whether there was room.
func (c *Client) deliver(event Event) bool {
	if _, offered := event.(Offered); offered && len(c.events) >= maxOffered {
		return false
	}
	select {
	case c.events <- event:
		return true
	default:
		return false
	}
}

// publish shows the state of the trackers, if it changed. The mutex is held.
func (c *Client) publish() {
	statuses := make([]Status, 0, len(c.trackers))
	for _, t := range c.trackers {
		if len(t.members) > 0 {
			statuses = append(statuses, t.status())
		}
	}
	slices.SortFunc(statuses, func(a, b Status) int { return strings.Compare(a.URL, b.URL) })
	if !slices.EqualFunc(statuses, c.status.Load(), sameStatus) {
		c.status.Set(statuses)
	}
}

func sameStatus(a, b Status) bool {
	same := a.URL == b.URL && a.Connected == b.Connected && a.Rooms == b.Rooms && (a.Err == nil) == (b.Err == nil)
	return same && (a.Err == nil || a.Err.Error() == b.Err.Error())
}
