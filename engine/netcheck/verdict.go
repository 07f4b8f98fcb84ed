package netcheck

// Verdict is a network in one word, for people.
// assets/translations has a sentence for each under "verdict.<verdict>".
type Verdict string

// The verdicts, from the best to the worst.
const (
	// Reachable: nothing translates addresses, so direct works with nearly all.
	Reachable Verdict = "reachable"
	// Mapped: the router maps ports, so direct works with nearly all.
	Mapped Verdict = "mapped"
	// Usual: the router keeps the port, so direct works with most.
	Usual Verdict = "usual"
	// Strict: the router changes ports, so some need a relay.
	Strict Verdict = "strict"
	// NoUDP: only a relay by TCP or TLS works.
	NoUDP Verdict = "no-udp"
	// LoginPage: the network wants a login first.
	LoginPage Verdict = "login-page"
	// Offline: nothing outside answers.
	Offline Verdict = "offline"
	// Undecided: too little is known, as with fewer than two STUN servers.
	Undecided Verdict = "undecided"
	// NotAsked: the policy has nothing outside the own network asked.
	NotAsked Verdict = "not-asked"
)

// Verdict sums the report up.
func (r Report) Verdict() Verdict {
	switch {
	case r.Captive != "":
		return LoginPage
	case r.UDP == Blocked:
		return NoUDP
	case r.asked() == 0:
		return NotAsked
	case r.UDP == "" && !r.IPv4 && !r.IPv6:
		return Offline
	case r.UDP != Open:
		return Undecided
	case r.PortMapping != "" && !r.CarrierNAT && r.NAT:
		return Mapped
	case r.IPv4 && !r.NAT, !r.IPv4 && r.IPv6:
		return Reachable
	case r.Mapping == EndpointIndependent:
		return Usual
	case r.Mapping != "":
		return Strict
	default:
		return Undecided
	}
}

func (r Report) asked() int { return len(r.STUN) + len(r.TURN) }

// VersionsKnown reports whether an IP version that the findings lack is known
// not to reach the internet. Where nothing was asked that tells, as under
// path.LANOnly or with relays by TCP alone, it may reach it all the same.
func (r Report) VersionsKnown() bool {
	switch r.Verdict() {
	case NotAsked:
		return false
	case Undecided:
		return r.UDP == Open
	default:
		return true
	}
}
