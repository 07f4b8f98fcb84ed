// Package portservice is the port-mapping side of a home router, for tests: a
// server for PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP IGD 1 and 2, with the
// faults that real routers show. It is written from the specifications alone
// and shares nothing with engine/portmap, so that each is a witness for the
// other.
package portservice

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// ErrOptions marks options that contradict each other; the text says which.
var ErrOptions = errors.New("portservice: options cannot be used")

// Options is what a router speaks and how it misbehaves. Zero misbehaves not
// at all, and speaks nothing: at least one protocol must be chosen.
type Options struct {
	// PCP and NATPMP share port 5351. With one of them alone, requests of the
	// other are answered by "unsupported version", by which clients fall back.
	PCP, NATPMP bool
	// IGD is the version of UPnP's InternetGatewayDevice, 1 or 2; 0 is none.
	IGD int

	// LongestLease, above zero, shortens longer leases.
	LongestLease time.Duration
	// OtherPort makes the first outside port that is asked for an inside
	// address count as taken: another one is given, and UPnP's AddPortMapping,
	// which cannot say so, fails with 718.
	OtherPort bool
	// OnlyPermanent refuses UPnP leases that end, with 725. It asks for IGD.
	OnlyPermanent bool
	// Refuse says no to every mapping: NOT_AUTHORIZED, or 606 in UPnP.
	Refuse bool
	// Full has no port left: NO_RESOURCES, or 728 (501 in IGD 1) in UPnP.
	Full bool
	// Silent hears everything and never answers.
	Silent bool
	// Delay is how long each request takes to be answered.
	Delay time.Duration
	// External, when valid, is told instead of the router's outside address.
	External netip.Addr

	// Strangers is how many devices that are no router answer an SSDP search
	// first, each with a description of its own.
	Strangers int
	// Garbage precedes each SSDP answer with datagrams that are none, and adds
	// SSDP headers that nobody knows.
	Garbage bool
	// Location, when not empty, is the description URL in SSDP answers, as a
	// hostile device would give one to have clients fetch something else.
	Location string
	// ControlURL, when not empty, is where the description sends SOAP.
	ControlURL string
}

func (o Options) validate() error {
	switch {
	case !o.PCP && !o.NATPMP && o.IGD == 0:
		return fmt.Errorf("%w: no protocol is chosen", ErrOptions)
	case o.IGD < 0 || o.IGD > 2:
		return fmt.Errorf("%w: there is no IGD version %d", ErrOptions, o.IGD)
	case o.IGD == 0 && (o.OnlyPermanent || o.Strangers != 0 || o.Garbage || o.Location != "" || o.ControlURL != ""):
		return fmt.Errorf("%w: a fault of UPnP is chosen without IGD", ErrOptions)
	case o.LongestLease < 0 || o.Delay < 0 || o.Strangers < 0:
		return fmt.Errorf("%w: a time or number is negative", ErrOptions)
	case o.External.IsValid() && !o.External.Is4():
		return fmt.Errorf("%w: %s is no IPv4 address", ErrOptions, o.External)
	}
	return nil
}
