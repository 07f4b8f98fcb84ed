package netcheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

// errNoMapping is a response without the one thing that it is for.
var errNoMapping = errors.New("netcheck: the answer tells no address")

// sighting is what one STUN server, or one of its addresses, has seen of one
// socket.
type sighting struct {
	to, mapped netip.AddrPort
	// other is the server's second address (RFC 5780 section 7.4); invalid
	// where it has none.
	other netip.AddrPort
	// from is whence the answer came.
	from netip.AddrPort
	rtt  time.Duration
	err  error
}

// The flags of CHANGE-REQUEST (RFC 5780 section 7.2).
const (
	changePort    = 0x02
	changeAddress = 0x04
)

// prober asks STUN servers from one UDP socket of one IP version.
type prober struct{ *wire }

// newProber opens a socket for the IP version of to.
func newProber(to netip.Addr) (*prober, error) {
	network := "udp4"
	if to.Is6() {
		network = "udp6"
	}
	socket, err := net.ListenUDP(network, nil)
	if err != nil {
		return nil, err
	}
	return &prober{newWire(&datagrams{Conn: socket, open: socket})}, nil
}

// see asks how this socket is seen; changes are flags of CHANGE-REQUEST.
func (p *prober) see(ctx context.Context, to netip.AddrPort, changes byte, patience pace) sighting {
	s := sighting{to: to}
	setters := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	if changes != 0 {
		setters = append(setters, attribute(stun.AttrChangeRequest, 0, 0, 0, changes))
	}
	m, err := stun.Build(append(setters, stun.Fingerprint)...)
	if err != nil {
		s.err = err
		return s
	}
	a, err := p.request(ctx, m, to, patience)
	if err != nil {
		s.err = err
		return s
	}
	s.from, s.rtt = a.from, a.rtt
	if a.Type.Class != stun.ClassSuccessResponse {
		s.err = newRefusal(a.Message)
		return s
	}
	s.mapped, s.err = mappedAddress(a.Message)
	var other stun.OtherAddress
	if other.GetFrom(a.Message) == nil {
		ip, _ := netip.AddrFromSlice(other.IP)
		s.other = netip.AddrPortFrom(ip.Unmap(), uint16(other.Port))
		if !sendable(s.other, to) {
			s.other = netip.AddrPort{}
		}
	}
	return s
}

// sendable refuses a second address to which nothing should be sent on a
// server's word: the wrong version, no port, or a place nearer than the server.
func sendable(other, server netip.AddrPort) bool {
	ip := other.Addr()
	return ip.IsValid() && other.Port() != 0 && other != server && ip.Is4() == server.Addr().Is4() &&
		!ip.IsUnspecified() && !ip.IsMulticast() && scopeOf(ip) >= scopeOf(server.Addr())
}

func mappedAddress(m *stun.Message) (netip.AddrPort, error) {
	var masked stun.XORMappedAddress
	ip, port := net.IP(nil), 0
	if masked.GetFrom(m) == nil {
		ip, port = masked.IP, masked.Port
	} else {
		var plain stun.MappedAddress // servers of RFC 3489
		if err := plain.GetFrom(m); err != nil {
			return netip.AddrPort{}, fmt.Errorf("%w: %w", errNoMapping, err)
		}
		ip, port = plain.IP, plain.Port
	}
	at, ok := netip.AddrFromSlice(ip)
	if !ok || port == 0 {
		return netip.AddrPort{}, errNoMapping
	}
	return netip.AddrPortFrom(at.Unmap(), uint16(port)), nil
}

// seeAll asks many destinations at once, from the one socket.
func (p *prober) seeAll(ctx context.Context, destinations []netip.AddrPort, patience pace) []sighting {
	seen := make([]sighting, len(destinations))
	var asking sync.WaitGroup
	for i, to := range destinations {
		asking.Go(func() { seen[i] = p.see(ctx, to, 0, patience) })
	}
	asking.Wait()
	return seen
}

// nat is what is known of one IP version.
type nat struct {
	answered  bool
	translate bool // the mapped address is none of this computer's
	// public is what servers see, source this computer's address towards them.
	public, source netip.Addr
	mapping        Behaviour
	filtering      Behaviour
	portStep       int
}

// examine finds out how the NAT or firewall in front of this computer behaves,
// with servers of one IP version. It returns what each server has seen, too.
//
// Where nothing else may be asked, alone, only the destinations are: a server's
// second address is any host that it names, which would see this computer.
func examine(ctx context.Context, destinations []netip.AddrPort, own map[netip.Addr]bool, patience pace, alone bool) (nat, []sighting) {
	if len(destinations) == 0 {
		return nat{}, nil
	}
	p, err := newProber(destinations[0].Addr())
	if err != nil {
		return nat{}, failedSightings(destinations, err)
	}
	defer p.close()
	seen := p.seeAll(ctx, destinations, patience)
	far := widest(destinations)
	good := slices.DeleteFunc(slices.Clone(seen), func(s sighting) bool { return s.err != nil || scopeOf(s.to.Addr()) < far })
	if len(good) == 0 {
		return nat{}, seen
	}
	public := good[0].mapped.Addr()
	n := nat{answered: true, public: public, source: sourceFor(good[0].to), translate: !own[public]}
	if alone {
		for i := range good {
			good[i].other = netip.AddrPort{}
		}
	}
	n.behaviour(ctx, p, good)
	return n, seen
}

func failedSightings(destinations []netip.AddrPort, err error) []sighting {
	seen := make([]sighting, len(destinations))
	for i, to := range destinations {
		seen[i] = sighting{to: to, err: err}
	}
	return seen
}

// behaviour asks further where one of the servers has a second address.
func (n *nat) behaviour(ctx context.Context, p *prober, good []sighting) {
	var work sync.WaitGroup
	more := slices.Clone(good)
	if at := slices.IndexFunc(good, func(s sighting) bool { return s.other.IsValid() }); at >= 0 {
		server := good[at]
		work.Go(func() { n.filtering = filteringOf(ctx, server) })
		for _, s := range p.seeAll(ctx, secondAddresses(server), paceFor(server.rtt)) {
			if s.err == nil {
				more = append(more, s)
			}
		}
	}
	n.mapping = mappingOf(more)
	if !n.translate {
		n.mapping = EndpointIndependent
	} else if n.mapping == AddressDependent || n.mapping == AddressAndPortDependent {
		n.portStep = portStepTo(ctx, good[0].to, paceFor(good[0].rtt))
	}
	work.Wait()
}

// secondAddresses are the three other places of a server by RFC 5780 section
// 4.3; fewer where its second address is only another port.
func secondAddresses(server sighting) []netip.AddrPort {
	var all []netip.AddrPort
	for _, at := range []netip.AddrPort{
		server.other,
		netip.AddrPortFrom(server.other.Addr(), server.to.Port()),
		netip.AddrPortFrom(server.to.Addr(), server.other.Port()),
	} {
		if at != server.to && !slices.Contains(all, at) {
			all = append(all, at)
		}
	}
	return all
}

// mappingOf compares what several destinations have seen of one socket (RFC
// 5780 section 4.3). Two servers with different addresses tell whether the
// mapping depends on the destination. On what it depends is told by one address
// with two ports; without that the worse is taken, which also is the usual.
func mappingOf(seen []sighting) Behaviour {
	var addresses, addressesDiffer, ports, portsDiffer bool
	for i, a := range seen {
		for _, b := range seen[:i] {
			differ := a.mapped != b.mapped
			switch {
			case a.to == b.to:
			case a.to.Addr() == b.to.Addr():
				ports, portsDiffer = true, portsDiffer || differ
			default:
				addresses, addressesDiffer = true, addressesDiffer || differ
			}
		}
	}
	switch {
	case portsDiffer:
		return AddressAndPortDependent
	case addressesDiffer && ports:
		return AddressDependent
	case addressesDiffer:
		return AddressAndPortDependent
	case addresses:
		return EndpointIndependent
	default:
		return ""
	}
}

// filteringOf asks a server to answer from elsewhere (RFC 5780 section 4.4),
// each time from a socket that has sent nowhere else.
func filteringOf(ctx context.Context, server sighting) Behaviour {
	elsewhere := server.other.Addr() != server.to.Addr()
	var otherAddress, otherPort, direct sighting
	var asking sync.WaitGroup
	ask := func(into *sighting, to netip.AddrPort, changes byte) {
		asking.Go(func() {
			p, err := newProber(to.Addr())
			if err != nil {
				into.err = err
				return
			}
			defer p.close()
			*into = p.see(ctx, to, changes, paceFor(server.rtt))
		})
	}
	ask(&otherPort, server.to, changePort)
	ask(&direct, server.other, 0)
	if elsewhere {
		ask(&otherAddress, server.to, changeAddress|changePort)
	}
	asking.Wait()
	// Silence says something only of a server that does send from there.
	if direct.err != nil || ctx.Err() != nil {
		return ""
	}
	cameFrom := func(s sighting, from netip.AddrPort) bool { return s.err == nil && s.from == from }
	silent := func(s sighting) bool { return errors.Is(s.err, errSilent) }
	switch {
	case elsewhere && cameFrom(otherAddress, server.other):
		return EndpointIndependent
	case cameFrom(otherPort, netip.AddrPortFrom(server.to.Addr(), server.other.Port())):
		if elsewhere && !silent(otherAddress) {
			return ""
		}
		return AddressDependent
	case silent(otherPort):
		return AddressAndPortDependent
	default:
		return "" // it does not do what it was asked
	}
}
