//go:build linux

package lab

import (
	"encoding/binary"
	"net/netip"
	"sync"
)

const (
	// mtu is that of every link of the lab.
	mtu = 1500
	// longest is the room of a packet; TUN devices hand over at most mtu bytes.
	longest = 2048

	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
)

// kind is what a router can tell packets apart by.
type kind uint16

const (
	other     kind = iota // passes where nothing is translated or filtered
	udp                   // from and to have ports
	tcp                   // from and to have ports
	echo                  // ICMP echo: the asking side's port is the identifier
	icmpError             // speaks of another packet, which it carries
)

// endpoint is an address and port as map keys like it: IPv4 is IPv4-mapped.
type endpoint struct {
	address [16]byte
	port    uint16
}

func endpointOf(a netip.AddrPort) endpoint { return endpoint{a.Addr().As16(), a.Port()} }

func (e endpoint) addrPort() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(e.address).Unmap(), e.port)
}

// packet is an IP packet on its way. Whoever has it owns it, until release.
type packet struct {
	buffer    [longest]byte
	size      int
	version   int
	protocol  byte
	kind      kind
	transport int // where the header of TCP, UDP or ICMP starts
	from, to  endpoint
}

var packets = sync.Pool{New: func() any { return new(packet) }}

func newPacket() *packet      { return packets.Get().(*packet) }
func (p *packet) release()    { packets.Put(p) }
func (p *packet) all() []byte { return p.buffer[:p.size] }

// copy is a packet of its own with the same bytes.
func (p *packet) copy() *packet {
	c := newPacket()
	copy(c.buffer[:], p.all())
	c.parse(p.size)
	return c
}

// parse reads the headers of what is in the buffer, and reports whether it is
// an IP packet at all.
func (p *packet) parse(size int) bool {
	p.size, p.kind, p.transport = size, other, 0
	p.from, p.to = endpoint{}, endpoint{}
	if size < 20 {
		return false
	}
	p.version = int(p.buffer[0] >> 4)
	switch p.version {
	case 4:
		return p.parse4()
	case 6:
		return p.parse6()
	default:
		return false
	}
}

func (p *packet) parse4() bool {
	header := int(p.buffer[0]&15) * 4
	if header < 20 || header > p.size || int(binary.BigEndian.Uint16(p.buffer[2:])) != p.size {
		return false
	}
	p.protocol = p.buffer[9]
	p.from.address, p.to.address = mapped(p.buffer[12:16]), mapped(p.buffer[16:20])
	// A fragment stays other: a router that looks at ports drops it, as many
	// home routers do.
	if binary.BigEndian.Uint16(p.buffer[6:])&0x3fff == 0 {
		p.parseTransport(header)
	}
	return true
}

func (p *packet) parse6() bool {
	if p.size < 40 || int(binary.BigEndian.Uint16(p.buffer[4:]))+40 != p.size {
		return false
	}
	p.protocol = p.buffer[6]
	p.from.address, p.to.address = [16]byte(p.buffer[8:24]), [16]byte(p.buffer[24:40])
	p.parseTransport(40)
	return true
}

func (p *packet) parseTransport(at int) {
	p.transport = at
	segment := p.buffer[at:p.size]
	switch {
	case p.protocol == protocolUDP && len(segment) >= 8:
		p.kind = udp
	case p.protocol == protocolTCP && len(segment) >= 20:
		p.kind = tcp
	case p.protocol == protocolICMP && p.version == 4 && len(segment) >= 8:
		p.parseICMP(segment, 8, 0, segment[0] == 3 || segment[0] == 11 || segment[0] == 12)
		return
	case p.protocol == protocolICMPv6 && p.version == 6 && len(segment) >= 8:
		p.parseICMP(segment, 128, 129, segment[0] >= 1 && segment[0] <= 4)
		return
	default:
		return
	}
	p.from.port = binary.BigEndian.Uint16(segment)
	p.to.port = binary.BigEndian.Uint16(segment[2:])
}

func (p *packet) parseICMP(segment []byte, request, reply byte, failure bool) {
	switch {
	case segment[0] == request:
		p.kind, p.from.port = echo, binary.BigEndian.Uint16(segment[4:])
	case segment[0] == reply:
		p.kind, p.to.port = echo, binary.BigEndian.Uint16(segment[4:])
	case failure:
		p.kind = icmpError
	}
}

// mapped is an IPv4 address as an IPv6 one.
func mapped(ip []byte) [16]byte {
	return [16]byte{10: 0xff, 11: 0xff, 12: ip[0], 13: ip[1], 14: ip[2], 15: ip[3]}
}

// age takes one hop off the packet's life and reports whether any is left.
func (p *packet) age() bool {
	if p.version == 6 {
		p.buffer[7]--
		return p.buffer[7] > 0
	}
	before := binary.BigEndian.Uint16(p.buffer[8:])
	p.buffer[8]--
	amend(p.buffer[10:], change(before, binary.BigEndian.Uint16(p.buffer[8:])))
	return p.buffer[8] > 0
}

// setFrom and setTo translate an IPv4 packet of kind udp, tcp or echo.
func (p *packet) setFrom(e endpoint) {
	p.rewrite(12, 0, e, p.from.port)
	p.from = e
}

func (p *packet) setTo(e endpoint) {
	p.rewrite(16, 2, e, p.to.port)
	p.to = e
}

// rewrite puts an address and port in place and amends the checksums by the
// difference (RFC 1624).
func (p *packet) rewrite(addressAt, portAt int, e endpoint, before uint16) {
	address := p.buffer[addressAt : addressAt+4]
	addresses := change(binary.BigEndian.Uint16(address), binary.BigEndian.Uint16(e.address[12:])) +
		change(binary.BigEndian.Uint16(address[2:]), binary.BigEndian.Uint16(e.address[14:]))
	copy(address, e.address[12:])
	amend(p.buffer[10:], addresses)
	segment := p.buffer[p.transport:p.size]
	ports := change(before, e.port)
	switch p.kind {
	case udp:
		binary.BigEndian.PutUint16(segment[portAt:], e.port)
		if binary.BigEndian.Uint16(segment[6:]) == 0 {
			return // the sender left the checksum out
		}
		amend(segment[6:], addresses+ports)
		if binary.BigEndian.Uint16(segment[6:]) == 0 {
			binary.BigEndian.PutUint16(segment[6:], 0xffff)
		}
	case tcp:
		binary.BigEndian.PutUint16(segment[portAt:], e.port)
		amend(segment[16:], addresses+ports)
	case echo:
		// No pseudo header; the other side's port is none.
		if before != e.port {
			binary.BigEndian.PutUint16(segment[4:], e.port)
			amend(segment[2:], ports)
		}
	}
}

// change is what replacing one word by another adds to a ones' complement sum.
func change(before, after uint16) uint32 { return uint32(^before) + uint32(after) }

// amend adds a change to a checksum.
func amend(field []byte, by uint32) {
	sum := uint32(^binary.BigEndian.Uint16(field)) + by
	binary.BigEndian.PutUint16(field, ^fold(sum))
}

func fold(sum uint32) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// total is the ones' complement sum of bytes.
func total(data []byte) uint32 {
	var sum uint32
	for ; len(data) > 1; data = data[2:] {
		sum += uint32(binary.BigEndian.Uint16(data))
	}
	if len(data) > 0 {
		sum += uint32(data[0]) << 8
	}
	return sum
}
