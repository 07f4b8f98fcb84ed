package signaling

import (
	"errors"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
)

// receive takes a message from a tracker. Whatever is not in order changes
// nothing but the log.
func (c *Client) receive(t *tracker, data []byte) {
	message, err := parseMessage(data)
	if err != nil {
		c.logger.Debug("a message is ignored", "url", t.url, "err", err)
		return
	}
	why := ""
	switch {
	case message.room == nil || errors.Is(message.complaint, ErrRefused):
	case message.kind == KindOffer:
		why = c.receiveOffer(t, *message.room, message)
	case message.kind == KindAnswer:
		why = c.receiveAnswer(t, *message.room, message)
	default:
		why = c.receiveReply(t, *message.room, message)
	}
	if message.complaint != nil {
		c.complain(t, message) // after a reply, which ends what it complained about
	}
	if why != "" {
		c.logger.Debug("a message is ignored", "url", t.url, "room", message.room, "from", message.from, "why", why)
	}
}

// complain keeps what a tracker complains about for its status.
func (c *Client) complain(t *tracker, message incoming) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var id invite.Room
	if message.room != nil {
		id = *message.room
		if t.members[id] == nil {
			return
		}
	}
	t.complaints[id] = message.complaint
	c.publish()
}

// The methods below return why a message is ignored, or nothing.

func (c *Client) receiveReply(t *tracker, id invite.Room, message incoming) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !t.replied(id, message.interval, time.Now()) {
		return "a reply that nothing asked for"
	}
	c.publish()
	if message.others >= 0 && !c.deliver(Counted{id, t.url, message.others}) {
		return "too many events wait"
	}
	return ""
}

func (c *Client) receiveOffer(t *tracker, id invite.Room, message incoming) string {
	offer := seenOffer{message.from, message.offerID}
	admit := func() (invite.Keys, string) {
		r := c.rooms[id]
		switch {
		case r == nil || t.members[id] == nil:
			return invite.Keys{}, "an offer to a room not joined here"
		case message.from == c.config.PeerID:
			return invite.Keys{}, "an offer of our own"
		case r.seen.has(offer):
			return invite.Keys{}, "an offer seen before"
		}
		return r.keys, ""
	}
	context := Context{Kind: KindOffer, From: message.from[:], OfferID: message.offerID}
	return c.open(admit, context, message.sealed, func(plaintext []byte) bool {
		if !c.deliver(Offered{id, t.url, message.from, message.offerID, plaintext}) {
			return false
		}
		c.rooms[id].seen.add(offer)
		return true
	})
}

func (c *Client) receiveAnswer(t *tracker, id invite.Room, message incoming) string {
	admit := func() (invite.Keys, string) {
		r := c.rooms[id]
		switch {
		case r == nil || t.members[id] == nil:
			return invite.Keys{}, "an answer in a room not joined here"
		case message.from == c.config.PeerID:
			return invite.Keys{}, "an answer of our own"
		case r.awaits(message.offerID, time.Now()) == nil:
			return invite.Keys{}, "an answer to no offer of ours, or a second one"
		}
		return r.keys, ""
	}
	context := Context{Kind: KindAnswer, From: message.from[:], To: c.config.PeerID[:], OfferID: message.offerID}
	return c.open(admit, context, message.sealed, func(plaintext []byte) bool {
		if !c.deliver(Answered{id, t.url, message.from, message.offerID, plaintext}) {
			return false
		}
		c.rooms[id].sent[message.offerID].answered = true
		return true
	})
}

// open opens a sealed text and delivers it. It asks for admission before, to
// save work, and again after, since the mutex is not held while it opens.
func (c *Client) open(admit func() (invite.Keys, string), context Context, sealed string, deliver func([]byte) bool) string {
	c.mu.Lock()
	keys, why := admit()
	c.mu.Unlock()
	if why != "" {
		return why
	}
	plaintext, err := Open(keys, context, sealed)
	if err != nil {
		return err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, why := admit(); why != "" {
		return why
	}
	if !deliver(plaintext) {
		return "too many events wait"
	}
	return ""
}
