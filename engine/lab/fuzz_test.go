//go:build linux

package lab

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// FuzzRouter gives a router whatever a computer may send. It must not panic,
// and what it lets out has the right checksum in its header.
func FuzzRouter(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 1, 10, 203, 0, 113, 10,
		0x10, 0, 0x20, 0, 0, 9, 0, 0, 1})
	f.Add([]byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 192, 168, 1, 10, 203, 0, 113, 10,
		8, 0, 0xf7, 0xfd, 0, 1, 0, 1})
	f.Add([]byte{0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 192, 168, 1, 10, 203, 0, 113, 10,
		3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 203, 0, 113, 10, 192, 168, 1, 10,
		0x20, 0, 0x10, 0, 0, 8, 0, 0})
	f.Add(append([]byte{0x60, 0, 0, 0, 0, 8, 17, 64, 0x20, 0x01, 0x0d, 0xb8, 30: 1, 39: 2}, 1, 2, 3, 4, 0, 8, 0, 0))
	outside := lease{prefix: netip.MustParsePrefix("198.51.100.10/32")}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &Router{lab: &Lab{}}
		r.rules.Store(&SymmetricRandom)
		r.table = newTable(&SymmetricRandom, SymmetricRandom.Filtering)
		r.table6 = newTable(&NAT{}, AddressAndPortDependentFiltering)
		r.outside.Store(&outside)
		p := newPacket()
		defer p.release()
		if !p.parse(copy(p.buffer[:], data)) {
			return
		}
		if answer := p.refuse(netip.MustParseAddr("192.168.1.1").As16()); answer != nil {
			wantSum(t, answer)
			answer.release()
		}
		if p.version == 6 {
			r.table6.noteOut(p, 1)
			r.table6.admits(p, 2)
			return
		}
		header := p.buffer[:int(p.buffer[0]&15)*4]
		binary.BigEndian.PutUint16(header[10:], 0)
		binary.BigEndian.PutUint16(header[10:], ^fold(total(header)))
		p.age()
		if r.translateOut(p); !headerRight(p) {
			t.Errorf("the header's checksum is wrong: %x", p.all())
		}
		r.translateIn(p)
	})
}

// headerRight reports whether an IPv4 header's checksum fits.
func headerRight(p *packet) bool {
	return fold(total(p.buffer[:int(p.buffer[0]&15)*4])) == 0xffff
}

// wantSum wants an ICMP packet of ours to have right checksums.
func wantSum(t *testing.T, p *packet) {
	t.Helper()
	sum := total(p.buffer[p.transport:p.size])
	if p.version == 6 {
		sum += total(p.buffer[8:40]) + uint32(p.size-40) + protocolICMPv6
	} else if !headerRight(p) || int(binary.BigEndian.Uint16(p.buffer[2:])) != p.size {
		t.Errorf("the answer's header is wrong: %x", p.all())
	}
	if fold(sum) != 0xffff {
		t.Errorf("the answer's checksum is wrong: %x", p.all())
	}
}
