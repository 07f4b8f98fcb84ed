package portmap

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-app/causeway/engine/watch"
)

// Config says where ports are mapped.
type Config struct {
	// Logger gets no secrets. nil is silent.
	Logger *slog.Logger
	// Gateway is the router to ask; the zero Addr is the default route's.
	Gateway netip.Addr
}

// releaseLimit is how long Serve takes to give everything back.
const releaseLimit = time.Second

// Mapper asks the router for ports and keeps what it was given. It needs
// Serve. Its methods are safe for concurrent use.
type Mapper struct {
	config  Config
	log     *slog.Logger
	status  watch.Value[Status]
	limit   time.Duration // of a search
	served  atomic.Bool
	events  chan func()   // run by the owner
	done    chan struct{} // closed when Serve takes no events any more
	tasks   sync.WaitGroup
	forgets chan struct{} // there is something in forgotten

	mu        sync.Mutex
	forgotten []*user

	owner owner
}

// New returns a Mapper that does nothing until Serve is called.
func New(config Config) *Mapper {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Mapper{
		config: config, log: config.Logger, limit: searchLimit,
		events: make(chan func()), done: make(chan struct{}), forgets: make(chan struct{}, 1),
	}
	m.owner = owner{Mapper: m, mappings: map[netip.AddrPort]*mapping{}}
	return m
}

// Status is what is known of the router, and its wake-up.
func (m *Mapper) Status() *watch.Value[Status] { return &m.status }

// Serve looks for a router and keeps mappings alive until ctx ends. Then it
// releases them, within a second, and returns ctx's error. It can be called
// once; another call returns ErrClosed.
func (m *Mapper) Serve(ctx context.Context) error {
	if m.served.Swap(true) {
		return ErrClosed
	}
	m.owner.run(ctx)
	close(m.done)
	m.owner.end()
	m.tasks.Wait()
	return ctx.Err()
}

// Found reports whether a router that maps ports is known now.
func (m *Mapper) Found() bool { return m.status.Load().Protocol != "" }

// Map asks the router to pass a UDP port on to local, which must be this
// computer's address towards the router, and returns the address at which
// others reach it. It waits until ctx ends for the search for a router, and
// then about as long as the router takes to answer. The mapping is kept until
// release is called, which does not wait and may be called again, or Serve
// ends. Two callers with the same local address share a mapping. Errors wrap
// ErrNoRouter, ErrRefused, ErrAddress, ErrClosed or ctx's.
func (m *Mapper) Map(ctx context.Context, local netip.AddrPort) (external netip.AddrPort, release func(), err error) {
	local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	if !local.Addr().Is4() || local.Addr().IsUnspecified() || local.Port() == 0 {
		return netip.AddrPort{}, nil, fmt.Errorf("%w: %s", ErrAddress, local)
	}
	u := &user{local: local, answer: make(chan answer, 1)}
	select {
	case m.events <- func() { m.owner.want(u) }:
	case <-m.done:
		return netip.AddrPort{}, nil, ErrClosed
	case <-ctx.Done():
		return netip.AddrPort{}, nil, ctx.Err()
	}
	release = func() { m.forget(u) }
	select {
	case a := <-u.answer:
		if a.err != nil {
			return netip.AddrPort{}, nil, a.err
		}
		return a.external, release, nil
	case <-ctx.Done():
		release()
		return netip.AddrPort{}, nil, ctx.Err()
	case <-m.done:
		return netip.AddrPort{}, nil, ErrClosed
	}
}

// forget lets the owner know that somebody does not want a mapping any more.
func (m *Mapper) forget(u *user) {
	m.mu.Lock()
	m.forgotten = append(m.forgotten, u)
	m.mu.Unlock()
	select {
	case m.forgets <- struct{}{}:
	default:
	}
}

// post hands an event to the owner, or drops it when that has ended.
func (m *Mapper) post(event func()) {
	select {
	case m.events <- event:
	case <-m.done:
	}
}
