package link

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// ResolveUDPAddr looks a server's name up, until the link ends.
func (n *network) ResolveUDPAddr(kind, hostPort string) (*net.UDPAddr, error) {
	if n.virtual {
		address, err := n.Net.ResolveUDPAddr(kind, hostPort)
		if at, ok := addrPort(address); err == nil && ok {
			n.resolved(hostPort, at)
		}
		return address, err
	}
	at, err := n.resolve(kind, hostPort)
	if err != nil {
		return nil, err
	}
	return net.UDPAddrFromAddrPort(at), nil
}

// ResolveTCPAddr looks a TURN server's name up, until the link ends. pion asks
// for IPv4 alone; a server that has IPv6 alone is reached all the same.
func (n *network) ResolveTCPAddr(kind, hostPort string) (*net.TCPAddr, error) {
	if n.virtual {
		address, err := n.Net.ResolveTCPAddr(kind, hostPort)
		if at, ok := addrPort(address); err == nil && ok {
			n.resolved(hostPort, at)
		}
		return address, err
	}
	at, err := n.resolve("tcp", hostPort)
	if err != nil {
		return nil, err
	}
	return net.TCPAddrFromAddrPort(at), nil
}

func (n *network) resolve(kind, hostPort string) (netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("link: port of %s: %w", hostPort, err)
	}
	found, err := n.lookup(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip, ok := n.prefer(kind, found)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("link: %s has no address for %s", host, kind)
	}
	at := netip.AddrPortFrom(ip, uint16(port))
	n.resolved(hostPort, at)
	return at, nil
}

func (n *network) lookup(host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(n.ctx, "ip", host)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, err
}

// prefer picks the address that this computer can reach: IPv4 where it has
// IPv4, as most relays are of use to most peers by IPv4.
func (n *network) prefer(kind string, found []netip.Addr) (netip.Addr, bool) {
	pick := func(fits func(netip.Addr) bool) (netip.Addr, bool) {
		at := slices.IndexFunc(found, fits)
		if at < 0 {
			return netip.Addr{}, false
		}
		return found[at], true
	}
	switch kind[len(kind)-1] {
	case '4':
		return pick(netip.Addr.Is4)
	case '6':
		return pick(netip.Addr.Is6)
	}
	first, second := netip.Addr.Is4, netip.Addr.Is6
	if !n.hasIPv4() {
		first, second = second, first
	}
	if ip, ok := pick(first); ok {
		return ip, true
	}
	return pick(second)
}

func (n *network) hasIPv4() bool {
	return slices.ContainsFunc(n.prefixes(), func(p netip.Prefix) bool { return p.Addr().Is4() && !p.Addr().IsLoopback() })
}

// hideIPv6 hides an IPv6 address, from which pion would conclude that the
// relayed address has to be IPv6 too. IPv4 relays serve most peers.
func hideIPv6(address net.Addr) net.Addr {
	at, ok := addrPort(address)
	if !ok || at.Addr().Is4() {
		return address
	}
	at = netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())
	if _, udp := address.(*net.UDPAddr); udp {
		return net.UDPAddrFromAddrPort(at)
	}
	return net.TCPAddrFromAddrPort(at)
}
