package lab

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// PortTable is what a port-mapping service asks of its router. It is safe for
// concurrent use.
type PortTable interface {
	// Map passes an outside port to an inside address. The protocol is "udp"
	// or "tcp"; wanted may be 0 or taken, then another port is chosen. Asking
	// again for the same inside address renews its mapping.
	Map(protocol string, inside netip.AddrPort, wanted uint16, life time.Duration) (outside netip.AddrPort, err error)
	// Unmap ends a mapping; one that does not exist is none the less ended.
	Unmap(protocol string, inside netip.AddrPort)
	// Inside is the router's address in the home network.
	Inside() netip.Addr
	// Outside is the router's address towards the internet or the carrier.
	Outside() netip.Addr
}

// PortService speaks a port-mapping protocol on the inside of a router. The
// router calls Serve once and cancels ctx when it is taken down.
type PortService interface {
	Serve(ctx context.Context, table PortTable, listen Listener) error
}

// Listener opens sockets on the inside of a router.
type Listener interface {
	// ListenUDP opens a UDP port of the router's inside address; 0 is any.
	ListenUDP(port uint16) (net.PacketConn, error)
	// ListenTCP opens a TCP port of the router's inside address; 0 is any.
	ListenTCP(port uint16) (net.Listener, error)
	// ListenMulticast opens a UDP socket that hears what the home network
	// sends to a multicast group.
	ListenMulticast(group netip.AddrPort) (net.PacketConn, error)
}
