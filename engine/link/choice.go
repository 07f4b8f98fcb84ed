package link

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// The offering side chooses the pair that carries the bytes, at the start and
// whenever a better one works or the present one falls silent. It nominates
// the pair by checks until the peer checks it in turn, which shows that it
// works both ways; at that moment each side's pion is told to switch.

const (
	// reflexiveWait is how long anything but host candidates waits for those.
	reflexiveWait = 40 * time.Millisecond
	// A relay waits relayRounds of its round trips for a direct pair, within
	// these bounds.
	relayRounds                   = 3
	relayWaitLeast, relayWaitMost = 100 * time.Millisecond, 500 * time.Millisecond

	// silentAfter is when a pair that answers nothing is doubted, deadAfter when
	// it is given up for one that does, if that is doubtTrips and deadTrips of
	// its round trips.
	// SCTP sends again what is missing after a second: with luck the path is
	// another one by then.
	silentAfter, deadAfter = 300 * time.Millisecond, 800 * time.Millisecond
	deadRounds, deadTrips  = 3, 3 // rounds of checks that it has to miss
	doubtTrips             = 2
	doubtPause             = 150 * time.Millisecond
	// roundLimit bounds the checks that leave at once.
	roundLimit = 48

	nominateAgain = 100 * time.Millisecond
	nominateLimit = 1500 * time.Millisecond
	shunnedFor    = 5 * time.Second
	freshFor      = 3 * time.Second // an answer

	// Direct pairs are checked directPause apart on a relayed path, at first
	// more often: 24 checks a minute for each, each of about 100 bytes.
	eagerPause, eagerFor = 250 * time.Millisecond, 5 * time.Second
	directPause          = 2500 * time.Millisecond
	standbyPause         = 15 * time.Second
	lookPause            = time.Second
)

// choice is what the owner knows of the pairs.
type choice struct {
	own, remote iceCredentials
	began       time.Time // of the search for a first pair
	selected    *selection
	since       time.Time // when it became that
	paused      int64     // when data came last before a pause that was checked
	rounds      int       // of checks since it fell silent
	distrusted  time.Time // when the peer missed what we send

	target              *pair // nominated now
	targeted, nominated time.Time
	confirm             []time.Time // nominations that repeat a choice
	shunned             map[pair]time.Time

	relays   map[netip.AddrPort]bool // the peer's addresses that are its relays'
	looked   time.Time
	directly time.Time // since when the path has been direct; zero while it is not
}

// remote is an address of the peer.
type remote struct {
	at            netip.AddrPort
	host, relayed bool
}

// bindingRequest is pion's question whether a check of the peer should select
// its pair. On the answering side that is one which nominates; pion would stay
// with a pair of the same priority. It runs inside pion's ICE loop and must not
// wait.
func (l *Link) bindingRequest(m *stun.Message, local, from ice.Candidate, _ *ice.CandidatePair) bool {
	nominates := !l.offers && m.Contains(stun.AttrUseCandidate)
	ip, err := netip.ParseAddr(from.Address())
	leg := l.sockets.legOf(local.Type(), local.Address(), local.Port(), local.RelatedAddress())
	if err != nil || leg == nil {
		return nominates
	}
	p := pair{leg, netip.AddrPortFrom(ip.Unmap(), uint16(from.Port()))}
	l.sockets.checks.learn(p)
	switch {
	case l.offers && !l.sockets.checks.take(p), !l.offers && !nominates:
		return false
	case nominates:
		select {
		case l.replies <- p:
		default:
		}
	}
	l.sockets.selects(p)
	return true
}

// choose makes the checks that are due, and nominates. It returns when it
// wants to be called again.
func (l *Link) choose(now time.Time) time.Duration {
	c := &l.state.choice
	if l.theirs.frame == "" {
		return tickPeriod
	}
	if c.began.IsZero() {
		c.began = now
		c.shunned, c.relays = map[pair]time.Time{}, map[netip.AddrPort]bool{}
		c.own, c.remote = l.credentials, l.theirs.credentials()
		l.sockets.checks.begin(c.own, c.remote, l.offers)
	}
	selected := l.sockets.selected.Load()
	if selected != c.selected {
		c.selected, c.since, c.rounds, c.paused, c.distrusted = selected, now, 0, 0, time.Time{}
	}
	silent := l.silent()
	if !l.doubtful(silent) {
		c.rounds = 0
	}
	l.checkPause()
	view := l.survey()
	next := l.checkPairs(now, silent, view)
	if l.offers {
		next = min(next, l.nominate(now, silent, view))
	}
	l.tendRelays(now, silent)
	return next
}

// checkPause asks whether the pair still works when data has stopped to come:
// who only receives sends nothing that calls for an answer. A NAT that has
// forgotten its mappings gives this side another address, which answers as the
// old one did while the peer goes on sending to that; nominated once more, the
// peer follows.
func (l *Link) checkPause() {
	c := &l.state.choice
	if c.selected == nil {
		return
	}
	if at := l.sockets.pausedAt(c.selected); at != 0 && at != c.paused {
		c.paused = at
		l.sockets.checks.check(c.selected.pair, l.offers)
	}
}

func (l *Link) silent() time.Duration {
	if s := l.sockets.selected.Load(); s != nil {
		return l.sockets.silence(s)
	}
	return 0
}

// class is how good a pair is.
type class int

const (
	classHost   class = iota // between two host candidates
	classDirect              // through NATs
	classRelay               // TURN on either side
)

// survey is all pairs that could carry the bytes under the policy, the best
// first, and what the peer's addresses are.
type survey struct {
	pairs   []pair
	remotes map[netip.AddrPort]remote
}

func (v survey) class(p pair) class {
	r := v.remotes[p.remote]
	udp, ok := p.leg.(*udpSocket)
	switch {
	case !ok || r.relayed:
		return classRelay
	case r.host && udp.bound:
		return classHost
	default:
		return classDirect
	}
}

// remotes are the peer's addresses that it told.
func (l *Link) remotes() []remote {
	var all []remote
	add := func(r remote) {
		if !slices.ContainsFunc(all, func(other remote) bool { return other.at == r.at }) {
			all = append(all, r)
		}
	}
	for _, line := range l.theirs.candidates {
		candidate, err := ice.UnmarshalCandidate(line)
		if err != nil {
			continue
		}
		ip, err := netip.ParseAddr(candidate.Address())
		if err != nil {
			continue
		}
		at := netip.AddrPortFrom(ip.Unmap(), uint16(candidate.Port()))
		kind := candidate.Type()
		add(remote{
			at: at, host: kind == ice.CandidateTypeHost, relayed: kind == ice.CandidateTypeRelay,
		})
	}
	return all
}

// survey lists the pairs of now.
func (l *Link) survey() survey {
	v := survey{remotes: map[netip.AddrPort]remote{}}
	ranks := map[pair]int{}
	add := func(p pair) {
		class := v.class(p)
		switch {
		case !p.leg.reaches(p.remote),
			l.config.Policy == path.RelayOnly && !p.leg.relayed(),
			(l.config.Policy == path.DirectOnly || l.config.Policy == path.LANOnly) && class == classRelay:
			return
		case class == classRelay:
			ranks[p] = int(classRelay) + 2*serverRank(p.leg)
			if p.leg.relayed() && v.remotes[p.remote].relayed {
				ranks[p]++ // two relays
			}
		default:
			ranks[p] = int(class)
		}
		v.pairs = append(v.pairs, p)
	}
	legs := l.sockets.legs()
	for _, r := range l.remotes() {
		v.remotes[r.at] = r
		for _, leg := range legs {
			add(pair{leg, r.at})
		}
	}
	told := maps.Clone(v.remotes)
	filter := l.filter()
	for _, p := range l.sockets.checks.seen() {
		_, known := told[p.remote]
		if known || !slices.Contains(legs, p.leg) || (filter.policy == path.LANOnly && !filter.near(p.remote.Addr())) {
			continue
		}
		v.remotes[p.remote] = remote{at: p.remote, relayed: l.state.choice.relays[p.remote]}
		add(p)
	}
	slices.SortStableFunc(v.pairs, func(a, b pair) int { return cmp.Compare(ranks[a], ranks[b]) })
	l.sockets.checks.prune(v.pairs)
	return v
}

func serverRank(l leg) int {
	a, ok := l.(*allocation)
	if !ok {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server == nil {
		return 0
	}
	return a.server.rank
}

// checkPairs makes the checks that are due, the oldest first, but half of them
// of pairs that have worked before, if there are as many.
func (l *Link) checkPairs(now time.Time, silent time.Duration, view survey) time.Duration {
	c := &l.state.choice
	next := tickPeriod
	pause := func(p pair) time.Duration { return l.standingPause(now, p, view) }
	switch {
	case c.selected == nil:
		every := searchPause(now.Sub(c.began))
		pause = func(pair) time.Duration { return every }
		next = min(next, every)
	case l.doubtful(silent):
		every := doubtPause
		if silent > eagerFor {
			every = lookPause
		}
		next = min(next, every)
		pause = func(pair) time.Duration { return every }
	}
	type due struct {
		pair
		health
	}
	var list []due
	for _, p := range view.pairs {
		state := l.sockets.checks.health(p)
		// Half a tick early is nearer than a tick late.
		if every := pause(p); every > 0 && now.Sub(state.sent) >= every-min(every/10, tickPeriod/2) {
			list = append(list, due{p, state})
		}
	}
	slices.SortStableFunc(list, func(a, b due) int { return a.sent.Compare(b.sent) })
	if l.doubtful(silent) && len(list) > 0 {
		c.rounds++
	}
	var first, rest []due
	for _, each := range list {
		if !each.answered.IsZero() && len(first) < roundLimit/2 {
			first = append(first, each)
		} else {
			rest = append(rest, each)
		}
	}
	list = append(first, rest...)
	for _, each := range list[:min(len(list), roundLimit)] {
		doubted := c.selected != nil && each.pair == c.selected.pair && l.doubtful(silent)
		l.sockets.checks.check(each.pair, doubted && l.offers) // as in checkPause
	}
	return next
}

// searchPause is how far apart checks are while there is no pair yet.
func searchPause(searching time.Duration) time.Duration {
	switch {
	case searching < 400*time.Millisecond:
		return 50 * time.Millisecond
	case searching < 3*time.Second:
		return 200 * time.Millisecond
	case searching < pathLimit:
		return 500 * time.Millisecond
	default:
		return time.Second
	}
}

// standingPause is how far apart the checks of a pair are while the selected
// one works; 0 is never. Direct ones keep the holes in both NATs open, so that
// a direct path can come about at any time.
func (l *Link) standingPause(now time.Time, p pair, view survey) time.Duration {
	c := &l.state.choice
	eager := now.Sub(c.since) < eagerFor
	switch present, other := view.class(c.selected.pair), view.class(p); {
	case other < present && eager:
		return eagerPause
	case present != classRelay:
		return 0
	case other == classRelay:
		return standbyPause
	default:
		return directPause
	}
}

// nominate moves to the best pair. It is the offering side's.
func (l *Link) nominate(now time.Time, silent time.Duration, view survey) time.Duration {
	c := &l.state.choice
	if c.target != nil {
		switch {
		case c.selected != nil && c.selected.pair == *c.target:
			c.target = nil
			// The peer may have followed an older nomination last.
			c.confirm = []time.Time{now.Add(tickPeriod), now.Add(4 * tickPeriod)}
		case now.Sub(c.targeted) > nominateLimit:
			c.shunned[*c.target] = now
			c.target = nil
			l.sockets.checks.want(nil)
		default:
			if now.Sub(c.nominated) >= nominateAgain {
				c.nominated = now
				l.sockets.checks.check(*c.target, true)
			}
			return nominateAgain
		}
	}
	if len(c.confirm) > 0 && c.selected != nil && now.After(c.confirm[0]) {
		c.confirm = c.confirm[1:]
		l.sockets.checks.check(c.selected.pair, true)
	}
	best, wait := l.better(now, silent, view)
	if best == nil {
		return wait
	}
	c.target, c.targeted, c.nominated, c.confirm = best, now, now, nil
	l.log.Debug("nominating", "peer", l.remote, "relayed", best.leg.relayed(), "remote", best.remote, "silent", silent)
	l.sockets.checks.want(best)
	l.sockets.checks.check(*best, true)
	return nominateAgain
}

// better returns the best pair that works, if it is better than the selected
// one, or how long to wait for one.
func (l *Link) better(now time.Time, silent time.Duration, view survey) (*pair, time.Duration) {
	c := &l.state.choice
	distrusted := now.Sub(c.distrusted) < freshFor
	dead := c.selected != nil && (distrusted || l.silentTooLong(silent))
	since := now.Add(-freshFor)
	switch {
	case c.selected == nil:
		since = c.began
	case dead && !distrusted:
		since = now.Add(-silent)
	}
	for _, p := range view.pairs {
		state := l.sockets.checks.health(p)
		switch {
		case !state.answered.After(since), now.Sub(c.shunned[p]) < shunnedFor:
			continue
		case c.selected == nil:
			if wait := l.headStart(p, state.rtt, view) - now.Sub(c.began); wait > 0 {
				return nil, min(wait, tickPeriod)
			}
			return &p, 0
		case c.selected.pair == p, !dead && view.class(p) >= view.class(c.selected.pair):
			continue
		}
		return &p, 0
	}
	return nil, tickPeriod
}

// doubtful reports whether the selected pair should have answered by now.
func (l *Link) doubtful(silent time.Duration) bool {
	if silent < silentAfter || l.state.choice.selected == nil {
		return false
	}
	return silent >= doubtTrips*l.sockets.checks.health(l.state.choice.selected.pair).rtt
}

// silentTooLong reports whether the selected pair is to be given up.
func (l *Link) silentTooLong(silent time.Duration) bool {
	c := &l.state.choice
	trips := deadTrips * min(l.sockets.checks.health(c.selected.pair).rtt, time.Second)
	return silent >= max(deadAfter, trips) && c.rounds >= deadRounds
}

// headStart is how long after the start of a search a pair waits for better ones.
func (l *Link) headStart(p pair, rtt time.Duration, view survey) time.Duration {
	switch best := view.class(view.pairs[0]); view.class(p) {
	case best:
		return 0
	case classDirect:
		return reflexiveWait
	default:
		return max(relayWaitLeast, min(relayRounds*rtt, relayWaitMost))
	}
}

// searchAnew begins a new search after an ICE restart.
func (l *Link) searchAnew(now time.Time) {
	c := &l.state.choice
	l.sockets.selected.Store(nil)
	l.sockets.checks.want(nil)
	c.began, c.selected, c.target, c.confirm = now, nil, nil, nil
	clear(c.shunned)
}

// tendRelays looks after the allocations, and gives them back when they have
// not been needed for a while.
func (l *Link) tendRelays(now time.Time, silent time.Duration) {
	c := &l.state.choice
	allocations := l.sockets.allocations()
	for _, a := range allocations {
		a.tend(now)
	}
	if (l.doubtful(silent) || c.selected == nil) && now.Sub(c.looked) >= lookPause {
		c.looked = now
		for _, a := range allocations {
			a.look()
		}
		l.sockets.askServers()
	}
	// The peer speaks over the direct path too, not only we.
	works := l.state.ready && l.state.lost.IsZero() && !l.doubtful(silent) && l.state.kind.Direct()
	switch {
	case !works || l.config.Policy == path.RelayOnly:
		c.directly = time.Time{}
	case c.directly.IsZero():
		c.directly = now
	case now.Sub(c.directly) > l.config.ReleaseAfter:
		for _, a := range allocations {
			if a.usable() {
				l.log.Debug("giving a relay back", "peer", l.remote, "relay", a.uri())
				a.release()
			}
		}
	}
}

// credentials reads the peer's from its description.
func (s session) credentials() iceCredentials {
	var found iceCredentials
	for line := range strings.Lines(s.frame) {
		line = strings.TrimSpace(line)
		if value, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok {
			found.fragment = value
		}
		if value, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok {
			found.password = value
		}
	}
	return found
}
