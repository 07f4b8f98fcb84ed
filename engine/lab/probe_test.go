//go:build linux

package lab

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

// The probe asks of a network what RFC 5780 asks, between real sockets: a
// reflector with two addresses and two ports tells where a packet came from,
// and answers from whichever of its sockets the packet names.

const firstPort, secondPort = 3478, 3479

// patience is how long a packet is waited for that should not come.
const patience = 150 * time.Millisecond

// patient is how long to wait for a packet: a machine under load may take its
// time for one that should come.
func patient(expected bool) time.Duration {
	if expected {
		return 10 * time.Second
	}
	return patience
}

// listen opens a UDP socket on a computer.
func listen(t *testing.T, h *Host, at netip.AddrPort) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	if err := h.Do(func() (err error) {
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		return err
	}); err != nil {
		t.Fatalf("a socket on %s: %v", h.Name(), err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// socket opens a UDP socket on a computer's own IPv4 address.
func socket(t *testing.T, h *Host) *net.UDPConn {
	t.Helper()
	return listen(t, h, netip.AddrPortFrom(h.IP4(), 0))
}

func local(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// hear waits for one packet; what is invalid did not come.
func hear(t *testing.T, c *net.UDPConn, within time.Duration) (string, netip.AddrPort) {
	t.Helper()
	buffer := make([]byte, 1500)
	_ = c.SetReadDeadline(time.Now().Add(within))
	n, from, err := c.ReadFromUDPAddrPort(buffer)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", netip.AddrPort{}
	case err != nil:
		t.Fatalf("waiting for a packet: %v", err)
	}
	return string(buffer[:n]), netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
}

func say(t *testing.T, c *net.UDPConn, to netip.AddrPort, what string) {
	t.Helper()
	if _, err := c.WriteToUDPAddrPort([]byte(what), to); err != nil {
		t.Fatalf("sending to %s: %v", to, err)
	}
}

// reflector is the server of the probe.
type reflector struct{ at [4]netip.AddrPort }

// Its sockets, by how much of the address of the first one they change.
const (
	asAsked = iota
	otherPort
	otherAddress
	otherBoth
)

func newReflector(t *testing.T, l *Lab) *reflector {
	t.Helper()
	h := l.Server("reflector", TwoIPv4, IPv4Only)
	r := &reflector{at: [4]netip.AddrPort{
		netip.AddrPortFrom(h.IP4(), firstPort), netip.AddrPortFrom(h.IP4(), secondPort),
		netip.AddrPortFrom(h.SecondIP4(), firstPort), netip.AddrPortFrom(h.SecondIP4(), secondPort),
	}}
	var conns [4]*net.UDPConn
	for i, at := range r.at {
		conns[i] = listen(t, h, at)
	}
	for _, conn := range conns {
		go func() {
			buffer := make([]byte, 1500)
			for {
				n, from, err := conn.ReadFromUDPAddrPort(buffer)
				if err != nil {
					return
				}
				answerer := conn
				if n > 0 && buffer[0] != asAsked {
					answerer = conns[buffer[0]%4]
				}
				_, _ = answerer.WriteToUDPAddrPort([]byte(from.String()), from)
			}
		}()
	}
	return r
}

// seen asks where a socket's packets to one of the reflector's come from.
func (r *reflector) seen(t *testing.T, c *net.UDPConn, at netip.AddrPort) netip.AddrPort {
	t.Helper()
	deadline := time.Now().Add(2 * time.Second)
	for time.Now().Before(deadline) {
		say(t, c, at, string([]byte{asAsked}))
		if text, from := hear(t, c, 500*time.Millisecond); from == at {
			return netip.MustParseAddrPort(text)
		}
	}
	return netip.AddrPort{}
}

// answers asks for an answer from another socket and reports whether it comes
// before one from the socket that was asked.
func (r *reflector) answers(t *testing.T, c *net.UDPConn, from byte) bool {
	t.Helper()
	say(t, c, r.at[0], string([]byte{from}))
	say(t, c, r.at[0], string([]byte{asAsked}))
	_, heard := hear(t, c, patient(true))
	if !heard.IsValid() {
		t.Fatal("the reflector does not answer at all")
	}
	return heard == r.at[from]
}

func (r *reflector) mapping(t *testing.T, h *Host) Mapping {
	t.Helper()
	c := socket(t, h)
	first, port, address := r.seen(t, c, r.at[asAsked]), r.seen(t, c, r.at[otherPort]), r.seen(t, c, r.at[otherAddress])
	if !first.IsValid() || !port.IsValid() || !address.IsValid() {
		t.Fatalf("%s gets no answer: %v %v %v", h.Name(), first, port, address)
	}
	if first.Addr() != h.OutsideIP4() {
		t.Errorf("%s is seen as %s, not as %s", h.Name(), first.Addr(), h.OutsideIP4())
	}
	switch {
	case first == local(c) && port == first && address == first:
		return NoMapping
	case first == port && first == address:
		return EndpointIndependentMapping
	case first == port:
		return AddressDependentMapping
	default:
		return AddressAndPortDependentMapping
	}
}

func (r *reflector) filtering(t *testing.T, h *Host) Filtering {
	t.Helper()
	switch {
	case r.answers(t, socket(t, h), otherBoth):
		return EndpointIndependentFiltering
	case r.answers(t, socket(t, h), otherPort):
		return AddressDependentFiltering
	default:
		return AddressAndPortDependentFiltering
	}
}

// allocation looks at the outside ports of some sockets.
func (r *reflector) allocation(t *testing.T, h *Host) Allocation {
	t.Helper()
	const sockets = 8
	preserved, next := 0, 0
	var last uint16
	for range sockets {
		c := socket(t, h)
		port := r.seen(t, c, r.at[0]).Port()
		if port == local(c).Port() {
			preserved++
		}
		if port == last+1 {
			next++
		}
		last = port
	}
	switch {
	case preserved >= sockets-1:
		return Preserving
	case next >= sockets-2:
		return Sequential
	default:
		return Random
	}
}

// hairpin reports whether a socket reaches another one of the same computer at
// its outside address, and is seen with an outside address as well.
func (r *reflector) hairpin(t *testing.T, h *Host, expected bool) bool {
	t.Helper()
	a, b := socket(t, h), socket(t, h)
	seenA, seenB := r.seen(t, a, r.at[0]), r.seen(t, b, r.at[0])
	say(t, a, seenB, "opens a's own filter")
	say(t, b, seenA, "to a")
	_, from := hear(t, a, patient(expected))
	return from.IsValid() && from.Addr() == h.OutsideIP4()
}
