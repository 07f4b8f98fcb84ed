// Package portmap asks the home router to pass a UDP port of this computer on
// to it: by PCP (RFC 6887), NAT-PMP (RFC 6886) or UPnP IGD.
package portmap

import (
	"net/netip"
)

// Protocol is how a router is asked for a port.
type Protocol string

// The protocols, in the order in which they are tried.
const (
	PCP    Protocol = "pcp"
	NATPMP Protocol = "nat-pmp"
	UPnP   Protocol = "upnp"
)

// Status is what is known of the router. A published Status is never changed.
type Status struct {
	// Searched tells that the search for a router that maps ports is over.
	Searched bool
	// Protocol is the one that the router answers; empty where none.
	Protocol Protocol
	// Gateway is the router's address in the own network.
	Gateway netip.Addr
	// External is the router's outside address, as it says itself; invalid
	// where it does not say. Behind a carrier's NAT it is not the one that
	// others see.
	External netip.Addr
	// Err is why ports cannot be mapped; nil where they can.
	Err error
}
