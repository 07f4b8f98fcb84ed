package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

const (
	// writeTimeout is how long one message may take to a slow reader.
	writeTimeout = 10 * time.Second
	// maxOffered bounds the offers that a connection is remembered to have got.
	maxOffered = 128
)

var (
	errSlowReader = errors.New("rendezvous: peer reads too slowly")
	errSilent     = errors.New("rendezvous: peer gives no sign of life")
)

// violation is a rule the peer broke, and how its connection is closed for it.
type violation struct {
	code   websocket.StatusCode
	reason string
}

func (v violation) Error() string { return "rendezvous: peer broke a rule: " + v.reason }

// connection is one WebSocket. It may be in many rooms.
type connection struct {
	tracker *tracker
	queue   chan []byte
	queued  atomic.Int64 // bytes in queue
	heard   atomic.Int64 // Unix nanoseconds of the last message
	drop    func(reason error)

	// Guarded by tracker.mu.
	gone         bool
	memberships  map[id]*member
	offered      map[offerKey]*member
	offeredOrder []offerKey
}

// offerKey is an offer as the peer that got it names it in its answer.
type offerKey struct {
	infoHash, from id
	offerID        string
}

func newConnection(t *tracker) *connection {
	return &connection{
		tracker:     t,
		queue:       make(chan []byte, t.limits.QueueMessages),
		drop:        func(error) {},
		memberships: map[id]*member{},
		offered:     map[offerKey]*member{},
	}
}

// remember notes that from's offer was handed to c. An answer goes to exactly
// the member whose offer it answers: who merely claims that member's peer id
// does not get it. The tracker's mu is held.
func (c *connection) remember(from *member, offerID string) {
	key := offerKey{from.room.infoHash, from.peerID, offerID}
	if _, known := c.offered[key]; !known {
		if len(c.offeredOrder) >= maxOffered {
			delete(c.offered, c.offeredOrder[0])
			c.offeredOrder = c.offeredOrder[1:]
		}
		c.offeredOrder = append(c.offeredOrder, key)
		c.offered[key] = from
	}
}

// offerer is the member that a's answer is for, or nil. A peer that lost its
// connection after the offer came answers over a new one, where nothing is
// remembered; then the peer id decides, if only one member has it. The
// tracker's mu is held.
func (c *connection) offerer(r *room, a *announce) *member {
	key := offerKey{r.infoHash, a.toPeerID, a.offerID}
	if from := c.offered[key]; from != nil && from.index >= 0 {
		return from
	}
	if same := r.byPeerID[a.toPeerID]; len(same) == 1 {
		return same[0]
	}
	return nil
}

// send queues data; a connection whose queue is full is dropped, so that it
// delays nobody.
func (c *connection) send(data []byte) {
	if c.queued.Add(int64(len(data))) > int64(c.tracker.limits.QueueBytes) {
		c.drop(errSlowReader)
		return
	}
	select {
	case c.queue <- data:
	default:
		c.drop(errSlowReader)
	}
}

// serve runs the connection until it ends, and returns the reason.
func (c *connection) serve(ctx context.Context, socket *websocket.Conn) error {
	ctx, cancel := context.WithCancelCause(ctx)
	c.drop = cancel
	var helpers sync.WaitGroup
	helpers.Go(func() { cancel(c.write(ctx, socket)) })
	helpers.Go(func() { cancel(c.watch(ctx, socket)) })
	err := c.read(ctx, socket)
	// Out of its rooms before anything slow: nobody shall wait for a dead peer.
	c.tracker.dismiss(c)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if broken, ok := errors.AsType[violation](err); ok {
		// Tells the peer why and waits a moment for it to listen.
		_ = socket.Close(broken.code, broken.reason)
	}
	cancel(err)
	_ = socket.CloseNow()
	helpers.Wait()
	return err
}

// read handles messages until the connection ends or breaks a rule; breaking
// one is a violation.
func (c *connection) read(ctx context.Context, socket *websocket.Conn) error {
	limits := &c.tracker.limits
	socket.SetReadLimit(limits.MessageBytes)
	bucket := rate.NewLimiter(rate.Limit(limits.MessagesPerSecond), limits.MessageBurst)
	c.heard.Store(time.Now().UnixNano())
	for {
		_, data, err := socket.Read(ctx)
		if errors.Is(err, websocket.ErrMessageTooBig) {
			return violation{websocket.StatusMessageTooBig, "message too large"}
		}
		if err != nil {
			return fmt.Errorf("rendezvous: read from peer: %w", err)
		}
		c.heard.Store(time.Now().UnixNano())
		if !bucket.Allow() {
			return violation{websocket.StatusPolicyViolation, "too many messages"}
		}
		// Handed on, it would make others' WebSockets fail.
		if !utf8.Valid(data) {
			return violation{websocket.StatusInvalidFramePayloadData, "text is not UTF-8"}
		}
		c.tracker.handle(c, data)
	}
}

func (c *connection) write(ctx context.Context, socket *websocket.Conn) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case data := <-c.queue:
			c.queued.Add(-int64(len(data)))
			if err := writeWithin(ctx, socket, data); err != nil {
				return fmt.Errorf("rendezvous: write to peer: %w", err)
			}
		}
	}
}

func writeWithin(ctx context.Context, socket *websocket.Conn, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return socket.Write(ctx, websocket.MessageText, data)
}

// watch pings the peer and returns when it is silent for two and a half ping
// intervals: one until the ping, one and a half for the pong.
func (c *connection) watch(ctx context.Context, socket *websocket.Conn) error {
	interval := c.tracker.limits.PingInterval
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		asked := time.Now()
		if err := pingWithin(ctx, socket, interval+interval/2); err == nil || ctx.Err() != nil {
			continue
		}
		// A message since then is a sign of life too: the pong may wait behind it.
		if c.heard.Load() < asked.UnixNano() {
			return errSilent
		}
	}
}

func pingWithin(ctx context.Context, socket *websocket.Conn, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return socket.Ping(ctx)
}
