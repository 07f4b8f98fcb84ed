package portmap

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"
)

// announcementGroup is every computer of the network.
var announcementGroup = netip.AddrFrom4([4]byte{224, 0, 0, 1})

// hearAnnouncements hears a router tell that it has restarted (RFC 6886
// section 3.2.1, RFC 6887 section 14.1.2), until ctx ends. Where the port cannot
// be heard, the look at the router's clock has to do.
func hearAnnouncements(ctx context.Context, r route, lost func()) {
	if r.local.IsLoopback() {
		return
	}
	through, err := net.InterfaceByIndex(r.through)
	if err != nil {
		return
	}
	group := netip.AddrPortFrom(announcementGroup, announcementPort)
	conn, err := net.ListenMulticastUDP("udp4", through, net.UDPAddrFromAddrPort(group))
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	buffer := make([]byte, packetLimit)
	for {
		count, from, err := conn.ReadFromUDPAddrPort(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(time.Millisecond) // for an error that stays
		case from.Addr().Unmap() == r.gateway && isAnnouncement(buffer[:count]):
			lost()
		}
	}
}

// isAnnouncement recognizes one of either protocol. Whatever it says, it only
// makes us ask the router again, and not often.
func isAnnouncement(packet []byte) bool {
	switch {
	case len(packet) >= pcpHeader && packet[0] == pcpVersion:
		return packet[1] == pcpResponse|pcpAnnounce && packet[3] == 0
	case len(packet) >= natpmpAddressSize && packet[0] == natpmpVersion:
		return packet[1] == natpmpResponse|natpmpAddress && binary.BigEndian.Uint16(packet[2:]) == 0
	default:
		return false
	}
}
