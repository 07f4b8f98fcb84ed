package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

// credentialLife is for how long a check makes time-limited credentials.
const credentialLife = time.Hour

type netcheckCommand struct {
	Rendezvous []string `sep:"none" placeholder:"URL" help:"Rendezvous (ws:// or wss://) instead of those of the settings. Repeatable."`
	STUN       []string `name:"stun" sep:"none" placeholder:"URL" help:"STUN server (stun:host:port) instead of those of the settings. Repeatable."`
	TURN       []string `name:"turn" sep:"none" placeholder:"URL,USER,PASSWORD" help:"TURN server instead of those of the settings. Repeatable."`
	TURNSecret []string `name:"turn-secret" sep:"none" placeholder:"URL,SECRET" help:"TURN server with time-limited credentials. Repeatable."`
	Policy     string   `placeholder:"POLICY" help:"Paths that may be used: auto, direct, lan or relay. Under lan nothing outside is asked."`
	State      string   `type:"path" placeholder:"DIR" help:"Folder with the settings."`

	NoPortMapping bool          `name:"no-port-mapping" help:"Do not look for a router that maps ports. The search has one mapped for a moment and gives it back."`
	Throughput    time.Duration `default:"2s" placeholder:"TIME" help:"How long the throughput of each TURN server is measured; 0 leaves it out (${default}). The relay counts it as its traffic; the month's count of --relay-month does not include it."`
	Realm         string        `placeholder:"NAME" help:"Realm that the TURN credentials were made for, to compare with what servers announce."`
	Captive       string        `placeholder:"URL" help:"Page that answers 204 (http://), to find a network that wants a login first. None is asked otherwise."`
	JSON          bool          `name:"json" help:"Print the result as JSON, one object on one line."`
}

// Run checks the network once.
func (n *netcheckCommand) Run(ctx context.Context, c *console, log *slog.Logger) error {
	config, err := n.config(c.err)
	if err != nil {
		return err
	}
	config.Logger = log
	stop := n.searchRouter(ctx, &config, log)
	defer stop()
	if !n.JSON && len(config.TURN) > 0 {
		fmt.Fprintln(c.err, english.Say("netcheck.begins", nil))
	}
	report := netcheck.Check(ctx, config)
	if interrupted(ctx) {
		return &exit{Code: exitInterrupted}
	}
	if n.JSON {
		err = writeLine(c.out, newCheckReport(report))
	} else {
		_, err = io.WriteString(c.out, describe(report))
	}
	if err != nil {
		return err
	}
	if !usable(report) {
		return &exit{Code: exitFailed} // the report has said why
	}
	return nil
}

// usable reports whether transfers with other networks can be expected to work,
// and every relay of the settings does. A STUN server that fails is no harm
// where another one answers, which the verdict knows.
func usable(r netcheck.Report) bool {
	if slices.ContainsFunc(r.TURN, func(s netcheck.TURNResult) bool { return s.Failure != nil }) {
		return false
	}
	switch r.Verdict() {
	case netcheck.NoUDP:
		return r.Relay
	case netcheck.LoginPage, netcheck.Offline:
		return false
	default:
		return true
	}
}

// config is what the settings and the flags have checked.
func (n *netcheckCommand) config(warnings io.Writer) (netcheck.Config, error) {
	shared := transferFlags{State: n.State}
	shared.Rendezvous, shared.STUN, shared.TURN = n.Rendezvous, n.STUN, n.TURN
	shared.TURNSecret, shared.Policy, shared.NoPortMapping = n.TURNSecret, n.Policy, n.NoPortMapping
	chosen, err := shared.config(warnings)
	if err != nil {
		return netcheck.Config{}, err
	}
	if n.Captive != "" {
		at, err := url.Parse(n.Captive)
		if err != nil || at.Scheme != "http" || at.Host == "" {
			return netcheck.Config{}, badUsage("netcheck", errors.New("--captive must be a page without TLS, such as http://example.org/generate_204"))
		}
	}
	if n.Throughput < 0 || n.Throughput > time.Minute {
		return netcheck.Config{}, badUsage("netcheck", errors.New("--throughput must be from 0s to 1m"))
	}
	n.NoPortMapping = !chosen.Settings.PortMapping
	if n.Throughput == 0 {
		n.Throughput = -1 // leaves the stage out
	}
	return netcheck.Config{
		STUN: chosen.Settings.STUN, TURN: n.servers(chosen.Settings.TURN), Policy: chosen.Settings.Policy,
		Rendezvous: chosen.Settings.Rendezvous, Throughput: n.Throughput, Captive: n.Captive,
	}, nil
}

// servers are the relays of the settings, with credentials ready to use.
func (n *netcheckCommand) servers(relays []settings.TURN) []netcheck.Server {
	servers := make([]netcheck.Server, 0, len(relays))
	for _, relay := range relays {
		server := netcheck.Server{URL: relay.URL, Username: relay.Username, Password: relay.Password, Realm: n.Realm}
		if relay.Secret != "" {
			server.Username, server.Password = rendezvous.TimeLimited(relay.Secret, relay.Username, time.Now().Add(credentialLife))
		}
		servers = append(servers, server)
	}
	return servers
}

// searchRouter looks for a router that maps ports, while the check runs. By
// PCP and NAT-PMP that has a port mapped for a moment and given back: no other
// request tells whether the router would.
func (n *netcheckCommand) searchRouter(ctx context.Context, config *netcheck.Config, log *slog.Logger) (stop func()) {
	if n.NoPortMapping || config.Policy == path.LANOnly || config.Policy == path.RelayOnly {
		return func() {} // such a link offers no mapped port
	}
	mapper := portmap.New(portmap.Config{Logger: log})
	config.Router = mapper.Status()
	searching, cancel := context.WithCancel(ctx)
	var search sync.WaitGroup
	search.Go(func() { _ = mapper.Serve(searching) })
	return func() {
		cancel()
		search.Wait()
	}
}

// serverName is what people know a server by.
func serverName(uri string) string {
	if strings.HasPrefix(uri, "stun:") {
		name := strings.TrimPrefix(uri, "stun:")
		if host, port, err := net.SplitHostPort(name); err == nil && port == "3478" {
			return host
		}
		return name
	}
	return path.ParseRelay(uri).Name
}
