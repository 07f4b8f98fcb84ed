package link

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// A router that maps the port of a host candidate makes that candidate
// reachable from anywhere, whatever its NAT is like. The peer is told the
// outside address as a server-reflexive candidate. pion need not know of it:
// what arrives there comes to the host candidate's socket.

const (
	// mappingGrace is for how long a description waits for a router that is
	// known to map ports since that was asked, if it has all else. By PCP and
	// NAT-PMP it answers within milliseconds; by UPnP home routers are slow.
	mappingGrace = 250 * time.Millisecond
	// searchGrace is the same while none is known. What the search for one
	// finds later follows over the link, or is in the next offer, and keeps
	// nobody waiting for a first byte.
	searchGrace = 60 * time.Millisecond
	// mappingPatience is mappingGrace for a further attempt: UPnP may take
	// several requests of half a second each.
	mappingPatience = 3 * time.Second
)

// mappings are the ports that the router maps for one link. Its methods are
// safe for concurrent use.
type mappings struct {
	mu      sync.Mutex
	ended   bool
	asked   time.Time // first
	asking  map[netip.AddrPort]bool
	changed chan struct{} // closed and replaced when asking has changed
	grace   time.Duration // of a description, for a router that is known
	held    map[netip.AddrPort]mapping
	// told are all outside addresses that there were: the peer may still send
	// to one from before an ICE restart.
	told []netip.AddrPort
}

// mapping is one port.
type mapping struct {
	external netip.AddrPort
	release  func()
}

func newMappings(grace time.Duration) *mappings {
	return &mappings{grace: grace, changed: make(chan struct{}), asking: map[netip.AddrPort]bool{}, held: map[netip.AddrPort]mapping{}}
}

// mapPort asks the router for the port of a host candidate, in the background.
// After an ICE restart the candidate has the same port; asking again tells
// whether the router still maps it to the same one. The router's client knows
// which addresses face the router.
func (l *Link) mapPort(line string) {
	policy := l.config.Policy
	if l.config.Mapper == nil || policy == path.RelayOnly || policy == path.LANOnly {
		return
	}
	c, ok := l.filter().usable(line)
	if !ok || c.Type() != ice.CandidateTypeHost {
		return
	}
	ip, err := netip.ParseAddr(c.Address())
	if err != nil || !ip.Unmap().Is4() {
		return
	}
	local := netip.AddrPortFrom(ip.Unmap(), uint16(c.Port()))
	m := l.mappings
	m.begin(&l.tasks, local, func() {
		external, release, err := l.config.Mapper.Map(l.sockets.ctx, local)
		fresh := err == nil && m.hold(local, mapping{external, release})
		m.end(local)
		switch {
		case err != nil:
			l.log.Debug("a port is not mapped", "local", local, "error", err)
		case fresh:
			l.log.Debug("a port is mapped", "local", local, "external", external)
			if line, ok := reflexive(external); ok {
				l.post(func() {
					if l.gathered(line) && !l.state.ready {
						l.state.untold, l.state.dirty = true, true
					}
				})
			}
		}
	})
}

// begin starts a request, unless the link has ended or the same is asked for.
// The request has to call end.
func (m *mappings) begin(tasks *sync.WaitGroup, local netip.AddrPort, request func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended || m.asking[local] {
		return
	}
	if m.asked.IsZero() {
		m.asked = time.Now()
	}
	m.asking[local] = true
	tasks.Go(request)
}

func (m *mappings) end(local netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.asking, local)
	close(m.changed)
	m.changed = make(chan struct{})
}

// hold keeps a mapping in place of the one that its port had, and reports
// whether its outside address is new.
func (m *mappings) hold(local netip.AddrPort, fresh mapping) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		fresh.release()
		return false
	}
	if before, known := m.held[local]; known {
		before.release()
	}
	m.held[local] = fresh
	if slices.Contains(m.told, fresh.external) {
		return false
	}
	m.told = append(m.told, fresh.external)
	return true
}

// release gives all ports back, those too that are still asked for.
func (m *mappings) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	for _, each := range m.held {
		each.release()
	}
	clear(m.held)
}

// wait waits until the router has answered, ctx ends, or it has been asked for
// so long.
func (m *mappings) wait(ctx context.Context, limit time.Duration) {
	m.mu.Lock()
	until := m.asked.Add(limit)
	m.mu.Unlock()
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for {
		m.mu.Lock()
		asking, changed := len(m.asking), m.changed
		m.mu.Unlock()
		if asking == 0 {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// outside lists the outside addresses that there were.
func (m *mappings) outside() []netip.AddrPort {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.told)
}

// addMapped adds what the router has mapped to our description.
func (l *Link) addMapped(ctx context.Context, mine *session) {
	for _, candidate := range mine.candidates {
		l.mapPort(candidate) // pion may not have told of it yet
	}
	if l.config.Mapper != nil {
		grace := l.mappings.grace
		if !l.config.Mapper.Found() {
			grace = min(grace, searchGrace)
		}
		l.mappings.wait(ctx, grace)
	}
	mine.candidates = l.withMapped(mine.candidates)
}

// withMapped adds what the router has mapped by now to candidates of ours. At
// the front, so that no peer's limit cuts them off.
func (l *Link) withMapped(candidates []string) []string {
	var mapped []string
	for _, external := range l.mappings.outside() {
		if line, ok := reflexive(external); ok {
			if candidate, ok := l.filter().local(line); ok && !slices.Contains(candidates, candidate) {
				mapped = append(mapped, candidate)
			}
		}
	}
	return append(mapped, candidates...)
}

// reflexive makes a server-reflexive candidate of an outside address.
func reflexive(external netip.AddrPort) (string, bool) {
	network := "udp4"
	if external.Addr().Is6() {
		network = "udp6"
	}
	c, err := ice.NewCandidateServerReflexive(&ice.CandidateServerReflexiveConfig{
		Network: network, Address: external.Addr().String(), Port: int(external.Port()),
		Component: ice.ComponentRTP, RelAddr: "0.0.0.0",
	})
	if err != nil {
		return "", false
	}
	return format(c), true
}
