package netcheck

import (
	"net"
	"net/netip"
)

// scope is how far away an address may be.
type scope int

const (
	thisComputer scope = iota
	ownNetwork
	carrierNetwork
	internet
)

// carrierRange is the shared address space of carriers' NATs (RFC 6598).
var carrierRange = netip.MustParsePrefix("100.64.0.0/10")

func scopeOf(ip netip.Addr) scope {
	ip = ip.Unmap()
	switch {
	case ip.IsLoopback():
		return thisComputer
	case ip.IsPrivate(), ip.IsLinkLocalUnicast():
		return ownNetwork
	case carrierRange.Contains(ip):
		return carrierNetwork
	default:
		return internet
	}
}

// widest is the scope of what is furthest away.
func widest(all []netip.AddrPort) scope {
	far := thisComputer
	for _, at := range all {
		far = max(far, scopeOf(at.Addr()))
	}
	return far
}

// ownAddresses are those of this computer's interfaces.
func ownAddresses() map[netip.Addr]bool {
	own := map[netip.Addr]bool{}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return own
	}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			own[prefix.Addr().Unmap().WithZone("")] = true
		}
	}
	return own
}
