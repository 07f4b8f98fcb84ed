package rendezvous

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/turn/v5"
)

var (
	errQuota     = errors.New("rendezvous: allocation quota reached")
	errNoAddress = errors.New("rendezvous: no relayed address of that IP version")
	errNoPort    = errors.New("rendezvous: no relay port is free")
	errRefused   = errors.New("rendezvous: kind of allocation is not offered")
	errStopped   = errors.New("rendezvous: server is stopping")
)

// relays makes the sockets of relayed addresses, as turn.RelayAddressGenerator,
// and knows those that are open. Only UDP is relayed: nothing of WebRTC uses
// TCP allocations, and they would let clients connect to anything.
type relays struct {
	config   *TurnConfig
	host     netip.Addr // of Listen; invalid where that is a wildcard
	accounts *accounts
	rate     throttle // of all
	refused  struct{ quota, capacity atomic.Uint64 }

	mu     sync.RWMutex
	closed bool
	// byTold finds a relay by the address told to clients, byLocal by the one
	// on which this computer reaches it.
	byTold  map[netip.AddrPort]*relay
	byLocal map[netip.AddrPort]*relay
	// byClient finds the relay of a client by UDP, streams the connections of
	// all by TCP and TLS.
	byClient map[netip.AddrPort]*relay
	streams  map[clientPath]*meter
	open     sync.WaitGroup
}

func newRelays(config *TurnConfig, listen net.Addr) *relays {
	host := addrPort(listen).Addr()
	if host.IsUnspecified() {
		host = netip.Addr{}
	}
	return &relays{
		config:   config,
		host:     host,
		accounts: newAccounts(config.AllocationsPerUser, config.UserRate),
		rate:     newThrottle(config.Rate),
		byTold:   map[netip.AddrPort]*relay{},
		byLocal:  map[netip.AddrPort]*relay{},
		byClient: map[netip.AddrPort]*relay{},
		streams:  map[clientPath]*meter{},
	}
}

// mayOpen is a turn.QuotaHandler.
func (r *relays) mayOpen(user, _ string, _ net.Addr) bool {
	if r.accounts.mayOpen(user) {
		return true
	}
	r.refused.quota.Add(1)
	return false
}

// Validate is part of turn.RelayAddressGenerator; New has validated.
func (r *relays) Validate() error { return nil }

// AllocateListener refuses: see relays.
func (r *relays) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	r.refused.capacity.Add(1)
	return nil, nil, errRefused
}

// AllocateConn refuses: see relays.
func (r *relays) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errRefused }

// AllocatePacketConn opens a relayed address. pion asks for certain ports, and
// on behalf of nobody, only for EVEN-PORT, which RTP once needed. It answers
// 508 to the client when this fails.
func (r *relays) AllocatePacketConn(request turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	opened, err := r.allocate(request)
	if err != nil {
		r.refused.capacity.Add(1)
		return nil, nil, err
	}
	return opened, net.UDPAddrFromAddrPort(opened.told), nil
}

func (r *relays) allocate(request turn.AllocateListenerConfig) (*relay, error) {
	if request.UserID == "" || request.RequestedPort != 0 {
		return nil, errRefused
	}
	told, bind, err := r.addresses(request.Network)
	if err != nil {
		return nil, err
	}
	// The quota handler has looked already; this look is atomic.
	user := r.accounts.open(request.UserID)
	if user == nil {
		return nil, errQuota
	}
	opened, err := r.add(request.Network, told, bind, user, request.UserID)
	if err != nil {
		r.accounts.close(user)
		return nil, err
	}
	return opened, nil
}

// addresses are, for "udp4" or "udp6", what clients are told and what the
// socket binds to.
func (r *relays) addresses(network string) (told, bind netip.Addr, err error) {
	four := network == "udp4"
	bind = netip.IPv6Unspecified()
	if four {
		bind = netip.IPv4Unspecified()
	}
	own := r.host.IsValid() && r.host.Is4() == four
	if own {
		bind = r.host
	}
	for _, public := range r.config.PublicIPs {
		if public = public.Unmap(); public.Is4() == four {
			return public, bind, nil
		}
	}
	switch {
	case own:
		return r.host, bind, nil
	case r.host.IsValid():
		return told, bind, errNoAddress
	default:
		return ownAddress(network), bind, nil
	}
}

// joins reports whether this server has an IPv4 address to relay by, which
// clients get who ask for no IP version (RFC 8656 section 7.2).
func (r *relays) joins() bool {
	told, _, err := r.addresses("udp4")
	return err == nil && (r.host.IsValid() || !told.IsLoopback())
}

func (r *relays) add(network string, told, bind netip.Addr, user *account, name string) (*relay, error) {
	socket, err := r.listen(network, bind)
	if err != nil {
		return nil, err
	}
	enlargeBuffers(socket)
	port := addrPort(socket.LocalAddr()).Port()
	local := bind
	if bind.IsUnspecified() {
		local = netip.IPv6Loopback()
		if bind.Is4() {
			local = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
	}
	opened := &relay{
		UDPConn:   socket,
		relays:    r,
		user:      user,
		name:      name,
		since:     time.Now(),
		told:      netip.AddrPortFrom(told, port),
		local:     netip.AddrPortFrom(local, port),
		permitted: map[netip.Addr]int{},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = socket.Close()
		return nil, errStopped
	}
	r.open.Add(1)
	r.byTold[opened.told], r.byLocal[opened.local] = opened, opened
	return opened, nil
}

func (r *relays) listen(network string, bind netip.Addr) (*net.UDPConn, error) {
	ports := r.config.RelayPorts
	if ports == (PortRange{}) {
		return net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(bind, 0)))
	}
	count := int(ports.Max-ports.Min) + 1
	first := rand.IntN(count)
	for at := range count {
		port := ports.Min + uint16((first+at)%count)
		socket, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(bind, port)))
		if err == nil {
			return socket, nil
		}
		if !inUse(err) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: %d to %d", errNoPort, ports.Min, ports.Max)
}

// permit is a turn.PermissionHandler. Where relayed addresses are not global,
// clients may still ask for them: two clients of one relay reach each other
// through it, and relay.WriteTo lets them reach nothing else there.
func (r *relays) permit(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	ip = ip.Unmap()
	if !ok || !sendable(ip) {
		return false
	}
	return r.config.AllowPrivatePeers || global(ip) || r.tells(ip)
}

// tells reports whether ip is a relayed address of this server.
func (r *relays) tells(ip netip.Addr) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for told := range r.byTold {
		if told.Addr() == ip {
			return true
		}
	}
	return false
}

func (r *relays) find(told net.Addr) *relay {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byTold[addrPort(told)]
}

// localOf is where this computer reaches the relay that is told as at.
func (r *relays) localOf(at netip.AddrPort) (netip.AddrPort, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if found := r.byTold[at]; found != nil {
		return found.local, true
	}
	return at, false
}

// toldOf is the reverse of localOf for the sender of a packet.
func (r *relays) toldOf(at netip.AddrPort) netip.AddrPort {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if found := r.byLocal[at]; found != nil {
		return found.told
	}
	return at
}

// events keep each relay's permissions as pion has them.
func (r *relays) events() turn.EventHandler {
	change := func(relayed net.Addr, peer net.IP, by int) {
		if found := r.find(relayed); found != nil {
			ip, _ := netip.AddrFromSlice(peer)
			found.changePermission(ip.Unmap(), by)
		}
	}
	channel := func(relayed, peer net.Addr, by int) {
		if peer, ok := peer.(*net.UDPAddr); ok {
			change(relayed, peer.IP, by)
		}
	}
	return turn.EventHandler{
		OnAllocationCreated: func(from, to net.Addr, _, _, _ string, relayed net.Addr, _ int) { r.created(from, to, relayed) },
		OnPermissionCreated: func(_, _ net.Addr, _, _, _ string, relayed net.Addr, peer net.IP) { change(relayed, peer, +1) },
		OnPermissionDeleted: func(_, _ net.Addr, _, _, _ string, relayed net.Addr, peer net.IP) { change(relayed, peer, -1) },
		OnChannelCreated:    func(_, _ net.Addr, _, _, _ string, relayed, peer net.Addr, _ uint16) { channel(relayed, peer, +1) },
		OnChannelDeleted:    func(_, _ net.Addr, _, _, _ string, relayed, peer net.Addr, _ uint16) { channel(relayed, peer, -1) },
	}
}

// closeAll closes every relayed address and opens no more. It waits for those
// that pion closes at the same time.
func (r *relays) closeAll() {
	r.mu.Lock()
	r.closed = true
	open := make([]*relay, 0, len(r.byTold))
	for _, relay := range r.byTold {
		open = append(open, relay)
	}
	r.mu.Unlock()
	for _, relay := range open {
		_ = relay.Close()
	}
	r.open.Wait()
}
