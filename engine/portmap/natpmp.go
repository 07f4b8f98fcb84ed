package portmap

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// The numbers of RFC 6886 sections 3.2 to 3.5.
const (
	natpmpVersion     = 0
	natpmpAddress     = 0
	natpmpMapUDP      = 1
	natpmpResponse    = 0x80
	natpmpHeader      = 8
	natpmpAddressSize = 12
	natpmpMapSize     = 16

	natpmpUnsupportedVersion = 1
)

var natpmpResults = map[uint16]string{
	1: "unsupported version", 2: "not authorized", 3: "network failure", 4: "out of resources", 5: "unsupported opcode",
}

// natpmp speaks the NAT Port Mapping Protocol. It is not the library's client,
// because that takes no context, reads 16 bytes (a PCP answer on the same port
// is longer), and takes any answer for its own, so that each request needs a
// socket and a goroutine for as long as it waits.
type natpmp struct {
	exchange *exchange
	epoch    epoch
	lost     func() // the router has lost its mappings
	outside  atomic.Pointer[netip.Addr]
}

func (n *natpmp) protocol() Protocol { return NATPMP }

func (n *natpmp) external() netip.Addr {
	if address := n.outside.Load(); address != nil {
		return *address
	}
	return netip.Addr{}
}

// probe maps and unmaps a port: a router may tell its address and map nothing.
// It is not the port that PCP is tried with at the same moment.
func (n *natpmp) probe(ctx context.Context) error {
	if err := n.look(ctx); err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(n.exchange.local().Addr(), 0)))
	if err != nil {
		return err
	}
	defer conn.Close()
	port := conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	defer func() { _, _ = n.exchange.conn.Write(natpmpRequest(port, 0, 0)) }()
	ctx, stop := lingering(ctx)
	defer stop()
	_, err = n.mapping(ctx, port, 0, probeLife)
	return err
}

// look asks for the outside address (RFC 6886 section 3.2).
func (n *natpmp) look(ctx context.Context) error {
	answer, err := n.ask(ctx, []byte{natpmpVersion, natpmpAddress}, natpmpAddressSize, func([]byte) bool { return true })
	if err != nil {
		return err
	}
	address, err := outside(netip.AddrFrom4([4]byte(answer[8:12])))
	if err != nil {
		return err
	}
	if before := n.outside.Swap(&address); before != nil && *before != address {
		n.lost() // the outside ports may be others now, too
	}
	return nil
}

// add maps a port (RFC 6886 section 3.3).
func (n *natpmp) add(ctx context.Context, wish lease) (lease, error) {
	if !n.external().IsValid() {
		if err := n.look(ctx); err != nil {
			return lease{}, err
		}
	}
	answer, err := n.mapping(ctx, wish.local.Port(), wish.external.Port(), leaseAsked)
	if err != nil {
		return lease{}, err
	}
	port := binary.BigEndian.Uint16(answer[10:])
	granted := time.Duration(binary.BigEndian.Uint32(answer[12:])) * time.Second
	if port == 0 || granted == 0 {
		return lease{}, fmt.Errorf("%w: it gave port %d for %s", ErrRefused, port, granted)
	}
	wish.external, wish.life = netip.AddrPortFrom(n.external(), port), granted
	return wish, nil
}

// remove ends a mapping (RFC 6886 section 3.4). The port is never 0 here: that
// would end those of other programs as well.
func (n *natpmp) remove(ctx context.Context, l lease) error {
	_, err := n.mapping(ctx, l.local.Port(), 0, 0)
	return err
}

func (n *natpmp) mapping(ctx context.Context, inside, wanted uint16, life time.Duration) ([]byte, error) {
	return n.ask(ctx, natpmpRequest(inside, wanted, life), natpmpMapSize, func(packet []byte) bool {
		return binary.BigEndian.Uint16(packet[8:]) == inside
	})
}

func natpmpRequest(inside, wanted uint16, life time.Duration) []byte {
	request := make([]byte, 12)
	request[0], request[1] = natpmpVersion, natpmpMapUDP
	binary.BigEndian.PutUint16(request[4:], inside)
	binary.BigEndian.PutUint16(request[6:], wanted)
	binary.BigEndian.PutUint32(request[8:], uint32(life/time.Second))
	return request
}

// ask exchanges one request. What is short is a refusal, which need not say
// which port it is about.
func (n *natpmp) ask(ctx context.Context, request []byte, size int, matches func(packet []byte) bool) ([]byte, error) {
	answer, err := n.exchange.ask(ctx, request, func(packet []byte) bool {
		if isPCPVersion(packet) {
			return true
		}
		return len(packet) >= natpmpHeader && packet[0] == natpmpVersion && packet[1] == natpmpResponse|request[1] &&
			(refused(packet) || len(packet) >= size) && (len(packet) < size || matches(packet))
	})
	if err != nil {
		return nil, err
	}
	if isPCPVersion(answer) {
		return nil, fmt.Errorf("%w: it does not know NAT-PMP", ErrRefused)
	}
	if n.epoch.observe(binary.BigEndian.Uint32(answer[4:]), time.Now()) {
		n.lost()
	}
	if code := binary.BigEndian.Uint16(answer[2:]); code != 0 {
		return nil, fmt.Errorf("%w: %s (code %d)", ErrRefused, natpmpResults[code], code)
	}
	return answer, nil
}

// refused recognizes a refusal, but for that of a PCP request on the same
// socket: every NAT-PMP router knows version 0.
func refused(packet []byte) bool {
	code := binary.BigEndian.Uint16(packet[2:])
	return code != 0 && code != natpmpUnsupportedVersion
}

// isPCPVersion recognizes what a router that knows PCP alone says to a NAT-PMP
// request (RFC 6887 section 9 and appendix A).
func isPCPVersion(packet []byte) bool {
	return len(packet) >= 4 && packet[0] == pcpVersion && packet[1]&pcpResponse != 0 && packet[3] == pcpUnsupportedVersion
}
