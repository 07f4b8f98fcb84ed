package portmap

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// searchLimit is how long a search takes where nothing answers.
	searchLimit = 3 * time.Second
	// datagramLimit is how long PCP and NAT-PMP are given in it.
	datagramLimit = 2 * time.Second
	// probeGrace is how much longer a probe waits for its answer when another
	// protocol is preferred.
	probeGrace = 100 * time.Millisecond
	// searchGrace is how long a protocol that is preferred may answer after
	// another one has.
	searchGrace = 250 * time.Millisecond
)

// preference is the order of the protocols.
var preference = []Protocol{PCP, NATPMP, UPnP}

// gateway is what is kept of one router while the route stays the same.
type gateway struct {
	route
	exchange *exchange
	pcp      *pcp
	natpmp   *natpmp
}

// newGateway opens the socket to a router. It must be closed. lost is called
// when the router says that it has lost its mappings, on any goroutine.
func newGateway(r route, lost func()) (*gateway, error) {
	e, err := newExchange(r.gateway)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRouter, err)
	}
	return &gateway{
		route: r, exchange: e,
		pcp:    &pcp{exchange: e, lost: lost},
		natpmp: &natpmp{exchange: e, lost: lost},
	}, nil
}

func (g *gateway) close() { g.exchange.close() }

// finding is what became of the search for one protocol.
type finding struct {
	protocol Protocol
	router   router
	err      error
}

// search tries all protocols at once and returns those that answer, the
// preferred ones first. It ends when the most preferred one of those that may
// still answer has. Without any it returns why, by protocol.
func (g *gateway) search(ctx context.Context, limit time.Duration) ([]router, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	findings := make(chan finding, len(preference))
	go func() { findings <- g.try(ctx, g.pcp, g.pcp.probe) }()
	go func() { findings <- g.try(ctx, g.natpmp, g.natpmp.probe) }()
	go func() {
		u, err := findUPnP(ctx, g.route)
		if err != nil {
			findings <- finding{protocol: UPnP, err: err}
			return
		}
		findings <- finding{protocol: UPnP, router: u}
	}()
	byProtocol := map[Protocol]finding{}
	var grace <-chan time.Time
	for len(byProtocol) < len(preference) {
		select {
		case f := <-findings:
			byProtocol[f.protocol] = f
			if f.router != nil && grace == nil {
				grace = time.After(searchGrace)
			}
			if decided(byProtocol) {
				cancel() // the others end at once
			}
		case <-grace:
			cancel()
			grace = nil
		}
	}
	return chosen(byProtocol)
}

// try asks one protocol that is spoken by datagrams.
func (g *gateway) try(ctx context.Context, r router, ask func(context.Context) error) finding {
	ctx, cancel := context.WithTimeout(ctx, datagramLimit)
	defer cancel()
	if err := ask(ctx); err != nil {
		return finding{protocol: r.protocol(), err: err}
	}
	return finding{protocol: r.protocol(), router: r}
}

// lingering returns a context that ends a little later than ctx: a probe that is
// not needed any more waits for its answer, lest the router read the request for
// a port after the one that gives it back.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	end := context.AfterFunc(ctx, func() { time.AfterFunc(probeGrace, cancel) })
	return later, func() {
		end()
		cancel()
	}
}

// decided reports whether no protocol that is still tried would be preferred.
func decided(byProtocol map[Protocol]finding) bool {
	for _, protocol := range preference {
		f, known := byProtocol[protocol]
		switch {
		case !known:
			return false
		case f.router != nil:
			return true
		}
	}
	return false
}

func chosen(byProtocol map[Protocol]finding) ([]router, error) {
	var routers []router
	reasons := []error{}
	for _, protocol := range preference {
		f := byProtocol[protocol]
		if f.router != nil {
			routers = append(routers, f.router)
		} else {
			reasons = append(reasons, fmt.Errorf("%s: %w", protocol, f.err))
		}
	}
	if len(routers) > 0 {
		return routers, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrNoRouter, errors.Join(reasons...))
}
