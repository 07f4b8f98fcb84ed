package swarm

import (
	"fmt"
	"net"
	"net/netip"
)

// Attach gives a connected stream to the torrent; the peer's end must do the
// same. peer stands for the peer's identity: it is banned by this address. raw
// is closed when the connection ends, and closed, if not nil, is called once
// after that, on a goroutine of its own, with the reason. Attach never waits.
func (t *Torrent) Attach(raw net.Conn, peer netip.AddrPort, closed func(error)) {
	if closed == nil {
		closed = func(error) {}
	}
	c := newConn(t, raw, peer)
	running := t.swarm.start(func() {
		c.serve()
		go closed(c.reason())
	})
	if !running {
		go func() {
			raw.Close()
			closed(ErrClosed)
		}()
	}
}

// adopt lists a connection, unless the torrent is gone.
func (t *Torrent) adopt(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.dropped {
		t.conns[c] = struct{}{}
	}
	return !t.dropped
}

func (t *Torrent) abandon(c *conn) {
	t.mu.Lock()
	delete(t.conns, c)
	t.mu.Unlock()
	t.notify()
}

// serve runs a connection until it has ended.
func (c *conn) serve() {
	t := c.torrent
	defer c.Close()
	if !t.adopt(c) {
		c.fail(ErrClosed)
		return
	}
	defer t.abandon(c)
	if err := c.establish(); err != nil {
		c.fail(err)
		return
	}
	t.notify()
	<-c.done
}

// establish brings the connection to the point where the library serves it.
func (c *conn) establish() error {
	t := c.torrent
	if !c.peer.IsValid() || c.peer.Port() == 0 || c.peer.Addr().IsUnspecified() {
		return fmt.Errorf("%w: %q is no peer's address", ErrHandshake, c.peer)
	}
	if t.swarm.isBanned(c.peer.Addr()) {
		return ErrBanned
	}
	own := handshake{extensions: ownExtensions, infoHash: t.infoHash, peerID: t.swarm.client.PeerID()}
	peer, err := shakeHands(c.raw, c.in, own)
	if err != nil {
		return err
	}
	if !t.isReady() {
		if err := c.awaitInfo(peer); err != nil {
			return err
		}
	}
	if err := t.Err(); err != nil && !t.isOpen() {
		return err
	}
	c.present(peer)
	select {
	case t.swarm.listener.queue <- c:
	case <-c.done:
	case <-t.swarm.ctx.Done():
		return ErrClosed
	}
	return nil
}

// awaitInfo asks the peer for the info and waits until the library can serve
// the torrent, or the connection has ended.
func (c *conn) awaitInfo(peer handshake) error {
	c.fetch = newFetcher(c)
	if peer.extensions.SupportsExtended() {
		if _, err := c.send(c.fetch.greeting()); err != nil {
			return err
		}
	}
	if !c.torrent.swarm.start(c.fetch.run) {
		return ErrClosed
	}
	c.fetch.await()
	return nil
}

// reason is why the connection has ended.
func (c *conn) reason() error {
	c.mu.Lock()
	cause := c.cause
	c.mu.Unlock()
	switch {
	case c.torrent.swarm.isBanned(c.peer.Addr()):
		if cause == nil {
			return ErrBanned
		}
		return fmt.Errorf("%w: %w", ErrBanned, cause)
	case cause != nil:
		return cause
	case c.torrent.isDropped():
		return ErrClosed
	default:
		return ErrDropped
	}
}
