package portmap

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

const (
	// routePeriod is how often the default route is looked at.
	routePeriod = 5 * time.Second
	// searchPeriod is how often protocols are tried again.
	searchPeriod = 10 * time.Minute
	// lookPeriod is how often the router's clock is looked at while it maps
	// ports: renewals alone would tell of its restart too late.
	lookPeriod = time.Minute
	// sleepMargin is by how much time must have jumped for this computer to
	// have been asleep.
	sleepMargin = 30 * time.Second
	// restartPause is the longest wait before mappings are asked for again
	// (RFC 6887 section 14.1.2 has 5 s for networks with many clients). A
	// router that says again that it has restarted is heard after restartQuiet.
	restartPause = 500 * time.Millisecond
	restartQuiet = 10 * time.Second
)

// owner is what Serve's goroutine alone knows.
type owner struct {
	*Mapper
	ctx      context.Context // ends with Serve's
	gateway  *gateway        // nil where there is no route
	unroute  context.CancelFunc
	routers  []router // that answer, the one in use first
	mappings map[netip.AddrPort]*mapping

	reason     error // why there are no routers
	searching  bool
	searchedAt time.Time
	lookedAt   time.Time // at the router's clock
	routedAt   time.Time // at the route
	restarted  time.Time // the router, last
}

// run owns the mappings until ctx ends.
func (o *owner) run(ctx context.Context) {
	o.ctx = ctx
	o.reroute(time.Now())
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(o.due()))
		select {
		case <-ctx.Done():
			return
		case event := <-o.events:
			event()
		case <-o.forgets:
			o.forgetAll()
		case <-timer.C:
			o.tick(time.Now())
		}
	}
}

// due is when there is next something to do without being asked.
func (o *owner) due() time.Time {
	due := o.routedAt.Add(routePeriod)
	for _, m := range o.mappings {
		if at, ok := m.due(); ok && at.Before(due) {
			due = at
		}
	}
	return due
}

// tick does what is due.
func (o *owner) tick(now time.Time) {
	if now.Sub(o.routedAt) >= routePeriod {
		o.reroute(now)
	}
	if o.gateway != nil && now.Sub(o.lookedAt) >= lookPeriod {
		o.look(now)
	}
	for _, m := range o.mappings {
		o.advance(m)
	}
}

// reroute looks at the route, and searches when it has changed, when this
// computer was asleep, or when it is time to.
func (o *owner) reroute(now time.Time) {
	// Round drops the monotonic clock, which may stop during sleep.
	slept := !o.routedAt.IsZero() && now.Round(0).Sub(o.routedAt.Round(0)) > routePeriod+sleepMargin
	o.routedAt = now
	found, err := findRoute(o.config.Gateway)
	switch {
	case err != nil:
		o.leave()
		o.searched(nil, err)
	case o.gateway == nil || o.gateway.route != found:
		o.leave()
		o.enter(found)
		o.search(now)
	case slept:
		o.renewAll()
		o.search(now)
	case now.Sub(o.searchedAt) >= searchPeriod:
		o.search(now)
	}
}

// leave forgets a router that cannot be reached any more.
func (o *owner) leave() {
	if o.gateway == nil {
		return
	}
	o.unroute()
	o.gateway.close()
	o.gateway, o.routers, o.searching = nil, nil, false
	for _, m := range o.mappings {
		m.drop()
	}
}

// enter opens the socket to a router.
func (o *owner) enter(r route) {
	ctx, cancel := context.WithCancel(o.ctx)
	lost := func() { o.tasks.Go(func() { o.post(func() { o.routerRestarted(r) }) }) }
	g, err := newGateway(r, lost)
	if err != nil {
		cancel()
		o.searched(nil, err)
		return
	}
	o.gateway, o.unroute = g, cancel
	o.log.Debug("route", "gateway", r.gateway, "local", r.local)
	o.tasks.Go(func() { hearAnnouncements(ctx, r, lost) })
}

// search tries the protocols, unless that is going on.
func (o *owner) search(now time.Time) {
	o.searchedAt = now
	g := o.gateway
	if g == nil || o.searching {
		return
	}
	o.searching = true
	ctx, limit := o.ctx, o.limit
	o.tasks.Go(func() {
		routers, err := g.search(ctx, limit)
		o.post(func() {
			if o.gateway == g {
				o.searching = false
				o.searched(routers, err)
			}
		})
	})
}

// searched takes what a search has found. A protocol that is in use stays in
// use while it answers.
func (o *owner) searched(routers []router, err error) {
	if len(o.routers) > 0 {
		inUse := o.routers[0].protocol()
		for i, r := range routers {
			if r.protocol() == inUse {
				copy(routers[1:i+1], routers[:i])
				routers[0] = r
				break
			}
		}
	}
	o.routers = routers
	o.reason = err
	o.publish()
	for _, m := range o.mappings {
		o.advance(m)
	}
}

// publish shows what is known of the router, if it has changed.
func (o *owner) publish() {
	status := Status{Searched: true, Err: o.reason}
	if o.gateway != nil {
		status.Gateway = o.gateway.route.gateway
	}
	if len(o.routers) > 0 {
		status.Protocol, status.External = o.routers[0].protocol(), o.routers[0].external()
	}
	if fmt.Sprint(status) == fmt.Sprint(o.status.Load()) {
		return
	}
	o.log.Debug("port mapping", "protocol", status.Protocol, "gateway", status.Gateway, "external", status.External, "error", status.Err)
	o.status.Set(status)
}

// look asks the router something, while it maps ports, so that its clock or
// its outside address is heard.
func (o *owner) look(now time.Time) {
	o.lookedAt = now
	if len(o.routers) == 0 || len(o.mappings) == 0 {
		return
	}
	r, g := o.routers[0], o.gateway
	ctx := o.ctx
	o.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, datagramLimit)
		defer cancel()
		before := r.external()
		_ = r.look(ctx)
		o.post(func() {
			if o.gateway == g && len(o.routers) > 0 && o.routers[0] == r && r.external() != before {
				o.renewAll()
				o.publish()
			}
		})
	})
}

// routerRestarted asks for every mapping again.
func (o *owner) routerRestarted(r route) {
	now := time.Now()
	if o.gateway == nil || o.gateway.route != r || now.Sub(o.restarted) < restartQuiet {
		return
	}
	o.restarted = now
	o.log.Debug("the router has restarted", "gateway", r.gateway)
	o.renewAll()
}

// renewAll makes every mapping due.
func (o *owner) renewAll() {
	for _, m := range o.mappings {
		m.renew(time.Now().Add(rand.N(restartPause)))
	}
}
