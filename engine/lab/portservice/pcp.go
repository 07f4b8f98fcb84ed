package portservice

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

const (
	pcpVersion = 2

	// Opcodes (RFC 6887 section 19.2).
	pcpAnnounce = 0
	pcpMap      = 1

	// Options (RFC 6887 section 19.4). Those from pcpOptional on may be ignored.
	pcpPreferFailure = 2
	pcpOptional      = 128

	pcpHeaderBytes = 24
	pcpMapBytes    = 36

	// How long errors last: those that another try may end, and the others
	// (RFC 6887 section 7.4).
	shortError = 30 * time.Second
	longError  = 30 * time.Minute
)

// pcpResult is a result code (RFC 6887 section 7.4).
type pcpResult byte

const (
	pcpSuccess               pcpResult = 0
	pcpUnsupportedVersion    pcpResult = 1
	pcpNotAuthorized         pcpResult = 2
	pcpMalformedRequest      pcpResult = 3
	pcpUnsupportedOpcode     pcpResult = 4
	pcpUnsupportedOption     pcpResult = 5
	pcpMalformedOption       pcpResult = 6
	pcpNoResources           pcpResult = 8
	pcpUnsupportedProtocol   pcpResult = 9
	pcpCannotProvideExternal pcpResult = 11
	pcpAddressMismatch       pcpResult = 12
)

// life is how long an error is good for.
func (r pcpResult) life() time.Duration {
	switch r {
	case pcpSuccess:
		return 0
	case pcpNoResources, pcpCannotProvideExternal:
		return shortError
	default:
		return longError
	}
}

// answerPCP answers a request that has a version and an opcode, in the order
// of checks of RFC 6887 section 8.3.
func (r *running) answerPCP(packet []byte, from netip.AddrPort) []byte {
	refuse := func(result pcpResult) []byte { return r.pcpAnswer(packet, result, result.life()) }
	opcode := packet[1]
	switch {
	case packet[0] != pcpVersion:
		return refuse(pcpUnsupportedVersion)
	case len(packet) < pcpHeaderBytes || len(packet) > packetLimit || len(packet)%4 != 0:
		return refuse(pcpMalformedRequest)
	case opcode != pcpAnnounce && opcode != pcpMap:
		return refuse(pcpUnsupportedOpcode)
	case opcode == pcpMap && len(packet) < pcpHeaderBytes+pcpMapBytes:
		return refuse(pcpMalformedRequest)
	case netip.AddrFrom16([16]byte(packet[8:24])).Unmap() != from.Addr():
		return refuse(pcpAddressMismatch)
	}
	after := packet[pcpHeaderBytes:]
	if opcode == pcpMap {
		after = after[pcpMapBytes:]
	}
	options, result := readOptions(after, opcode)
	if result != pcpSuccess {
		return refuse(result)
	}
	if opcode == pcpAnnounce {
		return r.pcpAnswer(packet[:pcpHeaderBytes], pcpSuccess, 0)
	}
	return r.pcpMapping(packet, from, options[pcpPreferFailure])
}

// readOptions are the options after a request (RFC 6887 section 7.3).
func readOptions(data []byte, opcode byte) (map[byte]bool, pcpResult) {
	found := map[byte]bool{}
	for len(data) > 0 {
		code, length := data[0], int(binary.BigEndian.Uint16(data[2:4]))
		padded := 4 + (length+3)/4*4
		switch {
		case padded > len(data):
			return nil, pcpMalformedOption
		case code == pcpPreferFailure && opcode == pcpMap:
			if length != 0 || found[code] {
				return nil, pcpMalformedOption
			}
		case code < pcpOptional:
			return nil, pcpUnsupportedOption
		}
		found[code] = true
		data = data[padded:]
	}
	return found, pcpSuccess
}

// pcpMapping maps a port or ends a mapping (RFC 6887 section 11).
func (r *running) pcpMapping(packet []byte, from netip.AddrPort, preferFailure bool) []byte {
	body := packet[pcpHeaderBytes:]
	number, port := body[12], binary.BigEndian.Uint16(body[16:18])
	w := wish{
		flow:  flow{inside: netip.AddrPortFrom(from.Addr(), port)},
		port:  binary.BigEndian.Uint16(body[18:20]),
		life:  time.Duration(binary.BigEndian.Uint32(packet[4:8])) * time.Second,
		nonce: nonce(body[:12]),
		exact: preferFailure,
	}
	refuse := func(result pcpResult) []byte { return r.pcpAnswer(packet, result, result.life()) }
	switch {
	case number == 0 && port != 0, preferFailure && (w.life == 0 || w.port == 0):
		return refuse(pcpMalformedRequest)
	case number == 17:
		w.protocol = "udp"
	case number == 6:
		w.protocol = "tcp"
	case number != 0 || w.life != 0:
		return refuse(pcpUnsupportedProtocol)
	}
	if w.life == 0 && port == 0 {
		return r.pcpEndAll(packet, w)
	}
	if port == 0 {
		// A mapping of all ports, which this router has not to give.
		return refuse(pcpUnsupportedProtocol)
	}
	// Only who knows the nonce may change a mapping (RFC 6887 section 11.3).
	if held, exists := r.leases.of(w.flow); exists && held.nonce != w.nonce {
		return r.pcpAnswer(packet, pcpNotAuthorized, time.Until(held.until))
	}
	if w.life == 0 {
		r.leases.end(func(held lease) bool { return held.flow == w.flow })
		return r.pcpAnswer(packet, pcpSuccess, 0)
	}
	suggested := netip.AddrFrom16([16]byte(body[20:36])).Unmap()
	if preferFailure && !suggested.IsUnspecified() && suggested != r.leases.external() {
		return refuse(pcpCannotProvideExternal)
	}
	return r.pcpGive(packet, w)
}

// pcpEndAll ends the client's mappings of one protocol or all (RFC 6887
// section 15.1).
func (r *running) pcpEndAll(packet []byte, w wish) []byte {
	r.leases.end(func(held lease) bool {
		return held.inside.Addr() == w.inside.Addr() && held.nonce == w.nonce && (w.protocol == "" || held.protocol == w.protocol)
	})
	return r.pcpAnswer(packet, pcpSuccess, 0)
}

func (r *running) pcpGive(packet []byte, w wish) []byte {
	w.life = min(w.life, longest)
	given, err := r.leases.give(w)
	result := pcpSuccess
	switch {
	case errors.Is(err, errRefused):
		result = pcpNotAuthorized
	case errors.Is(err, errTaken):
		result = pcpCannotProvideExternal
	case err != nil:
		result = pcpNoResources
	}
	if result != pcpSuccess {
		return r.pcpAnswer(packet, result, result.life())
	}
	answer := r.pcpAnswer(packet[:pcpHeaderBytes+pcpMapBytes], pcpSuccess, time.Duration(given.left())*time.Second)
	if w.exact {
		// Options that were honoured come back, those ignored do not.
		answer = append(answer, pcpPreferFailure, 0, 0, 0)
	}
	binary.BigEndian.PutUint16(answer[pcpHeaderBytes+18:], given.outside.Port())
	external := r.leases.external().As16()
	copy(answer[pcpHeaderBytes+20:], external[:])
	return answer
}

// pcpAnswer is the request as it comes back: its header is changed, what
// follows stays (RFC 6887 section 8.3). An answer is no shorter than a header.
func (r *running) pcpAnswer(request []byte, result pcpResult, life time.Duration) []byte {
	size := min(len(request), packetLimit)
	answer := make([]byte, max((size+3)/4*4, pcpHeaderBytes))
	copy(answer, request[:size])
	clear(answer[:pcpHeaderBytes])
	answer[0], answer[1], answer[3] = pcpVersion, responseBit|request[1], byte(result)
	binary.BigEndian.PutUint32(answer[4:8], seconds(life))
	binary.BigEndian.PutUint32(answer[8:12], r.age())
	return answer
}
