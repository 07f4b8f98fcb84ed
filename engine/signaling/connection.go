package signaling

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// maxWrite is how long one message may take to leave.
	maxWrite = 10 * time.Second
	// maxHurry is how long a tracker may take to answer a ping after the network
	// has changed.
	maxHurry = 3 * time.Second
	// farewell is how long a tracker may take to confirm that we close.
	farewell = time.Second
)

// errHurried ends an attempt to connect that began in another network.
var errHurried = errors.New("signaling: the network has changed")

// run starts the goroutine of a tracker. The mutex is held.
func (c *Client) run(t *tracker) {
	if c.serving == nil || c.stopped {
		return
	}
	ctx, cancel := context.WithCancel(c.serving)
	t.cancel = cancel
	pace := retry{c.config.FirstRetry, c.config.LastRetry, c.config.Lived}
	c.running.Go(func() {
		defer cancel()
		pace.run(ctx, t.soon, func(ctx context.Context) time.Duration { return c.attend(ctx, t) })
	})
}

// attend connects once, stays until the connection ends, and returns how long
// that was.
func (c *Client) attend(ctx context.Context, t *tracker) time.Duration {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	c.attempt(t, hangUp)
	socket, err := c.connect(ctx, hangUp, t.url)
	if err != nil {
		c.lost(t, err)
		return 0
	}
	since := time.Now()
	c.met(t)
	c.lost(t, c.converse(ctx, hangUp, t, socket))
	return time.Since(since)
}

// attempt notes how the attempt to connect that begins can be given up.
func (c *Client) attempt(t *tracker, hangUp context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.abandon = hangUp
}

// Hurry is for when the network has changed: attempts to connect begin anew, at
// once, and connections that are lost are noticed within seconds.
func (c *Client) Hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.trackers {
		if !t.connected && t.abandon != nil {
			t.abandon(errHurried)
		}
		select {
		case t.soon <- struct{}{}:
		default:
		}
	}
}

func (c *Client) met(t *tracker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logger.Debug("connected to a rendezvous", "url", t.url)
	t.begin(time.Now())
	c.publish()
}

func (c *Client) lost(t *tracker, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.serving.Err() != nil {
		err = nil // it is we who end
	}
	c.logger.Debug("not connected to a rendezvous", "url", t.url, "err", err)
	if errors.Is(err, errHurried) {
		err = t.err // as before: the next attempt begins now
	}
	t.end(err)
	c.retire(t)
	c.publish()
}

// converse reads, writes and pings until one of them fails or no room needs the
// tracker any more; only then it returns nil.
func (c *Client) converse(ctx context.Context, hangUp context.CancelCauseFunc, t *tracker, socket *websocket.Conn) error {
	socket.SetReadLimit(maxIncoming)
	var helpers sync.WaitGroup
	helpers.Go(func() { hangUp(c.read(ctx, t, socket)) })
	helpers.Go(func() { hangUp(c.ping(ctx, t, socket)) })
	err := c.write(ctx, t, socket)
	if err == nil {
		// Closing in order lets the tracker read the last "stopped".
		timer := time.AfterFunc(farewell, func() { hangUp(nil) })
		socket.Close(websocket.StatusNormalClosure, "")
		timer.Stop()
	}
	hangUp(err)
	socket.CloseNow()
	helpers.Wait()
	if err == nil {
		return nil
	}
	return context.Cause(ctx)
}

func (c *Client) read(ctx context.Context, t *tracker, socket *websocket.Conn) error {
	for {
		_, data, err := socket.Read(ctx)
		if err != nil {
			return fmt.Errorf("signaling: the connection was lost: %w", err)
		}
		c.receive(t, data)
	}
}

func (c *Client) ping(ctx context.Context, t *tracker, socket *websocket.Conn) error {
	ticks := time.NewTicker(c.config.Ping)
	defer ticks.Stop()
	for {
		patience := c.config.Ping
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		case <-t.soon:
			patience = min(patience, maxHurry)
		}
		if err := within(ctx, patience, socket.Ping); err != nil {
			return err
		}
	}
}

// write writes what there is to write; nil means that there will be no more.
func (c *Client) write(ctx context.Context, t *tracker, socket *websocket.Conn) error {
	for {
		message, wait := c.next(t)
		if message != nil {
			send := func(ctx context.Context) error { return writeText(ctx, socket, message.encode()) }
			if err := within(ctx, maxWrite, send); err != nil {
				return err
			}
			continue
		}
		if wait == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.wake:
		case <-time.After(wait):
		}
	}
}

// next returns the next message for a tracker, or how long to wait for one; or
// neither, when no room uses the tracker any more.
func (c *Client) next(t *tracker) (*outgoing, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	message, id, wait := t.next(c.config.PeerID, now)
	switch {
	case message != nil:
		if r := c.rooms[id]; r != nil {
			r.remember(message.Offers, now)
		}
		return message, 0
	case len(t.members) == 0:
		return nil, 0
	}
	return nil, wait
}

// within runs an operation on the socket; ErrSilent means it took too long.
func within(ctx context.Context, limit time.Duration, operation func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := operation(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrSilent, err)
	default:
		return fmt.Errorf("signaling: the connection was lost: %w", err)
	}
}

// writeText writes one message, in frames small enough for every tracker.
func writeText(ctx context.Context, socket *websocket.Conn, text []byte) error {
	if len(text) <= maxFrame {
		return socket.Write(ctx, websocket.MessageText, text)
	}
	writer, err := socket.Writer(ctx, websocket.MessageText)
	if err != nil {
		return err
	}
	for len(text) > 0 {
		n := min(len(text), maxFrame)
		if _, err := writer.Write(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return writer.Close()
}
