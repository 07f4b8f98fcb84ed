package netcheck

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

const (
	// routerPatience is how long a check waits for the search for port mapping.
	routerPatience = 4 * time.Second
	// rendezvousPatience is how long a TCP connection to a rendezvous may take.
	rendezvousPatience = 3 * time.Second
	// serverLimit bounds the servers of each kind that one check asks.
	serverLimit = 16
)

// check is one Check under way.
type check struct {
	config Config
	log    *slog.Logger
	own    map[netip.Addr]bool
	// turn lets one TURN server at a time measure its throughput, told one at a
	// time call OnStage.
	turn chan struct{}
	told sync.Mutex

	report     Report
	stun       []stunServer
	nat4, nat6 nat
	// trials are those of report.TURN.
	trials []*trial
	// overTCP are the addresses that answered by TCP.
	mu      sync.Mutex
	overTCP []netip.AddrPort
}

// stunServer is a STUN server, or a TURN server by UDP, which answers the same.
type stunServer struct {
	result    STUNResult
	listed    bool // among the settings' STUN servers
	addresses []netip.AddrPort
}

func newCheck(config Config) *check {
	log := config.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if config.patience == nil {
		config.patience = patient
	}
	return &check{config: config, log: log, own: ownAddresses(), turn: make(chan struct{}, 1)}
}

func (c *check) run(ctx context.Context) Report {
	began := time.Now()
	c.report.Buffers = measureBuffers()
	c.report.Proxy = environmentProxy()
	var work sync.WaitGroup
	work.Go(func() { c.report.Router = c.router(ctx) })
	if c.config.Policy != path.LANOnly {
		work.Go(func() { c.askSTUN(ctx) })
		work.Go(func() { c.tryTURN(ctx) })
		work.Go(func() { c.tryRendezvous(ctx) })
		work.Go(func() { c.report.Captive = c.captive(ctx) })
	}
	work.Wait()
	c.conclude()
	c.report.At = time.Now()
	c.report.Took = c.report.At.Sub(began)
	return c.report
}

// router waits until the search for port mapping is over.
func (c *check) router(ctx context.Context) portmap.Status {
	if c.config.Router == nil {
		return portmap.Status{}
	}
	ctx, stop := context.WithTimeout(ctx, routerPatience)
	defer stop()
	status, _ := c.config.Router.Wait(ctx, func(s portmap.Status) bool { return s.Searched })
	return status
}

// askSTUN asks every server by each of its addresses, from one socket for each
// IP version.
func (c *check) askSTUN(ctx context.Context) {
	c.stun = c.stunServers()
	var resolving sync.WaitGroup
	for i := range c.stun {
		resolving.Go(func() { c.stun[i].resolve(ctx) })
	}
	resolving.Wait()
	var four, six []netip.AddrPort
	for _, server := range c.stun {
		for _, at := range server.addresses {
			list := &six
			if at.Addr().Is4() {
				list = &four
			}
			if !slices.Contains(*list, at) {
				*list = append(*list, at)
			}
		}
	}
	alone := c.config.Policy == path.RelayOnly
	var seen4, seen6 []sighting
	var examining sync.WaitGroup
	examining.Go(func() { c.nat4, seen4 = examine(ctx, four, c.own, c.config.patience, alone) })
	examining.Go(func() { c.nat6, seen6 = examine(ctx, six, c.own, c.config.patience, alone) })
	examining.Wait()
	for i := range c.stun {
		c.stun[i].take(slices.Concat(seen4, seen6))
	}
}

// stunServers are those of the settings, and the TURN servers, which answer
// STUN too. Under path.RelayOnly links ask no STUN server, so nor does this, nor
// are second addresses asked.
func (c *check) stunServers() []stunServer {
	var all []stunServer
	if c.config.Policy != path.RelayOnly {
		for _, url := range c.config.STUN[:min(len(c.config.STUN), serverLimit)] {
			all = append(all, stunServer{result: STUNResult{URL: url}, listed: true})
		}
	}
	for _, server := range c.config.TURN[:min(len(c.config.TURN), serverLimit)] {
		if at, err := parse(server.URL); err == nil && !at.tcp && !at.secure {
			all = append(all, stunServer{result: STUNResult{URL: server.URL}})
		}
	}
	return all
}

func (s *stunServer) resolve(ctx context.Context) {
	at, err := parse(s.result.URL)
	if err == nil && (at.tcp || at.secure) {
		err = ErrURL // stuns: is for TCP, where it tells nothing
	}
	if err == nil {
		s.addresses, err = at.resolve(ctx)
	}
	s.result.Err = err
}

// take keeps what one of the server's addresses has seen, by IPv4 where it did.
func (s *stunServer) take(all []sighting) {
	for _, seen := range all {
		if !slices.Contains(s.addresses, seen.to) {
			continue
		}
		if seen.err != nil {
			if s.result.RTT == 0 {
				s.result.Err = seen.err
			}
			continue
		}
		if s.result.RTT == 0 {
			s.result.RTT, s.result.Mapped, s.result.Err = max(seen.rtt, 1), seen.mapped, nil
		}
	}
}

func (c *check) tryTURN(ctx context.Context) {
	servers := c.config.TURN[:min(len(c.config.TURN), serverLimit)]
	c.trials = make([]*trial, len(servers))
	var trying sync.WaitGroup
	for i, server := range servers {
		options := Options{Throughput: c.config.Throughput, Logger: c.config.Logger, roots: c.config.roots, patience: c.config.patience, turn: c.turn}
		if c.config.OnStage != nil {
			options.OnStage = func(s StageResult) {
				c.told.Lock()
				defer c.told.Unlock()
				c.config.OnStage(server.URL, s)
			}
		}
		c.trials[i] = newTrial(server, options)
		trying.Go(func() {
			c.trials[i].run(ctx)
			c.trials[i].close()
		})
	}
	trying.Wait()
}

// tryRendezvous connects to each rendezvous, and says nothing: it shows that
// TCP passes where UDP does not.
func (c *check) tryRendezvous(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, rendezvousPatience)
	defer stop()
	var trying sync.WaitGroup
	for _, address := range c.config.Rendezvous[:min(len(c.config.Rendezvous), serverLimit)] {
		at, err := url.Parse(address)
		if err != nil || at.Hostname() == "" {
			continue
		}
		port := at.Port()
		if port == "" {
			port = map[bool]string{true: "443", false: "80"}[at.Scheme == "wss"]
		}
		trying.Go(func() {
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
			if err != nil {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.overTCP = append(c.overTCP, addrPort(conn.RemoteAddr()))
			_ = conn.Close()
		})
	}
	trying.Wait()
}

// conclude makes the findings of what was seen.
func (c *check) conclude() {
	r := &c.report
	for _, server := range c.stun {
		if server.listed {
			r.STUN = append(r.STUN, server.result)
		}
	}
	for _, t := range c.trials {
		r.TURN = append(r.TURN, t.result)
		r.Relay = r.Relay || t.result.Failure == nil
	}
	r.Findings.Policy = c.config.Policy
	r.IPv4, r.IPv6 = c.nat4.answered, c.nat6.answered
	r.Public4, r.Public6 = c.nat4.public, c.nat6.public
	r.NAT, r.Mapping, r.Filtering, r.PortStep = c.nat4.translate, c.nat4.mapping, c.nat4.filtering, c.nat4.portStep
	r.UDP = c.udp()
	if r.UDP != Open {
		c.reachByTCP()
	}
	if r.Router.Err == nil {
		r.PortMapping = r.Router.Protocol
	}
	r.CarrierNAT = CarrierNAT(r.Router.External, r.Public4) || r.NAT && scopeOf(c.nat4.source) == carrierNetwork
	if r.UDP == Blocked {
		for _, t := range c.trials {
			t.blocked()
		}
		for i, t := range c.trials {
			r.TURN[i] = t.result
		}
	}
	c.log.Info("network checked", "udp", r.UDP, "ipv4", r.IPv4, "ipv6", r.IPv6, "nat", r.NAT,
		"mapping", r.Mapping, "filtering", r.Filtering, "portStep", r.PortStep, "carrierNAT", r.CarrierNAT, "portMapping", r.PortMapping)
}

// CarrierNAT reports whether there is another NAT outside the router's: it compares
// the address that the router has with the public one, either of which may be
// invalid where it is not known.
func CarrierNAT(external, public netip.Addr) bool {
	if !external.IsValid() || external.IsUnspecified() {
		return false
	}
	if s := scopeOf(external); s == ownNetwork || s == carrierNetwork {
		return true
	}
	return external.Is4() && public.IsValid() && public != external.Unmap()
}

// udp says whether UDP passes. It is blocked where nothing that is asked by UDP
// answers, and TCP gets as far. One silent TURN server says nothing of the
// network: it may be one that serves TCP alone.
func (c *check) udp() Reach {
	if c.nat4.answered || c.nat6.answered {
		return Open
	}
	var asked []netip.AddrPort
	hosts := map[netip.Addr]bool{}
	stunSilent := false
	for _, server := range c.stun {
		asked = append(asked, server.addresses...)
		for _, at := range server.addresses {
			hosts[at.Addr()] = true
			stunSilent = stunSilent || server.listed
		}
	}
	for _, t := range c.trials {
		if t.refusedUDP {
			return Open // ICMP came back the way that UDP went
		}
		if !t.at.tcp && t.result.RTT > 0 {
			return Open
		}
	}
	if len(asked) == 0 || !stunSilent && len(hosts) < 2 {
		return ""
	}
	if far := widest(asked); slices.ContainsFunc(c.answeredTCP(), func(at netip.AddrPort) bool { return scopeOf(at.Addr()) >= far }) {
		return Blocked
	}
	return ""
}

// answeredTCP are the addresses that were reached by TCP.
func (c *check) answeredTCP() []netip.AddrPort {
	all := slices.Clone(c.overTCP)
	for _, t := range c.trials {
		stage := slices.IndexFunc(t.result.Stages, func(s StageResult) bool { return s.Stage == Connect })
		if stage < 0 {
			continue
		}
		failed := t.result.Stages[stage].Failure
		if t.at.tcp && failed == nil || failed != nil && failed.Reason == TCPOnly {
			all = append(all, t.address)
		}
	}
	return all
}

// reachByTCP tells the IP versions where UDP cannot.
func (c *check) reachByTCP() {
	all := c.answeredTCP()
	far := widest(all)
	for _, at := range all {
		if scopeOf(at.Addr()) < far {
			continue
		}
		c.report.IPv4 = c.report.IPv4 || at.Addr().Is4()
		c.report.IPv6 = c.report.IPv6 || at.Addr().Is6()
	}
}

// blocked gives a server's silence its reason, once it is known that no UDP
// passes at all.
func (t *trial) blocked() {
	f := t.result.Failure
	if f == nil || t.at.tcp || f.Stage != Connect || f.Reason != Unreachable && f.Reason != TCPOnly || !timedOut(f.Err) {
		return
	}
	known := *f
	known.Reason = UDPBlocked
	t.result.Failure = &known
	t.result.Stages = slices.Clone(t.result.Stages)
	t.result.Stages[len(t.result.Stages)-1].Failure = &known
}
