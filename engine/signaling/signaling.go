// Package signaling lets those who have one invitation meet. It is a client of
// WebTorrent trackers (JSON over WebSocket), of several at once, and carries
// offers and answers which only those who know the invitation's secret can
// read or make. A tracker learns that somebody is in some room, and no more.
//
// The engine decides when to offer and what an offer says; this package keeps
// connections, announces, seals, opens, and throws away whatever does not come
// from somebody in the room.
package signaling

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
)

// PeerID is how a tracker and the others in a room call a peer. It says nothing
// about who the peer is: identities are inside what is sealed.
type PeerID [20]byte

// NewPeerID returns "-CW0001-" and 12 random printable characters.
func NewPeerID() PeerID {
	var id PeerID
	copy(id[copy(id[:], "-CW0001-"):], rand.Text())
	return id
}

// String returns the id in hexadecimal.
func (id PeerID) String() string { return hex.EncodeToString(id[:]) }

// OfferID joins an answer to its offer.
type OfferID [20]byte

// NewOfferID returns 160 random bits.
func NewOfferID() OfferID {
	var id OfferID
	rand.Read(id[:]) // never fails, see crypto/rand
	return id
}

// String returns the id in hexadecimal.
func (id OfferID) String() string { return hex.EncodeToString(id[:]) }

// Offer is what another peer may answer.
type Offer struct {
	ID OfferID
	// Plaintext is sealed before it leaves; at most MaxPlaintext bytes.
	Plaintext []byte
}

// Event is what happened in a room: Counted, Offered or Answered.
type Event interface{ event() }

// Counted says that a tracker answered an announce.
type Counted struct {
	Room invite.Room
	URL  string
	// Others is how many other peers the tracker says are in the room, never
	// below 0. A tracker may lie.
	Others int
}

// Offered says that a peer who knows the room's secret made an offer.
type Offered struct {
	Room      invite.Room
	URL       string
	From      PeerID
	OfferID   OfferID
	Plaintext []byte
}

// Answered says that a peer who knows the room's secret answered an offer of
// ours. There is one for each offer at most.
type Answered struct {
	Room      invite.Room
	URL       string
	From      PeerID
	OfferID   OfferID
	Plaintext []byte
}

func (Counted) event()  {}
func (Offered) event()  {}
func (Answered) event() {}

// Status is the state of one tracker.
type Status struct {
	URL       string
	Connected bool
	// Err is why it is not connected, or what the tracker complains about while
	// it is; nil while all is well or still unknown.
	Err error
	// Rooms is how many rooms use the tracker.
	Rooms int
}

// Why a tracker is of no use for now. Status.Err wraps one of these or the
// error of the network.
var (
	// ErrRefused means the tracker sent a failure reason.
	ErrRefused = errors.New("signaling: the rendezvous refuses")
	// ErrWarned means the tracker sent a warning message.
	ErrWarned = errors.New("signaling: the rendezvous warns")
	// ErrSilent means the tracker does not answer in time.
	ErrSilent = errors.New("signaling: the rendezvous does not answer")
	// ErrServed means Serve was called a second time.
	ErrServed = errors.New("signaling: served already")
)

// Config is what a Client starts with. Every zero field but PeerID has a useful
// default.
type Config struct {
	// PeerID is the own name in every room; the zero value means a new one.
	PeerID PeerID
	// Logger gets no secrets. nil is silent.
	Logger *slog.Logger
	// TLS is for wss:// trackers; nil trusts what the system trusts.
	TLS *tls.Config
	// Dial opens TCP connections; nil means net.Dialer. It must end with its
	// context.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// FirstRetry is the pause after a connection failed, 250 ms by default. It
	// doubles until LastRetry, 30 s by default, and starts again after a
	// connection that lived for Lived, 10 s by default.
	FirstRetry, LastRetry, Lived time.Duration
	// MinInterval and MaxInterval bound the time between announces which a
	// tracker asks for; 15 s and 10 min by default.
	MinInterval, MaxInterval time.Duration
	// Ping is the time between pings, and how long each may take; 8 s by
	// default, so that a dead tracker is noticed within 16 s.
	Ping time.Duration
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	if c.PeerID == (PeerID{}) {
		c.PeerID = NewPeerID()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	for _, duration := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&c.FirstRetry, 250 * time.Millisecond},
		{&c.LastRetry, 30 * time.Second},
		{&c.Lived, 10 * time.Second},
		{&c.MinInterval, 15 * time.Second},
		{&c.MaxInterval, 10 * time.Minute},
		{&c.Ping, 8 * time.Second},
	} {
		if *duration.value <= 0 {
			*duration.value = duration.fallback
		}
	}
	c.LastRetry = max(c.LastRetry, c.FirstRetry)
	c.MaxInterval = max(c.MaxInterval, c.MinInterval)
	return c
}
