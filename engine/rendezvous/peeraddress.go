package rendezvous

import (
	"net"
	"net/netip"
)

// notGlobal are the ranges that lead to this server's own network, to itself,
// or nowhere (IANA special-purpose registries), beyond what netip can tell.
var notGlobal = prefixes(
	"0.0.0.0/8",      // this network
	"100.64.0.0/10",  // shared by a carrier's customers
	"192.0.0.0/24",   // protocol assignments
	"198.18.0.0/15",  // benchmarks; some proxies use it locally
	"240.0.0.0/4",    // reserved, and broadcast
	"::/96",          // IPv4-compatible
	"64:ff9b:1::/48", // a network's own NAT64
	"100::/64",       // discard
	"2001::/32",      // Teredo
	"fec0::/10",      // site-local
)

var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixToV4 = netip.MustParsePrefix("2002::/16")
)

func prefixes(texts ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		parsed = append(parsed, netip.MustParsePrefix(text))
	}
	return parsed
}

// sendable reports whether ip can be one peer at all.
func sendable(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// global reports whether ip is on the public internet, where relaying to it
// gives a client nothing it could not reach by itself. IPv4 addresses inside
// IPv6 ones count as what they are.
func global(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !sendable(ip) || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, prefix := range notGlobal {
		if prefix.Contains(ip) {
			return false
		}
	}
	bytes := ip.As16()
	switch {
	case nat64.Contains(ip):
		return global(netip.AddrFrom4([4]byte(bytes[12:16])))
	case sixToV4.Contains(ip):
		return global(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return true
}

// ownAddress is this computer's address of an IP version ("udp4" or "udp6"):
// that of the route to the internet, or of any interface, or loopback. Nothing
// is sent: connecting a UDP socket only asks the routing table.
func ownAddress(network string) netip.Addr {
	probe, fallback := "192.0.2.1:9", netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if network == "udp6" {
		probe, fallback = "[2001:db8::1]:9", netip.IPv6Loopback()
	}
	if conn, err := net.Dial(network, probe); err == nil {
		defer conn.Close()
		if ip := addrPort(conn.LocalAddr()).Addr(); sendable(ip) {
			return ip
		}
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return fallback
	}
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		ip := prefix.Addr().Unmap()
		if err == nil && ip.Is4() == fallback.Is4() && sendable(ip) && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return ip
		}
	}
	return fallback
}

// addrPort is address as a netip.AddrPort, invalid if it is not one of UDP or
// TCP. IPv4 is never wrapped in IPv6, and zones are dropped.
func addrPort(address net.Addr) netip.AddrPort {
	var at netip.AddrPort
	switch address := address.(type) {
	case *net.UDPAddr:
		at = address.AddrPort()
	case *net.TCPAddr:
		at = address.AddrPort()
	}
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}
