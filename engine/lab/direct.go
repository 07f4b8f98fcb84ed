//go:build linux

package lab

// CanBeDirect reports whether two computers in different networks, behind
// routers of these kinds, can reach each other by UDP without a relay, port
// mapping or luck: what RFC 4787 says of their routers, and what the
// connectivity checks of RFC 8445 make of that.
func CanBeDirect(a, b Kind) bool {
	left, right := a.behaviour(), b.behaviour()
	if left.udp6 && right.udp6 {
		// Nothing is translated, and each side's checks open its own filter.
		return true
	}
	if !left.udp4 || !right.udp4 {
		return false
	}
	switch leftFixed, rightFixed := left.fixed(), right.fixed(); {
	case leftFixed && rightFixed:
		// What a STUN server saw is the address, and checks open the filters.
		return true
	case leftFixed:
		return admits(left)
	case rightFixed:
		return admits(right)
	default:
		// Each comes from a port that the other cannot know.
		return left.filtering == EndpointIndependentFiltering && right.filtering == EndpointIndependentFiltering
	}
}

// admits reports whether a side lets in a peer whose port it cannot know: that
// becomes a peer-reflexive candidate (RFC 8445 7.3.1.3) if the filter does not
// look at ports.
func admits(side behaviour) bool {
	return side.filtering != AddressAndPortDependentFiltering
}

// behaviour is what a whole chain of routers does.
type behaviour struct {
	udp4, udp6 bool
	mapping    Mapping
	filtering  Filtering
}

// fixed reports whether peers see the address that a STUN server saw.
func (b behaviour) fixed() bool {
	return b.mapping == NoMapping || b.mapping == EndpointIndependentMapping
}

// behaviour is that of the strictest router for each rule: a packet has to
// pass all of them.
func (k Kind) behaviour() behaviour {
	all := behaviour{udp4: true}
	for i, nat := range k {
		if i == 0 {
			all.udp4, all.udp6 = !nat.NoIPv4, nat.IPv6
		}
		if nat.BlockUDP {
			all.udp4, all.udp6 = false, false
		}
		all.mapping = max(all.mapping, nat.Mapping)
		all.filtering = max(all.filtering, nat.Filtering)
	}
	return all
}
