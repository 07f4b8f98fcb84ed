package rendezvous

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// socketBuffer is asked for on every UDP socket. With the default of 208 KiB
// on Linux a relay loses bursts, and each loss stalls SCTP for a second.
const socketBuffer = 4 << 20

// relay is the socket of one relayed address.
type relay struct {
	*net.UDPConn
	relays      *relays
	user        *account
	name        string // of the user
	since       time.Time
	told, local netip.AddrPort
	tally       tally
	once        sync.Once

	// Guarded by relays.mu: the client, which pion tells after the socket is open.
	client  netip.AddrPort
	network string

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
	if !passes(len(data), r.user.rate.out, r.relays.rate.out) {
		r.dropped(len(data))
		return len(data), nil
	}
	n, err := r.WriteToUDPAddrPort(data, local)
	if err == nil {
		r.tally.out.Add(uint64(n))
		r.user.tally.out.Add(uint64(n))
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
		if !r.permits(peer.Addr()) {
			continue
		}
		if !passes(n, r.user.rate.in, r.relays.rate.in) {
			r.dropped(n)
			continue
		}
		r.tally.in.Add(uint64(n))
		r.user.tally.in.Add(uint64(n))
		return n, net.UDPAddrFromAddrPort(peer), nil
	}
}

// dropped counts what exceeded a rate.
func (r *relay) dropped(count int) {
	r.tally.dropped.Add(uint64(count))
	r.user.tally.dropped.Add(uint64(count))
}

// received counts what the client's socket sent.
func (r *relay) received(count int) {
	r.tally.fromClient.Add(uint64(count))
	r.user.tally.fromClient.Add(uint64(count))
}

// sent counts what went to the client's socket.
func (r *relay) sent(count int) {
	r.tally.toClient.Add(uint64(count))
	r.user.tally.toClient.Add(uint64(count))
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
		if r.relays.byClient[r.client] == r {
			delete(r.relays.byClient, r.client)
		}
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
