package portmap

import (
	"net/netip"
	"syscall"

	kernel "golang.org/x/net/route"
)

// defaultGateway reads the kernel's routing table.
func defaultGateway() (netip.Addr, error) {
	table, err := kernel.FetchRIB(syscall.AF_INET, kernel.RIBTypeRoute, 0)
	if err != nil {
		return netip.Addr{}, err
	}
	messages, err := kernel.ParseRIB(kernel.RIBTypeRoute, table)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, message := range messages {
		m, ok := message.(*kernel.RouteMessage)
		// A scoped route serves only sockets that are bound to its interface.
		if !ok || m.Flags&syscall.RTF_GATEWAY == 0 || m.Flags&syscall.RTF_IFSCOPE != 0 || len(m.Addrs) <= syscall.RTAX_GATEWAY {
			continue
		}
		to, isIPv4 := m.Addrs[syscall.RTAX_DST].(*kernel.Inet4Addr)
		by, isGateway := m.Addrs[syscall.RTAX_GATEWAY].(*kernel.Inet4Addr)
		if !isIPv4 || !isGateway || to.IP != [4]byte{} || !isDefault(m.Addrs) {
			continue
		}
		return netip.AddrFrom4(by.IP), nil
	}
	return netip.Addr{}, nil
}

// isDefault reports whether the mask of a route to 0.0.0.0 is empty.
func isDefault(addresses []kernel.Addr) bool {
	if len(addresses) <= syscall.RTAX_NETMASK || addresses[syscall.RTAX_NETMASK] == nil {
		return true
	}
	mask, ok := addresses[syscall.RTAX_NETMASK].(*kernel.Inet4Addr)
	return ok && mask.IP == [4]byte{}
}
