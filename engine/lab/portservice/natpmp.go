package portservice

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

const (
	natpmpVersion = 0
	// responseBit is added to the opcode in answers.
	responseBit = 128

	// Opcodes (RFC 6886 section 3.2 and 3.3).
	natpmpAsksAddress = 0
	natpmpMapsUDP     = 1
	natpmpMapsTCP     = 2

	// Result codes (RFC 6886 section 3.5).
	natpmpSuccess           = 0
	natpmpUnsupportedVers   = 1
	natpmpRefused           = 2
	natpmpOutOfResources    = 4
	natpmpUnsupportedOpcode = 5

	natpmpMappingBytes = 12
)

// answerNATPMP answers a request that has a version and an opcode.
func (r *running) answerNATPMP(packet []byte, from netip.AddrPort) []byte {
	opcode := packet[1]
	switch {
	case packet[0] != natpmpVersion:
		return r.natpmpHeader(opcode, natpmpUnsupportedVers)
	case opcode == natpmpAsksAddress:
		return r.natpmpAddress()
	case opcode != natpmpMapsUDP && opcode != natpmpMapsTCP:
		return r.natpmpHeader(opcode, natpmpUnsupportedOpcode)
	case len(packet) < natpmpMappingBytes:
		return nil
	}
	protocol := "udp"
	if opcode == natpmpMapsTCP {
		protocol = "tcp"
	}
	w := wish{
		flow: flow{protocol, netip.AddrPortFrom(from.Addr(), binary.BigEndian.Uint16(packet[4:6]))},
		port: binary.BigEndian.Uint16(packet[6:8]),
		life: time.Duration(binary.BigEndian.Uint32(packet[8:12])) * time.Second,
	}
	if w.life == 0 {
		return r.natpmpEnd(opcode, w)
	}
	if w.inside.Port() == 0 {
		return r.natpmpMapping(opcode, natpmpRefused, w.inside.Port(), 0, 0)
	}
	w.life = min(w.life, longest)
	given, err := r.leases.give(w)
	switch {
	case errors.Is(err, errRefused):
		return r.natpmpMapping(opcode, natpmpRefused, w.inside.Port(), 0, 0)
	case err != nil:
		return r.natpmpMapping(opcode, natpmpOutOfResources, w.inside.Port(), 0, 0)
	}
	return r.natpmpMapping(opcode, natpmpSuccess, w.inside.Port(), given.outside.Port(), given.left())
}

// natpmpEnd ends a mapping, or all of the client where the port is 0 (RFC 6886
// section 3.4).
func (r *running) natpmpEnd(opcode byte, w wish) []byte {
	r.leases.end(func(held lease) bool {
		return held.protocol == w.protocol && held.inside.Addr() == w.inside.Addr() &&
			(w.inside.Port() == 0 || held.inside.Port() == w.inside.Port())
	})
	return r.natpmpMapping(opcode, natpmpSuccess, w.inside.Port(), 0, 0)
}

func (r *running) natpmpHeader(opcode byte, result uint16) []byte {
	packet := binary.BigEndian.AppendUint16([]byte{natpmpVersion, responseBit | opcode}, result)
	return binary.BigEndian.AppendUint32(packet, r.age())
}

func (r *running) natpmpAddress() []byte {
	address := r.leases.external().As4()
	return append(r.natpmpHeader(natpmpAsksAddress, natpmpSuccess), address[:]...)
}

func (r *running) natpmpMapping(opcode byte, result, inside, outside uint16, life uint32) []byte {
	packet := binary.BigEndian.AppendUint16(r.natpmpHeader(opcode, result), inside)
	packet = binary.BigEndian.AppendUint16(packet, outside)
	return binary.BigEndian.AppendUint32(packet, life)
}
