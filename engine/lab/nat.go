//go:build linux

package lab

import (
	"slices"
	"time"
)

// Mapping is how a NAT chooses the outside port of an inside one (RFC 4787 4.1).
type Mapping int

const (
	// NoMapping: addresses are not translated; the inside is public.
	NoMapping Mapping = iota
	// EndpointIndependentMapping: one outside port, whatever the destination.
	EndpointIndependentMapping
	// AddressDependentMapping: another outside port for each destination address.
	AddressDependentMapping
	// AddressAndPortDependentMapping: another outside port for each
	// destination address and port.
	AddressAndPortDependentMapping
)

// Filtering is who may send to a mapped port (RFC 4787 5).
type Filtering int

const (
	// EndpointIndependentFiltering: anybody. Without a mapping: no filter.
	EndpointIndependentFiltering Filtering = iota
	// AddressDependentFiltering: addresses that the inside has sent to.
	AddressDependentFiltering
	// AddressAndPortDependentFiltering: addresses and ports that the inside
	// has sent to.
	AddressAndPortDependentFiltering
)

// Allocation is how a NAT chooses among free outside ports.
type Allocation int

const (
	// Preserving: the inside port's own number where it is free.
	Preserving Allocation = iota
	// Random: any free port.
	Random
	// Sequential: the next one after the last.
	Sequential
)

// Kernel says whether Linux itself translates, and how.
type Kernel int

const (
	// NotKernel: the lab's own router translates.
	NotKernel Kernel = iota
	// Masquerade: iptables -j MASQUERADE; what nobody asked for is dropped.
	Masquerade
	// MasqueradeRandom: the same with --random-fully.
	MasqueradeRandom
	// MasqueradeAccepting: Masquerade, and packets that nobody asked for reach
	// the router itself. Linux then remembers them, and gives the inside
	// another port towards their sender.
	MasqueradeAccepting
)

// Line is what a link does to the packets on it, in each direction. The zero
// Line passes them at once.
type Line struct {
	// Delay is added one way.
	Delay time.Duration
	// Jitter is the most that is added to Delay at random. Packets stay in order.
	Jitter time.Duration
	// Loss is the share of packets lost, 0 to 1.
	Loss float64
	// Rate is in bytes per second; 0 is without limit.
	Rate int
	// Queue is how many bytes wait for a Rate before more are dropped; 0 is
	// what the rate sends in 100 ms, at least 32 KiB.
	Queue int
}

// NAT is the rules of a router between an inside and the internet. The zero
// NAT is Open: it only forwards.
type NAT struct {
	// Name is for tables and messages.
	Name string

	Mapping    Mapping
	Filtering  Filtering
	Allocation Allocation
	// Kernel lets Linux translate. Mapping, Filtering and Allocation then tell
	// what Linux does; Hairpin, Idle and Block have no effect.
	Kernel Kernel

	// Hairpin lets the inside reach itself by outside addresses (RFC 4787 6).
	Hairpin bool
	// Idle is when a UDP mapping ends that the inside does not use; 0 is two
	// minutes (RFC 4787 4.3).
	Idle time.Duration
	// Block is how many outside ports each inside address has to itself; 0
	// lets all of them share all ports from 1024.
	Block int

	// BlockUDP drops all UDP to and from the internet.
	BlockUDP bool
	// TCPPorts are the only destination ports that TCP may go to; nil is all.
	TCPPorts []uint16
	// Answer sends an ICMP error for what is blocked, instead of silence.
	Answer bool
	// Isolate keeps those inside from reaching each other.
	Isolate bool
	// DropPrivate drops what goes to a private address, which otherwise leaves
	// towards the internet, takes a mapping, and is lost there.
	DropPrivate bool

	// Carrier makes the inside 100.64.0.0/10 (RFC 6598), where home routers
	// are; otherwise it is 192.168.1.0/24 and has computers.
	Carrier bool
	// IPv6 gives the inside public IPv6 addresses. Without a Mapping, IPv6 is
	// filtered as IPv4 is, otherwise by address and port, as home routers do.
	IPv6 bool
	// NoIPv4 leaves the inside with IPv6 alone.
	NoIPv4 bool

	// Line is what the link to the internet does, added to the lab's Delay.
	Line Line
	// Ports is the service by which the inside may ask for ports, a pointer; nil
	// is none. It needs a Mapping, and a router of the lab's own.
	Ports PortService
}

// idle is how long a mapping stays unused, in nanoseconds.
func (n *NAT) idle(k kind) int64 {
	switch {
	case k == tcp:
		return int64(2 * time.Hour)
	case k == udp && n.Idle > 0:
		return int64(n.Idle)
	default:
		return int64(2 * time.Minute)
	}
}

// blocks reports whether a packet to the internet is forbidden.
func (n *NAT) blocks(p *packet) bool {
	switch p.kind {
	case udp:
		return n.BlockUDP
	case tcp:
		return n.TCPPorts != nil && !slices.Contains(n.TCPPorts, p.to.port)
	default:
		return false
	}
}

// filtering6 is the filter for IPv6.
func (n *NAT) filtering6() Filtering {
	if n.Mapping == NoMapping {
		return n.Filtering
	}
	return AddressAndPortDependentFiltering
}
