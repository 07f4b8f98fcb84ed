package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

// measured is how a TURN server did when it was last tried.
type measured struct {
	rtt     time.Duration
	failure *netcheck.Failure
	tested  time.Time // zero before the first time
}

// measured takes how TURN servers did; the results are in the order of servers.
func (o *owner) measured(round int, servers []settings.TURN, results []netcheck.TURNResult) {
	n := &o.network
	if round != n.round || o.ctx.Err() != nil {
		return
	}
	before, failing := o.findings(), false
	for i, result := range results[:min(len(results), len(servers))] {
		o.relayTested(servers[i], result)
		failing = failing || result.Failure != nil
	}
	if n.failed++; !failing {
		n.failed = 0
	} else {
		n.due = time.Now().Add(min(retryFirst<<min(n.failed-1, 10), checkPeriod))
	}
	o.foundOut(before)
}

func (o *owner) relayTested(server settings.TURN, result netcheck.TURNResult) {
	last := o.network.relays[server]
	now := measured{rtt: result.RTT, failure: result.Failure, tested: time.Now()}
	if result.Failure != nil && last.failure == nil {
		o.log.Info("a TURN server cannot be used", "server", relayName(server.URL), "stage", result.Failure.Stage,
			"reason", result.Failure.Reason, "code", result.Failure.Code, "error", result.Failure.Err)
	}
	o.network.relays[server] = now
}

// relaysInOrder are the TURN servers of the settings, the nearest first; those
// not measured yet as they stand in the settings, and those that failed last.
func (o *owner) relaysInOrder() []settings.TURN {
	rank := func(server settings.TURN) (int, time.Duration) {
		m := o.network.relays[server]
		switch {
		case m.failure != nil:
			return 2, 0
		case m.rtt == 0:
			return 1, 0
		default:
			return 0, m.rtt
		}
	}
	servers := slices.Clone(o.settings.TURN)
	slices.SortStableFunc(servers, func(a, b settings.TURN) int {
		classA, rttA := rank(a)
		classB, rttB := rank(b)
		return cmp.Or(cmp.Compare(classA, classB), cmp.Compare(rttA, rttB))
	})
	return servers
}

// turnServers are the TURN servers with credentials that are good now.
func (o *owner) turnServers() []netcheck.Server { return turnServers(o.relaysInOrder()) }

func turnServers(of []settings.TURN) (servers []netcheck.Server) {
	for _, server := range of {
		servers = append(servers, turnServer(server))
	}
	return servers
}

// turnServer gives a server of the settings the credentials to ask it with.
func turnServer(server settings.TURN) netcheck.Server {
	asked := netcheck.Server{URL: server.URL, Username: server.Username, Password: server.Password}
	if server.Secret != "" {
		asked.Username, asked.Password = rendezvous.TimeLimited(server.Secret, server.Username, time.Now().Add(credentialLife))
	}
	return asked
}

// showRelays is what State says of the TURN servers.
func (o *owner) showRelays(month usage) []Relay {
	links := map[string]int{}
	for _, p := range o.links {
		if s := p.status; s.Up && s.Path == path.Relayed && !s.RelayIsTheirs {
			links[relayName(s.Relay)]++
		}
	}
	var shown []Relay
	for _, server := range o.relaysInOrder() {
		name := relayName(server.URL)
		m := o.network.relays[server]
		shown = append(shown, Relay{
			URL: server.URL, Username: server.Username, RTT: m.rtt, Failure: m.failure, Tested: m.tested,
			MonthBytes: month.Relays[name], Links: links[name],
		})
	}
	return shown
}

// showNetwork is what State says of the network, but for the rendezvous.
func (o *owner) showNetwork() Network {
	now := time.Now()
	month := o.budget.of(o.budget.month(now))
	limit, limited := month.Grant.allowance(o.settings.RelayMonth)
	if !limited {
		limit = 0
	}
	year, number, _ := now.Date()
	return Network{
		Check: o.network.report, Checking: o.network.looking, Relays: o.showRelays(month), Forecast: o.forecast(), Serving: o.hosting.shown,
		Usage: RelayUsage{
			Month: time.Date(year, number, 1, 0, 0, 0, 0, now.Location()),
			Bytes: month.relayed(), Limit: limit, DirectBytes: month.Direct,
		},
	}
}

// CheckNetwork looks at the network and at every server of the settings. It
// takes up to 8 s, and 2 s and some relayed bytes for the throughput of each TURN
// server, one after the other; where the month's limit of these is reached, no
// throughput is measured. The State shows the result too, unless the network or
// its settings have changed meanwhile. ctx may end it early: its error is
// returned with what was found so far, which the State does not show.
func (e *Engine) CheckNetwork(ctx context.Context) (netcheck.Report, error) {
	o := e.owner
	var config netcheck.Config
	round, servers := 0, []settings.TURN(nil)
	err := e.verb(ctx, func() error {
		config, round, servers = o.checkConfig(), o.network.round, o.relaysInOrder()
		config.TURN, config.Throughput = turnServers(servers), o.throughputTime()
		return nil
	})
	if err != nil {
		return netcheck.Report{}, err
	}
	report := o.instruments.check(ctx, config)
	o.post(func() {
		for _, result := range report.TURN {
			o.countTest(result)
		}
	})
	if ctx.Err() != nil {
		return report, ctx.Err()
	}
	return report, e.verb(ctx, func() error {
		o.measured(round, servers, report.TURN)
		o.checked(round, report)
		return nil
	})
}

// throughputTime is how long a test measures throughput, as netcheck takes it:
// negative where the month has no relayed bytes left for that.
func (o *owner) throughputTime() time.Duration {
	used, granted := o.budget.used(o.budget.month(time.Now()))
	if allowed, limited := granted.allowance(o.settings.RelayMonth); limited && spent(used+o.uncounted, allowed) {
		return -1
	}
	return 0
}

// TestRelay tests one TURN server, which need not be of the settings. onStage,
// unless nil, is called as each stage ends, from the caller's goroutine. The
// State shows the result where the settings have the server. The throughput is
// left out where the month's limit of relayed bytes is reached.
func (e *Engine) TestRelay(ctx context.Context, server settings.TURN, onStage func(netcheck.StageResult)) (netcheck.TURNResult, error) {
	o := e.owner
	options := netcheck.Options{OnStage: onStage, Logger: o.log}
	err := e.verb(ctx, func() error {
		options.Throughput = o.throughputTime()
		return nil
	})
	if err != nil {
		return netcheck.TURNResult{}, err
	}
	result := o.instruments.test(ctx, turnServer(server), options)
	o.post(func() { o.countTest(result) })
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	return result, e.verb(ctx, func() error {
		if slices.Contains(o.settings.TURN, server) {
			before := o.findings()
			o.relayTested(server, result)
			o.foundOut(before)
		}
		return nil
	})
}

// countTest adds what a test has taken of a relay's budget, in and out.
func (o *owner) countTest(result netcheck.TURNResult) {
	if result.BytesUsed > 0 {
		o.budget.count(time.Now(), relayName(result.URL), result.BytesUsed)
		o.changed = true
	}
}
