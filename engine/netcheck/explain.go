package netcheck

import (
	"slices"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

// HomeRouter is how most homes reach the internet: the port outside is the same
// for every destination, and the router lets in nobody at another one. A forecast
// against it tells what to expect of a peer who is not known yet.
func HomeRouter() Findings {
	return Findings{UDP: Open, IPv4: true, NAT: true, Mapping: EndpointIndependent, Filtering: AddressAndPortDependent}
}

// Explain says why the path between two computers is what it is, or, before one
// was found, which to expect. It looks at nothing but its arguments.
//
// What is unknown is not guessed: where the findings leave both a direct and a
// relayed path possible, a forecast has an empty Path and NotKnown among the
// causes. Findings say nothing of who shares a network, so no forecast is
// path.DirectLAN; under path.LANOnly there is none but on one network.
func Explain(own, theirs Findings, actual Actual) Explanation {
	e := Explanation{Path: actual.Path, Opening: Opening(actual.Opening)}
	switch {
	case actual.Failed:
		e.Path = path.Connecting
	case actual.Path == "" || actual.Path == path.Connecting:
		e.Forecast = true
		e.Path, e.Opening = forecast(own, theirs)
	}
	switch {
	case e.Path.Direct():
		if e.Opening == "" && !e.Forecast && actual.IPv6 && actual.Path == path.DirectInternet {
			e.Opening = ByIPv6
		}
		return e
	case e.Path == "":
		e.Own, e.Theirs = missing(own), missing(theirs)
		return e
	}
	if !e.Forecast {
		own.PortStep, theirs.PortStep = 0, 0 // foretold ports did not lead there
	}
	e.Remedies = remedies(e.Path, own, theirs)
	e.Own, e.Theirs = causes(own, theirs, e.Remedies)
	return e
}

// forecast is the best path, as far as every guess agrees on it; empty where
// they do not.
func forecast(own, theirs Findings) (path.Kind, Opening) {
	var kind path.Kind
	var opening Opening
	agreed := true
	for _, a := range own.guesses() {
		for _, b := range theirs.guesses() {
			k, o := best(a, b)
			switch {
			case kind == "":
				kind, opening = k, o
			case kind != k:
				return "", ""
			case opening != o:
				agreed = false
			}
		}
	}
	if !agreed {
		opening = "" // direct in any case, by one way or another
	}
	return kind, opening
}

// missing names a side of which too little is known.
func missing(f Findings) []Cause {
	if len(f.guesses()) > 1 {
		return []Cause{NotKnown}
	}
	return nil
}

// causes are what each side contributes to a path that is not direct.
func causes(own, theirs Findings, remedies []Remedy) (mine, others []Cause) {
	free, freeTheirs := own, theirs
	free.Policy, freeTheirs.Policy = path.Auto, path.Auto
	without, _ := forecast(free, freeTheirs)
	if !without.Direct() && !hides(own) && !hides(theirs) {
		mine, others = networkCauses(own, theirs), networkCauses(theirs, own)
	}
	mine, others = append(mine, policyCauses(own)...), append(others, policyCauses(theirs)...)
	for _, r := range remedies {
		switch r {
		case AddRelayOwn:
			mine = append(mine, NoRelay)
		case AddRelayTheirs:
			others = append(others, NoRelay)
		case AddRelayEither, AddRelayBoth:
			mine, others = append(mine, NoRelay), append(others, NoRelay)
		}
	}
	return mine, others
}

// hides reports whether a side says nothing of its network, which makes no
// difference then: it is relayed, or never left, whatever it is like.
func hides(f Findings) bool { return f.Policy == path.RelayOnly || f.Policy == path.LANOnly }

func policyCauses(f Findings) []Cause {
	switch f.Policy {
	case path.DirectOnly:
		return []Cause{PolicyDirect}
	case path.LANOnly:
		return []Cause{PolicyLAN}
	case path.RelayOnly:
		return []Cause{PolicyRelay}
	default:
		return nil
	}
}

// networkCauses are what f has that keeps a direct path to other from being.
func networkCauses(f, other Findings) []Cause {
	switch {
	case !f.known():
		return []Cause{NotKnown}
	case f.UDP == Blocked:
		return []Cause{UDPStopped}
	case other.UDP == Blocked:
		return nil // whatever this side has
	case !f.IPv4 && !f.IPv6:
		return []Cause{NoInternet}
	case !other.known() || !other.IPv4 && !other.IPv6:
	case !f.IPv4 && !other.IPv6:
		return []Cause{OnlyIPv6}
	case !f.IPv6 && !other.IPv4:
		return []Cause{OnlyIPv4}
	}
	var found []Cause
	switch {
	case f.dependent():
		found = append(found, ChangesPorts)
	case other.dependent() && f.foretold() && f.Filtering != EndpointIndependent && f.Filtering != AddressDependent:
		// Most servers cannot tell how it filters. That there is no direct path
		// does: any other filter would have let one be.
		found = append(found, FiltersByPort)
	case len(f.guesses()) > 1:
		found = append(found, NotKnown)
	}
	if f.CarrierNAT && len(found) > 0 && found[0] == ChangesPorts {
		found = append(found, BehindCarrier)
	}
	return found
}

// dependent reports whether the outside port depends on the destination.
func (f Findings) dependent() bool {
	return f.NAT && (f.Mapping == AddressDependent || f.Mapping == AddressAndPortDependent)
}

// foretold reports whether it is known not to.
func (f Findings) foretold() bool { return !f.NAT || f.Mapping == EndpointIndependent }

// change is what one side, or both, could do.
type change struct {
	apply        func(*Findings)
	own, theirs  Remedy
	either, both Remedy // either is empty where both have to act
	applicable   func(Findings) bool
}

// changes are tried in this order; each that works is a remedy.
var changes = []change{
	{
		apply: func(f *Findings) { f.Policy = path.Auto },
		own:   OtherPolicyOwn, theirs: OtherPolicyTheirs, either: OtherPolicyOwn, both: OtherPolicyBoth,
		applicable: func(f Findings) bool { return f.Policy != path.Auto && f.Policy != "" },
	},
	{
		apply: func(f *Findings) { f.PortMapping = portmap.UPnP },
		own:   MapPortsOwn, theirs: MapPortsTheirs, either: MapPortsEither,
		applicable: func(f Findings) bool { return f.PortMapping == "" && !f.CarrierNAT && f.IPv4 && f.UDP != Blocked },
	},
	{
		apply: func(f *Findings) { f.IPv6 = true },
		own:   IPv6Own, theirs: IPv6Theirs, both: IPv6Both,
		applicable: func(f Findings) bool { return !f.IPv6 && f.UDP != Blocked },
	},
	{
		// What a network is behind its firewall is not known; a home's usual NAT
		// is taken.
		apply: func(f *Findings) {
			if f.UDP, f.Filtering = Open, AddressAndPortDependent; f.Mapping == "" {
				f.Mapping = EndpointIndependent
			}
		},
		own: AllowUDPOwn, theirs: AllowUDPTheirs, both: AllowUDPBoth,
		applicable: func(f Findings) bool { return f.UDP == Blocked },
	},
	{
		apply: func(f *Findings) { f.Relay = true },
		own:   AddRelayOwn, theirs: AddRelayTheirs, either: AddRelayEither, both: AddRelayBoth,
		applicable: func(f Findings) bool { return !f.Relay },
	},
}

// remedies are the changes with which the path would be direct; or, where there
// is none, with which there would be one.
func remedies(kind path.Kind, own, theirs Findings) []Remedy {
	now, _ := forecast(own, theirs)
	if !own.known() || !theirs.known() || now.Direct() {
		return nil // there is nothing to remedy that is known
	}
	var found []Remedy
	for _, c := range changes {
		helps := func(a, b Findings) bool {
			would, _ := forecast(a, b)
			return would.Direct() || kind == path.Connecting && now == path.Connecting && would == path.Relayed
		}
		found = append(found, c.remedy(own, theirs, helps)...)
	}
	return slices.Compact(found)
}

func (c change) remedy(own, theirs Findings, helps func(a, b Findings) bool) []Remedy {
	mine, others := own, theirs
	can, could := c.applicable(own), c.applicable(theirs)
	c.apply(&mine)
	c.apply(&others)
	alone, other := can && helps(mine, theirs), could && helps(own, others)
	switch {
	case alone && other && c.either != "" && c.either != c.own:
		return []Remedy{c.either}
	case alone && other:
		return []Remedy{c.own, c.theirs}
	case alone:
		return []Remedy{c.own}
	case other:
		return []Remedy{c.theirs}
	case can && could && c.both != "" && helps(mine, others):
		return []Remedy{c.both}
	default:
		return nil
	}
}
