package portmap

import (
	"fmt"
	"net"
	"net/netip"
)

// route is the way out of the own network.
type route struct {
	gateway netip.Addr
	local   netip.Addr   // this computer's address as the gateway sees it
	network netip.Prefix // that both are in
	through int          // index of the interface
}

func (r route) valid() bool { return r.gateway.IsValid() }

// findRoute returns the IPv4 default route, or the one to the given gateway.
func findRoute(gateway netip.Addr) (route, error) {
	if !gateway.IsValid() {
		found, err := defaultGateway()
		if err != nil {
			return route{}, fmt.Errorf("portmap: default route: %w", err)
		}
		gateway = found
	}
	if !gateway.Is4() || gateway.IsUnspecified() {
		return route{}, fmt.Errorf("%w: there is no IPv4 gateway", ErrNoRouter)
	}
	// Connecting a UDP socket sends nothing and tells the source address.
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(gateway, mappingPort)))
	if err != nil {
		return route{}, fmt.Errorf("%w: the gateway cannot be reached: %w", ErrNoRouter, err)
	}
	defer conn.Close()
	r := route{gateway: gateway, local: conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()}
	r.network, r.through = networkOf(r.local)
	return r, nil
}

// networkOf returns the network of an own address, and its interface.
func networkOf(local netip.Addr) (netip.Prefix, int) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return netip.PrefixFrom(local, local.BitLen()), 0
	}
	for _, each := range interfaces {
		addresses, err := each.Addrs()
		if err != nil {
			continue
		}
		for _, address := range addresses {
			prefix, err := netip.ParsePrefix(address.String())
			if err == nil && prefix.Addr().Unmap() == local {
				return prefix.Masked(), each.Index
			}
		}
	}
	return netip.PrefixFrom(local, local.BitLen()), 0
}

// outside checks what a router says of its outside. Private and carrier
// addresses (100.64.0.0/10) are kept: they help peers behind the same carrier.
func outside(address netip.Addr) (netip.Addr, error) {
	address = address.Unmap()
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case !address.Is4(), address.IsUnspecified(), address.As4()[0] == 0, address.IsLoopback(),
		address.IsMulticast(), address.IsLinkLocalUnicast(), address == broadcast:
		return netip.Addr{}, fmt.Errorf("%w: the router says that it is %s outside", ErrAddress, address)
	}
	return address, nil
}
