package rendezvous

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/turn/v5"
)

// socketBuffer is asked for on every UDP socket. With the default of 208 KiB
// on Linux a relay loses bursts, and each loss stalls SCTP for a second.
const socketBuffer = 4 << 20

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

	mu     sync.RWMutex
	closed bool
	// byTold finds a relay by the address told to clients, byLocal by the one
	// on which this computer reaches it.
	byTold  map[netip.AddrPort]*relay
	byLocal map[netip.AddrPort]*relay
	open    sync.WaitGroup
}

func newRelays(config *TurnConfig, listen net.Addr) *relays {
	host := addrPort(listen).Addr()
	if host.IsUnspecified() {
		host = netip.Addr{}
	}
	return &relays{
		config:   config,
		host:     host,
		accounts: newAccounts(config.AllocationsPerUser),
		byTold:   map[netip.AddrPort]*relay{},
		byLocal:  map[netip.AddrPort]*relay{},
	}
}

// Validate is part of turn.RelayAddressGenerator; New has validated.
func (r *relays) Validate() error { return nil }

// AllocateListener refuses: see relays.
func (r *relays) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errRefused
}

// AllocateConn refuses: see relays.
func (r *relays) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errRefused }

// AllocatePacketConn opens a relayed address. pion asks for certain ports, and
// on behalf of nobody, only for EVEN-PORT, which RTP once needed.
func (r *relays) AllocatePacketConn(request turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if request.UserID == "" || request.RequestedPort != 0 {
		return nil, nil, errRefused
	}
	told, bind, err := r.addresses(request.Network)
	if err != nil {
		return nil, nil, err
	}
	// The quota handler has looked already; this look is atomic.
	user := r.accounts.open(request.UserID)
	if user == nil {
		return nil, nil, errQuota
	}
	opened, err := r.add(request.Network, told, bind, user)
	if err != nil {
		r.accounts.close(user)
		return nil, nil, err
	}
	return opened, net.UDPAddrFromAddrPort(opened.told), nil
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

func (r *relays) add(network string, told, bind netip.Addr, user *account) (*relay, error) {
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

// relay is the socket of one relayed address.
type relay struct {
	*net.UDPConn
	relays      *relays
	user        *account
	told, local netip.AddrPort
	once        sync.Once

	mu        sync.RWMutex
	permitted map[netip.Addr]int
}

// WriteTo sends what the client gave to a peer. Another relayed address of
// this server is reached inside this computer, so that it works behind a NAT
// that does not lead packets back in; what else is not global is dropped.
func (r *relay) WriteTo(data []byte, to net.Addr) (int, error) {
	peer := addrPort(to)
	local, own := r.relays.localOf(peer)
	if !own && !r.relays.config.AllowPrivatePeers && !global(peer.Addr()) {
		return len(data), nil
	}
	n, err := r.WriteToUDPAddrPort(data, local)
	if err == nil {
		r.user.bytesOut.Add(uint64(n))
	}
	return n, err
}

// ReadFrom returns the next packet of a peer that the client permitted; only
// those are relayed and counted. It fails only when the socket is closed: pion
// ends the allocation at the first error, and on Windows any stranger's large
// packet is one.
func (r *relay) ReadFrom(data []byte) (int, net.Addr, error) {
	for {
		n, from, err := r.ReadFromUDPAddrPort(data)
		if errors.Is(err, net.ErrClosed) {
			return 0, nil, err
		}
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		peer := r.relays.toldOf(netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port()))
		if r.permits(peer.Addr()) {
			r.user.bytesIn.Add(uint64(n))
			return n, net.UDPAddrFromAddrPort(peer), nil
		}
	}
}

func (r *relay) permits(peer netip.Addr) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.permitted[peer] > 0
}

func (r *relay) changePermission(peer netip.Addr, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.permitted[peer] += by; r.permitted[peer] <= 0 {
		delete(r.permitted, peer)
	}
}

// Close ends the allocation. It may be called more than once.
func (r *relay) Close() error {
	var err error
	r.once.Do(func() {
		defer r.relays.open.Done()
		r.relays.mu.Lock()
		delete(r.relays.byTold, r.told)
		delete(r.relays.byLocal, r.local)
		r.relays.mu.Unlock()
		err = r.UDPConn.Close()
		r.relays.accounts.close(r.user)
	})
	return err
}

// enlargeBuffers asks for what the operating system gives, at most
// socketBuffer. Linux caps it silently at net.core.rmem_max and wmem_max,
// others refuse too much.
func enlargeBuffers(socket *net.UDPConn) {
	for _, set := range []func(int) error{socket.SetReadBuffer, socket.SetWriteBuffer} {
		for size := socketBuffer; size >= 256<<10 && set(size) != nil; size /= 2 {
		}
	}
}
