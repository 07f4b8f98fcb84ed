//go:build linux

package lab

import "strings"

// The kinds of routers that people sit behind.
var (
	// Open is a public address without a filter.
	Open = NAT{Name: "open"}
	// Firewall is a public address that lets in only answers.
	Firewall = NAT{Name: "firewall", Filtering: AddressAndPortDependentFiltering}
	// FullCone lets anybody send to a mapped port.
	FullCone = NAT{Name: "full cone",
		Mapping: EndpointIndependentMapping, Filtering: EndpointIndependentFiltering}
	// AddressRestricted lets in addresses that the inside has sent to.
	AddressRestricted = NAT{Name: "address-restricted",
		Mapping: EndpointIndependentMapping, Filtering: AddressDependentFiltering}
	// PortRestricted lets in addresses and ports that the inside has sent to.
	PortRestricted = NAT{Name: "port-restricted",
		Mapping: EndpointIndependentMapping, Filtering: AddressAndPortDependentFiltering}
	// Linux is the kernel's own masquerade.
	Linux = NAT{Name: "linux", Kernel: Masquerade,
		Mapping: EndpointIndependentMapping, Filtering: AddressAndPortDependentFiltering}
	// LinuxRandom is the kernel's masquerade with --random-fully.
	LinuxRandom = NAT{Name: "linux random", Kernel: MasqueradeRandom, Allocation: Random,
		Mapping: AddressAndPortDependentMapping, Filtering: AddressAndPortDependentFiltering}
	// AddressSymmetric has a random port for each address.
	AddressSymmetric = NAT{Name: "address-symmetric", Allocation: Random,
		Mapping: AddressDependentMapping, Filtering: AddressDependentFiltering}
	// SymmetricRandom has a random port for each destination.
	SymmetricRandom = NAT{Name: "symmetric random", Allocation: Random,
		Mapping: AddressAndPortDependentMapping, Filtering: AddressAndPortDependentFiltering}
	// SymmetricSequential has the next port for each destination.
	SymmetricSequential = NAT{Name: "symmetric sequential", Allocation: Sequential,
		Mapping: AddressAndPortDependentMapping, Filtering: AddressAndPortDependentFiltering}
	// UDPBlocked is a company's network: TCP alone gets out.
	UDPBlocked = NAT{Name: "udp blocked", BlockUDP: true,
		Mapping: EndpointIndependentMapping, Filtering: AddressAndPortDependentFiltering}
	// WebOnly lets out nothing but TCP to ports 80 and 443.
	WebOnly = NAT{Name: "web only", BlockUDP: true, TCPPorts: []uint16{80, 443},
		Mapping: EndpointIndependentMapping, Filtering: AddressAndPortDependentFiltering}
	// IPv6Only is a network without IPv4, behind a firewall.
	IPv6Only = NAT{Name: "ipv6 only", IPv6: true, NoIPv4: true,
		Filtering: AddressAndPortDependentFiltering}
)

// The NATs of carriers, in front of home routers.
var (
	// CarrierPortRestricted is what RFC 6888 asks of carriers at least.
	CarrierPortRestricted = NAT{Name: "cgn-prc", Carrier: true, Allocation: Random, Hairpin: true,
		Mapping: EndpointIndependentMapping, Filtering: AddressAndPortDependentFiltering}
	// CarrierEndpointIndependent filters nothing (RFC 6888 REQ-7 recommends it).
	CarrierEndpointIndependent = NAT{Name: "cgn-eif", Carrier: true, Allocation: Random, Hairpin: true,
		Mapping: EndpointIndependentMapping, Filtering: EndpointIndependentFiltering}
	// CarrierSymmetric has another port for each destination.
	CarrierSymmetric = NAT{Name: "cgn-sym", Carrier: true, Allocation: Random,
		Mapping: AddressAndPortDependentMapping, Filtering: AddressAndPortDependentFiltering}
)

// Kind is a chain of routers: first the home's, then its carrier's.
type Kind []NAT

// Carrier puts a carrier's port-restricted NAT in front of a home router.
func Carrier(home NAT) Kind { return Kind{home, CarrierPortRestricted} }

// String is the kind's name in tables, such as "cgn-prc over full cone".
func (k Kind) String() string {
	if len(k) == 0 {
		return Open.Name
	}
	var names []string
	for _, nat := range k {
		names = append([]string{nat.Name}, names...)
	}
	return strings.Join(names, " over ")
}

// HomeKinds are the kinds without a carrier's NAT, in the order of tables.
func HomeKinds() []Kind {
	var kinds []Kind
	for _, nat := range []NAT{Open, Firewall, FullCone, AddressRestricted, PortRestricted, Linux,
		AddressSymmetric, LinuxRandom, SymmetricRandom, SymmetricSequential, UDPBlocked} {
		kinds = append(kinds, Kind{nat})
	}
	return kinds
}

// Kinds are the home kinds, and each of them behind a carrier's NAT.
func Kinds() []Kind {
	kinds := HomeKinds()
	for _, home := range HomeKinds() {
		kinds = append(kinds, Carrier(home[0]))
	}
	return append(kinds,
		Kind{PortRestricted, CarrierEndpointIndependent}, Kind{PortRestricted, CarrierSymmetric})
}
