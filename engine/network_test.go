package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
	"github.com/causeway-app/causeway/engine/settings"
)

// bench is an engine whose instruments say what a test wants.
type bench struct {
	*Engine
	mu       sync.Mutex
	configs  []netcheck.Config   // of each check
	measured [][]netcheck.Server // of each measurement
	report   netcheck.Report
	results  map[string]netcheck.TURNResult // by URL
	address  atomic.Value                   // of this computer
}

func newBench(t *testing.T, change func(*settings.Settings)) *bench {
	t.Helper()
	s := settings.Default()
	s.Rendezvous, s.STUN, s.DownloadDir, s.PortMapping = nil, nil, t.TempDir(), false
	change(&s)
	e, err := New(Config{Settings: s, StateDir: t.TempDir(), NoLAN: true})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{Engine: e, results: map[string]netcheck.TURNResult{}}
	b.address.Store("192.0.2.1")
	t.Cleanup(func() { e.owner.swarm.Close() }) // for those that never serve
	e.owner.instruments = instruments{
		check: b.check, measure: b.measure, test: b.test,
		interfaces: func() string { return b.address.Load().(string) }, period: 5 * time.Millisecond,
	}
	return b
}

func (b *bench) check(_ context.Context, config netcheck.Config) netcheck.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.configs = append(b.configs, config)
	report := b.report
	report.At = time.Now()
	for _, server := range config.TURN {
		report.TURN = append(report.TURN, b.results[server.URL])
	}
	return report
}

func (b *bench) measure(_ context.Context, servers []netcheck.Server) (results []netcheck.TURNResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.measured = append(b.measured, servers)
	for _, server := range servers {
		results = append(results, b.results[server.URL])
	}
	return results
}

func (b *bench) test(_ context.Context, server netcheck.Server, options netcheck.Options) netcheck.TURNResult {
	result := b.results[server.URL]
	for _, stage := range result.Stages {
		options.OnStage(stage)
	}
	return result
}

// answers makes a TURN server answer after a time, or fail where reason says so.
func (b *bench) answers(url string, rtt time.Duration, reason netcheck.Reason) {
	b.mu.Lock()
	defer b.mu.Unlock()
	result := netcheck.TURNResult{URL: url, RTT: rtt}
	if reason != "" {
		result.Failure = &netcheck.Failure{Stage: netcheck.Allocate, Reason: reason, Code: 401, Err: errors.New("no entry")}
	}
	b.results[url] = result
}

func (b *bench) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (b *bench) until(t *testing.T, what string, fits func(State) bool) State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	state, err := b.State().Wait(ctx, fits)
	if err != nil {
		t.Fatalf("waiting until %s: %+v", what, state.Network)
	}
	return state
}

func relayOf(url string) settings.TURN {
	return settings.TURN{URL: url, Username: "ada", Password: "north"}
}

func (s State) relayURLs() (urls []string) {
	for _, relay := range s.Network.Relays {
		urls = append(urls, relay.URL)
	}
	return urls
}

func TestRelaysAreTriedInOrderOfTheirRoundTripsAndFailedOnesLast(t *testing.T) {
	t.Parallel()
	far, broken, near := "turn:far.example", "turn:broken.example", "turn:near.example"
	b := newBench(t, func(s *settings.Settings) {
		s.TURN = []settings.TURN{relayOf(far), relayOf(broken), relayOf(near)}
	})
	b.answers(far, 80*time.Millisecond, "")
	b.answers(broken, 0, netcheck.WrongPassword)
	b.answers(near, 5*time.Millisecond, "")
	if got := b.owner.linkConfig().Servers; len(got) != 3 || got[0].URL != far {
		t.Errorf("before anything is known links try %v", got)
	}
	b.start(t)
	state := b.until(t, "the relays are measured", func(s State) bool {
		return s.Network.Check != nil && slices.Equal(s.relayURLs(), []string{near, far, broken})
	})
	last := state.Network.Relays[2]
	if last.Failure == nil || last.Failure.Code != 401 || last.Tested.IsZero() || state.Network.Relays[0].RTT != 5*time.Millisecond {
		t.Errorf("shown: %+v", state.Network.Relays)
	}

	b.answers(broken, time.Millisecond, "") // and is measured again, as after a change of network
	b.address.Store("192.0.2.2")
	b.until(t, "it is first", func(s State) bool { return slices.Equal(s.relayURLs(), []string{broken, near, far}) })
}

func TestAFailedRelayIsTriedAgainSoonAndThenLess(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(s *settings.Settings) { s.TURN = []settings.TURN{relayOf("turn:a.example")} })
	b.answers("turn:a.example", 0, netcheck.Unreachable)
	o := b.owner
	o.ctx = t.Context()
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		o.measured(o.network.round, o.relaysInOrder(), b.measure(nil, o.turnServers()))
		if wait := time.Until(o.network.due); wait < want-time.Second || wait > want {
			t.Errorf("tried again after %v, want %v", wait, want)
		}
	}
	b.answers("turn:a.example", time.Millisecond, "")
	o.measured(o.network.round, o.relaysInOrder(), b.measure(nil, o.turnServers()))
	if o.network.failed != 0 {
		t.Error("it works, and is called failing")
	}
	o.measured(o.network.round-1, nil, nil) // of an earlier network
	if o.network.relays[relayOf("turn:a.example")].failure != nil {
		t.Error("a late result counts")
	}
}

func TestWhatThePolicyDoesNotUseIsNotAsked(t *testing.T) {
	t.Parallel()
	for policy, want := range map[path.Policy]struct{ stun, turn, mapper bool }{
		path.Auto: {true, true, true}, path.DirectOnly: {true, false, true}, path.LANOnly: {true, false, false}, path.RelayOnly: {false, true, false},
	} {
		b := newBench(t, func(s *settings.Settings) {
			s.Policy, s.STUN, s.TURN, s.PortMapping = policy, []string{"stun:a.example"}, []settings.TURN{relayOf("turn:a.example")}, true
		})
		// The policy makes netcheck itself keep within the own network.
		b.report.Findings = netcheck.Findings{UDP: netcheck.Open, IPv6: true, NAT: true}
		b.owner.instruments.gateway = portmap.Config{Gateway: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		b.start(t)
		b.until(t, "it is checked", func(s State) bool { return s.Network.Check != nil })
		b.mu.Lock()
		config, servers := b.configs[0], b.measured[0]
		b.mu.Unlock()
		if got := len(config.STUN) > 0; got != want.stun || len(servers) > 0 != want.turn || config.Policy != policy || len(config.TURN) > 0 {
			t.Errorf("%s: STUN %v, TURN %v, %+v", policy, got, servers, config)
		}
		mapping := make(chan bool, 1)
		b.owner.post(func() { mapping <- b.owner.network.mapper != nil })
		if got := <-mapping; got != want.mapper {
			t.Errorf("%s: ports are mapped: %v", policy, got)
		}
		told := make(chan netcheck.Findings, 1)
		b.owner.post(func() { told <- b.owner.findings() })
		if found := <-told; found.Policy != policy || policy == path.RelayOnly && (found.NAT || found.UDP != "" || found.IPv6) {
			t.Errorf("%s: peers are told %+v", policy, found)
		}
	}
}

func TestPortsAreForetoldOnlyWhereTheyCanBe(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*settings.Settings) {})
	o := b.owner
	for _, c := range []struct {
		found netcheck.Findings
		want  int
	}{
		{netcheck.Findings{Mapping: netcheck.AddressAndPortDependent, PortStep: 2}, 2},
		{netcheck.Findings{Mapping: netcheck.AddressAndPortDependent}, 0},
		{netcheck.Findings{Mapping: netcheck.EndpointIndependent, PortStep: 1}, 0},
	} {
		o.network.report = &netcheck.Report{Findings: c.found}
		if got := o.linkConfig(); got.PortStep != c.want || got.Mapper != nil {
			t.Errorf("%+v: %+v", c.found, got)
		}
	}
}

func TestASearchForARouterThatEndsLateIsStillTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*settings.Settings) {})
	o := b.owner
	o.routerChanged(portmap.Status{Searched: true, Protocol: portmap.PCP}) // before the first check
	o.network.report = &netcheck.Report{Findings: netcheck.Findings{NAT: true}}
	o.routerChanged(portmap.Status{Searched: true, Protocol: portmap.UPnP})
	if found := o.findings(); found.PortMapping != portmap.UPnP || !found.NAT {
		t.Errorf("found %+v", found)
	}
	o.routerChanged(portmap.Status{Searched: true, Protocol: portmap.UPnP, Err: errors.New("refused")})
	if found := o.findings(); found.PortMapping != "" {
		t.Errorf("a router that refuses counts: %+v", found)
	}
}

func TestATestOfARelayIsShownWhereTheSettingsHaveIt(t *testing.T) {
	t.Parallel()
	mine := relayOf("turn:a.example")
	b := newBench(t, func(s *settings.Settings) { s.TURN = []settings.TURN{mine} })
	b.answers(mine.URL, time.Millisecond, "")
	b.start(t)
	b.until(t, "it works", func(s State) bool { return len(s.Network.Relays) == 1 && s.Network.Relays[0].RTT > 0 })
	failed := netcheck.StageResult{Stage: netcheck.Allocate, Failure: &netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.QuotaReached, Code: 486}}
	b.results[mine.URL] = netcheck.TURNResult{URL: mine.URL, Stages: []netcheck.StageResult{failed}, Failure: failed.Failure}
	var stages []netcheck.StageResult
	result, err := b.TestRelay(t.Context(), mine, func(s netcheck.StageResult) { stages = append(stages, s) })
	if err != nil || result.Failure == nil || len(stages) != 1 {
		t.Fatalf("got %+v, %v after the stages %v", result, err, stages)
	}
	if shown := b.State().Load().Network.Relays[0]; shown.Failure == nil || shown.Failure.Code != 486 {
		t.Errorf("shown: %+v", shown)
	}
	b.results["turn:foreign.example"] = netcheck.TURNResult{URL: "turn:foreign.example", Rate: 1000, BytesUsed: 2500,
		Stages: []netcheck.StageResult{{Stage: netcheck.Throughput, Took: 2 * time.Second}}}
	if _, err := b.TestRelay(t.Context(), relayOf("turn:foreign.example"), func(netcheck.StageResult) {}); err != nil {
		t.Fatal(err)
	}
	if shown := b.State().Load().Network; len(shown.Relays) != 1 || shown.Usage.Bytes != 2500 {
		t.Errorf("shown: %+v", shown)
	}
	report, err := b.CheckNetwork(t.Context())
	if err != nil || len(report.TURN) != 1 || !reflect.DeepEqual(b.State().Load().Network.Check.TURN, report.TURN) {
		t.Errorf("the check says %+v, %v", report, err)
	}
}

func TestACheckThatIsOvertakenIsNotShown(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(s *settings.Settings) { s.TURN = []settings.TURN{relayOf("turn:a.example")} })
	b.answers("turn:a.example", time.Millisecond, "")
	b.start(t)
	b.until(t, "it is checked", func(s State) bool { return s.Network.Check != nil && s.Network.Relays[0].RTT > 0 })
	late := netcheck.TURNResult{URL: "turn:a.example", BytesUsed: 700, Failure: &netcheck.Failure{Reason: netcheck.Unreachable}}
	for name, overtake := range map[string]func(stop func()){
		"it was told to end":      func(stop func()) { stop() },
		"the network has changed": func(func()) { b.owner.post(b.owner.networkChanged) },
	} {
		ctx, stop := context.WithCancel(t.Context())
		usual := b.owner.instruments.check
		found := make(chan func(context.Context, netcheck.Config) netcheck.Report)
		b.owner.post(func() {
			b.owner.instruments.check = func(ctx context.Context, config netcheck.Config) netcheck.Report {
				if len(config.TURN) == 0 {
					return usual(ctx, config)
				}
				overtake(stop)
				return netcheck.Report{TURN: []netcheck.TURNResult{late}}
			}
			close(found)
		})
		<-found
		before := b.State().Load().Network.Usage.Bytes
		if _, err := b.CheckNetwork(ctx); !errors.Is(err, ctx.Err()) {
			t.Errorf("%s: %v", name, err)
		}
		stop()
		shown := b.until(t, "the bytes are counted", func(s State) bool { return s.Network.Usage.Bytes == before+late.BytesUsed })
		if relay := shown.Network.Relays[0]; relay.Failure != nil || len(shown.Network.Check.TURN) == 1 && shown.Network.Check.TURN[0].BytesUsed > 0 {
			t.Errorf("%s: shown %+v", name, relay)
		}
	}
}

func TestNoThroughputIsMeasuredOnceTheMonthIsSpent(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(s *settings.Settings) {
		s.TURN, s.RelayMonth = []settings.TURN{relayOf("turn:a.example")}, 1<<30
	})
	b.answers("turn:a.example", time.Millisecond, "")
	var tested []time.Duration
	b.owner.instruments.test = func(_ context.Context, _ netcheck.Server, options netcheck.Options) netcheck.TURNResult {
		tested = append(tested, options.Throughput)
		return netcheck.TURNResult{}
	}
	b.start(t)
	checked := func() time.Duration {
		if _, err := b.CheckNetwork(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.TestRelay(t.Context(), relayOf("turn:a.example"), nil); err != nil {
			t.Fatal(err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, config := range slices.Backward(b.configs) {
			if len(config.TURN) > 0 {
				return config.Throughput
			}
		}
		return -2
	}
	if got := checked(); got != 0 {
		t.Errorf("with a month before it: %v", got)
	}
	b.owner.post(func() { b.owner.budget.count(time.Now(), relayName("turn:a.example"), 1<<30) })
	if got := checked(); got != -1 || !slices.Equal(tested, []time.Duration{0, -1}) {
		t.Errorf("with nothing left: a check %v, tests %v", got, tested)
	}
}

func TestALinkThatLosesItsRelayAsksForALook(t *testing.T) {
	t.Parallel()
	at := time.Now()
	held, ended := link.RelayUse{Server: "turn:a.example", Since: at}, link.RelayUse{Server: "turn:a.example", Since: at, Released: at}
	relayed := link.Status{Up: true, Path: path.Relayed, Relay: "turn:a.example", Relays: []link.RelayUse{held}}
	for name, c := range map[string]struct {
		change func(*link.Status)
		want   bool
	}{
		"nothing":              {func(*link.Status) {}, false},
		"a relay to stand by":  {func(s *link.Status) { s.Relays = append(s.Relays, held) }, false},
		"another relay":        {func(s *link.Status) { s.Relay = "turn:b.example" }, true},
		"the allocation ended": {func(s *link.Status) { s.Relays[0] = ended }, true},
		"a direct path": {func(s *link.Status) {
			s.Path, s.Relay, s.Relays[0] = path.DirectInternet, "", ended
		}, false},
		"the end": {func(s *link.Status) { s.Up, s.Err, s.Relays[0] = false, link.ErrNoPath, ended }, false},
	} {
		now := relayed
		now.Relays = slices.Clone(relayed.Relays)
		c.change(&now)
		if got := relayLost(relayed, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}

	b := newBench(t, func(*settings.Settings) {})
	b.start(t)
	rounds := make(chan [2]int, 1)
	b.owner.post(func() {
		n := &b.owner.network
		before := n.round
		b.owner.lookSoon()
		b.owner.lookSoon()
		if wait := time.Until(n.due); wait > hurryPause {
			t.Errorf("the second look is %v away", wait)
		}
		rounds <- [2]int{before, n.round}
	})
	if got := <-rounds; got[1] != got[0]+1 {
		t.Errorf("%d looks at once", got[1]-got[0])
	}
}

func TestAMissingPathNamesTheRelayThatRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(s *settings.Settings) { s.TURN = []settings.TURN{relayOf("turn:a.example")} })
	b.answers("turn:a.example", 0, netcheck.WrongPassword)
	o := b.owner
	o.ctx = t.Context()
	if plain := o.pathProblem(link.ErrNoPath, nil); plain.Code != NoPath || plain.Err != link.ErrNoPath {
		t.Errorf("before anything is known: %v", plain)
	}
	o.measured(o.network.round, o.relaysInOrder(), b.measure(nil, o.turnServers()))
	said := o.pathProblem(link.ErrNoPath, nil)
	if text := said.Error(); said.Code != NoPath || !errors.Is(said, link.ErrNoPath) ||
		!strings.Contains(text, "a.example") || !strings.Contains(text, "unauthorized") || strings.Contains(text, "\n") {
		t.Errorf("said: %q", text)
	}
	b.answers("turn:a.example", time.Millisecond, "")
	o.measured(o.network.round, o.relaysInOrder(), b.measure(nil, o.turnServers()))
	if later := o.withoutRelay(said.Err); later != link.ErrNoPath {
		t.Errorf("of a relay that works: %v", later)
	}
}

func TestWhatAPeerSaysOfItsNetworkIsBounded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]netcheck.Findings{
		`{"network":{"udp":"open","nat":true,"mapping":"endpoint-independent","port_step":2,"port_mapping":"pcp","policy":"auto"}}`: {
			UDP: netcheck.Open, NAT: true, Mapping: netcheck.EndpointIndependent, PortStep: 2, PortMapping: portmap.PCP, Policy: path.Auto},
		`{"network":{"udp":"\u001b[2J","mapping":"x","filtering":"y","port_step":2000000000,"port_mapping":"z","policy":"q","ipv4":true}}`: {IPv4: true},
		`{"network":{"udp":7}}`:   {},
		`{"network":"nothing"}`:   {},
		`{"network":null}`:        {},
		`{"network":[1]}`:         {},
		`{}`:                      {},
		`{"network":{"new":{}}}`:  {},
		`{"network":{"nat":"y"}}`: {},
	} {
		var h hello
		if err := json.Unmarshal([]byte(text), &h); err != nil || h.Network.Findings != want {
			t.Errorf("%s is read as %+v, %v", text, h.Network.Findings, err)
		}
	}
	own := hello{Network: toldFindings{netcheck.Findings{UDP: netcheck.Blocked, Relay: true}}}
	encoded, _ := json.Marshal(own)
	var read hello
	if err := json.Unmarshal(encoded, &read); err != nil || read.Network != own.Network {
		t.Errorf("%s is read as %+v, %v", encoded, read.Network, err)
	}
}

func TestServersThatDifferInTheirCredentialsAloneAreToldApart(t *testing.T) {
	t.Parallel()
	const url = "turn:a.example"
	good, bad := relayOf(url), settings.TURN{URL: url, Username: "bob", Password: "wrong"}
	b := newBench(t, func(s *settings.Settings) { s.TURN = []settings.TURN{bad, good} })
	tried := func(_ context.Context, servers []netcheck.Server) (results []netcheck.TURNResult) {
		for _, server := range servers {
			result := netcheck.TURNResult{URL: server.URL, RTT: time.Millisecond}
			if server.Username == "bob" {
				result = netcheck.TURNResult{URL: server.URL, Failure: &netcheck.Failure{Reason: netcheck.WrongPassword}}
			}
			results = append(results, result)
		}
		return results
	}
	b.owner.instruments.measure = tried
	b.owner.instruments.test = func(ctx context.Context, server netcheck.Server, _ netcheck.Options) netcheck.TURNResult {
		return tried(ctx, []netcheck.Server{server})[0]
	}
	b.start(t)
	apart := func(s State) bool {
		r := s.Network.Relays
		return len(r) == 2 && r[0].Username == "ada" && r[0].RTT > 0 && r[0].Failure == nil && r[1].Username == "bob" && r[1].Failure != nil
	}
	b.until(t, "the one works and the other does not", apart)
	if result, err := b.TestRelay(t.Context(), bad, nil); err != nil || result.Failure == nil {
		t.Errorf("the test asked by other credentials: %+v, %v", result, err)
	}
	if result, err := b.TestRelay(t.Context(), good, nil); err != nil || result.Failure != nil {
		t.Errorf("the test asked by other credentials: %+v, %v", result, err)
	}
	if now := b.State().Load(); !apart(now) {
		t.Errorf("after the tests: %+v", now.Network.Relays)
	}
}

func TestWhatWasFoundStaysWhileTheNetworkIsLookedAtAnew(t *testing.T) {
	t.Parallel()
	var base settings.Settings
	b := newBench(t, func(s *settings.Settings) {
		s.STUN = []string{"stun:a.example"}
		base = *s
	})
	b.report = netcheck.Report{Findings: netcheck.Findings{UDP: netcheck.Open, IPv4: true, NAT: true, Mapping: netcheck.EndpointIndependent}}
	b.start(t)
	b.until(t, "it is checked", func(s State) bool { return s.Network.Check != nil && !s.Network.Checking })
	for name, change := range map[string]func() error{
		"a relay more": func() error {
			s := base
			s.TURN = []settings.TURN{relayOf("turn:a.example")}
			return b.Configure(t.Context(), s)
		},
		"other STUN servers": func() error {
			s := base
			s.STUN = []string{"stun:b.example"}
			return b.Configure(t.Context(), s)
		},
		"another network": func() error { b.owner.post(b.owner.networkChanged); return nil },
	} {
		before := b.State().Load().Network.Check.At
		release, usual := make(chan struct{}), b.check
		replaced := make(chan struct{})
		b.owner.post(func() {
			b.owner.instruments.check = func(ctx context.Context, config netcheck.Config) netcheck.Report {
				<-release
				return usual(ctx, config)
			}
			close(replaced)
		})
		<-replaced
		if err := change(); err != nil {
			t.Fatal(err)
		}
		meanwhile := b.until(t, "it is looked at anew", func(s State) bool { return s.Network.Checking }).Network.Check
		if meanwhile == nil || !meanwhile.At.Equal(before) {
			t.Errorf("%s: meanwhile shown is %+v", name, meanwhile)
		}
		close(release)
		b.until(t, "it was", func(s State) bool { return !s.Network.Checking && s.Network.Check.At.After(before) })
	}
}

func TestAPortThatIsMappedNoMoreIsNotTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*settings.Settings) {})
	o := b.owner
	o.network.report = &netcheck.Report{Findings: netcheck.Findings{NAT: true}}
	o.routerChanged(portmap.Status{Searched: true, Protocol: portmap.UPnP})
	o.forgetRouter()
	if found := o.findings(); found.PortMapping != "" || !found.NAT {
		t.Errorf("found %+v", found)
	}
}
