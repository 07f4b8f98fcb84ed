package netcheck

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// Measure asks each TURN server for an allocation and gives it back, all at the
// same time and in at most about 2.5 s: RTT tells their order, Failure which of
// them cannot be used. The results are in the order of servers.
func Measure(ctx context.Context, servers []Server) []TURNResult {
	return measure(ctx, servers, Options{short: true})
}

// measurePatience is what Measure takes at most, but for the release.
const measurePatience = 2 * time.Second

func measure(ctx context.Context, servers []Server, options Options) []TURNResult {
	ctx, stop := context.WithTimeout(ctx, measurePatience)
	defer stop()
	trials := make([]*trial, len(servers))
	var measuring sync.WaitGroup
	for i, server := range servers {
		trials[i] = newTrial(server, options)
		measuring.Go(func() {
			trials[i].finish(trials[i].open(ctx))
			trials[i].close()
		})
	}
	measuring.Wait()
	silent, hosts, overTCP := 0, map[netip.Addr]bool{}, false
	for _, t := range trials {
		f := t.result.Failure
		overTCP = overTCP || f != nil && f.Reason == TCPOnly || t.at.tcp && t.result.RTT > 0
		if t.at.tcp || !t.address.IsValid() {
			continue
		}
		if t.result.RTT > 0 || t.refusedUDP {
			silent = -len(trials)
		}
		silent++
		hosts[t.address.Addr()] = true
	}
	results := make([]TURNResult, len(trials))
	for i, t := range trials {
		if overTCP && silent > 0 && len(hosts) > 1 {
			t.blocked()
		}
		results[i] = t.result
	}
	return results
}
