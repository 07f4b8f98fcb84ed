package netcheck

import (
	"github.com/causeway-app/causeway/engine/path"
)

// network is one side's findings with nothing unknown in them, and what is asked
// of it.
type network struct {
	Findings
}

// known reports whether anything was found of the network. Whether a relay works
// is often known before, and says nothing of it; who hides the network tells no
// more than that, ever.
func (f Findings) known() bool {
	if f.Policy != path.RelayOnly {
		f.Relay = false
	}
	f.Policy = ""
	return f != Findings{}
}

// guesses are all that findings may mean: what is unknown is each of what it
// could be. Where nothing is known, everything could be.
func (f Findings) guesses() []network {
	if f.Policy == "" {
		f.Policy = path.Auto
	}
	all := []Findings{f}
	if !f.known() {
		all = nil
		for _, reach := range []Reach{Open, Blocked} {
			for _, six := range []bool{false, true} {
				for _, relay := range []bool{f.Relay, true} {
					all = append(all, Findings{UDP: reach, IPv4: true, IPv6: six, NAT: true, Relay: relay, Policy: f.Policy})
				}
			}
		}
	}
	all = spread(all, func(f Findings) bool { return f.UDP == "" }, func(f *Findings, b Reach) { f.UDP = b }, Open, Blocked)
	// Without UDP, or without a NAT, there is no mapping to ask for.
	all = spread(all, func(f Findings) bool { return f.Mapping == "" && f.NAT && f.UDP == Open && f.IPv4 },
		func(f *Findings, b Behaviour) { f.Mapping = b }, EndpointIndependent, AddressAndPortDependent)
	all = spread(all, func(f Findings) bool { return f.Filtering == "" && f.UDP == Open && f.IPv4 },
		func(f *Findings, b Behaviour) { f.Filtering = b }, EndpointIndependent, AddressAndPortDependent)
	networks := make([]network, len(all))
	for i, f := range all {
		networks[i] = network{f}
	}
	return networks
}

func spread[T any](all []Findings, unknown func(Findings) bool, set func(*Findings, T), values ...T) []Findings {
	var spreaded []Findings
	for _, f := range all {
		if !unknown(f) {
			spreaded = append(spreaded, f)
			continue
		}
		for _, value := range values {
			g := f
			set(&g, value)
			spreaded = append(spreaded, g)
		}
	}
	return spreaded
}

// foretells reports whether others learn by STUN at which address this network
// lets its packets out: its mapping is endpoint-independent, or there is none.
func (n network) foretells() bool {
	return !n.NAT || n.Mapping == EndpointIndependent || n.maps()
}

// admits reports whether packets come in from a port that nobody foretold.
func (n network) admits() bool {
	return n.Filtering == EndpointIndependent || n.Filtering == AddressDependent || n.maps()
}

// maps reports whether the router opens a port that the internet reaches. Behind
// a carrier's NAT it opens one that is not.
func (n network) maps() bool { return n.PortMapping != "" && !n.CarrierNAT }

// reachesRelay reports whether this side can send to the other one's relay,
// whose address is IPv4 and UDP; by a relay of its own it always can.
func (n network) reachesRelay() bool { return n.mayRelay() || n.UDP == Open && n.IPv4 }

// mayRelay reports whether this side has a relay and may use it.
func (n network) mayRelay() bool {
	return n.Relay && n.Policy != path.DirectOnly && n.Policy != path.LANOnly
}

// mayDirect reports whether the policy has bytes go to the internet directly.
func (n network) mayDirect() bool { return n.Policy == path.Auto || n.Policy == path.DirectOnly }

// best is the best path between two networks, by the table of RFC 4787 and RFC
// 8445: path.Connecting where there is none. Opening is what it needs.
func best(a, b network) (path.Kind, Opening) {
	if a.mayDirect() && b.mayDirect() && a.UDP == Open && b.UDP == Open {
		if opening, ok := direct(a, b); ok {
			return path.DirectInternet, opening
		}
	}
	permitted := a.Policy.Permits(path.Relayed) && b.Policy.Permits(path.Relayed)
	if !permitted || a.Policy == path.RelayOnly && !a.Relay || b.Policy == path.RelayOnly && !b.Relay {
		return path.Connecting, ""
	}
	if a.mayRelay() && b.reachesRelay() || b.mayRelay() && a.reachesRelay() {
		return path.Relayed, ""
	}
	return path.Connecting, ""
}

// direct tells whether packets of two networks find each other, and by what.
func direct(a, b network) (Opening, bool) {
	if a.IPv4 && b.IPv4 {
		unmapped := func(n network) network { n.PortMapping = ""; return n }
		switch {
		case punches(unmapped(a), unmapped(b)):
			return "", true
		case punches(a, unmapped(b)):
			return OwnMapping, true
		case punches(unmapped(a), b):
			return TheirMapping, true
		case punches(a, b):
			return OwnMapping, true
		case a.IPv6 && b.IPv6:
			return ByIPv6, true
		case predicts(a, b), predicts(b, a):
			return Predicted, true
		default:
			return "", false
		}
	}
	if a.IPv6 && b.IPv6 {
		return ByIPv6, true // there is no other way to be compared with
	}
	return "", false
}

// punches is RFC 8445's connectivity checks as hole punching by IPv4.
func punches(a, b network) bool {
	switch {
	case a.foretells() && b.foretells():
		return true // each opens its own filter
	case a.foretells():
		return a.admits() // b is learned as peer-reflexive
	case b.foretells():
		return b.admits()
	default:
		return false
	}
}

// predicts reports whether the next ports of a can be offered to b. Where both
// would have to guess, they do not meet.
func predicts(a, b network) bool { return a.PortStep > 0 && !a.foretells() && b.foretells() }
