package link

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// pion stops checking pairs when one is selected: the side that answers checks
// nothing else at all, so that its NAT forgets the hole that a direct path
// would need, and a relay that dies is noticed when ICE times out. Each side
// therefore makes connectivity checks (RFC 8445 section 7) of its own, from
// the same sockets with the same credentials. To the peer's pion they are
// like any other; the answers are taken out here.

const (
	// strangerLimit bounds the pairs by which the peer was seen.
	strangerLimit = 64
	// openLimit bounds the checks that wait for an answer. The oldest is given
	// up for the newest: what is asked in doubt is worth more.
	openLimit = 1024
)

// leg is one of our sockets, as a way to the peer.
type leg interface {
	// send sends a packet that pion does not know of.
	send(packet []byte, to netip.AddrPort)
	// reaches reports whether packets to an address are worth a try.
	reaches(to netip.AddrPort) bool
	// relayed reports whether a TURN server is in between.
	relayed() bool
}

// pair is a leg and an address of the peer.
type pair struct {
	leg    leg
	remote netip.AddrPort
}

// health is what is known of a pair.
type health struct {
	sent     time.Time // the last check
	answered time.Time // the last answer
	rtt      time.Duration
}

// selection is the pair that carries the bytes.
type selection struct {
	pair
	waiting atomic.Int64 // when the first packet left that nothing has come in after; 0: none
	data    atomic.Int64 // when data came in last
}

// checks are the connectivity checks of one link.
type checks struct {
	look chan struct{} // something has changed

	mu          sync.Mutex
	ready       bool
	controlling bool
	username    stun.Username
	integrity   stun.MessageIntegrity // of the peer
	tiebreaker  uint64
	nominations uint32
	open        map[transaction]openCheck
	order       []transaction // of open, the oldest first; some were answered
	pairs       map[pair]*health
	strangers   []pair
	served      time.Time // when a server answered last
	wanted      *pair     // to be selected at the peer's next check; the offering side's
}

type openCheck struct {
	pair
	sent   time.Time
	server bool // it went to a server
}

func newChecks() *checks {
	return &checks{look: make(chan struct{}, 1), open: map[transaction]openCheck{}, pairs: map[pair]*health{}}
}

// credentials are ICE's of one side.
type iceCredentials struct{ fragment, password string }

// begin lets checks be made.
func (c *checks) begin(own, remote iceCredentials, controlling bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.username = stun.NewUsername(remote.fragment + ":" + own.fragment)
	c.integrity = stun.NewShortTermIntegrity(remote.password)
	c.controlling, c.ready = controlling, true
	c.notify()
}

func (c *checks) notify() {
	select {
	case c.look <- struct{}{}:
	default:
	}
}

// check sends a check, which nominates the pair if asked to.
func (c *checks) check(p pair, nominate bool) {
	c.mu.Lock()
	packet, ok := c.build(p, nominate)
	c.mu.Unlock()
	if ok {
		p.leg.send(packet, p.remote)
	}
}

func (c *checks) build(p pair, nominate bool) ([]byte, bool) {
	if !c.ready {
		return nil, false
	}
	priority := ice.PriorityAttr(110<<24 | 65535<<8 | 255) // peer-reflexive
	if p.leg.relayed() {
		priority = 3<<8 | 255
	}
	setters := []stun.Setter{stun.TransactionID, stun.BindingRequest, c.username, priority}
	if c.controlling {
		setters = append(setters, ice.AttrControlling(c.tiebreaker))
	} else {
		setters = append(setters, ice.AttrControlled(c.tiebreaker))
	}
	if nominate {
		c.nominations++
		setters = append(setters, ice.UseCandidate(), ice.Nomination(c.nominations))
	}
	message, err := stun.Build(append(setters, c.integrity, stun.Fingerprint)...)
	if err != nil {
		return nil, false
	}
	now := time.Now()
	c.expect(message.TransactionID, openCheck{pair: p, sent: now})
	c.of(p).sent = now
	return message.Raw, true
}

// expect waits for an answer to a check, and for no longer to the oldest one
// where there are too many.
func (c *checks) expect(id transaction, check openCheck) {
	c.open[id] = check
	c.order = append(c.order, id)
	if len(c.order) > openLimit {
		delete(c.open, c.order[0])
		c.order = c.order[1:]
	}
}

func (c *checks) of(p pair) *health {
	known := c.pairs[p]
	if known == nil {
		known = &health{}
		c.pairs[p] = known
	}
	return known
}

// answer takes an answer to a check of ours; false if it is not.
func (c *checks) answer(p pair, packet []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var id transaction
	copy(id[:], packet[8:])
	open, known := c.open[id]
	if !known {
		return false
	}
	if open.server {
		delete(c.open, id)
		c.served = time.Now()
		return true
	}
	message := &stun.Message{Raw: append([]byte(nil), packet...)}
	// The answer has to come from where the check went (RFC 8445 section 7.2.5.2.1).
	if open.pair != p || message.Decode() != nil || c.integrity.Check(message) != nil {
		return true
	}
	delete(c.open, id)
	now, state := time.Now(), c.of(p)
	state.answered, state.rtt = now, now.Sub(open.sent)
	c.notify()
	return true
}

// learn notes the pair by which the peer was seen. Behind a NAT that maps by
// destination its address is another one for each of ours, and leads to it from
// there alone.
func (c *checks) learn(p pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := slices.Index(c.strangers, p); at >= 0 {
		c.strangers = slices.Delete(c.strangers, at, at+1)
	}
	if len(c.strangers) >= strangerLimit {
		c.strangers = slices.Delete(c.strangers, 0, 1)
	}
	c.strangers = append(c.strangers, p)
}

// seen returns the pairs that were learnt.
func (c *checks) seen() []pair {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.strangers)
}

// health returns what is known of a pair.
func (c *checks) health(p pair) health {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.pairs[p]; known != nil {
		return *known
	}
	return health{}
}

// prune forgets pairs that are no more.
func (c *checks) prune(present []pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.pairs {
		if !slices.Contains(present, p) {
			delete(c.pairs, p)
		}
	}
}

// want lets a pair be selected at the peer's next check; nil takes that back.
func (c *checks) want(p *pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = p
}

// take reports whether a pair is the wanted one, and if so ends the wish.
func (c *checks) take(p pair) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wanted == nil || *c.wanted != p {
		return false
	}
	c.wanted = nil
	return true
}

// dataSize is the size from which a packet is taken for data that the peer
// acknowledges; an acknowledgement is smaller. Both are encrypted.
const dataSize = 200

// left notes a packet that goes to the peer, if it calls for an answer.
func (n *network) left(l leg, to netip.AddrPort, packet []byte) {
	s := n.selected.Load()
	if s == nil || s.leg != l || s.remote != to || s.waiting.Load() != 0 {
		return
	}
	if isBindingRequest(packet) || (len(packet) >= dataSize && !isSTUN(packet)) {
		s.waiting.CompareAndSwap(0, n.now())
	}
}

// arrived notes a packet of the peer; true if it was the answer to a check of
// ours, and nobody else's business.
func (n *network) arrived(l leg, from netip.AddrPort, packet []byte) bool {
	s := n.selected.Load()
	if s != nil && s.leg == l && s.remote == from {
		s.waiting.Store(0)
		if len(packet) >= dataSize && !isSTUN(packet) {
			s.data.Store(n.now())
		}
	}
	return isBindingSuccess(packet) && n.checks.answer(pair{l, from}, packet)
}

// pausedAt returns when data came last, if that has stopped a moment ago.
func (n *network) pausedAt(s *selection) int64 {
	at := s.data.Load()
	if pause := time.Duration(n.now() - at); at == 0 || pause < silentAfter || pause > freshFor {
		return 0
	}
	return at
}

// silence is for how long nothing has come in although something was sent, or
// could have been if our allocation were still there: who mostly receives has
// little to send, and would not notice.
func (n *network) silence(s *selection) time.Duration {
	if a, ok := s.leg.(*allocation); ok && a.over() {
		s.waiting.CompareAndSwap(0, n.now())
	}
	since := s.waiting.Load()
	if since == 0 {
		return 0
	}
	return time.Duration(n.now() - since)
}

// selects makes a pair the one that carries the bytes.
func (n *network) selects(p pair) {
	if s := n.selected.Load(); s != nil && s.pair == p {
		return
	}
	n.selected.Store(&selection{pair: p})
	n.checks.notify()
}

// legs are the sockets that candidates have now, the preferred first.
func (n *network) legs() []leg {
	n.mu.Lock()
	defer n.mu.Unlock()
	var direct, relayed []leg
	for socket := range n.open {
		if udp, ok := socket.(*udpSocket); ok && udp.lent.Load() {
			direct = append(direct, udp)
		}
	}
	for _, a := range n.carried {
		relayed = append(relayed, a)
	}
	return append(direct, relayed...)
}

// legOf finds the socket of a local candidate.
func (n *network) legOf(kind ice.CandidateType, address string, port int, related *ice.CandidateRelatedAddress) leg {
	if kind == ice.CandidateTypeRelay {
		if related == nil {
			return nil
		}
		if a := n.relay(uint16(related.Port)); a != nil {
			return a
		}
		return nil
	}
	if kind != ice.CandidateTypeHost && related != nil {
		port, address = related.Port, ""
	}
	ip, _ := netip.ParseAddr(address)
	n.mu.Lock()
	defer n.mu.Unlock()
	for socket := range n.open {
		udp, ok := socket.(*udpSocket)
		if !ok || !udp.lent.Load() {
			continue
		}
		own, _ := addrPort(udp.LocalAddr())
		if int(own.Port()) == port && (!ip.IsValid() || own.Addr() == ip.Unmap()) {
			return udp
		}
	}
	return nil
}

// allocations are those that candidates have now.
func (n *network) allocations() []*allocation {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.carried))
}

// used are all that there were.
func (n *network) used() []*allocation {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.history)
}

// askServers asks the TURN servers for a sign of life, past any allocation: it
// tells whether it is the network that is gone or a relay.
func (n *network) askServers() {
	n.mu.Lock()
	var servers []netip.AddrPort
	for to := range n.targets {
		if to.network == "udp" {
			servers = append(servers, to.address)
		}
	}
	n.mu.Unlock()
	for _, l := range n.legs() {
		for _, at := range servers {
			if !l.relayed() && l.reaches(at) {
				n.checks.ask(pair{l, at})
			}
		}
	}
}

// ask sends a plain STUN request to a server.
func (c *checks) ask(p pair) {
	message, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return
	}
	c.mu.Lock()
	c.expect(message.TransactionID, openCheck{pair: p, sent: time.Now(), server: true})
	c.mu.Unlock()
	p.leg.send(message.Raw, p.remote)
}

// served reports whether a server has answered since a time.
func (n *network) served(since time.Time) bool {
	n.checks.mu.Lock()
	defer n.checks.mu.Unlock()
	return n.checks.served.After(since)
}

// heardAfter reports whether the server has spoken in the last while.
func (a *allocation) heardAfter(while time.Duration) bool {
	heard := a.heard.Load()
	return heard > 0 && a.network.now()-heard < int64(while)
}
