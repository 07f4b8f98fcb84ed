package rendezvous

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"time"
)

// The reasons for which New and Serve fail.
var (
	// ErrConfig marks a configuration that cannot be used; the text says why.
	ErrConfig = errors.New("rendezvous: bad configuration")
	// ErrAddressInUse marks a port that another program has; the text names it.
	ErrAddressInUse = errors.New("rendezvous: address is in use by another program")
	// ErrServed is returned by a second Serve and by Serve after Close.
	ErrServed = errors.New("rendezvous: server was served or closed before")
)

// Config is what a Server offers and where. At least one of Listen and Turn
// must be given.
type Config struct {
	// Listen is the tracker's host:port, such as ":8000" or "127.0.0.1:0".
	// Empty means no tracker.
	Listen string
	// TLS, when given, makes the tracker speak wss instead of ws, and TURN
	// listen with TLS too.
	TLS *tls.Config
	// Tracker limits what clients of the tracker may do.
	Tracker TrackerLimits
	// Turn, when given, adds STUN and TURN.
	Turn *TurnConfig
	// AllowRoom says whether the tracker serves a room; nil serves all. It is
	// called for each announce and scrape, from many goroutines at once, and
	// must not block.
	AllowRoom func(infoHash [20]byte) bool
	// Logger gets what an operator wants to know, at debug level what clients
	// do wrong, and no secrets. nil is silent.
	Logger *slog.Logger
}

// TrackerLimits keeps one client from harming the others. A zero field takes
// its default; a negative one is an error.
type TrackerLimits struct {
	// Interval is how often clients are told to announce. Default 2 minutes.
	Interval time.Duration
	// PingInterval is how often a silent connection is pinged. One that gives
	// no sign of life for two and a half of them is dropped. Default 30 s.
	PingInterval time.Duration
	// MessageBytes is the size above which a message ends its connection.
	// Default 256 KiB.
	MessageBytes int64
	// OfferBytes is the size of a single offer or answer above which it is
	// refused. Default 32 KiB.
	OfferBytes int
	// OffersPerAnnounce is how many offers of one announce are handed on; the
	// rest are ignored. Default 20.
	OffersPerAnnounce int
	// MessagesPerSecond and MessageBurst fill and size the token bucket of a
	// connection; an empty bucket ends it. Default 20 and 200.
	MessagesPerSecond float64
	MessageBurst      int
	// RoomsPerConnection is how many rooms one connection may be in. Default 200.
	RoomsPerConnection int
	// ConnectionsPerAddress counts IPv6 by /64. All clients behind one NAT,
	// and all behind a reverse proxy, share one address. Default 64.
	ConnectionsPerAddress int
	// Connections, Rooms and Peers are totals; a connection is a peer in each
	// of its rooms. Default 4096, 20 000 and 50 000.
	Connections int
	Rooms       int
	Peers       int
	// QueueMessages and QueueBytes are what may wait for a slow reader before
	// its connection is dropped. Default 128 and 1 MiB.
	QueueMessages int
	QueueBytes    int
}

// TurnConfig says where STUN and TURN listen and who may relay. Binding
// requests are answered for everybody; without Users and Secret every
// allocation is refused.
type TurnConfig struct {
	// Listen is host:port for UDP and TCP, the same port for both.
	// Default ":3478".
	Listen string
	// ListenTLS is host:port for TURN over TLS; it needs Config.TLS, and with
	// that defaults to the host of Listen and port 5349 (or any port where
	// Listen's is 0).
	ListenTLS string
	// PublicIPs are the addresses under which clients and peers reach this
	// server, at most one of each IP version; they are told to clients as
	// relayed addresses. For a version not given it is the address of Listen
	// or, where that is a wildcard, of the interface towards the internet.
	PublicIPs []netip.Addr
	// Realm defaults to "causeway".
	Realm string
	// Users are static credentials: name to password.
	Users map[string]string
	// Secret, when not empty, admits time-limited credentials (see TimeLimited).
	Secret string
	// AllocationsPerUser is the number of allocations one user may have at a
	// time. Time-limited credentials count by name, and without a name each by
	// itself. Default 64.
	AllocationsPerUser int
	// Rate and UserRate are the most bytes a second that are relayed in all and
	// for one user, in each direction by itself; 0 is no limit. They count as
	// Traffic.BytesIn and BytesOut do. What exceeds them is dropped, after a
	// burst of a quarter of a second or of 64 KiB, whichever is more.
	Rate, UserRate int64
	// Alternate, when valid, is a second IPv4 address of this computer. STUN
	// then answers by NAT behavior discovery (RFC 5780) over UDP: on both
	// addresses and on two ports, so that clients can find out how their NAT
	// maps and filters. Listen has to name an IPv4 address, the first one.
	Alternate netip.Addr
	// AlternatePublic is the address under which clients reach Alternate, where
	// it is another.
	AlternatePublic netip.Addr
	// AllowPrivatePeers admits peers with private, shared (CGNAT), loopback and
	// link-local addresses. Otherwise clients could reach this server's own
	// network through it. Multicast and broadcast are never admitted.
	AllowPrivatePeers bool
	// RelayPorts are the ports of relayed addresses. Zero means any.
	RelayPorts PortRange
}

// PortRange is Min to Max, both included.
type PortRange struct{ Min, Max uint16 }

const (
	defaultTurnPort    = "3478"
	defaultTurnTLSPort = "5349"
	defaultRealm       = "causeway"
	defaultAllocations = 64
)

func (l TrackerLimits) withDefaults() TrackerLimits {
	l.Interval = cmp.Or(l.Interval, 2*time.Minute)
	l.PingInterval = cmp.Or(l.PingInterval, 30*time.Second)
	l.MessageBytes = cmp.Or(l.MessageBytes, 256<<10)
	l.OfferBytes = cmp.Or(l.OfferBytes, 32<<10)
	l.OffersPerAnnounce = cmp.Or(l.OffersPerAnnounce, 20)
	l.MessagesPerSecond = cmp.Or(l.MessagesPerSecond, 20)
	l.MessageBurst = cmp.Or(l.MessageBurst, 200)
	l.RoomsPerConnection = cmp.Or(l.RoomsPerConnection, 200)
	l.ConnectionsPerAddress = cmp.Or(l.ConnectionsPerAddress, 64)
	l.Connections = cmp.Or(l.Connections, 4096)
	l.Rooms = cmp.Or(l.Rooms, 20_000)
	l.Peers = cmp.Or(l.Peers, 50_000)
	l.QueueMessages = cmp.Or(l.QueueMessages, 128)
	l.QueueBytes = cmp.Or(l.QueueBytes, 1<<20)
	return l
}

func (l TrackerLimits) validate() error {
	for _, limit := range []struct {
		name  string
		value float64
	}{
		{"Interval", float64(l.Interval)},
		{"PingInterval", float64(l.PingInterval)},
		{"MessageBytes", float64(l.MessageBytes)},
		{"OfferBytes", float64(l.OfferBytes)},
		{"OffersPerAnnounce", float64(l.OffersPerAnnounce)},
		{"MessagesPerSecond", l.MessagesPerSecond},
		{"MessageBurst", float64(l.MessageBurst)},
		{"RoomsPerConnection", float64(l.RoomsPerConnection)},
		{"ConnectionsPerAddress", float64(l.ConnectionsPerAddress)},
		{"Connections", float64(l.Connections)},
		{"Rooms", float64(l.Rooms)},
		{"Peers", float64(l.Peers)},
		{"QueueMessages", float64(l.QueueMessages)},
		{"QueueBytes", float64(l.QueueBytes)},
	} {
		if limit.value < 0 || math.IsNaN(limit.value) {
			return fmt.Errorf("%w: Tracker.%s is negative", ErrConfig, limit.name)
		}
	}
	return nil
}

// validate checks all that can be wrong without a socket and fills in defaults.
func (c *Config) validate() error {
	if c.Listen == "" && c.Turn == nil {
		return fmt.Errorf("%w: neither a tracker nor a TURN address is given", ErrConfig)
	}
	if c.Listen != "" {
		if err := checkAddress("Listen", c.Listen); err != nil {
			return err
		}
	}
	if c.TLS != nil && len(c.TLS.Certificates) == 0 && c.TLS.GetCertificate == nil && c.TLS.GetConfigForClient == nil {
		return fmt.Errorf("%w: TLS has no certificate", ErrConfig)
	}
	if err := c.Tracker.validate(); err != nil {
		return err
	}
	c.Tracker = c.Tracker.withDefaults()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Turn == nil {
		return nil
	}
	turn := *c.Turn
	c.Turn = &turn
	if err := turn.validate(c.TLS != nil); err != nil {
		return err
	}
	if _, port, _ := net.SplitHostPort(c.Listen); c.Listen == turn.ListenTLS && c.Listen != "" && port != "0" {
		return fmt.Errorf("%w: Listen and Turn.ListenTLS are both %s", ErrConfig, c.Listen)
	}
	return nil
}

func (t *TurnConfig) validate(encrypted bool) error {
	t.Listen = cmp.Or(t.Listen, ":"+defaultTurnPort)
	if err := checkAddress("Turn.Listen", t.Listen); err != nil {
		return err
	}
	if t.ListenTLS != "" && !encrypted {
		return fmt.Errorf("%w: Turn.ListenTLS needs TLS with a certificate", ErrConfig)
	}
	if encrypted && t.ListenTLS == "" {
		host, port, _ := net.SplitHostPort(t.Listen)
		if port != "0" {
			port = defaultTurnTLSPort
		}
		t.ListenTLS = net.JoinHostPort(host, port)
	}
	if t.ListenTLS != "" {
		if err := checkAddress("Turn.ListenTLS", t.ListenTLS); err != nil {
			return err
		}
	}
	t.Realm = cmp.Or(t.Realm, defaultRealm)
	t.AllocationsPerUser = cmp.Or(t.AllocationsPerUser, defaultAllocations)
	if t.AllocationsPerUser < 0 {
		return fmt.Errorf("%w: Turn.AllocationsPerUser is negative", ErrConfig)
	}
	if t.Rate < 0 || t.UserRate < 0 {
		return fmt.Errorf("%w: Turn.Rate or Turn.UserRate is negative", ErrConfig)
	}
	// An empty name or password makes WebRTC clients give up on all servers.
	for name, password := range t.Users {
		if name == "" || password == "" {
			return fmt.Errorf("%w: Turn.Users has an empty name or password (user %q)", ErrConfig, name)
		}
	}
	if t.RelayPorts.Min > t.RelayPorts.Max || (t.RelayPorts.Min == 0 && t.RelayPorts.Max != 0) {
		return fmt.Errorf("%w: Turn.RelayPorts %d to %d is not a range of ports", ErrConfig, t.RelayPorts.Min, t.RelayPorts.Max)
	}
	if err := t.validateAlternate(); err != nil {
		return err
	}
	return t.validatePublicIPs()
}

func (t *TurnConfig) validateAlternate() error {
	if !t.Alternate.IsValid() {
		if t.AlternatePublic.IsValid() {
			return fmt.Errorf("%w: Turn.AlternatePublic needs Turn.Alternate", ErrConfig)
		}
		return nil
	}
	t.Alternate, t.AlternatePublic = t.Alternate.Unmap(), t.AlternatePublic.Unmap()
	host, _, _ := net.SplitHostPort(t.Listen)
	first, err := netip.ParseAddr(host)
	first = first.Unmap()
	switch {
	case err != nil || !first.Is4() || first.IsUnspecified():
		return fmt.Errorf("%w: with Turn.Alternate, Turn.Listen must name an IPv4 address, not %q", ErrConfig, host)
	case !t.Alternate.Is4() || !sendable(t.Alternate) || t.Alternate == first:
		return fmt.Errorf("%w: Turn.Alternate %s is no other IPv4 address than that of Turn.Listen", ErrConfig, t.Alternate)
	case t.AlternatePublic.IsValid() && (!t.AlternatePublic.Is4() || !sendable(t.AlternatePublic)):
		return fmt.Errorf("%w: Turn.AlternatePublic %s is no IPv4 address that clients can send to", ErrConfig, t.AlternatePublic)
	}
	return nil
}

func (t *TurnConfig) validatePublicIPs() error {
	seen := map[bool]bool{}
	for _, ip := range t.PublicIPs {
		ip = ip.Unmap()
		if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "" {
			return fmt.Errorf("%w: Turn.PublicIPs: %s is no address that peers can send to", ErrConfig, ip)
		}
		if seen[ip.Is4()] {
			return fmt.Errorf("%w: Turn.PublicIPs: %s is the second address of its IP version", ErrConfig, ip)
		}
		seen[ip.Is4()] = true
	}
	return nil
}

func checkAddress(field, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("%w: %s must be host:port, such as \":8000\": %w", ErrConfig, field, err)
	}
	return nil
}
