package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

// countersPeriod is the least time between two lines of counters.
const countersPeriod = time.Second

// off as an address keeps a server from listening.
const off = "off"

type serveCommand struct {
	Listen     string       `default:":8000" placeholder:"HOST:PORT" help:"Where the rendezvous (a WebTorrent tracker) listens, or off (${default}). Port 0 takes a free one."`
	TURNListen string       `name:"turn-listen" default:":3478" placeholder:"HOST:PORT" help:"Where STUN and TURN listen, by UDP and TCP, or off (${default})."`
	TLSListen  string       `name:"turn-tls-listen" placeholder:"HOST:PORT" help:"Where TURN listens with TLS, such as :443, which passes most firewalls; port 5349 where it is not given. It needs a certificate."`
	PublicIP   []netip.Addr `name:"public-ip" placeholder:"IP" help:"Address under which others reach this server, where that is not its own; one IPv4 and one IPv6, and a second IPv4 for --alternate."`
	Alternate  netip.Addr   `placeholder:"IP" help:"Second IPv4 address of this computer, by which STUN tells clients how their NAT filters (RFC 5780); --turn-listen has to name the first one."`

	User   []string `sep:"none" env:"CAUSEWAY_TURN_USER" placeholder:"NAME:PASSWORD" help:"Somebody who may use TURN. Repeatable."`
	Secret string   `env:"CAUSEWAY_TURN_SECRET" help:"Secret of time-limited TURN credentials."`
	Realm  string   `default:"causeway" help:"Realm of the TURN credentials (${default})."`
	Quota  int      `default:"64" placeholder:"N" help:"TURN allocations that one user may have at a time (${default})."`

	Rate     byteRate `placeholder:"RATE" help:"Most bytes a second that TURN relays in each direction, such as 10M; more is dropped. No limit where it is not given."`
	UserRate byteRate `placeholder:"RATE" help:"The same for each user."`

	RelayPorts relayPorts `placeholder:"MIN-MAX" help:"UDP ports of relayed connections, such as 49152-49407; any free ones where it is not given."`

	AllowPrivatePeers bool `help:"Relay to private and loopback addresses too, which opens this server's own network to TURN users."`

	TLSCert string `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate chain (PEM); the rendezvous then speaks wss, and TURN listens with TLS too."`
	TLSKey  string `name:"tls-key" type:"path" placeholder:"FILE" help:"Key of the certificate (PEM)."`
	JSON    bool   `name:"json" help:"Print addresses and counters as JSON, one object a line."`
}

// relayPorts is a range of ports as a flag: "49152-49407". Zero means any.
type relayPorts rendezvous.PortRange

// UnmarshalText reads MIN-MAX, both from 1 to 65535 and in that order.
func (p *relayPorts) UnmarshalText(text []byte) error {
	first, last, found := strings.Cut(string(text), "-")
	least, err := strconv.ParseUint(first, 10, 16)
	most, failed := strconv.ParseUint(last, 10, 16)
	if !found || err != nil || failed != nil || least == 0 || most < least {
		return fmt.Errorf("%q is not a range of ports such as 49152-49407", text)
	}
	*p = relayPorts{Min: uint16(least), Max: uint16(most)}
	return nil
}

// byteRate is bytes a second as a flag: "500k", "10M", "1.5Mi". 0 is no limit.
type byteRate int64

// UnmarshalText reads what the settings call a rate.
func (r *byteRate) UnmarshalText(text []byte) error {
	rate, err := settings.ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = byteRate(rate)
	return nil
}

// servingReport is the first line of "serve --json".
type servingReport struct {
	Time       timestamp `json:"time"`
	Event      string    `json:"event"` // "serving"
	Rendezvous []string  `json:"rendezvous"`
	STUN       []string  `json:"stun"`
	TURN       []string  `json:"turn"`
}

// countersReport is a line of "serve --json" for each change.
type countersReport struct {
	Time        timestamp `json:"time"`
	Event       string    `json:"event"` // "counters"
	Connections int       `json:"connections"`
	Rooms       int       `json:"rooms"`
	Peers       int       `json:"peers"`
	Allocations int       `json:"allocations"`
	// BytesRelayed is payload, both ways; the next two are all that went
	// between the clients of TURN and this server (see rendezvous.Traffic).
	BytesRelayed     uint64 `json:"bytes_relayed"`
	BytesFromClients uint64 `json:"bytes_from_clients"`
	BytesToClients   uint64 `json:"bytes_to_clients"`
	BytesDropped     uint64 `json:"bytes_dropped"` // beyond a rate
	RefusedQuota     uint64 `json:"refused_quota"`
	RefusedCapacity  uint64 `json:"refused_capacity"`
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, c *console, log *slog.Logger) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	config.Logger = log
	server, err := rendezvous.New(config)
	if errors.Is(err, rendezvous.ErrConfig) {
		return badUsage("serve", err)
	}
	if err != nil {
		return err
	}
	if config.Turn != nil && !s.relays() {
		fmt.Fprintln(c.err, "TURN is off: nobody may relay. Give --user NAME:PASSWORD or --secret SECRET to turn it on.")
	}
	if err := s.announce(c, server, certificateName(config.TLS)); err != nil {
		server.Close()
		return err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	if s.JSON {
		err = count(c, server, served)
	} else {
		err = <-served
	}
	if interrupted(ctx) {
		return &exit{Code: exitInterrupted}
	}
	return err
}

// relays reports whether anybody may use TURN.
func (s *serveCommand) relays() bool { return len(s.User) > 0 || s.Secret != "" }

// config is what the flags ask for.
func (s *serveCommand) config() (rendezvous.Config, error) {
	var config rendezvous.Config
	if s.Listen != off {
		config.Listen = s.Listen
	}
	certificate, err := s.certificate()
	if err != nil {
		return config, err
	}
	config.TLS = certificate
	if s.TURNListen == off {
		return config, nil
	}
	users := map[string]string{}
	for _, user := range s.User {
		name, password, found := strings.Cut(user, ":")
		if !found || name == "" || password == "" {
			return config, badUsage("serve", errors.New("--user must be name:password, such as --user alice:correct-horse"))
		}
		users[name] = password
	}
	config.Turn = &rendezvous.TurnConfig{
		Listen: s.TURNListen, ListenTLS: s.TLSListen, Realm: s.Realm, Users: users, Secret: s.Secret,
		AllocationsPerUser: s.Quota, Rate: int64(s.Rate), UserRate: int64(s.UserRate),
		AllowPrivatePeers: s.AllowPrivatePeers, RelayPorts: rendezvous.PortRange(s.RelayPorts), Alternate: s.Alternate,
	}
	config.Turn.PublicIPs, config.Turn.AlternatePublic = s.publicAddresses()
	return config, nil
}

// publicAddresses are those of the server and, where --alternate is given, the
// second IPv4 address as that of the alternate one.
func (s *serveCommand) publicAddresses() (own []netip.Addr, alternate netip.Addr) {
	four := false
	for _, public := range s.PublicIP {
		if s.Alternate.IsValid() && !alternate.IsValid() && four && public.Unmap().Is4() {
			alternate = public
			continue
		}
		four = four || public.Unmap().Is4()
		own = append(own, public)
	}
	return own, alternate
}

// certificate loads the server's TLS certificate; nil where none is given.
func (s *serveCommand) certificate() (*tls.Config, error) {
	if s.TLSCert == "" && s.TLSKey == "" {
		return nil, nil
	}
	if s.TLSCert == "" || s.TLSKey == "" {
		return nil, badUsage("serve", errors.New("--tls-cert and --tls-key are needed together"))
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, badUsage("serve", fmt.Errorf("the certificate cannot be used: %w", err))
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// announce prints where the server is reached, an address a line.
func (s *serveCommand) announce(c *console, server *rendezvous.Server, name string) error {
	report := servingReport{Time: timestamp(time.Now()), Event: "serving", Rendezvous: []string{}, STUN: []string{}, TURN: []string{}}
	if tracker := server.TrackerURL(); tracker != "" {
		report.Rendezvous = append(report.Rendezvous, s.reachable(tracker, server.TrackerAddr(), name))
	}
	report.STUN = append(report.STUN, server.STUNURLs()...)
	for _, relay := range server.TurnURLs() {
		if encrypted, found := strings.CutPrefix(relay, "turns:"); found && name != "" {
			relay = "turns:" + name + encrypted[strings.LastIndexByte(encrypted, ':'):]
		}
		if s.relays() {
			report.TURN = append(report.TURN, relay)
		}
	}
	if s.JSON {
		return writeLine(c.out, report)
	}
	for _, address := range append(append(report.Rendezvous, report.STUN...), report.TURN...) {
		if _, err := fmt.Fprintln(c.out, address); err != nil {
			return err
		}
	}
	return nil
}

// reachable replaces the host of a tracker's URL by name, or by the public
// address where there is no name and it listens on all addresses.
func (s *serveCommand) reachable(url string, listening net.Addr, name string) string {
	scheme, at, _ := strings.Cut(url, "://")
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		return url
	}
	if name != "" {
		return scheme + "://" + net.JoinHostPort(name, port)
	}
	address, isTCP := listening.(*net.TCPAddr)
	if isTCP && address.IP.IsUnspecified() && len(s.PublicIP) > 0 {
		return scheme + "://" + net.JoinHostPort(s.PublicIP[0].String(), port)
	}
	return url
}

// certificateName is the first host name that a certificate is for, empty
// where there is none or only a wildcard.
func certificateName(config *tls.Config) string {
	if config == nil {
		return ""
	}
	for _, name := range config.Certificates[0].Leaf.DNSNames {
		if !strings.HasPrefix(name, "*") {
			return name
		}
	}
	return ""
}

// count prints counters at each change until the server has ended, and once
// more then.
func count(c *console, server *rendezvous.Server, served <-chan error) error {
	tick := time.NewTicker(countersPeriod)
	defer tick.Stop()
	var last countersReport
	show := func() error {
		now := newCountersReport(server.Counters())
		if now == last {
			return nil
		}
		last = now
		now.Time = timestamp(time.Now())
		return writeLine(c.out, now)
	}
	for {
		select {
		case err := <-served:
			return errors.Join(err, show())
		case <-tick.C:
		}
		if err := show(); err != nil {
			return err
		}
	}
}

// newCountersReport adds up all users: who they are is not for a log.
func newCountersReport(now rendezvous.Counters) countersReport {
	report := countersReport{
		Event: "counters", Connections: now.Connections, Rooms: now.Rooms, Peers: now.Peers,
		RefusedQuota: now.RefusedQuota, RefusedCapacity: now.RefusedCapacity,
	}
	for _, user := range now.Users {
		report.Allocations += user.Allocations
		report.BytesRelayed += user.BytesIn + user.BytesOut
		report.BytesFromClients += user.FromClient
		report.BytesToClients += user.ToClient
		report.BytesDropped += user.BytesDropped
	}
	return report
}
