// Package netcheck finds out what this computer's network allows: which packets
// leave it, what its NAT does to them, and whether each STUN and TURN server
// works. From the findings of two computers it tells which path is possible
// between them, and why no better one is.
package netcheck

import (
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

// Behaviour is how a NAT's mapping or filtering depends on the destination
// (RFC 4787 sections 4.1 and 5). Empty means unknown.
type Behaviour string

// The behaviours, from the most to the least permissive.
const (
	EndpointIndependent     Behaviour = "endpoint-independent"
	AddressDependent        Behaviour = "address-dependent"
	AddressAndPortDependent Behaviour = "address-and-port-dependent"
)

// Reach says whether packets of a kind get out and back. Empty means unknown.
type Reach string

// The two answers.
const (
	Open    Reach = "open"
	Blocked Reach = "blocked"
)

// Findings are what two peers tell each other of their networks. They hold no
// address and travel in sealed messages alone. The zero value knows nothing.
type Findings struct {
	// UDP says whether UDP passes to the internet and back.
	UDP Reach `json:"udp,omitempty"`
	// IPv4 and IPv6 tell which versions reach the internet.
	IPv4 bool `json:"ipv4,omitempty"`
	IPv6 bool `json:"ipv6,omitempty"`
	// NAT tells that the address seen outside is not this computer's own.
	NAT bool `json:"nat,omitempty"`
	// Mapping and Filtering are the NAT's or firewall's, for IPv4.
	Mapping   Behaviour `json:"mapping,omitempty"`
	Filtering Behaviour `json:"filtering,omitempty"`
	// PortStep is by how much the outside port grows from one new mapping to the
	// next where that can be foretold; 0 where not.
	PortStep int `json:"port_step,omitempty"`
	// CarrierNAT tells that the provider translates addresses, outside the home
	// router where there is one, so that no mapped port is reached from outside.
	CarrierNAT bool `json:"carrier_nat,omitempty"`
	// PortMapping is the protocol by which the router maps ports; empty where
	// it does not.
	PortMapping portmap.Protocol `json:"port_mapping,omitempty"`
	// Relay tells that a TURN server of the settings works from here.
	Relay bool `json:"relay,omitempty"`
	// Policy limits the paths of that computer.
	Policy path.Policy `json:"policy,omitempty"`
}
