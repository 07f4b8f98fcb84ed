package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/signaling"
	"github.com/causeway-app/causeway/engine/store"
	"github.com/causeway-app/causeway/engine/swarm"
	"github.com/causeway-app/causeway/engine/watch"
)

const (
	// busyPeriod is how often counters are read while bytes move or files are
	// hashed; ten a second is as often as a reader can follow.
	busyPeriod = 100 * time.Millisecond
	// beginPeriod is the same while a receiver has its first link and no byte yet,
	// which is when somebody waits for a sign that it works.
	beginPeriod = 20 * time.Millisecond
	// idlePeriod is how often timers (new offers, lost peers) are looked at.
	idlePeriod = time.Second
	// publishPause is the least time between two published states.
	publishPause = 50 * time.Millisecond
	// stopLimit bounds the shutdown, below the second that users are promised.
	stopLimit = 850 * time.Millisecond
)

// owner is the state of an Engine. Everything in it belongs to the goroutine
// that runs serve, except what is marked otherwise; all others post to it.
type owner struct {
	config   Config
	settings settings.Settings
	log      *slog.Logger
	state    *watch.Value[State]

	signaling *signaling.Client
	dialer    *link.Dialer
	swarm     *swarm.Swarm
	lan       *lanTracker // nil with NoLAN
	records   *recordShelf
	budget    *budget
	history   history
	network   network
	hosting   hosting
	metering  metering

	instruments instruments                        // set before serve, for the tests
	free        func(folder string) (int64, error) // bytes that can be written there

	transfers []*transfer
	problems  []Problem // that concern none of the transfers
	rooms     map[invite.Room]*transfer

	ctx     context.Context // of serve; cancelled first at the end
	posts   chan func()     // safe for concurrent use
	stopped chan struct{}   // closed when serve has ended
	running int             // goroutines that serve or its messages started
	ended   chan struct{}   // gets a value for each of them that has ended

	links        map[link.Identity]*peerLink
	generation   int                  // of the servers and the policy that links are made with
	removing     map[invite.Room]bool // transfers whose files are being deleted
	roomsChanged int                  // counts transfers that came and went

	changed     bool      // something may have to be published
	tickAt      time.Time // when the loop next looks at timers and counters
	publishedAt time.Time // when that was last done
	busyAt      time.Time // when bytes last moved
	refreshedAt time.Time // when the dialer was last given credentials
	uncounted   int64     // relayed bytes that the budget does not have yet
	paced       int64     // the rate of relayed bytes that the dialer has; 0 is none
	lastCount   bool      // relayed bytes were counted for the last time

	limited    throughput // what the swarm has
	limitsTold throughput // what peers know of that
	flowing    flowing    // as of the last tick
}

func newOwner(config Config, state *watch.Value[State]) (*owner, error) {
	o := &owner{
		config:   config,
		settings: config.Settings,
		log:      config.Logger,
		state:    state,
		records:  newRecordShelf(config.StateDir),
		history:  history{file: &historyFile{config.StateDir}},
		network:  network{relays: map[settings.TURN]measured{}},
		rooms:    map[invite.Room]*transfer{},
		links:    map[link.Identity]*peerLink{},
		removing: map[invite.Room]bool{},
		posts:    make(chan func(), 256),
		ended:    make(chan struct{}),
		stopped:  make(chan struct{}),

		instruments: usualInstruments(),
		free:        store.Free,
	}
	if config.free != nil {
		o.free = config.free
	}
	dialer, err := link.NewDialer(o.linkConfig())
	if err != nil {
		return nil, &Problem{Code: BadSetting, Subject: string(o.settings.Policy), Err: err}
	}
	o.dialer = dialer
	o.pace()
	o.signaling = signaling.New(signaling.Config{PeerID: signaling.NewPeerID(), Logger: o.log})
	if o.swarm, err = swarm.New(swarm.Config{Logger: o.log}); err != nil {
		return nil, fmt.Errorf("swarm: %w", err)
	}
	o.limited = throughputAt(o.settings, time.Now())
	o.limitSwarm()
	if o.budget, err = newBudget(config.StateDir); err != nil {
		o.tell(Problem{Code: RelayCountNotSaved, Subject: config.StateDir, Err: err})
	}
	if !config.NoLAN {
		if o.lan, err = newLANTracker(config.StateDir, o.log); err != nil {
			// Shares still work through every other rendezvous.
			o.tell(Problem{Code: NoLAN, Err: err})
		}
	}
	return o, nil
}

// post hands work to the owner's goroutine; after the end it does nothing.
// It must not be called from that goroutine.
func (o *owner) post(work func()) {
	select {
	case o.posts <- work:
	case <-o.stopped:
	}
}

// background runs work on a goroutine of its own, which the end waits for. What
// reads or writes files belongs there: a disk may take its time, or for ever.
// It must be called from the owner's goroutine.
func (o *owner) background(work func()) {
	o.running++
	go func() {
		work()
		select {
		case o.ended <- struct{}{}:
		case <-o.stopped:
		}
	}()
}

func (o *owner) postVerb(ctx context.Context, work func()) error {
	select {
	case o.posts <- work:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-o.stopped:
		return ErrStopped
	}
}

func (o *owner) serve(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	o.ctx = running
	o.background(func() { o.swarm.Serve(running) })
	o.background(func() { o.signaling.Serve(running) })
	o.background(o.followRendezvous)
	if o.lan != nil {
		o.background(o.serveLAN)
	}
	o.watchNetwork()
	o.meter(false)
	// Here, and where a verb makes a record, the owner waits for the disk: the
	// answer depends on it. What is saved afterwards is written behind the scenes.
	if o.config.Restore {
		o.restore()
	}
	o.changed = true
	o.run(running)
	stop()
	return o.end()
}

// run is the loop of the one goroutine: it takes a message, then all that wait
// behind it, then publishes once.
func (o *owner) run(ctx context.Context) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	soon := time.NewTimer(0) // fires when a change that came too early may be published
	defer soon.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case work := <-o.posts:
			work()
			o.drain()
		case <-o.ended:
			o.running--
		case event := <-o.signaling.Events():
			o.signaled(event)
		case <-tick.C:
			o.tick()
			o.tickAt = time.Now().Add(o.period())
			tick.Reset(o.period())
		case <-soon.C:
		}
		if !o.changed {
			continue
		}
		if wait := publishPause - time.Since(o.publishedAt); wait > 0 {
			soon.Reset(wait)
			continue
		}
		o.publish()
		// Never later: a stream of changes must not keep the tick away.
		if period := o.period(); time.Until(o.tickAt) > period {
			o.tickAt = time.Now().Add(period)
			tick.Reset(period)
		}
	}
}

// drain runs what has been posted meanwhile, so that a burst is shown once.
func (o *owner) drain() {
	for range cap(o.posts) {
		select {
		case work := <-o.posts:
			work()
		default:
			return
		}
	}
}

// period is how long the loop sleeps when nobody posts.
func (o *owner) period() time.Duration {
	switch {
	case time.Since(o.busyAt) > 2*time.Second && !o.nearLimit():
		return idlePeriod
	case slices.ContainsFunc(o.transfers, (*transfer).beginning):
		return beginPeriod
	default:
		return busyPeriod
	}
}

// tick reads counters and looks after everything that time alone can change.
func (o *owner) tick() {
	now := time.Now()
	o.estimate()
	for _, t := range o.transfers {
		o.poll(t, now)
		o.ration(t)
		o.keepCounts(t, now)
		o.meet(t, now)
		o.attachMembers(t, now)
	}
	o.pace()
	o.applyLimits()
	o.countHosting(now)
	o.tellLimits()
	o.measureFlow()
	o.lookAtRendezvous()
	o.sweepLinks(now)
	o.saveBudget(now, false)
	o.tendHistory(now)
	o.lookWhenDue(now)
	// By the clock on the wall, as the servers do: the other one stops while
	// the computer sleeps.
	if age := now.Round(0).Sub(o.refreshedAt.Round(0)); age > credentialRefresh || age < 0 {
		if err := o.refreshServers(now); err != nil {
			o.log.Warn("cannot refresh TURN credentials", "error", err)
		}
	}
}

// end closes everything in the order in which it depends on the rest, within
// stopLimit. What is posted meanwhile still runs, so that a link or an offer
// that was being made is closed by whoever takes it.
func (o *owner) end() error {
	defer close(o.stopped)
	var idle []*transfer
	for _, t := range o.transfers {
		t.cancel()
		o.withdrawOffers(t)
		if !t.opening { // or opened closes it
			o.keepCounts(t, t.countsSaved.Add(budgetDirectPause))
			idle = append(idle, t)
		}
	}
	o.background(func() {
		o.swarm.Close()
		var closing sync.WaitGroup
		for _, t := range idle {
			closing.Go(t.close)
		}
		closing.Wait()
	})
	deadline := time.After(stopLimit)
	for o.running > 0 || len(o.posts) > 0 || o.countedLast() {
		select {
		case work := <-o.posts:
			work()
		case <-o.ended:
			o.running--
		case <-deadline:
			return fmt.Errorf("engine: not everything ended within %v", stopLimit)
		}
	}
	return nil
}

// countedLast begins to save what was counted until the end, if that is not
// done, and reports whether it has.
func (o *owner) countedLast() bool {
	if o.lastCount {
		return false
	}
	o.lastCount = true
	o.saveBudget(time.Now(), true)
	o.saveHistory()
	return o.running > 0
}
