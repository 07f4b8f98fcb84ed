package engine

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
	"github.com/causeway-app/causeway/engine/settings"
)

const (
	// checkPeriod is how often the network is looked at while it stays the same.
	checkPeriod = time.Hour
	// retryFirst is doubled up to checkPeriod while a TURN server fails.
	retryFirst = time.Minute
	// hurryPause is the least time between looks that links ask for.
	hurryPause = time.Minute
	// interfacePeriod is how often this computer's addresses are read.
	interfacePeriod = 2 * time.Second
	// sleepJump is how far the clock on the wall gets ahead of the other one
	// when the computer has slept.
	sleepJump = 5 * time.Second
)

// instruments are what the engine looks at the network with; tests have others.
type instruments struct {
	check      func(context.Context, netcheck.Config) netcheck.Report
	measure    func(context.Context, []netcheck.Server) []netcheck.TURNResult
	test       func(context.Context, netcheck.Server, netcheck.Options) netcheck.TURNResult
	interfaces func() string
	period     time.Duration // of reading the interfaces
	gateway    portmap.Config
	clock      func() time.Time // on the wall; nil is time.Now
}

func (i instruments) now() time.Time {
	if i.clock == nil {
		return time.Now()
	}
	return i.clock()
}

func usualInstruments() instruments {
	return instruments{
		check: netcheck.Check, measure: netcheck.Measure, test: netcheck.TestTURN, interfaces: ownAddresses,
		period: interfacePeriod,
	}
}

// network is what is known of this computer's network. It is looked at off the
// owner's goroutine; no link waits for it.
type network struct {
	report *netcheck.Report
	// carrier tells that the check has seen a carrier's NAT without the router's help.
	carrier bool
	relays  map[settings.TURN]measured // of the settings
	// round counts looks. What an earlier one finds late is no news.
	round int
	// looking tells that the newest look goes on. What the one before it found
	// is shown until then.
	looking bool
	cancel  context.CancelFunc // ends the look that goes on
	due     time.Time          // of the next look
	failed  int                // looks in a row that found a TURN server failing
	// hurried is when a link last asked for a look.
	hurried time.Time

	mapper     *portmap.Mapper // nil where no port may be mapped
	stopMapper context.CancelFunc
}

// watchNetwork begins to look at the network.
func (o *owner) watchNetwork() {
	o.mapPorts()
	o.configureLinks()
	o.lookAtNetwork()
	o.host(false)
	o.background(o.followInterfaces)
}

// configureLinks tells the dialer how links are made from now on.
func (o *owner) configureLinks() {
	if err := o.refreshServers(time.Now()); err != nil {
		o.log.Warn("cannot use what was found of the network", "error", err)
	}
}

// followInterfaces tells when this computer has other addresses, or was asleep.
func (o *owner) followInterfaces() {
	before, at := o.instruments.interfaces(), time.Now()
	ticker := time.NewTicker(o.instruments.period)
	defer ticker.Stop()
	for {
		select {
		case <-o.ctx.Done():
			return
		case <-ticker.C:
		}
		addresses, now := o.instruments.interfaces(), time.Now()
		slept := now.Round(0).Sub(at.Round(0))-now.Sub(at) > sleepJump
		if addresses != before || slept {
			o.post(o.networkChanged)
		}
		before, at = addresses, now
	}
}

// ownAddresses is this computer's addresses as a text that can be compared.
func ownAddresses() string {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	var words []string
	for _, address := range addresses {
		words = append(words, address.String())
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// networkChanged begins everything anew that depends on where this computer is.
// Links look after themselves.
func (o *owner) networkChanged() {
	o.log.Info("the network has changed")
	o.signaling.Hurry()
	for _, t := range o.transfers {
		o.withdrawOffers(t)
		t.meeting.next, t.meeting.rounds = time.Time{}, 0
		if !t.record.Paused {
			o.signaling.Reannounce(t.keys.Room)
		}
	}
	o.lookAtNetwork()
	o.wake()
}

// lookAtNetwork measures the TURN servers and finds out what the network
// allows, behind the scenes. What the policy does not use is not asked.
func (o *owner) lookAtNetwork() {
	n := &o.network
	if n.cancel != nil {
		n.cancel()
	}
	ctx, cancel := context.WithCancel(o.ctx)
	n.round, n.cancel, n.due = n.round+1, cancel, time.Now().Add(checkPeriod)
	n.looking, o.changed = true, true
	round, config, servers := n.round, o.checkConfig(), o.relaysInOrder()
	switch orAuto(o.settings.Policy) {
	case path.LANOnly, path.DirectOnly:
		servers = nil
	case path.RelayOnly:
		config.STUN = nil
	}
	config.Throughput = -1
	asked := turnServers(servers)
	config.Router = nil          // routerChanged tells; ports that can be foretold are wanted now
	instruments := o.instruments // the owner's, like all else of it
	o.background(func() {
		defer cancel()
		results := make(chan []netcheck.TURNResult, 1)
		go func() {
			found := instruments.measure(ctx, asked)
			o.post(func() { o.measured(round, servers, found) })
			results <- found
		}()
		report := instruments.check(ctx, config)
		report.TURN = <-results
		report.UDP = cmp.Or(report.UDP, udpReach(report.TURN))
		o.post(func() {
			if round == o.network.round {
				o.network.looking, o.changed = false, true
			}
			o.checked(round, report)
		})
	})
}

// lookSoon looks at the network because a link has lost what it had: at once,
// but not more often than once in a hurryPause.
func (o *owner) lookSoon() {
	n, now := &o.network, time.Now()
	if next := n.hurried.Add(hurryPause); now.Before(next) {
		if n.due.After(next) {
			n.due = next
		}
		return
	}
	n.hurried = now
	o.lookAtNetwork()
}

// relayLost reports whether an own relay has ended, or was left for another, in
// a link that still needs one. Beside a direct path relays are given back.
func relayLost(before, now link.Status) bool {
	if now.Err != nil || now.Path.Direct() {
		return false
	}
	if before.Up && now.Up && before.Relay != "" && !before.RelayIsTheirs && now.Relay != "" && now.Relay != before.Relay {
		return true
	}
	ended := func(s link.Status) (count int) {
		for _, use := range s.Relays {
			if !use.Released.IsZero() {
				count++
			}
		}
		return count
	}
	return before.Path == path.Relayed && ended(now) > ended(before)
}

// udpReach is what TURN servers tell of UDP where no STUN server does.
func udpReach(results []netcheck.TURNResult) netcheck.Reach {
	reach := netcheck.Reach("")
	for _, result := range results {
		switch {
		case result.RTT > 0 && path.ParseRelay(result.URL).Protocol == "UDP":
			return netcheck.Open
		case result.Failure != nil && result.Failure.Reason == netcheck.UDPBlocked:
			reach = netcheck.Blocked
		}
	}
	return reach
}

// checkConfig is a check of everything but TURN servers.
func (o *owner) checkConfig() netcheck.Config {
	config := netcheck.Config{
		STUN: o.settings.STUN, Rendezvous: o.settings.Rendezvous, Policy: orAuto(o.settings.Policy), Logger: o.log,
	}
	if o.network.mapper != nil {
		config.Router = o.network.mapper.Status()
	}
	return config
}

// checked takes what a look has found of the network.
func (o *owner) checked(round int, report netcheck.Report) {
	if round != o.network.round || o.ctx.Err() != nil {
		return
	}
	before := o.findings()
	if o.network.mapper != nil { // it may have found a router meanwhile
		report.Router = o.network.mapper.Status().Load()
	}
	o.network.carrier = report.CarrierNAT
	report.Findings = o.withRouter(report.Findings, report)
	o.network.report = &report
	o.log.Info("network", "findings", o.findings(), "took", report.Took)
	o.foundOut(before)
}

// foundOut applies what is new: to links made from now on, and to what peers
// are told.
func (o *owner) foundOut(before netcheck.Findings) {
	o.changed = true
	o.configureLinks()
	o.host(false)
	o.knowMore()
	if o.findings() == before {
		return
	}
	for _, t := range o.transfers {
		if !t.record.Paused {
			o.greetMembers(t, true)
		}
	}
}

// findings are what peers are told of this computer's network: with a policy
// that hides it nothing more than that.
func (o *owner) findings() netcheck.Findings {
	policy := orAuto(o.settings.Policy)
	found := netcheck.Findings{}
	if o.network.report != nil && policy != path.RelayOnly && policy != path.LANOnly {
		found = o.network.report.Findings
	}
	found.Policy, found.Relay = policy, false
	for _, server := range o.settings.TURN {
		m := o.network.relays[server]
		works := !m.tested.IsZero() && m.failure == nil
		found.Relay = found.Relay || works && policy.Permits(path.Relayed)
	}
	return found
}

// withRouter puts what is known of port mapping now into findings.
func (o *owner) withRouter(f netcheck.Findings, report netcheck.Report) netcheck.Findings {
	f.PortMapping = ""
	if report.Router.Err == nil {
		f.PortMapping = report.Router.Protocol
	}
	f.CarrierNAT = o.network.carrier || netcheck.CarrierNAT(report.Router.External, report.Public4)
	return f
}

// mapPorts begins or ends the mapping of ports, as settings and policy say. A
// mapped port would show this computer's address, and serves no peer in the
// same network.
func (o *owner) mapPorts() {
	n := &o.network
	policy := orAuto(o.settings.Policy)
	wanted := o.settings.PortMapping && (policy == path.Auto || policy == path.DirectOnly)
	switch {
	case wanted && n.mapper == nil:
		ctx, cancel := context.WithCancel(o.ctx)
		config := o.instruments.gateway
		config.Logger = o.log
		mapper := portmap.New(config)
		n.mapper, n.stopMapper = mapper, cancel
		o.background(func() { _ = mapper.Serve(ctx) })
		o.background(func() { o.followMapper(ctx, mapper) })
	case !wanted && n.mapper != nil:
		n.stopMapper()
		n.mapper, n.stopMapper = nil, nil
	}
}

// followMapper tells what becomes of the router.
func (o *owner) followMapper(ctx context.Context, mapper *portmap.Mapper) {
	mapper.Status().Follow(ctx, time.Second, func(status portmap.Status) {
		o.post(func() {
			if o.network.mapper == mapper {
				o.routerChanged(status)
			}
		})
	})
}

func (o *owner) routerChanged(status portmap.Status) {
	if o.network.report == nil {
		return // the first look is going to tell
	}
	before, report := o.findings(), *o.network.report
	report.Router = status
	report.Findings = o.withRouter(report.Findings, report)
	o.network.report = &report
	o.foundOut(before)
}

// forgetRouter takes back that the router maps ports.
func (o *owner) forgetRouter() {
	if o.network.report == nil {
		return
	}
	report := *o.network.report
	report.Router = portmap.Status{}
	report.Findings = o.withRouter(report.Findings, report)
	o.network.report = &report
}

// lookWhenDue looks at the network again when it is time to.
func (o *owner) lookWhenDue(now time.Time) {
	if !o.network.due.IsZero() && now.After(o.network.due) {
		o.lookAtNetwork()
	}
}

// networkSettingsChanged applies new settings that concern the network.
func (o *owner) networkSettingsChanged(old settings.Settings) {
	s := o.settings
	if old.Policy == s.Policy && old.PortMapping == s.PortMapping && slices.Equal(old.STUN, s.STUN) && slices.Equal(old.TURN, s.TURN) {
		return
	}
	maps.DeleteFunc(o.network.relays, func(server settings.TURN, _ measured) bool { return !slices.Contains(s.TURN, server) })
	o.mapPorts()
	if o.network.mapper == nil {
		// What is told of the network is as good as before until the new look ends;
		// a port that is mapped no more is not.
		o.forgetRouter()
	}
	o.configureLinks()
	o.lookAtNetwork()
}
