package invite

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// Types of fields. Those from fieldCritical on must be understood.
const (
	fieldLAN4     = 1
	fieldLAN6     = 2
	fieldWSS      = 3
	fieldWS       = 4
	fieldCritical = 128
)

// body returns the bytes of version 1.
func (i Invitation) body() []byte {
	body := slices.Clone(i.Secret[:])
	for _, at := range limit(i.LAN, MaxLAN, normalLAN) {
		field := byte(fieldLAN4)
		if at.Addr().Is6() {
			field = fieldLAN6
		}
		value := binary.BigEndian.AppendUint16(at.Addr().AsSlice(), at.Port())
		body = appendField(body, field, value)
	}
	for _, address := range limit(i.Rendezvous, MaxRendezvous, normalRendezvous) {
		scheme, rest, _ := splitRendezvous(address)
		field := byte(fieldWSS)
		if scheme == "ws" {
			field = fieldWS
		}
		body = appendField(body, field, []byte(rest))
	}
	return body
}

func appendField(body []byte, field byte, value []byte) []byte {
	return append(append(body, field, byte(len(value))), value...)
}

// limit returns the first few distinct values that normal accepts.
func limit[T comparable](values []T, most int, normal func(T) (T, bool)) []T {
	var kept []T
	for _, value := range values {
		value, ok := normal(value)
		if ok && len(kept) < most && !slices.Contains(kept, value) {
			kept = append(kept, value)
		}
	}
	return kept
}

// normalLAN accepts addresses that another computer can connect to.
func normalLAN(at netip.AddrPort) (netip.AddrPort, bool) {
	ip := at.Addr().Unmap().WithZone("")
	ok := ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && at.Port() != 0
	// A link-local IPv6 address means nothing without the receiver's zone.
	ok = ok && !(ip.Is6() && ip.IsLinkLocalUnicast())
	return netip.AddrPortFrom(ip, at.Port()), ok
}

func normalRendezvous(address string) (string, bool) {
	scheme, rest, err := splitRendezvous(address)
	return scheme + "://" + rest, err == nil
}

// parseBody reads the bytes of version 1. The checksum was right, so whatever
// is wrong here was made so.
func parseBody(body []byte) (Invitation, error) {
	var i Invitation
	if len(body) < len(i.Secret) {
		return Invitation{}, fmt.Errorf("%w: it has no secret", ErrMistyped)
	}
	body = body[copy(i.Secret[:], body):]
	for len(body) > 0 {
		if len(body) < 2 || len(body)-2 < int(body[1]) {
			return Invitation{}, fmt.Errorf("%w: a field ends too early", ErrMistyped)
		}
		field, value := body[0], body[2:2+int(body[1])]
		body = body[2+len(value):]
		if err := i.addField(field, value); err != nil {
			return Invitation{}, err
		}
	}
	if len(i.LAN) > MaxLAN || len(i.Rendezvous) > MaxRendezvous {
		return Invitation{}, fmt.Errorf("%w: it names too many addresses", ErrMistyped)
	}
	return i, nil
}

func (i *Invitation) addField(field byte, value []byte) error {
	switch field {
	case fieldLAN4:
		return i.addLAN(value, 4)
	case fieldLAN6:
		return i.addLAN(value, 16)
	case fieldWSS:
		return i.addRendezvous("wss://" + string(value))
	case fieldWS:
		return i.addRendezvous("ws://" + string(value))
	}
	if field >= fieldCritical {
		return fmt.Errorf("%w (field %d)", ErrNewer, field)
	}
	return nil
}

func (i *Invitation) addLAN(value []byte, size int) error {
	if len(value) != size+2 {
		return fmt.Errorf("%w: an address of %d bytes", ErrMistyped, len(value))
	}
	ip, _ := netip.AddrFromSlice(value[:size])
	given := netip.AddrPortFrom(ip, binary.BigEndian.Uint16(value[size:]))
	at, ok := normalLAN(given)
	// Only the canonical form is read, so that one invitation has one text.
	if !ok || at != given {
		return fmt.Errorf("%w: %v cannot be a LAN address", ErrMistyped, given)
	}
	if !slices.Contains(i.LAN, at) {
		i.LAN = append(i.LAN, at)
	}
	return nil
}

func (i *Invitation) addRendezvous(address string) error {
	if err := CheckRendezvous(address); err != nil {
		return fmt.Errorf("%w: %w", ErrMistyped, err)
	}
	if !slices.Contains(i.Rendezvous, address) {
		i.Rendezvous = append(i.Rendezvous, address)
	}
	return nil
}
