package portmap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// askLimit is how long one mapping may take: for a router that does not
	// answer at once.
	askLimit = 4 * time.Second
	// retryLeast is the shortest pause before a router is asked again for what
	// it has not given.
	retryLeast = 5 * time.Second
)

// user is one call of Map.
type user struct {
	local    netip.AddrPort
	answer   chan answer // one
	answered bool
}

// answer is what a call of Map returns.
type answer struct {
	external netip.AddrPort
	err      error
}

// mapping is one port, with those who want it. One thing at a time is asked
// of the router about it.
type mapping struct {
	users []*user
	lease lease
	by    router    // who gave the lease; nil while nobody has
	until time.Time // the lease ends
	next  time.Time // when to ask for it again
	busy  bool
	asked router // who may have mapped the port; nil once it is given back
}

func (m *mapping) held(now time.Time) bool { return m.by != nil && now.Before(m.until) }

// due is when something has to be done without being asked.
func (m *mapping) due() (time.Time, bool) { return m.next, !m.busy && !m.next.IsZero() }

// renew makes the mapping due.
func (m *mapping) renew(at time.Time) {
	if m.by != nil && (m.next.IsZero() || at.Before(m.next)) {
		m.next = at
	}
}

// drop forgets the lease: it was given back, or its router is out of reach.
func (m *mapping) drop() {
	m.by, m.asked, m.next = nil, nil, time.Time{}
	m.lease.external = netip.AddrPortFrom(netip.Addr{}, m.lease.local.Port())
}

// fail answers those who wait. They do not want the mapping any more.
func (m *mapping) fail(err error) {
	m.users = slices.DeleteFunc(m.users, func(u *user) bool {
		if u.answered {
			return false
		}
		u.answer <- answer{err: err}
		return true
	})
}

// give answers those who wait with the lease.
func (m *mapping) give() {
	for _, u := range m.users {
		if !u.answered {
			u.answered = true
			u.answer <- answer{external: m.lease.external}
		}
	}
}

// want takes a call of Map.
func (o *owner) want(u *user) {
	m := o.mappings[u.local]
	if m == nil {
		m = &mapping{lease: lease{local: u.local, external: netip.AddrPortFrom(netip.Addr{}, u.local.Port())}}
		_, _ = rand.Read(m.lease.nonce[:])
		o.mappings[u.local] = m
	}
	m.users = append(m.users, u)
	if !m.held(time.Now()) {
		m.next = time.Time{} // at once, whatever was before
	}
	o.advance(m)
}

// forgetAll takes the calls whose mapping is not wanted any more.
func (o *owner) forgetAll() {
	o.mu.Lock()
	forgotten := o.forgotten
	o.forgotten = nil
	o.mu.Unlock()
	for _, u := range forgotten {
		if m := o.mappings[u.local]; m != nil {
			m.users = slices.DeleteFunc(m.users, func(other *user) bool { return other == u })
			o.advance(m)
		}
	}
}

// advance does what a mapping needs now.
func (o *owner) advance(m *mapping) {
	now := time.Now()
	switch {
	case m.busy:
	case len(m.users) == 0 && m.asked != nil:
		o.remove(m)
	case len(m.users) == 0:
		delete(o.mappings, m.lease.local)
	case o.gateway != nil && m.lease.local.Addr() != o.gateway.local:
		m.fail(fmt.Errorf("%w: %s does not face the router", ErrAddress, m.lease.local.Addr()))
		m.next = time.Time{}
		o.sweep(m)
	case len(o.routers) == 0:
		if o.status.Load().Searched && !o.searching {
			m.fail(o.status.Load().Err)
			o.sweep(m)
		}
		m.next = time.Time{}
	default:
		if m.held(now) {
			m.give()
		}
		if !now.Before(m.next) {
			o.add(m)
		}
	}
}

// sweep deletes a mapping that nobody wants any more.
func (o *owner) sweep(m *mapping) {
	if len(m.users) == 0 && m.asked == nil {
		delete(o.mappings, m.lease.local)
	}
}

// add asks the routers for the mapping, in turn.
func (o *owner) add(m *mapping) {
	wish, routers, g := m.lease, slices.Clone(o.routers), o.gateway
	m.busy, m.asked = true, routers[0]
	ctx := o.ctx
	o.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		given, by, err := askInTurn(ctx, wish, routers)
		o.post(func() { o.added(m, g, given, by, err) })
	})
}

// askInTurn asks the first router, and the next one when that refuses.
func askInTurn(ctx context.Context, wish lease, routers []router) (given lease, by router, err error) {
	for _, r := range routers {
		given, err = r.add(ctx, wish)
		if err == nil {
			return given, r, nil
		}
		if !errors.Is(err, ErrRefused) {
			return given, r, err
		}
	}
	return given, routers[len(routers)-1], err
}

// added takes the router's answer.
func (o *owner) added(m *mapping, g *gateway, given lease, by router, err error) {
	now := time.Now()
	m.busy = false
	switch {
	case o.gateway != g: // which was left meanwhile
		m.drop()
	case err != nil:
		o.log.Debug("a port is not mapped", "local", m.lease.local, "protocol", by.protocol(), "error", err)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: the router does not answer", ErrRefused)
		}
		m.fail(err)
		if errors.Is(err, ErrRefused) && !m.held(now) {
			m.asked = nil
		}
		m.next = now.Add(max(m.until.Sub(now)/2, retryLeast))
	default:
		if m.lease.external.IsValid() && m.lease.external != given.external {
			o.log.Debug("a port is mapped elsewhere", "local", m.lease.local, "before", m.lease.external, "now", given.external)
		}
		m.lease, m.by, m.asked = given, by, by
		m.until, m.next = now.Add(given.life), now.Add(given.life/2)
		m.give()
		o.prefer(by)
		o.publish()
	}
	o.advance(m)
}

// prefer puts a router first that has given what another refused.
func (o *owner) prefer(by router) {
	if at := slices.Index(o.routers, by); at > 0 {
		o.routers = append([]router{by}, slices.Delete(slices.Clone(o.routers), at, at+1)...)
	}
}

// remove gives the mapping back.
func (o *owner) remove(m *mapping) {
	lease, by, g := m.lease, m.asked, o.gateway
	m.busy = true
	ctx := o.ctx
	o.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		err := by.remove(ctx, lease)
		o.post(func() {
			if err != nil && o.gateway == g {
				o.log.Debug("a mapping could not be given back", "local", lease.local, "error", err)
			}
			m.busy = false
			m.drop()
			o.advance(m)
		})
	})
}

// end gives everything back, within releaseLimit, after run.
func (o *owner) end() {
	if o.gateway == nil {
		return
	}
	o.unroute()
	ctx, cancel := context.WithTimeout(context.Background(), releaseLimit)
	defer cancel()
	var removals sync.WaitGroup
	for _, m := range o.mappings {
		if m.asked != nil {
			removals.Go(func() { _ = m.asked.remove(ctx, m.lease) })
		}
	}
	removals.Wait()
	o.tasks.Wait() // a search may have something to give back too
	o.gateway.close()
}
