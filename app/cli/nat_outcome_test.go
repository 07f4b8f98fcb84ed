//go:build lab

package main_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// sharedSize and relayRate keep a relayed transfer going for longer than
// directLimit, so that the end cannot come before the direct path. The rate
// counts what comes and goes.
const (
	sharedSize = 768 << 10
	relayRate  = "60k"
)

// outcome is what became of a pair.
type outcome struct {
	table            *table
	sender, receiver lab.Kind

	// When the receiver, who comes last, had a path; zero where it never did.
	relayed, direct time.Duration
	predicted       bool
	ended           time.Duration
	code            int
	whole           bool // the bytes that came are those that were shared
	problem         *problem
	stderr          string
	last            [2]peer // of the sender and the receiver
}

// meet shares a file on one computer and receives it on the other.
func (o *outcome) meet(t *testing.T, w *world, sender, receiver *lab.Host) {
	o.table.atWork <- struct{}{}
	work := true
	leave := func() {
		if work {
			work = false
			<-o.table.atWork
		}
	}
	defer leave()
	var more []string
	if o.canBeDirect() && o.table.relay != nil {
		more = []string{"--relay-rate", relayRate}
	}
	s, invitation := w.send(sender, o.table.shared, more...)
	to := t.TempDir()
	begun := time.Now()
	r := w.receive(receiver, invitation, to, more...)
	select {
	case <-r.exited:
	case <-time.After(workLimit):
		leave() // it waits: for bytes that are held back, or for a failure
	}
	o.code = r.wait(arrival)
	o.ended = time.Since(begun)
	for _, state := range r.every() {
		o.see(state, state.Time.Sub(begun))
	}
	for _, state := range s.every() {
		o.predicted = o.predicted || foretold(state)
	}
	o.whole = o.code == 0 && sameFile(t, o.table.shared, filepath.Join(to, filepath.Base(o.table.shared)))
	o.stderr = strings.TrimSpace(r.stderr.String())
	o.last = [2]peer{newest(s), newest(r)}
	s.kill()
}

// see notes what a state of the receiver tells.
func (o *outcome) see(state line, after time.Duration) {
	for _, peer := range state.Peers {
		switch {
		case peer.Path == "relayed" && o.relayed == 0:
			o.relayed = after
		case strings.HasPrefix(peer.Path, "direct-") && o.direct == 0:
			o.direct = after
		}
	}
	o.predicted = o.predicted || foretold(state)
	if len(state.Transfers) == 1 && state.Transfers[0].Problem != nil {
		o.problem = state.Transfers[0].Problem
	}
}

// foretold reports whether a state has a path by a predicted port.
func foretold(state line) bool {
	return slices.ContainsFunc(state.Peers, func(p peer) bool { return p.Opening == "predicted" })
}

// newest is the peer that a process had last; the zero peer if none.
func newest(p *process) peer {
	for _, state := range slices.Backward(p.every()) {
		for _, peer := range state.Peers {
			if peer.Path != "connecting" {
				return peer
			}
		}
	}
	return peer{}
}

// canBeDirect is what reasoning says of the pair.
func (o *outcome) canBeDirect() bool { return lab.CanBeDirect(o.sender, o.receiver) }

// mayBeDirect tells of a pair that becomes direct if ports are foretold.
func (o *outcome) mayBeDirect() bool {
	return !blocks(o.sender) && !blocks(o.receiver) && (sequential(o.sender) || sequential(o.receiver))
}

// wrong lists what ought to be otherwise.
func (o *outcome) wrong() []string {
	var all []string
	wrong := func(format string, arguments ...any) { all = append(all, fmt.Sprintf(format, arguments...)) }
	direct := o.direct > 0
	switch {
	case o.canBeDirect() && !direct:
		wrong("it can be direct and is not: %s", o.words())
	case o.canBeDirect() && o.direct > directLimit:
		wrong("it can be direct and was so after %v, want at most %v", o.direct, directLimit)
	case !o.canBeDirect() && direct && !o.mayBeDirect():
		wrong("it cannot be direct and is: %s", o.words())
	}
	if direct || o.table.relay != nil {
		if o.code != 0 || !o.whole {
			wrong("it ended with %d (%s), and the whole file arrived: %v", o.code, o.stderr, o.whole)
		}
		return append(all, o.wrongRelays()...)
	}
	if o.code != 3 || o.ended > failureLimit {
		wrong("it ended with %d after %v, want 3 after at most %v", o.code, o.ended, failureLimit)
	}
	return append(all, o.wrongReasons()...)
}

// wrongRelays holds sides without UDP to relays by TCP.
func (o *outcome) wrongRelays() []string {
	if o.direct > 0 {
		return nil
	}
	var all []string
	for side, kind := range []lab.Kind{o.sender, o.receiver} {
		byTCP := slices.ContainsFunc(o.last[side].Relays, func(r relayed) bool { return strings.HasSuffix(r.Server, "?transport=tcp") })
		if blocks(kind) && !byTCP {
			all = append(all, fmt.Sprintf("%s has no relay by TCP, but %+v", kind, o.last[side].Relays))
		}
	}
	return all
}

// wrongReasons compares what the receiver says with what it is.
func (o *outcome) wrongReasons() []string {
	switch {
	case o.problem == nil:
		return []string{"there is no reason"}
	case o.problem.Code != "no-path":
		return []string{"the reason is " + o.problem.Code}
	case o.problem.Explanation == nil:
		return []string{"the reason has no explanation"}
	}
	said := o.problem.Explanation
	var all []string
	if own, want := causes(said.Own), reasons(o.receiver, o.sender); !slices.Equal(own, want) {
		all = append(all, fmt.Sprintf("of its own network the receiver says %q, want %q", own, want))
	}
	if theirs, want := causes(said.Theirs), reasons(o.sender, o.receiver); !slices.Equal(theirs, want) {
		all = append(all, fmt.Sprintf("of the sender's network the receiver says %q, want %q", theirs, want))
	}
	if said.Why == "" || !strings.Contains(o.stderr, said.Why) {
		all = append(all, fmt.Sprintf("the end of stderr is not %q, but %q", said.Why, o.stderr))
	}
	return all
}

// causes are those that are about the router. That a relay would help is said
// of every pair.
func causes(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(cause string) bool { return cause == "no-relay" || cause == "carrier-nat" })
}

// reasons are why a kind of network has no direct path to another one.
func reasons(own, theirs lab.Kind) []string {
	switch {
	case blocks(own):
		return []string{"udp-blocked"}
	case blocks(theirs):
		return []string{}
	case mapping(own) > lab.EndpointIndependentMapping:
		return []string{"changes-ports"}
	default:
		return []string{"filters-by-port"}
	}
}

func blocks(k lab.Kind) bool {
	return slices.ContainsFunc(k, func(nat lab.NAT) bool { return nat.BlockUDP })
}

// mapping is that of all routers together.
func mapping(k lab.Kind) lab.Mapping {
	all := lab.NoMapping
	for _, nat := range k {
		all = max(all, nat.Mapping)
	}
	return all
}

// sequential reports whether a port of the outermost router can be foretold.
func sequential(k lab.Kind) bool {
	outermost := k[len(k)-1]
	return outermost.Mapping > lab.EndpointIndependentMapping && outermost.Allocation == lab.Sequential
}

// sort is the outcome without its time.
func (o *outcome) sort() string {
	switch {
	case o.direct > 0 && o.predicted:
		return "direct (predicted)"
	case o.direct > 0 && o.relayed > 0:
		return "relayed, then direct"
	case o.direct > 0:
		return "direct"
	case o.relayed > 0:
		return "relayed"
	default:
		return "no path"
	}
}

// took is when the outcome was there.
func (o *outcome) took() time.Duration {
	switch {
	case o.direct > 0:
		return o.direct
	case o.relayed > 0:
		return o.relayed
	default:
		return o.ended
	}
}

// words are the outcome and its times.
func (o *outcome) words() string {
	if o.direct == 0 || o.relayed == 0 {
		return o.sort() + " " + seconds(o.took())
	}
	words := "relayed " + seconds(o.relayed) + ", then direct " + seconds(o.direct)
	if o.predicted {
		words += " (predicted)"
	}
	return words
}

// String is the outcome in a table.
func (o *outcome) String() string {
	if len(o.wrong()) > 0 {
		return "WRONG: " + o.words()
	}
	return o.words()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
