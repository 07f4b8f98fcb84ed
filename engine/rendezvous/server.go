// Package rendezvous is where peers find each other: a WebTorrent tracker over
// WebSocket (ws or wss), with STUN and TURN, in one process. causeway-cli serve
// runs it for the internet, and each running Causeway runs the tracker alone
// for its own network.
//
// The tracker hands offers and answers on unread. It believes no peer id: see
// member. It keeps nothing on disk and tells nobody which rooms there are.
package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Server is a tracker, a STUN and TURN server, or both. Its methods are safe
// for concurrent use.
type Server struct {
	config   Config
	tracker  *tracker
	listener net.Listener
	turn     *turnServer
	used     atomic.Bool // by Serve or Close
}

// Counters is what a Server has now.
type Counters struct {
	// Connections are WebSockets.
	Connections int
	// Rooms have at least one peer. A connection counts in Peers once for each
	// of its rooms.
	Rooms, Peers int
	// Users are those who relay or relayed, by name; a nameless time-limited
	// credential has its username. Of very many, those without allocations are
	// forgotten.
	Users map[string]UserCounters
	// Allocations are the open ones, in no order.
	Allocations []AllocationCounters
	// RefusedQuota and RefusedCapacity count requests for an allocation since
	// Serve began that were answered 486 (Allocation Quota Reached) and 508
	// (Insufficient Capacity: no relay port is free, or the server has no
	// relayed address of that kind). A client that asks again counts again.
	RefusedQuota, RefusedCapacity uint64
}

// UserCounters is what one user of TURN has now and had since Serve began.
type UserCounters struct {
	Allocations int
	Traffic
}

// AllocationCounters is one relayed address and what it has carried.
type AllocationCounters struct {
	User string
	// Client is where the client sends from, by Network, which is "udp" or
	// "tcp" (also of TLS). Relayed is the address that it was told.
	Client, Relayed netip.AddrPort
	Network         string
	Since           time.Time
	Traffic
}

// New checks config and binds every socket, so that addresses are known.
// Nothing is answered before Serve. A Server that is not served needs Close.
func New(config Config) (*Server, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	s := &Server{config: config}
	if config.Listen != "" {
		listener, err := net.Listen("tcp", config.Listen)
		if err != nil {
			return nil, listenError("tracker", config.Listen, err)
		}
		s.listener, s.tracker = listener, newTracker(&s.config)
	}
	if config.Turn != nil {
		turn, err := newTurnServer(&s.config)
		if err != nil {
			s.release()
			return nil, err
		}
		s.turn = turn
	}
	return s, nil
}

// Serve answers until ctx ends, and then closes everything, clients and
// relayed addresses too, and returns nil. It can be called once.
func (s *Server) Serve(ctx context.Context) error {
	if s.used.Swap(true) {
		return ErrServed
	}
	defer s.release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Neither part ends before ctx unless it failed; then the other ends too.
	failures := make(chan error, 2)
	var parts sync.WaitGroup
	run := func(serve func(context.Context) error) {
		parts.Go(func() {
			if err := serve(ctx); err != nil {
				failures <- err
				cancel()
			}
		})
	}
	if s.tracker != nil {
		s.config.Logger.Info("tracker is up", "url", s.TrackerURL())
		run(func(ctx context.Context) error { return s.tracker.serve(ctx, s.listener) })
	}
	if s.turn != nil {
		s.config.Logger.Info("TURN is up", "address", s.TurnAddr().String())
		run(s.turn.serve)
	}
	parts.Wait()
	close(failures)
	return <-failures
}

// Close releases the sockets of a Server that was never served. While Serve
// runs, and after it, it does nothing: end Serve's context instead.
func (s *Server) Close() error {
	if !s.used.Swap(true) {
		s.release()
	}
	return nil
}

func (s *Server) release() {
	if s.listener != nil {
		_ = s.listener.Close()
	}
	if s.turn != nil {
		s.turn.close()
	}
}

// TrackerAddr is the address that the tracker listens on, nil without one.
func (s *Server) TrackerAddr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// TrackerURL is the tracker's ws or wss URL, empty without one. A wildcard
// address becomes this computer's own on its network.
func (s *Server) TrackerURL() string {
	if s.listener == nil {
		return ""
	}
	scheme := "ws"
	if s.config.TLS != nil {
		scheme = "wss"
	}
	return scheme + "://" + reachable(s.listener.Addr(), nil)
}

// TurnAddr is the address on which STUN and TURN listen for UDP and TCP, nil
// without them.
func (s *Server) TurnAddr() net.Addr {
	if s.turn == nil {
		return nil
	}
	return s.turn.udp.LocalAddr()
}

// TurnTLSAddr is the address on which TURN listens for TLS, nil if it does not.
func (s *Server) TurnTLSAddr() net.Addr {
	if s.turn == nil || s.turn.encrypted == nil {
		return nil
	}
	return s.turn.encrypted.Addr()
}

// TurnURLs are the turn and turns URLs (RFC 7065), UDP first. A wildcard
// address becomes the first public one, or this computer's own.
func (s *Server) TurnURLs() []string {
	if s.turn == nil {
		return nil
	}
	public := s.config.Turn.PublicIPs
	at := reachable(s.TurnAddr(), public)
	urls := []string{"turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}
	if encrypted := s.TurnTLSAddr(); encrypted != nil {
		urls = append(urls, "turns:"+reachable(encrypted, public)+"?transport=tcp")
	}
	return urls
}

// STUNURLs are the stun URLs (RFC 7064): the address of TurnURLs, and that of
// TurnConfig.Alternate, where it is given, with the same port.
func (s *Server) STUNURLs() []string {
	if s.turn == nil {
		return nil
	}
	urls := []string{"stun:" + reachable(s.TurnAddr(), s.config.Turn.PublicIPs)}
	if s.turn.discovery != nil {
		urls = append(urls, "stun:"+s.turn.discovery.told[1][0].String())
	}
	return urls
}

// Counters returns what there is now.
func (s *Server) Counters() Counters {
	var counters Counters
	if s.tracker != nil {
		counters.Connections, counters.Rooms, counters.Peers = s.tracker.counters()
	}
	if s.turn != nil {
		counters.Users = s.turn.relays.accounts.counters()
		counters.Allocations = s.turn.relays.counters()
		counters.RefusedQuota, counters.RefusedCapacity = s.turn.relays.refused.quota.Load(), s.turn.relays.refused.capacity.Load()
	}
	return counters
}

func reachable(address net.Addr, public []netip.Addr) string {
	at := addrPort(address)
	ip := at.Addr()
	if ip.IsUnspecified() {
		if len(public) > 0 {
			ip = public[0].Unmap()
		} else {
			ip = ownAddress("udp4")
		}
	}
	return net.JoinHostPort(ip.String(), strconv.Itoa(int(at.Port())))
}

// wsaAddressInUse is WSAEADDRINUSE, which syscall.EADDRINUSE is not on Windows.
const wsaAddressInUse = syscall.Errno(10048)

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddressInUse)
}

func listenError(what, address string, err error) error {
	if inUse(err) {
		return fmt.Errorf("%w: %s on %s: %w", ErrAddressInUse, what, address, err)
	}
	return fmt.Errorf("rendezvous: %s cannot listen on %s: %w", what, address, err)
}
