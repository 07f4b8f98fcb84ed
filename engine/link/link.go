package link

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/watch"
)

// MaxMessage is the size of the largest control message, in bytes.
const MaxMessage = 60 << 10

// Times of a link's life.
const (
	// pathLimit is how long ICE may look for a first path. It leaves time for
	// another link within the 15 s in which users are told why there is none:
	// that one knows what was found out of both networks meanwhile, such as
	// ports that can be foretold.
	pathLimit = 7 * time.Second
	// handshakeLimit is how long a path may take to become a link.
	handshakeLimit = 15 * time.Second
	// policyGrace is how long a new link may stay on a path that the policy
	// forbids, without carrying anything, until ICE moves to a better one.
	policyGrace = 6 * time.Second

	tickPeriod   = 250 * time.Millisecond
	samplePeriod = 500 * time.Millisecond
)

// Link is the connection to one peer. Its methods are safe for concurrent use.
// It needs Serve, or Close.
type Link struct {
	own, remote Identity
	offers      bool // this side made the offer, and nominates
	config      Config
	servers     servers // that ICE asks
	log         *slog.Logger
	sockets     *network
	peer        *webrtc.PeerConnection
	credentials iceCredentials                 // ours
	ice         *webrtc.ICETransport           // of peer; asking for it can wait for a lock of SCTP
	networks    atomic.Pointer[[]netip.Prefix] // this computer's own

	status   watch.Value[Status]
	messages chan []byte
	incoming chan *Stream
	outbox   outbox
	found    found // candidates
	flow     *flow
	mappings *mappings
	ledger   ledger
	allowed  atomic.Bool // the policy permits the present path
	refused  atomic.Bool // DTLS has failed

	verdict sync.Once
	decided chan struct{} // closed when DTLS has succeeded or failed

	events  chan func()   // posted by pion's callbacks, run by the owner
	kick    chan struct{} // look at the selected pair now
	replies chan pair     // nominated by the peer, to be checked at once
	closing chan struct{} // closed by Close
	ended   chan struct{} // closed when the end begins
	done    chan struct{} // closed when nothing is left
	tasks   sync.WaitGroup

	mu      sync.Mutex
	phase   phase
	cause   error // why it ended
	streams map[*Stream]struct{}

	// Everything below belongs to the owner: whoever made the link, until
	// Serve takes over.
	theirs    session          // where the peer is, late candidates included
	described map[string]bool  // our candidates that the peer knows
	predicted []netip.AddrPort // among them, those that are only foretold
	state     state
}

type phase int

const (
	idle phase = iota
	serving
	ending
)

// state is what the owner knows of the link.
type state struct {
	failure error
	dirty   bool // the status has to be published

	hello bool  // the peer's control channel works
	told  *told // what the peer says of its end of the path
	ready bool  // has been up
	up    bool

	started, connected time.Time
	lost               time.Time // since when there is no path; zero while there is
	since              time.Time // when the present path was selected

	local, remote path.Candidate
	relay         string // the TURN server of the local candidate
	kind          path.Kind
	rtt           time.Duration

	heldStreams  []*Stream // until the path is known to be permitted
	heldMessages [][]byte

	restarting bool
	restarted  time.Time
	peerWants  time.Time // when to restart because the peer is stuck
	askedAt    time.Time
	candidates *rate.Limiter
	interfaces string
	choice     choice

	timeline timeline

	openingTold Opening // to the peer, of our end
	untold      bool    // a port was mapped too late for the description
}

func newLink(own Identity, config Config, sockets *network, offers bool) *Link {
	l := &Link{
		own: own, offers: offers, config: config, log: config.Logger, sockets: sockets,
		messages: make(chan []byte, messageQueue), incoming: make(chan *Stream, streamLimit),
		events: make(chan func(), 256), kick: make(chan struct{}, 1),
		replies: make(chan pair, 16),
		closing: make(chan struct{}), ended: make(chan struct{}), done: make(chan struct{}),
		decided: make(chan struct{}), streams: map[*Stream]struct{}{}, described: map[string]bool{},
		mappings: newMappings(min(mappingGrace, config.GatherLimit)),
	}
	l.outbox.wake = make(chan struct{}, 1)
	l.found = newFound()
	l.state.candidates = rate.NewLimiter(rate.Every(2*time.Second), candidateLimit)
	l.state.kind = path.Connecting
	l.setNetworks(sockets.prefixes())
	l.status.Set(Status{Path: path.Connecting, Lane: path.WebRTC, RendezvousNeeded: true})
	return l
}

// Remote is the peer's identity, proven once the link is up.
func (l *Link) Remote() Identity { return l.remote }

// Status is the newest status and its wake-up.
func (l *Link) Status() *watch.Value[Status] { return &l.status }

// Messages delivers the peer's control messages in order. The peer is dropped
// if they are not taken.
func (l *Link) Messages() <-chan []byte { return l.messages }

// Streams delivers the streams that the peer opens.
func (l *Link) Streams() <-chan *Stream { return l.incoming }

// Done is closed when the link has ended and nothing of it is left.
func (l *Link) Done() <-chan struct{} { return l.done }

// Close ends the link. It returns at once; Serve, or Done, tell when the end
// is complete. Messages get flushLimit to arrive; what streams have not
// delivered may be lost.
func (l *Link) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closing:
		return
	default:
		close(l.closing)
	}
	if l.phase == idle {
		l.phase = ending
		go l.end(nil)
	}
}

// Serve owns the link until it fails, is closed or ctx ends, and closes
// everything within 600 ms, TURN allocations released. It returns nil after
// Close, ctx's error, or why the link failed: ErrNoPath, ErrPolicy,
// ErrHandshake, ErrLost, ErrFlood. It can be called once.
func (l *Link) Serve(ctx context.Context) error {
	l.mu.Lock()
	before := l.phase
	if before == idle {
		l.phase = serving
	}
	l.mu.Unlock()
	switch before {
	case serving:
		return fmt.Errorf("%w: it is being served", ErrClosed)
	case ending:
		<-l.done
		return nil
	}
	err := l.run(ctx)
	l.mu.Lock()
	l.phase = ending
	l.mu.Unlock()
	if l.state.ready && l.state.failure == nil {
		l.flush()
	}
	l.end(err)
	return err
}

// run is the owner's loop.
func (l *Link) run(ctx context.Context) error {
	l.state.started = time.Now()
	l.state.timeline.trying(l.state.started)
	l.noteRelays()
	l.state.dirty = true
	l.tasks.Go(l.sample)
	tick := time.NewTicker(tickPeriod)
	defer tick.Stop()
	choose := time.NewTimer(0)
	defer choose.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.closing:
			return nil
		case event := <-l.events:
			event()
		case now := <-tick.C:
			l.tick(now)
		case p := <-l.replies:
			l.sockets.checks.check(p, false)
		case <-l.sockets.checks.look:
			choose.Reset(l.choose(time.Now()))
		case now := <-choose.C:
			choose.Reset(l.choose(now))
		}
		if l.state.failure != nil {
			return l.state.failure
		}
		if l.state.dirty {
			l.publish()
		}
	}
}

// post hands an event to the owner. It waits while the owner is busy, and
// drops the event when the link has ended.
func (l *Link) post(event func()) {
	select {
	case l.events <- event:
	case <-l.ended:
	}
}

// fail lets the link end. The first reason counts.
func (l *Link) fail(err error) {
	if l.refused.Load() && !l.state.ready {
		err = ErrHandshake // whatever followed of it was seen first
	}
	if l.state.failure == nil {
		l.state.failure = err
	}
}

// listen connects pion's callbacks. They only post.
func (l *Link) listen(control *webrtc.DataChannel) {
	control.OnOpen(func() {
		channel, err := control.DetachWithDeadline()
		l.post(func() { l.controlOpened(channel, control, err) })
	})
	l.peer.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			line := c.ToJSON().Candidate
			l.mapPort(line)
			l.found.add(c.Typ.String())
			l.post(func() { l.gathered(line) })
		}
	})
	l.peer.OnICEConnectionStateChange(func(webrtc.ICEConnectionState) { l.post(l.pathChanged) })
	l.peer.OnConnectionStateChange(func(webrtc.PeerConnectionState) { l.post(l.transportChanged) })
	l.peer.OnDataChannel(l.accepting)
	association := l.peer.SCTP()
	association.Transport().OnStateChange(func(state webrtc.DTLSTransportState) {
		// pion holds a lock here.
		switch state {
		case webrtc.DTLSTransportStateFailed:
			l.judged(false)
		case webrtc.DTLSTransportStateConnected:
			l.judged(true)
		}
	})
	association.OnClose(func(error) { l.post(func() { l.fail(ErrPeerClosed) }) })
	l.ice = association.Transport().ICETransport()
	l.ice.OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) {
		select {
		case l.kick <- struct{}{}:
		default:
		}
	})
}

// judged notes whether DTLS has proven the peer's identity. It may be called
// on any goroutine.
func (l *Link) judged(proven bool) {
	l.verdict.Do(func() {
		l.refused.Store(!proven)
		close(l.decided)
	})
}

// transportChanged looks at DTLS; ICE speaks for itself.
func (l *Link) transportChanged() {
	if !l.refused.Load() && l.peer.ConnectionState() != webrtc.PeerConnectionStateClosed {
		return
	}
	// A handshake that fails makes pion close the connection, and pion may tell
	// of the close before it tells of the failure. So the verdict is awaited.
	l.tasks.Go(func() {
		select {
		case <-l.decided:
			l.post(func() { l.fail(ErrPeerClosed) })
		case <-l.ended:
		}
	})
}

// tick does what time asks for.
func (l *Link) tick(now time.Time) {
	s := &l.state
	l.noteRelays()
	switch {
	case s.ready:
		l.watchLoss(now)
	case s.connected.IsZero() && now.Sub(s.started) > pathLimit:
		l.fail(fmt.Errorf("%w: %s", ErrNoPath, l.tried()))
	case s.connected.IsZero():
	case s.kind != path.Connecting && !l.config.Policy.Permits(s.kind):
		if now.Sub(s.connected) > policyGrace {
			l.fail(fmt.Errorf("%w: it is %s, the policy is %s", ErrPolicy, s.kind, l.config.Policy))
		}
	case now.Sub(s.connected) > handshakeLimit:
		l.fail(fmt.Errorf("%w: there is one, and the peer does not speak", ErrNoPath))
	}
	if wish, changed := l.flow.wish(s.hello); changed {
		l.signal(signal{Flow: &wish})
	}
	if !s.peerWants.IsZero() && now.After(s.peerWants) {
		s.peerWants = time.Time{}
		l.restart()
	}
}

func (l *Link) setNetworks(prefixes []netip.Prefix) { l.networks.Store(&prefixes) }

// filter is the candidate filter of now.
func (l *Link) filter() candidateFilter {
	return candidateFilter{policy: l.config.Policy, loopback: l.config.Loopback, networks: *l.networks.Load()}
}

// nearIP is pion's form of candidateFilter.near.
func (l *Link) nearIP(ip net.IP) bool {
	address, ok := netip.AddrFromSlice(ip)
	return ok && l.filter().near(address.Unmap())
}
