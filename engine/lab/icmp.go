//go:build linux

package lab

import "encoding/binary"

// quoted is the packet that an ICMP error speaks of.
type quoted struct {
	kind     kind
	from, to endpoint
	at       int // where its IP header starts
	segment  int // where its transport header starts
}

// quote reads the packet within an ICMP error. It may be cut off after the
// first 8 bytes of its transport header.
func (p *packet) quote() (quoted, bool) {
	q := quoted{at: p.transport + 8}
	inner := p.buffer[q.at:p.size]
	var protocol byte
	switch {
	case p.version == 4 && len(inner) >= 20:
		q.segment = q.at + int(inner[0]&15)*4
		protocol = inner[9]
		q.from.address, q.to.address = mapped(inner[12:16]), mapped(inner[16:20])
	case p.version == 6 && len(inner) >= 40:
		q.segment = q.at + 40
		protocol = inner[6]
		q.from.address, q.to.address = [16]byte(inner[8:24]), [16]byte(inner[24:40])
	default:
		return q, false
	}
	if q.segment+8 > p.size {
		return q, false
	}
	segment := p.buffer[q.segment:]
	switch protocol {
	case protocolUDP:
		q.kind = udp
	case protocolTCP:
		q.kind = tcp
	case protocolICMP, protocolICMPv6:
		q.kind = echo
		if segment[0] == 8 || segment[0] == 128 {
			q.from.port = binary.BigEndian.Uint16(segment[4:])
		} else {
			q.to.port = binary.BigEndian.Uint16(segment[4:])
		}
		return q, true
	default:
		return q, false
	}
	q.from.port = binary.BigEndian.Uint16(segment)
	q.to.port = binary.BigEndian.Uint16(segment[2:])
	return q, true
}

// requoteFrom and requoteTo translate the packet within an IPv4 ICMP error
// (RFC 5508 4.2).
func (p *packet) requoteFrom(q quoted, e endpoint) { p.requote(q, q.at+12, 0, e) }
func (p *packet) requoteTo(q quoted, e endpoint)   { p.requote(q, q.at+16, 2, e) }

func (p *packet) requote(q quoted, address, port int, e endpoint) {
	copy(p.buffer[address:address+4], e.address[12:])
	header := p.buffer[q.at:q.segment]
	binary.BigEndian.PutUint16(header[10:], 0)
	binary.BigEndian.PutUint16(header[10:], ^fold(total(header)))
	if q.kind == echo {
		port = 4
	}
	binary.BigEndian.PutUint16(p.buffer[q.segment+port:], e.port)
	message := p.buffer[p.transport:p.size]
	binary.BigEndian.PutUint16(message[2:], 0)
	binary.BigEndian.PutUint16(message[2:], ^fold(total(message)))
}

// setAddress replaces an address of an IPv4 packet whose transport has no
// pseudo header: 12 is where it is from, 16 where it goes.
func (p *packet) setAddress(at int, to [16]byte) {
	copy(p.buffer[at:at+4], to[12:])
	header := p.buffer[:p.transport]
	binary.BigEndian.PutUint16(header[10:], 0)
	binary.BigEndian.PutUint16(header[10:], ^fold(total(header)))
	if at == 12 {
		p.from.address = to
	} else {
		p.to.address = to
	}
}

// refuse makes the ICMP error "administratively prohibited" (RFC 1812 5.2.7.1,
// RFC 4443 3.1) that answers a packet.
func (p *packet) refuse(by [16]byte) *packet {
	if p.kind == icmpError || p.kind == other {
		return nil
	}
	answer := newPacket()
	b := &answer.buffer
	if p.version == 4 {
		carried := min(p.size, p.transport+8)
		size := 28 + carried
		clear(b[:28])
		b[0], b[8], b[9] = 0x45, 64, protocolICMP
		binary.BigEndian.PutUint16(b[2:], uint16(size))
		copy(b[12:16], by[12:])
		copy(b[16:20], p.from.address[12:])
		binary.BigEndian.PutUint16(b[10:], ^fold(total(b[:20])))
		b[20], b[21] = 3, 13
		copy(b[28:size], p.buffer[:carried])
		binary.BigEndian.PutUint16(b[22:], ^fold(total(b[20:size])))
		answer.parse(size)
		return answer
	}
	carried := min(p.size, 1232)
	size := 48 + carried
	clear(b[:48])
	b[0], b[6], b[7] = 0x60, protocolICMPv6, 64
	binary.BigEndian.PutUint16(b[4:], uint16(size-40))
	copy(b[8:24], by[:])
	copy(b[24:40], p.from.address[:])
	b[40], b[41] = 1, 1
	copy(b[48:size], p.buffer[:carried])
	sum := total(b[8:40]) + uint32(size-40) + protocolICMPv6 + total(b[40:size])
	binary.BigEndian.PutUint16(b[42:], ^fold(sum))
	answer.parse(size)
	return answer
}
