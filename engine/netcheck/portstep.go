package netcheck

import (
	"context"
	"net/netip"
	"time"
)

const (
	// stepSamples are new mappings, one after the other.
	stepSamples = 6
	// mostStep is what still is a small step. Other computers behind the same NAT
	// take ports meanwhile, so single steps may be longer, up to mostGap.
	mostStep, mostGap = 8, 64
	// leastAgreement is how many steps must be the same.
	leastAgreement = 3
	stepPatience   = 1500 * time.Millisecond
)

// portStepTo looks by how much the outside port grows from one new mapping to
// the next, each from a socket of its own. They are made one after the other: a
// lost packet then delays a mapping and does not change their order.
func portStepTo(ctx context.Context, to netip.AddrPort, patience pace) int {
	ctx, stop := context.WithTimeout(ctx, stepPatience)
	defer stop()
	var inside, outside []uint16
	for range stepSamples {
		p, err := newProber(to.Addr())
		if err != nil {
			return 0
		}
		defer p.close() // later: a port in use is not given again
		s := p.see(ctx, to, 0, patience)
		if s.err != nil {
			break
		}
		inside, outside = append(inside, p.local().Port()), append(outside, s.mapped.Port())
	}
	return portStep(inside, outside)
}

// portStep is the step of a sequence of outside ports; 0 where it cannot be
// foretold. inside are the ports that were mapped.
func portStep(inside, outside []uint16) int {
	kept, counts := 0, map[int]int{}
	for i := range outside {
		if inside[i] == outside[i] {
			kept++
		}
		if i == 0 {
			continue
		}
		step := int(outside[i]) - int(outside[i-1])
		if step <= 0 || step > mostGap {
			continue
		}
		counts[step]++
	}
	// A NAT that keeps the port shows the order of this computer's own ports.
	if len(outside) < leastAgreement+1 || kept > 1 {
		return 0
	}
	best, steps := 0, 0
	for step, count := range counts {
		steps += count
		if step <= mostStep && (count > counts[best] || count == counts[best] && step < best) {
			best = step
		}
	}
	// One step may be backwards, where the range of ports begins anew.
	if counts[best] < leastAgreement || steps < len(outside)-2 {
		return 0
	}
	return best
}
