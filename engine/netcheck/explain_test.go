package netcheck

import (
	"slices"
	"testing"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

// classes are the kinds of network that there are, by what RFC 4787 calls their
// mapping and filtering.
var classes = []struct {
	name string
	Findings
}{
	{"O", Findings{UDP: Open, IPv4: true, Mapping: EndpointIndependent, Filtering: EndpointIndependent}},
	{"F", Findings{UDP: Open, IPv4: true, Mapping: EndpointIndependent, Filtering: AddressAndPortDependent}},
	{"FC", Findings{UDP: Open, IPv4: true, NAT: true, Mapping: EndpointIndependent, Filtering: EndpointIndependent}},
	{"AR", Findings{UDP: Open, IPv4: true, NAT: true, Mapping: EndpointIndependent, Filtering: AddressDependent}},
	{"PR", HomeRouter()},
	{"AD", Findings{UDP: Open, IPv4: true, NAT: true, Mapping: AddressDependent, Filtering: AddressDependent}},
	{"SY", Findings{UDP: Open, IPv4: true, NAT: true, Mapping: AddressAndPortDependent, Filtering: AddressAndPortDependent}},
	{"UB", Findings{UDP: Blocked, IPv4: true, NAT: true}},
	{"V6", Findings{UDP: Open, IPv6: true}},
}

func class(name string) Findings {
	at := slices.IndexFunc(classes, func(c struct {
		name string
		Findings
	}) bool {
		return c.name == name
	})
	return classes[at].Findings
}

// The upper triangle of what is possible between two classes: D is direct, R
// needs a relay (of its own on each side that sends no UDP by IPv4).
var possible = []string{
	"DDDDDDDRR", // O
	"DDDDRRRR",  // F
	"DDDDDRR",   // FC
	"DDDDRR",    // AR
	"DRRRR",     // PR
	"RRRR",      // AD
	"RRR",       // SY
	"RR",        // UB
	"D",         // V6
}

func TestTheForecastAgreesWithEveryCellOfTheTable(t *testing.T) {
	for i, row := range possible {
		for j, cell := range row {
			a, b := classes[i], classes[i+j]
			for _, pair := range [][2]int{{i, i + j}, {i + j, i}} {
				one, other := classes[pair[0]], classes[pair[1]]
				want := path.DirectInternet
				if cell == 'R' {
					want = path.Connecting
				}
				got := Explain(one.Findings, other.Findings, Actual{})
				if got.Path != want || !got.Forecast {
					t.Errorf("%s and %s without a relay: %+v, want %s", one.name, other.name, got, want)
				}
				if cell == 'R' && (len(got.Own)+len(got.Theirs) == 0 || len(got.Remedies) == 0) {
					t.Errorf("%s and %s without a relay: nothing is said of why, or what to do: %+v", one.name, other.name, got)
				}
				one.Relay, other.Relay = true, true
				if cell == 'R' {
					want = path.Relayed
				}
				got = Explain(one.Findings, other.Findings, Actual{})
				if got.Path != want {
					t.Errorf("%s and %s with relays: %+v, want %s", one.name, other.name, got, want)
				}
				if cell == 'R' && len(got.Own)+len(got.Theirs) == 0 {
					t.Errorf("%s and %s with relays: nothing is said of why: %+v", one.name, other.name, got)
				}
				if cell == 'D' && len(got.Own)+len(got.Theirs)+len(got.Remedies) > 0 {
					t.Errorf("%s and %s are direct, and still something is to be done: %+v", a.name, b.name, got)
				}
			}
		}
	}
}

func TestOneRelayIsEnoughWhereTheOtherSideReachesIt(t *testing.T) {
	for _, test := range []struct {
		with, without string
		want          path.Kind
	}{
		{"SY", "PR", path.Relayed},
		{"PR", "SY", path.Relayed},
		{"UB", "PR", path.Relayed},
		{"PR", "UB", path.Connecting}, // which cannot send to an address of UDP
		{"UB", "UB", path.Connecting},
		{"V6", "PR", path.Relayed},
		{"PR", "V6", path.Connecting}, // which cannot send to an address of IPv4
	} {
		with, without := class(test.with), class(test.without)
		with.Relay = true
		if got := Explain(with, without, Actual{}); got.Path != test.want {
			t.Errorf("%s with a relay and %s without: %s, want %s", test.with, test.without, got.Path, test.want)
		}
		got := Explain(without, with, Actual{Failed: true})
		if needs := slices.Contains(got.Remedies, AddRelayOwn); needs != (test.want == path.Connecting) {
			t.Errorf("%s without a relay to %s with one: remedies %v", test.without, test.with, got.Remedies)
		}
	}
}

func TestAMappedPortOpensWhatTheNATDoesNot(t *testing.T) {
	mapped := class("SY")
	mapped.PortMapping = portmap.UPnP
	for _, other := range []string{"F", "PR", "AD", "SY"} {
		if got := Explain(mapped, class(other), Actual{}); got.Path != path.DirectInternet || got.Opening != OwnMapping {
			t.Errorf("own mapping to %s: %+v", other, got)
		}
		if got := Explain(class(other), mapped, Actual{}); got.Path != path.DirectInternet || got.Opening != TheirMapping {
			t.Errorf("their mapping from %s: %+v", other, got)
		}
	}
	if got := Explain(mapped, class("O"), Actual{}); got.Path != path.DirectInternet || got.Opening != "" {
		t.Errorf("a mapping that nothing needs is named: %+v", got)
	}
	mapped.CarrierNAT = true
	got := Explain(mapped, class("PR"), Actual{})
	if got.Path != path.Connecting || !slices.Equal(got.Own[:2], []Cause{ChangesPorts, BehindCarrier}) {
		t.Errorf("a port that only the home router maps opens the carrier's NAT: %+v", got)
	}
	if slices.Contains(got.Remedies, MapPortsOwn) || !slices.Contains(got.Remedies, MapPortsTheirs) {
		t.Errorf("remedies behind a carrier's NAT: %v", got.Remedies)
	}
}

func TestForetoldPortsOpenASequentialNATToOneThatIsNotSymmetric(t *testing.T) {
	sequential := class("SY")
	sequential.PortStep = 1
	for other, want := range map[string]path.Kind{"PR": path.DirectInternet, "F": path.DirectInternet, "SY": path.Connecting, "AD": path.Connecting, "UB": path.Connecting} {
		got := Explain(sequential, class(other), Actual{})
		if got.Path != want || (want == path.DirectInternet) != (got.Opening == Predicted) {
			t.Errorf("to %s: %+v, want %s", other, got, want)
		}
	}
	if got := Explain(sequential, sequential, Actual{}); got.Path != path.Connecting {
		t.Errorf("two that both have to guess: %+v", got)
	}
}

func TestForetoldPortsThatLeadNowhereLeaveTheReason(t *testing.T) {
	sequential := class("SY")
	sequential.PortStep = 1
	for _, actual := range []Actual{{Path: path.Connecting, Failed: true}, {Path: path.Relayed}} {
		got := Explain(sequential, class("PR"), actual)
		if !slices.Contains(got.Own, ChangesPorts) || !slices.Contains(got.Theirs, FiltersByPort) || len(got.Remedies) == 0 {
			t.Errorf("%+v: %+v", actual, got)
		}
	}
}

func TestIPv6OnBothSidesBeatsEveryNAT(t *testing.T) {
	a, b := class("SY"), class("SY")
	a.IPv6 = true
	if got := Explain(a, b, Actual{}); !slices.Contains(got.Remedies, IPv6Theirs) || slices.Contains(got.Remedies, IPv6Both) {
		t.Errorf("remedies where one side has IPv6: %v", got.Remedies)
	}
	b.IPv6 = true
	if got := Explain(a, b, Actual{}); got.Path != path.DirectInternet || got.Opening != ByIPv6 {
		t.Errorf("got %+v", got)
	}
}

func TestTheRelayedPairOfTheIssueIsExplained(t *testing.T) {
	own, theirs := class("SY"), class("PR")
	own.Relay = true
	got := Explain(own, theirs, Actual{Path: path.Relayed})
	if got.Forecast || !slices.Equal(got.Own, []Cause{ChangesPorts}) || !slices.Equal(got.Theirs, []Cause{FiltersByPort}) ||
		!slices.Equal(got.Remedies, []Remedy{MapPortsEither, IPv6Both}) {
		t.Errorf("got %+v", got)
	}
	// Most STUN servers cannot tell how a NAT filters.
	theirs.Filtering = ""
	if forecast := Explain(own, theirs, Actual{}); forecast.Path != "" || !slices.Equal(forecast.Theirs, []Cause{NotKnown}) {
		t.Errorf("the forecast guesses: %+v", forecast)
	}
	if truth := Explain(own, theirs, Actual{Path: path.Relayed}); !slices.Equal(truth.Theirs, []Cause{FiltersByPort}) {
		t.Errorf("the truth does not say what it shows: %+v", truth)
	}
}

func TestTheTruthIsToldEvenIfItIsNotWhatWasToBeExpected(t *testing.T) {
	pr := class("PR")
	if got := Explain(pr, pr, Actual{Path: path.Relayed}); got.Path != path.Relayed || got.Forecast || len(got.Remedies) > 0 {
		t.Errorf("relayed where direct was to be expected: %+v", got)
	}
	sy := class("SY")
	if got := Explain(sy, sy, Actual{Path: path.DirectInternet, Opening: "own-mapping"}); got.Path != path.DirectInternet || got.Opening != OwnMapping || len(got.Own) > 0 {
		t.Errorf("direct where it was not to be expected: %+v", got)
	}
	if got := Explain(sy, sy, Actual{Path: path.DirectInternet, IPv6: true}); got.Opening != ByIPv6 {
		t.Errorf("direct by IPv6: %+v", got)
	}
	if got := Explain(sy, sy, Actual{Path: path.DirectLAN}); got.Path != path.DirectLAN || len(got.Own) > 0 || got.Forecast {
		t.Errorf("on one network: %+v", got)
	}
	if got := Explain(pr, pr, Actual{Path: path.Connecting, Failed: true}); got.Path != path.Connecting || got.Forecast {
		t.Errorf("no path at all: %+v", got)
	}
	if got := Explain(pr, pr, Actual{Path: path.Connecting}); got.Path != path.DirectInternet || !got.Forecast {
		t.Errorf("still connecting: %+v", got)
	}
}

func TestWhatIsNotKnownIsNotGuessed(t *testing.T) {
	for _, pair := range [][2]Findings{{{}, {}}, {class("PR"), {}}, {{}, class("SY")}} {
		got := Explain(pair[0], pair[1], Actual{})
		if got.Path != "" || !got.Forecast || len(got.Remedies) > 0 {
			t.Errorf("%+v: %+v", pair, got)
		}
	}
	if got := Explain(class("PR"), Findings{}, Actual{}); len(got.Own) > 0 || !slices.Equal(got.Theirs, []Cause{NotKnown}) {
		t.Errorf("the wrong side is unknown: %+v", got)
	}
	// Where every guess comes to the same, there is nothing to know.
	unfiltered := class("PR")
	unfiltered.Filtering = ""
	if got := Explain(unfiltered, class("PR"), Actual{}); got.Path != path.DirectInternet {
		t.Errorf("how it filters does not matter there: %+v", got)
	}
	unmapped := class("PR")
	unmapped.Mapping = ""
	if got := Explain(unmapped, class("PR"), Actual{}); got.Path != "" {
		t.Errorf("with one STUN server: %+v", got)
	}
}

func TestPoliciesAreCausesAndTheirChangeARemedy(t *testing.T) {
	with := func(name string, policy path.Policy, relay bool) Findings {
		f := class(name)
		f.Policy, f.Relay = policy, relay
		return f
	}
	for _, test := range []struct {
		story       string
		own, theirs Findings
		want        path.Kind
		mine        []Cause
		others      []Cause
		remedy      Remedy
	}{
		{"relay only", with("PR", path.RelayOnly, true), class("PR"), path.Relayed, []Cause{PolicyRelay}, nil, OtherPolicyOwn},
		{"their relay only", class("PR"), with("PR", path.RelayOnly, true), path.Relayed, nil, []Cause{PolicyRelay}, OtherPolicyTheirs},
		{"relay only without a relay", with("PR", path.RelayOnly, false), with("PR", path.Auto, true), path.Connecting, []Cause{PolicyRelay, NoRelay}, nil, OtherPolicyOwn},
		{"direct only, symmetric", with("SY", path.DirectOnly, true), with("SY", path.Auto, true), path.Connecting,
			[]Cause{ChangesPorts, PolicyDirect}, []Cause{ChangesPorts}, OtherPolicyOwn},
		{"relay only to direct only", with("PR", path.RelayOnly, true), with("PR", path.DirectOnly, false), path.Connecting,
			[]Cause{PolicyRelay}, []Cause{PolicyDirect}, OtherPolicyOwn},
		{"same network only", with("PR", path.LANOnly, false), class("PR"), path.Connecting, []Cause{PolicyLAN}, nil, OtherPolicyOwn},
		{"direct only and direct", with("PR", path.DirectOnly, false), class("PR"), path.DirectInternet, nil, nil, ""},
	} {
		got := Explain(test.own, test.theirs, Actual{})
		if got.Path != test.want || !slices.Equal(got.Own, test.mine) || !slices.Equal(got.Theirs, test.others) {
			t.Errorf("%s: %+v, want %s %v %v", test.story, got, test.want, test.mine, test.others)
		}
		if test.remedy != "" && !slices.Contains(got.Remedies, test.remedy) {
			t.Errorf("%s: remedies %v, want %s among them", test.story, got.Remedies, test.remedy)
		}
	}
}

func TestBlockedUDPIsTheFirstThingToChange(t *testing.T) {
	ub, pr := class("UB"), class("PR")
	ub.Relay = true
	got := Explain(ub, pr, Actual{Path: path.Relayed})
	if !slices.Equal(got.Own, []Cause{UDPStopped}) || len(got.Theirs) > 0 || !slices.Equal(got.Remedies, []Remedy{AllowUDPOwn}) {
		t.Errorf("got %+v", got)
	}
	if got := Explain(ub, ub, Actual{Path: path.Relayed}); !slices.Equal(got.Remedies, []Remedy{AllowUDPBoth}) {
		t.Errorf("blocked on both sides: %+v", got)
	}
}

func TestARelayAloneTellsNothingOfTheNetworkAroundIt(t *testing.T) {
	// That it works is known before the rest.
	early := Findings{Relay: true, Policy: path.Auto}
	for name, why := range map[string]Explanation{
		"own":    Explain(early, HomeRouter(), Actual{}),
		"theirs": Explain(HomeRouter(), early, Actual{}),
	} {
		if why.Path != "" || slices.Contains(slices.Concat(why.Own, why.Theirs), NoInternet) {
			t.Errorf("%s: %+v", name, why)
		}
	}
	direct := HomeRouter()
	direct.Policy = path.DirectOnly
	why := Explain(direct, early, Actual{Path: path.Connecting, Failed: true})
	if !slices.Contains(why.Own, PolicyDirect) || !slices.Equal(why.Theirs, []Cause{NotKnown}) {
		t.Errorf("%+v", why)
	}
}

func TestWhoStaysInTheNetworkIsNotAskedWhatItIsLike(t *testing.T) {
	why := Explain(Findings{Policy: path.LANOnly}, HomeRouter(), Actual{Path: path.Connecting, Failed: true})
	if !slices.Equal(why.Own, []Cause{PolicyLAN}) || len(why.Theirs) > 0 {
		t.Errorf("%+v", why)
	}
}
