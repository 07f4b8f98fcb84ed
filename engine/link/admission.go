package link

import (
	"maps"
	"slices"
	"time"
)

// One allocation on the preferred server is enough, and a second on another
// one takes over when that dies. More would only cost the servers. So each
// TURN client waits here for its turn: the servers over UDP in order of
// preference, those over TCP and TLS where nothing is heard over UDP.
const (
	// allocationsWanted are the preferred relay and one to stand by.
	allocationsWanted = 2
	// standbyAfter is how long the preferred server may take before the next
	// one is asked, anotherAfter what each further one waits.
	standbyAfter, anotherAfter = 100 * time.Millisecond, 300 * time.Millisecond
	// streamAfter is how long UDP may be silent before TCP is tried.
	streamAfter = 200 * time.Millisecond
)

// admit waits until a server may be asked for an allocation; false if it is
// not needed.
func (n *network) admit(server *relayServer, who *allocation) bool {
	began := time.Now()
	for {
		n.mu.Lock()
		changed := n.changed
		n.mu.Unlock()
		wait, needed := n.turn(server, who, time.Since(began))
		if !needed || wait <= 0 {
			return needed
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-n.ctx.Done():
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// stageChanged lets those who wait look again. The allocation's lock is held;
// nobody takes that under the network's.
func (n *network) stageChanged(server *relayServer, to stage) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if server != nil && (to == failed || to == gone) {
		n.failures[server.rank] = true
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// gatherAnew forgets which servers have failed.
func (n *network) gatherAnew() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.failures)
}

// turn returns how long a server has to wait still, and whether it is needed.
func (n *network) turn(server *relayServer, who *allocation, waited time.Duration) (time.Duration, bool) {
	n.mu.Lock()
	others := slices.DeleteFunc(slices.Collect(maps.Values(n.carried)), func(a *allocation) bool { return a == who })
	failures := maps.Clone(n.failures)
	n.mu.Unlock()
	var serving []*relayServer // with an allocation
	heard, packets := false, false
	for _, a := range others {
		a.mu.Lock()
		of, at := a.server, a.stage
		a.mu.Unlock()
		if of == nil {
			continue
		}
		switch at {
		case held:
			serving = append(serving, of)
			packets = packets || of.network == "udp"
		case asking:
			heard = heard || (of.network == "udp" && a.heard.Load() > 0)
		}
	}
	if len(serving) >= allocationsWanted || slices.ContainsFunc(serving, server.same) {
		return 0, false
	}
	stream := server.network == "tcp"
	if stream && packets {
		return 0, false
	}
	var after time.Duration
	before := 0 // servers of its kind that come first and have not failed
	for _, each := range n.relays {
		if each.network == server.network && each.rank < server.rank && !failures[each.rank] {
			before++
		}
	}
	if before > 0 && len(serving) == 0 {
		after = standbyAfter + time.Duration(before-1)*anotherAfter
	}
	if stream && n.awaitsPackets(failures) {
		after += streamAfter
		if heard {
			after += anotherAfter // it is about to answer
		}
	}
	return after - waited, true
}

// same reports whether two are one server, reached in two ways.
func (r *relayServer) same(other *relayServer) bool {
	return r.hostPort == other.hostPort || (r.host == other.host && r.network != other.network)
}

// awaitsPackets reports whether a server over UDP has not failed.
func (n *network) awaitsPackets(failures map[int]bool) bool {
	return slices.ContainsFunc(n.relays, func(r *relayServer) bool { return r.network == "udp" && !failures[r.rank] })
}
