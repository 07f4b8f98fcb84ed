package portservice

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

const (
	// longest is the longest lease without Options.LongestLease (RFC 6887
	// section 15).
	longest = 24 * time.Hour
	// permanent is what a UPnP lease of zero lasts.
	permanent = 10 * 365 * 24 * time.Hour
)

var (
	errRefused = errors.New("portservice: mappings are refused")
	errFull    = errors.New("portservice: no port is left")
	errTaken   = errors.New("portservice: the outside port is taken")
)

// nonce tells a PCP client from others (RFC 6887 section 11.2).
type nonce [12]byte

// flow is what a mapping is for.
type flow struct {
	protocol string // "udp" or "tcp"
	inside   netip.AddrPort
}

// lease is a mapping that the router has given.
type lease struct {
	flow
	outside     netip.AddrPort
	until       time.Time
	nonce       nonce  // zero where it is not of PCP
	description string // of UPnP
}

// left is how much of the lease is left, in whole seconds, rounded up so that
// a fresh one says what was given.
func (l lease) left() uint32 {
	return seconds(max(0, time.Until(l.until)) + time.Second - 1)
}

// seconds is a lease's length as the protocols write it.
func seconds(life time.Duration) uint32 {
	return uint32(min(life/time.Second, 1<<32-1))
}

// wish is what a client asks for.
type wish struct {
	flow
	port        uint16 // 0 is any
	life        time.Duration
	nonce       nonce
	description string
	// exact fails with errTaken rather than take another port.
	exact bool
	// replace lets an exact wish move the flow's mapping to another port.
	replace bool
}

// leases are the mappings of all protocols. Its methods are safe for
// concurrent use.
type leases struct {
	options Options
	table   lab.PortTable

	mu    sync.Mutex
	given map[flow]lease
	// taken is the port that Options.OtherPort refuses to each flow.
	taken map[flow]uint16
}

func newLeases(options Options, table lab.PortTable) *leases {
	return &leases{options: options, table: table, given: map[flow]lease{}, taken: map[flow]uint16{}}
}

// give maps a port or renews its mapping.
func (l *leases) give(w wish) (lease, error) {
	switch {
	case l.options.Refuse:
		return lease{}, errRefused
	case l.options.Full:
		return lease{}, errFull
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	port, err := l.choose(w)
	if err != nil {
		return lease{}, err
	}
	life := w.life
	if l.options.LongestLease > 0 {
		life = min(life, l.options.LongestLease)
	}
	before, renewed := l.given[w.flow]
	if renewed && w.exact && before.outside.Port() != w.port {
		if !w.replace {
			return lease{}, errTaken
		}
		// The table has one mapping for each inside address.
		l.table.Unmap(w.protocol, w.inside)
		delete(l.given, w.flow)
		renewed = false
	}
	outside, err := l.table.Map(w.protocol, w.inside, port, life)
	if err != nil {
		return lease{}, errors.Join(errFull, err)
	}
	if w.exact && outside.Port() != w.port {
		if !renewed {
			l.table.Unmap(w.protocol, w.inside)
		}
		return lease{}, errTaken
	}
	made := lease{w.flow, outside, time.Now().Add(life), w.nonce, w.description}
	l.given[w.flow] = made
	return made, nil
}

// choose is the port to ask the table for.
func (l *leases) choose(w wish) (uint16, error) {
	for _, other := range l.given {
		if w.exact && other.protocol == w.protocol && other.outside.Port() == w.port && other.inside.Addr() != w.inside.Addr() {
			return 0, errTaken
		}
	}
	if !l.options.OtherPort || w.port == 0 {
		return w.port, nil
	}
	if _, known := l.taken[w.flow]; !known {
		l.taken[w.flow] = w.port
	}
	switch {
	case l.taken[w.flow] != w.port:
		return w.port, nil
	case w.exact:
		return 0, errTaken
	default:
		return w.port ^ 1, nil
	}
}

// expire forgets the leases that have ended; the table ends mappings by itself.
// The caller holds mu.
func (l *leases) expire() {
	now := time.Now()
	for at, held := range l.given {
		if !held.until.After(now) {
			delete(l.given, at)
		}
	}
}

// of is the lease of a flow.
func (l *leases) of(f flow) (lease, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	found, ok := l.given[f]
	return found, ok
}

// at is the lease of an outside port.
func (l *leases) at(protocol string, port uint16) (lease, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	for _, held := range l.given {
		if held.protocol == protocol && held.outside.Port() == port {
			return held, true
		}
	}
	return lease{}, false
}

// end ends the leases that match.
func (l *leases) end(matches func(lease) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, held := range l.given {
		if matches(held) {
			delete(l.given, at)
			l.table.Unmap(at.protocol, at.inside)
		}
	}
}

// external is the outside address that clients are told.
func (l *leases) external() netip.Addr {
	if l.options.External.IsValid() {
		return l.options.External
	}
	return l.table.Outside()
}
