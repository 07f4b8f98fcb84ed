package portservice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// ErrServed is returned by a second Serve.
var ErrServed = errors.New("portservice: was served before")

// uptime is how long a router seems to have run when it is first asked, so
// that a restart shows in its clock at once.
const uptime = time.Hour

// Service is the port-mapping side of one router. Its methods are safe for
// concurrent use.
type Service struct {
	options Options
	// restarts asks Serve for a restart; each is answered by closing it.
	restarts chan chan struct{}
	done     chan struct{} // closed when Serve has ended

	mu     sync.Mutex
	served bool
	epoch  time.Time // when the router started, or seemed to
	boots  int       // how often
}

var _ lab.PortService = (*Service)(nil)

// New returns a Service that answers nothing before Serve. Its errors wrap
// ErrOptions.
func New(options Options) (*Service, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	return &Service{
		options:  options,
		restarts: make(chan chan struct{}),
		done:     make(chan struct{}),
		epoch:    time.Now().Add(-uptime),
		boots:    1,
	}, nil
}

// Serve answers clients until ctx ends, and then returns nil. It can be called
// once.
func (s *Service) Serve(ctx context.Context, table lab.PortTable, listen lab.Listener) error {
	s.mu.Lock()
	before := s.served
	s.served = true
	s.mu.Unlock()
	if before {
		return ErrServed
	}
	defer close(s.done)
	r := &running{Service: s, leases: newLeases(s.options, table)}
	if err := r.open(listen); err != nil {
		r.close()
		return err
	}
	return r.serve(ctx)
}

// Restart makes the router forget its mappings and begin its clock anew, and
// tell so as the protocols ask (RFC 6886 section 3.2.1, RFC 6887 section 14.1,
// UPnP's alive messages). It returns when the mappings are gone, at once when
// Serve has ended, and waits for Serve to begin.
func (s *Service) Restart() {
	gone := make(chan struct{})
	select {
	case s.restarts <- gone:
		<-gone
	case <-s.done:
	}
}

// age is how long ago the router started, in seconds: the epoch of NAT-PMP
// and PCP.
func (s *Service) age() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint32(time.Since(s.epoch) / time.Second)
}

// started is how often the router has started, UPnP's BOOTID.
func (s *Service) started() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boots
}

func (s *Service) startAnew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch = time.Now()
	s.boots++
}

// running is a Service while it is served.
type running struct {
	*Service
	leases  *leases
	sockets []io.Closer
	parts   []func(context.Context) error
	// tell announces a restart.
	tell []func(context.Context)
	// work are answers under way.
	work sync.WaitGroup
}

// open opens every socket, and notes what is to be served on it.
func (r *running) open(listen lab.Listener) error {
	if r.options.PCP || r.options.NATPMP {
		if err := r.openMapping(listen); err != nil {
			return fmt.Errorf("portservice: opening PCP and NAT-PMP: %w", err)
		}
	}
	if r.options.IGD != 0 {
		if err := r.openUPnP(listen); err != nil {
			return fmt.Errorf("portservice: opening UPnP: %w", err)
		}
	}
	return nil
}

func (r *running) close() {
	for _, socket := range r.sockets {
		_ = socket.Close()
	}
}

func (r *running) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failures := make(chan error, len(r.parts))
	var parts sync.WaitGroup
	for _, part := range r.parts {
		parts.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				failures <- fmt.Errorf("portservice: %w", err)
				cancel()
			}
		})
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case gone := <-r.restarts:
			r.startAnew()
			r.leases.end(func(lease) bool { return true })
			close(gone)
			for _, tell := range r.tell {
				r.work.Go(func() { tell(ctx) })
			}
		}
	}
	r.close()
	parts.Wait()
	r.work.Wait()
	close(failures)
	return <-failures
}

// later runs answer after Options.Delay, without holding up other requests,
// unless ctx ends before.
func (r *running) later(ctx context.Context, answer func()) {
	r.work.Go(func() {
		if pause(ctx, r.options.Delay) {
			answer()
		}
	})
}

// pause waits, and reports whether ctx still lasts.
func pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// unmapped is the address of a packet's sender as IPv4, where it is one.
func unmapped(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}
