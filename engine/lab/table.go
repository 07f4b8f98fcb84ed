//go:build linux

package lab

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
)

// ErrNoPort means that a router has no outside port left to give.
var ErrNoPort = errors.New("lab: no free port")

const lowestPort, highestPort = 1024, 65535

// flow is packets of one kind between an inside and a remote endpoint. As a
// key, the remote is cut down to what a rule looks at.
type flow struct {
	kind           kind
	inside, remote endpoint
}

// upTo cuts the remote down: 0 leaves nothing, 1 its address, 2 all of it.
func (f flow) upTo(detail int) flow {
	switch detail {
	case 0:
		f.remote = endpoint{}
	case 1:
		f.remote.port = 0
	}
	return f
}

// mapping is an outside port that stands for an inside endpoint.
type mapping struct {
	key     flow
	outside uint16
	used    int64 // when the inside last sent, on the lab's clock
	asked   bool  // for by a port-mapping protocol
	expires int64 // of one that was asked for
}

func (m *mapping) live(rules *NAT, now int64) bool {
	if m.asked {
		return now < m.expires
	}
	return now-m.used < rules.idle(m.key.kind)
}

type outsidePort struct {
	kind kind
	port uint16
}

// table is what a router remembers of the packets that went out.
type table struct {
	mu      sync.Mutex
	rules   *NAT
	filter  Filtering
	inside  map[flow]*mapping        // by inside endpoint, and remote as Mapping looks at it
	asked   map[flow]*mapping        // by inside endpoint
	outside map[outsidePort]*mapping // all of them
	sent    map[flow]int64           // when, with the remote as filter looks at it
	last    uint16                   // the last port given out in sequence
	blocks  map[[16]byte]int         // which block of ports an inside address has
	sweep   int                      // at how many flows to look for stale ones
}

func newTable(rules *NAT, filter Filtering) *table {
	t := &table{rules: rules, filter: filter}
	t.forget()
	return t
}

// forget ends all mappings and permissions, as a router that restarts.
func (t *table) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inside, t.asked = map[flow]*mapping{}, map[flow]*mapping{}
	t.outside, t.sent = map[outsidePort]*mapping{}, map[flow]int64{}
	t.blocks = map[[16]byte]int{}
	t.last = uint16(20000 + rand.IntN(20000))
	t.sweep = 4096
}

// set changes the rules. What was allowed stays allowed where the new rules
// look at the same.
func (t *table) set(rules *NAT, filter Filtering) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.filter != filter {
		t.sent = map[flow]int64{}
	}
	if t.rules.Mapping != rules.Mapping {
		for key, m := range t.inside {
			delete(t.outside, outsidePort{key.kind, m.outside})
		}
		t.inside = map[flow]*mapping{}
	}
	t.rules, t.filter = rules, filter
}

// out notes a packet that leaves and returns its outside port.
func (t *table) out(f flow, now int64) (uint16, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.filter != EndpointIndependentFiltering {
		t.note(f.upTo(int(t.filter)), now)
	}
	if t.rules.Mapping == NoMapping {
		return f.inside.port, true
	}
	if m := t.find(f, now); m != nil {
		m.used = now
		return m.outside, true
	}
	key := f.upTo(int(t.rules.Mapping) - 1)
	port, ok := t.choose(f.kind, f.inside, now)
	if !ok {
		return 0, false
	}
	m := &mapping{key: key, outside: port, used: now}
	t.inside[key] = m
	t.outside[outsidePort{f.kind, port}] = m
	return port, true
}

// find returns the live mapping of a flow, or nil.
func (t *table) find(f flow, now int64) *mapping {
	if len(t.asked) > 0 {
		if m := t.asked[f.upTo(0)]; m != nil && m.live(t.rules, now) {
			return m
		}
	}
	m := t.inside[f.upTo(int(t.rules.Mapping)-1)]
	if m == nil || !m.live(t.rules, now) {
		return nil
	}
	return m
}

// note remembers that the inside sent to a remote, and now and then forgets
// what is stale.
func (t *table) note(key flow, now int64) {
	t.sent[key] = now
	if len(t.sent) < t.sweep {
		return
	}
	for key, at := range t.sent {
		if now-at >= t.rules.idle(key.kind) {
			delete(t.sent, key)
		}
	}
	t.sweep = 2*len(t.sent) + 4096
}

// in returns whom a packet from outside is for, if it may pass.
func (t *table) in(k kind, remote endpoint, port uint16, now int64) (endpoint, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.outside[outsidePort{k, port}]
	if m == nil || !m.live(t.rules, now) {
		return endpoint{}, false
	}
	if !m.asked && !t.letsIn(m, flow{k, m.key.inside, remote}, now) {
		return endpoint{}, false
	}
	return m.key.inside, true
}

// letsIn reports whether a remote may use a mapping. A filter knows whom the
// inside sent to through this mapping, and not through another.
func (t *table) letsIn(m *mapping, f flow, now int64) bool {
	if t.filter == EndpointIndependentFiltering {
		return true
	}
	return f.upTo(int(t.rules.Mapping)-1) == m.key && t.permits(f, now)
}

// passes is in for a router that does not translate.
func (t *table) passes(f flow, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.permits(f, now)
}

func (t *table) permits(f flow, now int64) bool {
	if t.filter == EndpointIndependentFiltering {
		return true
	}
	at, ok := t.sent[f.upTo(int(t.filter))]
	return ok && now-at < t.rules.idle(f.kind)
}

// known returns the outside port of a flow that has one already.
func (t *table) known(f flow, now int64) (uint16, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.find(f, now)
	if m == nil {
		return 0, false
	}
	return m.outside, true
}

// choose finds a free outside port for an inside endpoint.
func (t *table) choose(k kind, inside endpoint, now int64) (uint16, bool) {
	low, high := t.span(inside.address)
	count := high - low + 1
	start := low
	switch t.rules.Allocation {
	case Preserving:
		start = int(inside.port)
	case Sequential:
		start = int(t.last) + 1
	case Random:
		for range 32 {
			port := uint16(low + rand.IntN(count))
			if t.free(k, port, now) {
				return port, true
			}
		}
		start = low + rand.IntN(count)
	}
	if start < low || start > high {
		start = low
	}
	for i := range count {
		port := uint16(low + (start-low+i)%count)
		if t.free(k, port, now) {
			t.last = port
			return port, true
		}
	}
	return 0, false
}

// span is the range of outside ports that an inside address may have.
func (t *table) span(inside [16]byte) (low, high int) {
	size := t.rules.Block
	if size <= 0 {
		return lowestPort, highestPort
	}
	block, ok := t.blocks[inside]
	if !ok {
		block = len(t.blocks) % ((highestPort + 1 - lowestPort) / size)
		t.blocks[inside] = block
	}
	low = lowestPort + block*size
	return low, low + size - 1
}

// free reports whether a port is free, and clears away a stale mapping of it.
func (t *table) free(k kind, port uint16, now int64) bool {
	m := t.outside[outsidePort{k, port}]
	if m == nil {
		return true
	}
	if m.live(t.rules, now) {
		return false
	}
	t.remove(m)
	return true
}

func (t *table) remove(m *mapping) {
	delete(t.outside, outsidePort{m.key.kind, m.outside})
	keys := t.inside
	if m.asked {
		keys = t.asked
	}
	if keys[m.key] == m {
		delete(keys, m.key)
	}
}

// ask gives an inside endpoint an outside port that lets anybody in.
func (t *table) ask(k kind, inside netip.AddrPort, wanted uint16, now, expires int64) (uint16, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := flow{kind: k, inside: endpointOf(inside)}
	if m := t.asked[key]; m != nil {
		if m.live(t.rules, now) {
			m.expires = expires
			return m.outside, nil
		}
		t.remove(m)
	}
	low, high := t.span(key.inside.address)
	port := wanted
	if int(wanted) < low || int(wanted) > high || !t.free(k, wanted, now) {
		var ok bool
		if port, ok = t.choose(k, key.inside, now); !ok {
			return 0, ErrNoPort
		}
	}
	m := &mapping{key: key, outside: port, used: now, asked: true, expires: expires}
	t.asked[key] = m
	t.outside[outsidePort{k, port}] = m
	return port, nil
}

// unask ends what ask gave.
func (t *table) unask(k kind, inside netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := t.asked[flow{kind: k, inside: endpointOf(inside)}]; m != nil {
		t.remove(m)
	}
}
