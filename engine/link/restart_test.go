package link

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"

	"github.com/causeway-app/causeway/engine/path"
)

func TestICERestartsDuringATransferLoseNoByte(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	before := a.until(t, "direct", direct).Local
	out, in := joined(t, a, b, "there")
	back, backEnd := joined(t, b, a, "back")
	var group sync.WaitGroup
	size := bulk(48 << 20)
	group.Go(func() { transfer(t, out, in, size, 1) })
	group.Go(func() { transfer(t, back, backEnd, size, 2) })

	restarts := &atomic.Int32{}
	for i, end := range []*served{a, b, a} {
		began := restartTime(t, a)
		poll(t, "bytes move", func() bool { return out.Out() > int64(i+1)*size/6 })
		end.Restart()
		poll(t, "the offering side restarts", func() bool { return restartTime(t, a).After(began) })
		restarts.Add(1)
		time.Sleep(stuckAfter) // a wish that follows at once is ignored
	}
	group.Wait()
	after := a.until(t, "direct", direct)
	if after.Local.Type != before.Type {
		t.Errorf("went from %v to %v", before, after.Local)
	}
	if restarts.Load() != 3 {
		t.Errorf("%d restarts", restarts.Load())
	}
}

// restartTime asks the owner when ICE was restarted last.
func restartTime(t *testing.T, s *served) time.Time {
	t.Helper()
	answer := make(chan time.Time, 1)
	s.post(func() { answer <- s.state.restarted })
	select {
	case at := <-answer:
		return at
	case <-time.After(5 * time.Second):
		t.Fatal("the owner does not answer")
		return time.Time{}
	}
}

// A relay's address changes with a restart, so the peer has to follow.
func TestARestartOnARelayIsFollowedAtOnce(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(server.udp)}})
	a, b := linked(t, hidden, dialer(t, Config{}))
	before := a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed }).Local
	out, in := joined(t, b, a, "back")
	a.Restart()
	poll(t, "restarted", func() bool { return !restartTime(t, a).IsZero() })
	a.until(t, "on another address", func(s Status) bool { return s.Up && s.Local.Address != "" && s.Local != before })
	began := time.Now()
	transfer(t, out, in, 1<<20, 1)
	// Without following, the peer sends to nobody until it misses answers.
	if took := time.Since(began); took > disconnectedAfter-time.Second {
		t.Errorf("the peer followed after %s", took)
	}
}

func TestDirectPortsStayTheSameOverARestart(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	ports := func() map[string]bool {
		a.sockets.mu.Lock()
		defer a.sockets.mu.Unlock()
		all := map[string]bool{}
		for socket := range a.sockets.open {
			if udp, ok := socket.(*udpSocket); ok {
				all[udp.LocalAddr().String()] = true
			}
		}
		return all
	}
	before := ports()
	a.Restart()
	poll(t, "restarted", func() bool { return !restartTime(t, a).IsZero() })
	out, in := joined(t, a, b, "x")
	transfer(t, out, in, 1<<20, 1)
	for port := range ports() {
		if !before[port] {
			t.Errorf("port %s is new", port)
		}
	}
}

// wire is the network of one computer, which a test can cut.
type wire struct {
	transport.Net
	cut atomic.Bool
}

func newWire(t *testing.T) *wire {
	t.Helper()
	system, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	return &wire{Net: system}
}

func (w *wire) ListenUDP(kind string, local *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := w.Net.ListenUDP(kind, local)
	if err != nil {
		return nil, err
	}
	return &wireConn{conn, w}, nil
}

type wireConn struct {
	transport.UDPConn
	wire *wire
}

func (c *wireConn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		count, from, err := c.UDPConn.ReadFrom(p)
		if err != nil || !c.wire.cut.Load() {
			return count, from, err
		}
	}
}

func (c *wireConn) WriteTo(p []byte, to net.Addr) (int, error) {
	if c.wire.cut.Load() {
		return len(p), nil
	}
	return c.UDPConn.WriteTo(p, to)
}

func TestAnOutageOfTwelveSecondsIsSurvived(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
	t.Parallel()
	cable := newWire(t)
	a, b := linked(t, dialer(t, Config{Net: cable, Loopback: true}), dialer(t, Config{}))
	out, in := joined(t, a, b, "x")
	var group sync.WaitGroup
	group.Go(func() { transfer(t, out, in, max(bulk(48<<20), 16<<20), 1) })
	poll(t, "bytes move", func() bool { return in.In() > 4<<20 })
	cable.cut.Store(true)
	lost := a.until(t, "down", func(s Status) bool { return !s.Up })
	if lost.Path != path.Connecting || !lost.RendezvousNeeded {
		t.Errorf("without a path: %+v", lost)
	}
	b.until(t, "down", func(s Status) bool { return !s.Up })
	time.Sleep(6 * time.Second)
	cable.cut.Store(false)
	began := time.Now()
	a.until(t, "up again", isUp)
	b.until(t, "up again", isUp)
	group.Wait()
	t.Logf("recovered and finished %s after the outage", time.Since(began))
	if status := b.until(t, "direct", direct); status.RendezvousNeeded {
		t.Errorf("status %+v", status)
	}
}

func TestACandidateThatIsFoundLateGoesOverTheLink(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	slow := "turn:" + delay(t, strings.TrimSuffix(strings.TrimPrefix(server.udp, "turn:"), "?transport=udp"), 400*time.Millisecond)
	pending, err := dialer(t, Config{Servers: []Server{credentials(slow)}}).Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sdp := pending.Description().SDP; strings.Contains(sdp, "typ relay") || !strings.Contains(sdp, "typ host") {
		t.Fatalf("the description should have host candidates alone:\n%s", sdp)
	}
	answering, answer, err := dialer(t, Config{}).Answer(t.Context(), pending.Description())
	if err != nil {
		t.Fatal(err)
	}
	offering, err := pending.Accept(answer)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, offering)
	b := serve(t, answering)
	poll(t, "the relay's candidate arrives", func() bool {
		found := make(chan bool, 1)
		b.post(func() { found <- strings.Contains(b.theirs.text(), "typ relay") })
		return <-found
	})
}

// delay forwards UDP to a server with a delay on the way there.
func delay(t *testing.T, server string, pause time.Duration) (address string) {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		t.Fatal(err)
	}
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	backs := map[string]*net.UDPConn{}
	group.Go(func() {
		for {
			packet := make([]byte, 2000)
			count, from, err := front.ReadFromUDP(packet)
			if err != nil {
				return
			}
			mu.Lock()
			back := backs[from.String()]
			if back == nil {
				if back, err = net.DialUDP("udp4", nil, to); err != nil {
					mu.Unlock()
					return
				}
				backs[from.String()] = back
				group.Go(func() {
					answer := make([]byte, 2000)
					for {
						count, err := back.Read(answer)
						if errors.Is(err, net.ErrClosed) {
							return
						}
						_, _ = front.WriteToUDP(answer[:count], from)
					}
				})
			}
			mu.Unlock()
			time.AfterFunc(pause, func() { _, _ = back.Write(packet[:count]) })
		}
	})
	t.Cleanup(func() {
		_ = front.Close()
		mu.Lock()
		for _, back := range backs {
			_ = back.Close()
		}
		mu.Unlock()
		group.Wait()
	})
	return front.LocalAddr().String()
}

func TestNewAddressesRestartICE(t *testing.T) {
	leaksNothing(t)
	a, _ := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	prefixes := a.sockets.prefixes()
	a.post(func() { a.interfacesSeen(prefixes) })
	if !restartTime(t, a).IsZero() {
		t.Fatal("the same addresses restart ICE")
	}
	a.post(func() { a.interfacesSeen(prefixes[1:]) })
	if restartTime(t, a).IsZero() {
		t.Error("an address that went away does not restart ICE")
	}
	a.until(t, "up", isUp)
}

// The loopback addresses stay when the cable is pulled.
func TestAnOutageDoesNotRestartICE(t *testing.T) {
	leaksNothing(t)
	a, _ := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	loopback := netip.MustParsePrefix("127.0.0.1/8")
	home := []netip.Prefix{loopback, netip.MustParsePrefix("192.168.1.10/24")}
	a.post(func() { a.interfacesSeen(home) })
	before := restartTime(t, a)
	for _, seen := range [][]netip.Prefix{{loopback}, nil, home} {
		a.post(func() { a.interfacesSeen(seen) })
		if restartTime(t, a) != before {
			t.Errorf("ICE is restarted when the addresses are %v", seen)
		}
	}
}
