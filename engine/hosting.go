package engine

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

// countPeriod is the least time between two looks at what is relayed for others.
const countPeriod = time.Second

// hosting is the rendezvous and relay that this computer is for others. No port
// is mapped for it: routers are asked for one UDP port at a time, and this needs
// TCP too and a range for relayed connections.
type hosting struct {
	wanted settings.Serve // what runs, starts or could not; zero is nothing
	public netip.Addr     // that it was started with; invalid where none is known

	service  service
	server   *rendezvous.Server // nil while it does not run
	shown    Serving
	lookedAt time.Time // at its counters
}

// host starts, stops or restarts what this computer does for others, as
// settings and network want it. again tries once more what could not be.
func (o *owner) host(again bool) {
	h := &o.hosting
	wanted := o.settings.Serve
	if !wanted.Enabled {
		wanted = settings.Serve{}
	}
	public := o.publicAddress(wanted)
	if wanted == h.wanted && public == h.public && !(again && h.shown.Problem != nil) {
		o.showHosting() // the own address may be another
		return
	}
	h.wanted, h.public, h.server = wanted, public, nil
	h.shown, o.changed = Serving{}, true
	if !wanted.Enabled {
		o.replace(&h.service, nil, nil)
		return
	}
	config := hostConfig(wanted, public)
	config.Logger = o.log
	o.replace(&h.service, func(ctx context.Context, tell teller) error {
		server, err := rendezvous.New(config)
		if err != nil {
			return err
		}
		tell(func() { o.hostRuns(server) })
		return server.Serve(ctx)
	}, o.hostFailed)
}

// hostConfig is a server on all addresses of this computer. Without an account
// it tells addresses and relays for nobody.
func hostConfig(s settings.Serve, public netip.Addr) rendezvous.Config {
	turn := &rendezvous.TurnConfig{
		Listen: listenAt(s.TURNPort), Rate: s.Rate,
		RelayPorts: rendezvous.PortRange{Min: s.RelayMin, Max: s.RelayMax},
	}
	if public.IsValid() {
		turn.PublicIPs = []netip.Addr{public}
	}
	if hasAccount(s) {
		turn.Users = map[string]string{s.Username: s.Password}
	}
	return rendezvous.Config{Listen: listenAt(s.TrackerPort), Turn: turn}
}

func hasAccount(s settings.Serve) bool { return s.Username != "" && s.Password != "" }

func listenAt(port uint16) string { return net.JoinHostPort("", strconv.Itoa(int(port))) }

// publicAddress is the address under which others reach this computer: that of
// the settings, or what the check of the network has found; invalid where
// neither tells. It stays while a later check finds none.
func (o *owner) publicAddress(wanted settings.Serve) netip.Addr {
	if !wanted.Enabled {
		return netip.Addr{}
	}
	if ip, err := netip.ParseAddr(wanted.PublicIP); err == nil {
		return ip.Unmap()
	}
	report := o.network.report
	if report != nil && report.Public4.IsValid() {
		return report.Public4
	}
	if o.hosting.wanted == wanted && o.hosting.public.IsValid() {
		return o.hosting.public
	}
	switch {
	case report == nil:
		return netip.Addr{}
	case report.Router.External.IsValid() && !report.CarrierNAT:
		return report.Router.External
	default:
		return report.Public6
	}
}

func (o *owner) hostRuns(server *rendezvous.Server) {
	o.hosting.server = server
	o.showHosting()
	o.log.Info("serving others", "rendezvous", o.hosting.shown.Rendezvous, "stun", o.hosting.shown.STUN, "turn", o.hosting.shown.TURN)
}

func (o *owner) hostFailed(err error) {
	h := &o.hosting
	h.server = nil
	h.shown = Serving{Problem: &Problem{Code: CannotServe, Subject: hostSubject(h.wanted, err), Err: err}}
	o.log.Warn("cannot serve others", "error", err)
	o.changed = true
}

// hostSubject is the address that cannot be listened on, or the first one.
func hostSubject(s settings.Serve, err error) string {
	if at, ok := errors.AsType[*net.OpError](err); ok && at.Addr != nil {
		return at.Addr.String()
	}
	return listenAt(s.TrackerPort)
}

// showHosting tells the addresses to give away while the server runs.
func (o *owner) showHosting() {
	h := &o.hosting
	if h.server == nil {
		return
	}
	ip := h.public
	if !ip.IsValid() {
		own, found := outboundAddress()
		ip = own
		if !found {
			ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
	}
	tracker := netip.AddrPortFrom(ip, h.wanted.TrackerPort).String()
	turn := netip.AddrPortFrom(ip, h.wanted.TURNPort).String()
	shown := Serving{
		Running: true, Rendezvous: []string{"ws://" + tracker}, STUN: []string{"stun:" + turn},
		Allocations: h.shown.Allocations, Bytes: h.shown.Bytes,
	}
	if hasAccount(h.wanted) {
		shown.TURN = []string{"turn:" + turn + "?transport=udp", "turn:" + turn + "?transport=tcp"}
	}
	if !slices.Equal(shown.Rendezvous, h.shown.Rendezvous) || !slices.Equal(shown.TURN, h.shown.TURN) {
		o.changed = true
	}
	h.shown = shown
}

// countHosting reads what is relayed for others.
func (o *owner) countHosting(now time.Time) {
	h := &o.hosting
	if h.server == nil || now.Sub(h.lookedAt) < countPeriod {
		return
	}
	h.lookedAt = now
	allocations, bytes := 0, int64(0)
	for _, user := range h.server.Counters().Users {
		allocations += user.Allocations
		bytes += int64(user.BytesIn + user.BytesOut)
	}
	if cmp.Or(cmp.Compare(allocations, h.shown.Allocations), cmp.Compare(bytes, h.shown.Bytes)) != 0 {
		h.shown.Allocations, h.shown.Bytes, o.changed = allocations, bytes, true
	}
}
