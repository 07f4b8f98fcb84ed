package portmap

import (
	"errors"
	"math"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// adapterBuffer is what Microsoft recommends for GetAdaptersAddresses to begin
// with, in bytes.
const adapterBuffer = 15 << 10

// defaultGateway returns the IPv4 gateway of the adapter with the least metric.
func defaultGateway() (netip.Addr, error) {
	first, err := adapters()
	if err != nil {
		return netip.Addr{}, err
	}
	var gateway netip.Addr
	least := uint32(math.MaxUint32)
	for each := first; each != nil; each = each.Next {
		if each.OperStatus != windows.IfOperStatusUp || each.Ipv4Metric >= least {
			continue
		}
		for by := each.FirstGatewayAddress; by != nil; by = by.Next {
			address, ok := netip.AddrFromSlice(by.Address.IP().To4())
			if ok && !address.IsUnspecified() {
				gateway, least = address, each.Ipv4Metric
				break
			}
		}
	}
	return gateway, nil
}

func adapters() (*windows.IpAdapterAddresses, error) {
	const flags = windows.GAA_FLAG_INCLUDE_GATEWAYS | windows.GAA_FLAG_SKIP_ANYCAST |
		windows.GAA_FLAG_SKIP_MULTICAST | windows.GAA_FLAG_SKIP_DNS_SERVER
	for size := uint32(adapterBuffer); ; {
		buffer := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buffer[0]))
		before := size
		err := windows.GetAdaptersAddresses(windows.AF_INET, flags, 0, first, &size)
		switch {
		case err == nil:
			return first, nil
		case errors.Is(err, windows.ERROR_NO_DATA):
			return nil, nil // no adapter has an address
		case !errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) || size <= before:
			return nil, err
		}
	}
}
