package netcheck

import "github.com/causeway-app/causeway/engine/path"

// Cause names why the path between two computers is what it is.
// assets/translations has a sentence for each under "cause.<cause>".
type Cause string

// The causes. Each is said of one of the two networks.
const (
	ChangesPorts  Cause = "changes-ports"   // its mapping depends on the destination
	FiltersByPort Cause = "filters-by-port" // its filter lets nobody in at another port
	UDPStopped    Cause = "udp-blocked"     // no UDP leaves it
	OnlyIPv4      Cause = "only-ipv4"       // the other has IPv6 alone
	OnlyIPv6      Cause = "only-ipv6"       // the other has IPv4 alone
	NoInternet    Cause = "no-internet"     // neither version reaches the internet
	BehindCarrier Cause = "carrier-nat"     // a second NAT, on which no port can be mapped
	PolicyDirect  Cause = "policy-direct"   // its policy is direct only
	PolicyLAN     Cause = "policy-lan"      // its policy is same network only
	PolicyRelay   Cause = "policy-relay"    // its policy is relay only
	NoRelay       Cause = "no-relay"        // no relay works from there
	NotKnown      Cause = "not-known"       // it has not been examined
)

// Remedy names what would make a relayed or failed path direct.
// assets/translations has a sentence for each under "remedy.<remedy>".
type Remedy string

// The remedies, the easiest first. Where both sides would have to act, one name
// says so; where either would do, too.
const (
	OtherPolicyOwn    Remedy = "other-policy-own"
	OtherPolicyTheirs Remedy = "other-policy-theirs"
	OtherPolicyBoth   Remedy = "other-policy-both"
	MapPortsOwn       Remedy = "map-ports-own"
	MapPortsTheirs    Remedy = "map-ports-theirs"
	MapPortsEither    Remedy = "map-ports-either"
	IPv6Own           Remedy = "ipv6-own"
	IPv6Theirs        Remedy = "ipv6-theirs"
	IPv6Both          Remedy = "ipv6-both"
	AllowUDPOwn       Remedy = "allow-udp-own"
	AllowUDPTheirs    Remedy = "allow-udp-theirs"
	AllowUDPBoth      Remedy = "allow-udp-both"
	// A relay does not make a path direct. It is named where there is none.
	AddRelayOwn    Remedy = "add-relay-own"
	AddRelayTheirs Remedy = "add-relay-theirs"
	AddRelayEither Remedy = "add-relay-either"
	AddRelayBoth   Remedy = "add-relay-both"
)

// Opening is what makes a path direct that would not be so without it.
// assets/translations has a sentence for each under "opening.<opening>".
type Opening string

// The openings. The first three are those of link.Opening.
const (
	OwnMapping   Opening = "own-mapping"
	TheirMapping Opening = "their-mapping"
	Predicted    Opening = "predicted"
	ByIPv6       Opening = "ipv6"
)

// Explanation is why a path is what it is, or would be.
type Explanation struct {
	// Path is the best that the two networks allow; path.Connecting where none,
	// and empty where too little is known to tell.
	Path path.Kind
	// Forecast tells that no path has been found yet: this is what to expect.
	Forecast bool
	// Opening is what made it direct; empty where nothing special had to.
	Opening Opening
	// Own and Theirs are what each side contributes to it, most important first.
	Own, Theirs []Cause
	// Remedies are what would make it direct; empty where it is. Where there is
	// no path at all they are what would give one.
	Remedies []Remedy
}

// Actual is what ICE has found. The zero value asks for a forecast.
type Actual struct {
	// Path is the path that carries bytes; path.Connecting, and Failed, where
	// every way was tried and none was found.
	Path   path.Kind
	Failed bool
	// Opening is link.Opening; empty where nothing had to open the path.
	Opening string
	// IPv6 tells that both ends of the path have IPv6 addresses.
	IPv6 bool
}
