package link

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4"
)

// traveller is the network of a computer that moves from one address to
// another; what it had before does not work any more.
type traveller struct {
	transport.Net
	address atomic.Pointer[netip.Addr]
}

func newTraveller(t *testing.T, address string) *traveller {
	t.Helper()
	w := &traveller{Net: newWire(t).Net}
	w.moves(address)
	return w
}

func (w *traveller) moves(address string) {
	at := netip.MustParseAddr(address)
	w.address.Store(&at)
}

func (w *traveller) Interfaces() ([]*transport.Interface, error) {
	one := transport.NewInterface(net.Interface{Index: 1, Name: "wlan0", Flags: net.FlagUp | net.FlagLoopback, MTU: 1500})
	one.AddAddress(&net.IPNet{IP: w.address.Load().AsSlice(), Mask: net.CIDRMask(32, 32)})
	return []*transport.Interface{one}, nil
}

func (w *traveller) ListenUDP(kind string, local *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := w.Net.ListenUDP(kind, local)
	if err != nil {
		return nil, err
	}
	return &travellerConn{conn, w}, nil
}

type travellerConn struct {
	transport.UDPConn
	network *traveller
}

func (c *travellerConn) works() bool {
	own, _ := addrPort(c.LocalAddr())
	return own.Addr() == *c.network.address.Load()
}

func (c *travellerConn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		count, from, err := c.UDPConn.ReadFrom(p)
		if err != nil || c.works() {
			return count, from, err
		}
	}
}

func (c *travellerConn) WriteTo(p []byte, to net.Addr) (int, error) {
	if !c.works() {
		return len(p), nil
	}
	return c.UDPConn.WriteTo(p, to)
}

func TestATransferSurvivesANewAddress(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 6 s")
	}
	for name, offering := range map[string]bool{"of the offering side": true, "of the answering side": false} {
		t.Run(name, func(t *testing.T) {
			// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
			t.Parallel()
			road := newTraveller(t, "127.0.0.2")
			moving, staying := dialer(t, Config{Net: road, Loopback: true}), dialer(t, Config{})
			var a, b *served
			if offering {
				a, b = linked(t, moving, staying)
			} else {
				b, a = linked(t, staying, moving)
			}
			a.until(t, "direct", direct)
			transfer := flows(t, b, a)
			time.Sleep(2500 * time.Millisecond) // its interfaces have been read
			road.moves("127.0.0.3")
			began := time.Now()
			a.until(t, "on the new address", func(s Status) bool {
				at, err := netip.ParseAddrPort(s.Local.Address)
				return s.Up && err == nil && at.Addr() == netip.MustParseAddr("127.0.0.3")
			})
			t.Logf("on the new address after %s", time.Since(began))
			b.until(t, "direct", direct)
			time.Sleep(3 * time.Second)
			pause := transfer.ends(t)
			t.Logf("longest pause %s", pause)
			if pause > 6*time.Second {
				t.Errorf("longest pause %s", pause)
			}
		})
	}
}
