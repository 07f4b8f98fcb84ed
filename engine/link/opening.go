package link

import (
	"net/netip"
	"slices"
)

// What let a direct path through a NAT is known in two halves: the peer knows
// which of our addresses it sends to, and we know what that address is. Each
// side tells the other its half.

// ownOpening says what the address is that the peer says it sends to.
func (l *Link) ownOpening() Opening {
	if l.state.told == nil || l.state.told.To == "" {
		return ""
	}
	to, err := netip.ParseAddrPort(l.state.told.To)
	switch {
	case err != nil:
		return ""
	case slices.Contains(l.mappings.outside(), to):
		return OwnMapping
	case slices.Contains(l.predicted, to):
		return Predicted
	default:
		return ""
	}
}

// opening is what both sides know of the selected path. Our own mapping is
// named where both sides have one.
func (l *Link) opening() Opening {
	if !l.state.kind.Direct() {
		return ""
	}
	if own := l.ownOpening(); own != "" {
		return own
	}
	if l.state.told == nil {
		return ""
	}
	switch l.state.told.Opening {
	case OwnMapping:
		return TheirMapping
	case Predicted:
		return Predicted
	default:
		return ""
	}
}

// tellOpening tells the peer our half once it is known.
func (l *Link) tellOpening() {
	if l.ownOpening() != l.state.openingTold {
		l.tell()
	}
}

// checkOpening drops what is none: the peer can say anything.
func checkOpening(opening Opening) Opening {
	switch opening {
	case OwnMapping, Predicted:
		return opening
	default:
		return ""
	}
}

// checkAddress drops what is no address and port.
func checkAddress(text string) string {
	if at, err := netip.ParseAddrPort(text); err != nil || at.Addr().Zone() != "" {
		return ""
	}
	return text
}
