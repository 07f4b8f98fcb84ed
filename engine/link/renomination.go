package link

import (
	"bytes"
	"encoding/binary"
)

// STUN as far as a packet has to be recognised (RFC 8489 section 5).
const (
	stunHeader     = 20
	bindingRequest = 0x0001
	sendIndication = 0x0016
	magicCookie    = 0x2112A442
)

// nominationAttribute is the type and length of the attribute by which pion
// moves a connection to another pair (draft-thatcher-ice-renomination-01).
var nominationAttribute = []byte{0xC0, 0x01, 0x00, 0x04}

// isRenomination recognises the packet that would move the connection to
// another candidate pair. pion sends it whenever a pair was faster by 10 ms in
// its last measurement. That is how a relayed connection becomes direct, and
// wanted then; between direct pairs a busy computer or network measures such a
// difference all the time, and the path would change every few seconds. The
// sockets drop the packet there, and pion stays where it is.
func isRenomination(packet []byte) bool {
	if len(packet) < stunHeader {
		return false
	}
	switch {
	case packet[0]&0xF0 == 0x40: // ChannelData of a TURN client (RFC 8656 section 12.4)
		packet = packet[4:]
		if len(packet) < stunHeader || binary.BigEndian.Uint16(packet) != bindingRequest {
			return false
		}
	case packet[0] != 0:
		return false
	}
	kind := binary.BigEndian.Uint16(packet)
	return (kind == bindingRequest || kind == sendIndication) &&
		binary.BigEndian.Uint32(packet[4:]) == magicCookie &&
		bytes.Contains(packet[stunHeader:], nominationAttribute)
}
