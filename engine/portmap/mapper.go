package portmap

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"

	"github.com/causeway-app/causeway/engine/watch"
)

// Config says where and how ports are mapped.
type Config struct {
	// Logger gets no secrets. nil is silent.
	Logger *slog.Logger
	// Gateway is the router to ask; the zero Addr is the default route's.
	Gateway netip.Addr
}

// Mapper asks the router for ports and keeps what it was given. It needs
// Serve. Its methods are safe for concurrent use.
type Mapper struct {
	config Config
	log    *slog.Logger
	status watch.Value[Status]
	once   sync.Once
	done   chan struct{} // closed when Serve has ended
}

// New returns a Mapper that does nothing until Serve is called.
func New(config Config) *Mapper {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Mapper{config: config, log: config.Logger, done: make(chan struct{})}
}

// Status is what is known of the router, and its wake-up.
func (m *Mapper) Status() *watch.Value[Status] { return &m.status }

// Serve looks for a router and keeps mappings alive until ctx ends, releases
// them and returns ctx's error. It can be called once.
func (m *Mapper) Serve(ctx context.Context) error {
	defer m.once.Do(func() { close(m.done) })
	m.status.Set(Status{Searched: true, Err: ErrNoRouter})
	<-ctx.Done()
	return ctx.Err()
}

// Map asks the router to pass a UDP port on to local, and returns the address
// at which others reach it. It waits for the search for a router, until ctx
// ends. The mapping is kept until release is called, which does not wait, or
// Serve ends.
func (m *Mapper) Map(ctx context.Context, local netip.AddrPort) (external netip.AddrPort, release func(), err error) {
	if !local.Addr().Is4() || local.Port() == 0 {
		return netip.AddrPort{}, nil, fmt.Errorf("%w: %s", ErrAddress, local)
	}
	select {
	case <-m.done:
		return netip.AddrPort{}, nil, ErrClosed
	default:
	}
	status, err := m.status.Wait(ctx, func(s Status) bool { return s.Searched })
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	return netip.AddrPort{}, nil, status.Err
}
