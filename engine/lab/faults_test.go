//go:build linux

package lab

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// roundTrip is how long the reflector takes to answer.
func (r *reflector) roundTrip(t *testing.T, c *net.UDPConn) time.Duration {
	t.Helper()
	start := time.Now()
	say(t, c, r.at[0], string([]byte{asAsked}))
	if _, from := hear(t, c, 2*time.Second); !from.IsValid() {
		t.Fatal("the reflector does not answer")
	}
	return time.Since(start)
}

// reaches reports whether the reflector answers a socket soon.
func (r *reflector) reaches(t *testing.T, c *net.UDPConn, expected bool) bool {
	t.Helper()
	_, _ = c.WriteToUDPAddrPort([]byte{asAsked}, r.at[0]) // may fail: the interface may be down
	_, from := hear(t, c, patient(expected))
	return from.IsValid()
}

func TestDelayIsThatOfTheLinks(t *testing.T) {
	t.Parallel()
	l := New(t, Options{Delay: 10 * time.Millisecond})
	server := newReflector(t, l)
	c := socket(t, l.Home("home", Carrier(PortRestricted)...))
	// A machine under load is slow now and then, but never too fast.
	within := func(shortest, longest time.Duration) (last time.Duration, ok bool) {
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
			if last = server.roundTrip(t, c); last < shortest {
				return last, false
			}
			if last <= longest {
				return last, true
			}
		}
		return last, false
	}
	if took, ok := within(40*time.Millisecond, 45*time.Millisecond); !ok {
		t.Errorf("four links of 10ms take %s", took)
	}
	l.SetDelay(0)
	if took, ok := within(0, 5*time.Millisecond); !ok {
		t.Errorf("without delay it takes %s", took)
	}
}

func TestJitterChangesTheDelayAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	a, b := l.Server("a"), l.Server("b")
	a.SetLine(Line{Jitter: 20 * time.Millisecond})
	from, to := socket(t, a), socket(t, b)
	var shortest, longest time.Duration = time.Hour, 0
	for i := range byte(20) {
		start := time.Now()
		say(t, from, local(to), string([]byte{i}))
		if text, _ := hear(t, to, patient(true)); text != string([]byte{i}) {
			t.Fatalf("packet %d: %q came", i, text)
		}
		took := time.Since(start)
		shortest, longest = min(shortest, took), max(longest, took)
	}
	if longest-shortest < 8*time.Millisecond {
		t.Errorf("jitter of 20ms: from %s to %s", shortest, longest)
	}
	for i := range byte(50) {
		say(t, from, local(to), string([]byte{i}))
	}
	for i := range byte(50) {
		if text, _ := hear(t, to, patient(true)); text != string([]byte{i}) {
			t.Fatalf("%q came in place of %d", text, i)
		}
	}
}

// flood sends packets one way and counts what arrives.
func flood(t *testing.T, from, to *net.UDPConn, count, size int) int {
	t.Helper()
	arrived := make(chan int, 1)
	go func() {
		defer close(arrived)
		buffer := make([]byte, 1500)
		for got := 0; ; got++ {
			n, _, err := to.ReadFromUDPAddrPort(buffer)
			if err != nil || n == 1 {
				arrived <- got
				return
			}
		}
	}()
	_ = to.SetReadDeadline(time.Now().Add(patient(true)))
	for i := range count {
		say(t, from, local(to), string(make([]byte, size)))
		if i%50 == 49 {
			time.Sleep(time.Millisecond) // a socket's buffer is no part of the test
		}
	}
	for {
		// The end, as often as it takes to get through.
		_, _ = from.WriteToUDPAddrPort([]byte{0}, local(to))
		select {
		case got := <-arrived:
			return got
		case <-time.After(patience):
		}
	}
}

func TestLossIsAShareOfThePackets(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	a, b := l.Server("a"), l.Server("b")
	if arrived := flood(t, socket(t, a), socket(t, b), 1000, 10); arrived != 1000 {
		t.Errorf("%d of 1000 packets arrived without loss", arrived)
	}
	a.SetLine(Line{Loss: 0.2})
	// Six standard deviations around 800.
	if arrived := flood(t, socket(t, a), socket(t, b), 1000, 10); arrived < 724 || arrived > 876 {
		t.Errorf("%d of 1000 packets arrived at a loss of 0.2", arrived)
	}
}

func TestRateHoldsPacketsBackAndDropsTooMany(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	slow := FullCone
	slow.Line = Line{Rate: 4 << 20, Queue: 64 << 10}
	server, home := l.Server("server"), l.Home("home", slow)
	at := netip.AddrPortFrom(server.IP4(), 443)
	serveTCP(t, server, at)
	start := time.Now()
	if err := upload(home, at, 2<<20); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 450*time.Millisecond || took > patient(true) {
		t.Errorf("2 MiB at 4 MiB/s took %s", took)
	}
	// 64 KiB have room for 46 packets of 1428 bytes; some leave meanwhile.
	c := socket(t, server)
	burst := socket(t, home)
	for range 400 {
		say(t, burst, local(c), string(make([]byte, 1400)))
	}
	arrived := 0
	for {
		if _, from := hear(t, c, patience); !from.IsValid() {
			break
		}
		arrived++
	}
	if arrived < 40 || arrived > 300 {
		t.Errorf("%d of 400 packets got through a queue for 46", arrived)
	}
}

func TestCutPathCarriesNothingWhateverThePort(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	a, b := l.Home("a", FullCone), l.Home("b", Carrier(AddressRestricted)...)
	meet := func(expected bool) bool {
		return punch(server.prepare(t, a, true), server.prepare(t, b, true), patient(expected))
	}
	if !meet(true) {
		t.Fatal("no path before the cut")
	}
	l.Cut(a, b)
	if meet(false) {
		t.Error("a path through the cut")
	}
	a.Routers()[0].Readdress()
	if meet(false) {
		t.Error("a path through the cut, from another address")
	}
	if !server.reaches(t, socket(t, a), true) {
		t.Error("the cut took the reflector along")
	}
	l.Join(a, b)
	if !meet(true) {
		t.Error("no path after the cut was mended")
	}
}

func TestComputerLosesItsLinkForAWhile(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	h := l.Home("home", PortRestricted)
	c := socket(t, h)
	has := func(flag net.Flags) bool {
		var found net.Flags
		if err := h.Do(func() error {
			eth0, err := net.InterfaceByName("eth0")
			if err == nil {
				found = eth0.Flags
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return found&flag != 0
	}
	if !server.reaches(t, c, true) {
		t.Fatal("nothing works to begin with")
	}
	h.Mute()
	if server.reaches(t, c, false) || !has(net.FlagRunning) {
		t.Error("a mute computer has its link and reaches nobody")
	}
	h.Unmute()
	if !server.reaches(t, c, true) {
		t.Error("nothing works after the silence")
	}
	h.Down()
	if server.reaches(t, c, false) || has(net.FlagUp) {
		t.Error("a computer without a link reaches the internet")
	}
	h.Up()
	if !server.reaches(t, c, true) || !has(net.FlagRunning) {
		t.Error("the link is back, and nothing works")
	}
}

func TestComputerChangesItsAddress(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	for _, h := range []*Host{l.Home("home", PortRestricted), l.Home("open"), l.Server("server")} {
		before, old := h.IP4(), socket(t, h)
		if !server.reaches(t, old, true) {
			t.Fatalf("%s: nothing works to begin with", h.Name())
		}
		h.Readdress()
		if h.IP4() == before || !h.IP4().IsValid() {
			t.Errorf("%s: %s became %s", h.Name(), before, h.IP4())
		}
		if server.reaches(t, old, false) {
			t.Errorf("%s: the old address still works", h.Name())
		}
		if !server.reaches(t, socket(t, h), true) {
			t.Errorf("%s: the new address does not work", h.Name())
		}
	}
}

func TestRouterChangesItsAddress(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	peer := socket(t, l.Server("peer"))
	for _, nat := range []NAT{FullCone, Linux} {
		h := l.Home("home", nat)
		c := socket(t, h)
		before := server.seen(t, c, server.at[0])
		h.Routers()[0].Readdress()
		say(t, peer, before, "to the old address")
		if text, _ := hear(t, c, patience); text != "" {
			t.Errorf("%s: %q came in", nat.Name, text)
		}
		// Open, if the mapping were still there.
		say(t, peer, netip.AddrPortFrom(h.OutsideIP4(), before.Port()), "to the new address")
		if text, _ := hear(t, c, patience); text != "" {
			t.Errorf("%s: %q came in", nat.Name, text)
		}
		after := server.seen(t, c, server.at[0])
		if after.Addr() == before.Addr() || after.Addr() != h.OutsideIP4() {
			t.Errorf("%s: %s became %s", nat.Name, before, after)
		}
		if h.IP4() != netip.MustParseAddr("192.168.1.10") {
			t.Errorf("%s: the inside changed, to %s", nat.Name, h.IP4())
		}
	}
}

func TestRestartedRouterForgets(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	forgetful := FullCone
	forgetful.Allocation = Random
	h := l.Home("home", forgetful)
	c, peer := socket(t, h), socket(t, l.Server("peer"))
	before := server.seen(t, c, server.at[0])
	h.Routers()[0].Restart()
	say(t, peer, before, "hello")
	if text, _ := hear(t, c, patience); text != "" {
		t.Errorf("the mapping let in %q", text)
	}
}

func TestRulesChangeWhileTheRouterRuns(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	h := l.Home("home", UDPBlocked)
	c := socket(t, h)
	if server.reaches(t, c, false) {
		t.Fatal("UDP passes where it is blocked")
	}
	router := h.Routers()[0]
	open := router.NAT()
	open.BlockUDP = false
	router.Set(open)
	if !server.reaches(t, c, true) {
		t.Error("UDP does not pass after it was let through")
	}
	router.Set(UDPBlocked)
	if server.reaches(t, c, false) {
		t.Error("UDP passes where it is blocked again")
	}
}

func TestBlockedPacketsAreAnsweredOrNot(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := l.Server("server")
	at := netip.AddrPortFrom(server.IP4(), 8080)
	serveTCP(t, server, at)
	for _, answer := range []bool{false, true} {
		nat := WebOnly
		nat.Answer = answer
		h := l.Home("home", nat)
		_, err := dialTCP(h, at, patient(answer))
		var refused syscall.Errno
		if errors.As(err, &refused) != answer || err == nil {
			t.Errorf("TCP, with answer %v: %v", answer, err)
		}
		if err := connectUDP(t, h, at, answer); (err != nil) != answer {
			t.Errorf("UDP, with answer %v: %v", answer, err)
		}
	}
}

// connectUDP sends a packet and returns the ICMP error that answers it, or nil
// where nothing comes.
func connectUDP(t *testing.T, h *Host, to netip.AddrPort, expected bool) error {
	t.Helper()
	var conn *net.UDPConn
	if err := h.Do(func() (err error) {
		conn, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patient(expected)))
	_, err := conn.Read(make([]byte, 10))
	var refused syscall.Errno
	if errors.As(err, &refused) {
		return refused
	}
	return nil
}

func TestErrorsOfTheNetworkFindTheirWayBack(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	closed := netip.AddrPortFrom(l.Server("server").IP4(), 9)
	closed6 := netip.AddrPortFrom(l.Server("server six").IP6(), 9)
	kinds := []Kind{{Open}, {Firewall}, {FullCone}, {SymmetricRandom}, {Linux}, Carrier(PortRestricted)}
	for _, kind := range kinds {
		if err := connectUDP(t, l.Home(kind.String(), kind...), closed, true); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: a closed port answers %v", kind, err)
		}
	}
	if err := connectUDP(t, l.Home("six", IPv6Only), closed6, true); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%s: a closed port answers %v", IPv6Only.Name, err)
	}
	// And from inside to outside: the peer is told that nobody listens.
	server := newReflector(t, l)
	home := l.Home("home", Carrier(FullCone)[0], CarrierEndpointIndependent)
	c := socket(t, home)
	at := server.seen(t, c, server.at[0])
	c.Close()
	if err := connectUDP(t, l.Server("peer"), at, true); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a closed port behind routers answers %v", err)
	}
}

func TestWatcherSeesWhoSendsToWhom(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	a, b := l.Home("a", FullCone), l.Home("b", Open)
	var sent, crossed atomic.Int64
	stopSent := a.Watch(func(s Sighting) {
		if s.From.Addr() == a.IP4() && s.To.Addr() == b.IP4() && s.Protocol == "udp" && s.Where == "a" && s.Size == 33 {
			sent.Add(1)
		}
	})
	stopCrossed := l.Watch(func(s Sighting) {
		if s.From.Addr() == a.OutsideIP4() && s.To.Addr() == b.IP4() && s.Where == "internet" {
			crossed.Add(1)
		}
	})
	from, to := socket(t, a), socket(t, b)
	say(t, from, local(to), "hello")
	hear(t, to, time.Second)
	if sent.Load() != 1 || crossed.Load() != 1 {
		t.Errorf("%d packets were seen at the sender and %d on the internet", sent.Load(), crossed.Load())
	}
	stopSent()
	stopCrossed()
	say(t, from, local(to), "hello")
	hear(t, to, time.Second)
	if sent.Load() != 1 || crossed.Load() != 1 {
		t.Error("who stopped watching still sees packets")
	}
}
