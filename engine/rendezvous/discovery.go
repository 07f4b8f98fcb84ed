package rendezvous

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

const (
	// Flags of CHANGE-REQUEST (RFC 5780 section 7.2).
	changeAddress = 4
	changePort    = 2

	// Attributes that this server must understand or refuse, and refuses: they
	// make the answer larger or send it elsewhere (RFC 5780 section 7.5, 7.6).
	attrPadding      = stun.AttrType(0x0026)
	attrResponsePort = stun.AttrType(0x0027)

	// How many requests of one address, and of all, are answered by discovery
	// in a second. The answers are larger than the requests and may come from
	// elsewhere, and a request's sender may be forged.
	discoveryPerAddress = 50
	discoveryPerSecond  = 2000
)

// discovery answers binding requests on two addresses and two ports, as
// RFC 5780 asks of a server of NAT behavior discovery. Its sockets and the
// addresses told for them are indexed by address and by port; the socket [0][0]
// belongs to TURN too.
type discovery struct {
	sockets   [2][2]*net.UDPConn
	told      [2][2]netip.AddrPort
	allowance allowance
}

// newDiscovery opens the three other sockets. The second port is the next
// after the first one, or any where that is taken.
func newDiscovery(config *TurnConfig, first *net.UDPConn) (*discovery, error) {
	at := addrPort(first.LocalAddr())
	d := &discovery{}
	d.sockets[0][0] = first
	var err error
	if d.sockets[1][0], err = listenOn(config.Alternate, at.Port()); err != nil {
		return nil, listenError("STUN", netip.AddrPortFrom(config.Alternate, at.Port()).String(), err)
	}
	if err := d.openSecondPort(at, config.Alternate); err != nil {
		d.close()
		return nil, err
	}
	addresses := [2]netip.Addr{at.Addr(), config.Alternate}
	for _, public := range config.PublicIPs {
		if public = public.Unmap(); public.Is4() {
			addresses[0] = public
		}
	}
	if config.AlternatePublic.IsValid() {
		addresses[1] = config.AlternatePublic
	}
	for a := range d.sockets {
		for p, socket := range d.sockets[a] {
			d.told[a][p] = netip.AddrPortFrom(addresses[a], addrPort(socket.LocalAddr()).Port())
		}
	}
	return d, nil
}

// openSecondPort opens a port that is free on both addresses.
func (d *discovery) openSecondPort(first netip.AddrPort, alternate netip.Addr) error {
	port := first.Port() + 1 // wraps to 0, which is any
	for try := 1; ; try++ {
		one, err := listenOn(first.Addr(), port)
		if err == nil {
			var other *net.UDPConn
			if other, err = listenOn(alternate, addrPort(one.LocalAddr()).Port()); err == nil {
				d.sockets[0][1], d.sockets[1][1] = one, other
				return nil
			}
			_ = one.Close()
		}
		if !inUse(err) || try == samePortTries {
			return listenError("STUN", netip.AddrPortFrom(alternate, port).String(), err)
		}
		port = 0
	}
}

func listenOn(address netip.Addr, port uint16) (*net.UDPConn, error) {
	return net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, port)))
}

// others are the sockets that TURN does not read.
func (d *discovery) others() []*net.UDPConn {
	return slices.DeleteFunc([]*net.UDPConn{d.sockets[0][1], d.sockets[1][0], d.sockets[1][1]},
		func(socket *net.UDPConn) bool { return socket == nil })
}

func (d *discovery) close() {
	for _, socket := range d.others() {
		_ = socket.Close()
	}
}

// serve answers on the other sockets until close.
func (d *discovery) serve() {
	var readers sync.WaitGroup
	for a := range d.sockets {
		for p, socket := range d.sockets[a] {
			if a == 0 && p == 0 {
				continue
			}
			readers.Go(func() { d.read(socket, a, p) })
		}
	}
	readers.Wait()
}

func (d *discovery) read(socket *net.UDPConn, a, p int) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		d.answer(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), a, p)
	}
}

// answer answers a binding request that came to a socket. Not handled is what
// is none, and a plain one beyond the allowance: TURN's socket answers that as
// any STUN server does.
func (d *discovery) answer(packet []byte, from netip.AddrPort, a, p int) (handled bool) {
	request := stun.Message{Raw: packet}
	if len(packet) < stunHeaderBytes || packet[0] >= firstChannelByte || !stun.IsMessage(packet) ||
		request.Decode() != nil || request.Type != stun.BindingRequest {
		return false
	}
	flags, asked := request.Attributes.Get(stun.AttrChangeRequest)
	if !d.allowance.take(addressOf(from.String()), time.Now()) {
		return asked
	}
	out, port := a, p
	refused := stunRefusal(&request, asked, flags.Value)
	if asked && refused == nil {
		if flags.Value[3]&changeAddress != 0 {
			out = 1 - a
		}
		if flags.Value[3]&changePort != 0 {
			port = 1 - p
		}
	}
	kind, says := stun.BindingError, refused
	if refused == nil {
		origin, other := d.told[out][port], d.told[1-a][1-p]
		kind, says = stun.BindingSuccess, []stun.Setter{
			&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())},
			&stun.ResponseOrigin{IP: origin.Addr().AsSlice(), Port: int(origin.Port())},
			&stun.OtherAddress{IP: other.Addr().AsSlice(), Port: int(other.Port())},
		}
	}
	message, err := stun.Build(slices.Concat([]stun.Setter{stun.NewTransactionIDSetter(request.TransactionID), kind}, says, []stun.Setter{stun.Fingerprint})...)
	if err == nil {
		_, _ = d.sockets[out][port].WriteToUDPAddrPort(message.Raw, from)
	}
	return true
}

// stunRefusal is what an error answer to a request says, nil where there is no
// error.
func stunRefusal(request *stun.Message, asksChange bool, change []byte) []stun.Setter {
	var unknown stun.UnknownAttributes
	for _, kind := range []stun.AttrType{attrPadding, attrResponsePort} {
		if request.Contains(kind) {
			unknown = append(unknown, kind)
		}
	}
	switch {
	case len(unknown) > 0:
		return []stun.Setter{stun.CodeUnknownAttribute, unknown}
	case asksChange && len(change) != 4:
		return []stun.Setter{stun.CodeBadRequest}
	default:
		return nil
	}
}

// allowance bounds how many answers go to an address, and to all, in a second.
// It is safe for concurrent use.
type allowance struct {
	mu     sync.Mutex
	second int64
	taken  map[netip.Prefix]int
	all    int
}

// take reports whether one more answer may go to an address.
func (a *allowance) take(address netip.Prefix, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second := now.Unix(); a.taken == nil || second != a.second {
		a.second, a.taken, a.all = second, map[netip.Prefix]int{}, 0
	}
	if a.all >= discoveryPerSecond || a.taken[address] >= discoveryPerAddress {
		return false
	}
	a.all++
	a.taken[address]++
	return true
}
