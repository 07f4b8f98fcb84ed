package portmap

import (
	"context"
	"net/netip"
	"time"
)

const (
	// leaseAsked is for how long a mapping is asked for each time.
	leaseAsked = time.Hour
	// probeLife is for how long one is asked for that is given back at once.
	probeLife = 2 * time.Minute
)

// lease is a port that a router has mapped, or is wanted to map.
type lease struct {
	local netip.AddrPort
	// external is where others reach it. In a request the port is a wish, and
	// the address may be invalid.
	external netip.AddrPort
	// life is how long it lasts from when it was given.
	life time.Duration
	// nonce tells the router that it is us again (RFC 6887 section 11.2).
	nonce [12]byte
}

// router is one protocol that a gateway answers. Its methods are safe for
// concurrent use.
type router interface {
	protocol() Protocol
	// external is the router's outside address as it was last told, or invalid.
	external() netip.Addr
	// add maps a port, or renews its mapping. Its errors wrap ErrRefused when
	// the router says no, and ErrAddress when it says nonsense.
	add(ctx context.Context, wish lease) (lease, error)
	// remove ends a mapping.
	remove(ctx context.Context, l lease) error
	// look asks something cheap, so that a restart of the router is noticed.
	look(ctx context.Context) error
}
