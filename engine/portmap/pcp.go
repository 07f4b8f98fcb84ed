package portmap

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"
)

// The numbers of RFC 6887 sections 7.1, 7.2, 11.1 and 14.1.
const (
	pcpVersion  = 2
	pcpAnnounce = 0
	pcpMap      = 1
	pcpResponse = 0x80
	pcpHeader   = 24
	pcpMapSize  = pcpHeader + 36
	protocolUDP = 17

	pcpUnsupportedVersion = 1
)

// pcpResults are the result codes of RFC 6887 section 7.4.
var pcpResults = map[byte]string{
	1: "unsupported version", 2: "not authorized", 3: "malformed request", 4: "unsupported opcode",
	5: "unsupported option", 6: "malformed option", 7: "network failure", 8: "no resources",
	9: "unsupported protocol", 10: "user exceeded quota", 11: "cannot provide external address",
	12: "address mismatch", 13: "excessive remote peers",
}

// pcp speaks the Port Control Protocol.
type pcp struct {
	exchange *exchange
	epoch    epoch
	lost     func() // the router has lost its mappings
	outside  atomic.Pointer[netip.Addr]
}

func (p *pcp) protocol() Protocol { return PCP }

func (p *pcp) external() netip.Addr {
	if address := p.outside.Load(); address != nil {
		return *address
	}
	return netip.Addr{}
}

// probe maps and unmaps the port of the exchange itself: no other request tells
// whether this computer may map ports, and what the outside address is.
func (p *pcp) probe(ctx context.Context) error {
	own := lease{local: p.exchange.local()}
	_, _ = rand.Read(own.nonce[:])
	defer func() { _, _ = p.exchange.conn.Write(p.request(own, 0)) }()
	ctx, stop := lingering(ctx)
	defer stop()
	_, err := p.obtain(ctx, own, probeLife)
	return err
}

// add maps a port (RFC 6887 section 11.2).
func (p *pcp) add(ctx context.Context, wish lease) (lease, error) {
	return p.obtain(ctx, wish, leaseAsked)
}

func (p *pcp) obtain(ctx context.Context, wish lease, life time.Duration) (lease, error) {
	answer, err := p.mapping(ctx, wish, life)
	if err != nil {
		return lease{}, err
	}
	var raw [16]byte
	copy(raw[:], answer[44:60])
	address, err := outside(netip.AddrFrom16(raw))
	if err != nil {
		return lease{}, err
	}
	port := binary.BigEndian.Uint16(answer[42:])
	granted := time.Duration(binary.BigEndian.Uint32(answer[4:])) * time.Second
	if port == 0 || granted == 0 {
		return lease{}, fmt.Errorf("%w: it gave port %d for %s", ErrRefused, port, granted)
	}
	p.outside.Store(&address)
	wish.external, wish.life = netip.AddrPortFrom(address, port), granted
	return wish, nil
}

// remove ends a mapping (RFC 6887 section 15.1: a lifetime of 0).
func (p *pcp) remove(ctx context.Context, l lease) error {
	_, err := p.mapping(ctx, l, 0)
	return err
}

// look sends an ANNOUNCE request (RFC 6887 section 14.1.1). Any answer, a
// refusal too, has the router's clock in it.
func (p *pcp) look(ctx context.Context) error {
	request := p.header(pcpAnnounce, 0)
	answer, err := p.exchange.ask(ctx, request, func(packet []byte) bool {
		return len(packet) >= pcpHeader && packet[0] == pcpVersion && packet[1] == pcpResponse|pcpAnnounce
	})
	if err == nil {
		p.heard(answer)
	}
	return err
}

// mapping exchanges one MAP request.
func (p *pcp) mapping(ctx context.Context, l lease, life time.Duration) ([]byte, error) {
	request := p.request(l, life)
	answer, err := p.exchange.ask(ctx, request, func(packet []byte) bool {
		return isPCPAnswer(packet, request) || isOldVersion(packet)
	})
	if err != nil {
		return nil, err
	}
	if isOldVersion(answer) {
		return nil, fmt.Errorf("%w: it knows NAT-PMP only", ErrRefused)
	}
	p.heard(answer)
	if code := answer[3]; code != 0 {
		return nil, fmt.Errorf("%w: %s (code %d)", ErrRefused, pcpResults[code], code)
	}
	return answer, nil
}

// heard looks at the router's clock.
func (p *pcp) heard(answer []byte) {
	if p.epoch.observe(binary.BigEndian.Uint32(answer[8:]), time.Now()) {
		p.lost()
	}
}

func (p *pcp) header(opcode byte, life time.Duration) []byte {
	packet := make([]byte, pcpHeader, pcpMapSize)
	packet[0], packet[1] = pcpVersion, opcode
	binary.BigEndian.PutUint32(packet[4:], uint32(life/time.Second))
	client := p.exchange.local().Addr().As16()
	copy(packet[8:], client[:])
	return packet
}

// request makes a MAP request (RFC 6887 section 11.1).
func (p *pcp) request(l lease, life time.Duration) []byte {
	packet := p.header(pcpMap, life)[:pcpMapSize]
	copy(packet[24:], l.nonce[:])
	packet[36] = protocolUDP
	binary.BigEndian.PutUint16(packet[40:], l.local.Port())
	binary.BigEndian.PutUint16(packet[42:], l.external.Port())
	wanted := netip.IPv4Unspecified()
	if l.external.Addr().Is4() {
		wanted = l.external.Addr()
	}
	suggested := wanted.As16()
	copy(packet[44:], suggested[:])
	return packet
}

// isPCPAnswer compares what an answer repeats of its request: nonce, protocol
// and internal port.
func isPCPAnswer(packet, request []byte) bool {
	return len(packet) >= pcpMapSize && packet[0] == pcpVersion && packet[1] == pcpResponse|pcpMap &&
		bytes.Equal(packet[24:37], request[24:37]) && bytes.Equal(packet[40:42], request[40:42])
}

// isOldVersion recognizes what a NAT-PMP router says to a PCP request
// (RFC 6886 section 3.5, RFC 6887 appendix A).
func isOldVersion(packet []byte) bool {
	return len(packet) >= 8 && packet[0] == natpmpVersion &&
		binary.BigEndian.Uint16(packet[2:]) == natpmpUnsupportedVersion
}
