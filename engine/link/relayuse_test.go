package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

// newRendezvous is our own server, which counts what it relays, and whom its
// certificate is to be trusted by.
func newRendezvous(t *testing.T) (*rendezvous.Server, *x509.CertPool) {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	server, err := rendezvous.New(rendezvous.Config{
		TLS: &tls.Config{Certificates: certified.TLS.Certificates},
		Turn: &rendezvous.TurnConfig{
			Listen: "127.0.0.1:0", Users: map[string]string{"user": "open sesame"}, AllowPrivatePeers: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return server, roots
}

func near(got, want int64) bool {
	return want > 0 && math.Abs(float64(got-want)) <= 0.02*float64(want)
}

// The user pays for what the relay carries, so both have to count the same.
func TestRelayedBytesAreThoseThatTheRelayCounts(t *testing.T) {
	for at, transport := range []string{"udp", "tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			leaksNothing(t)
			server, roots := newRendezvous(t)
			hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(server.TurnURLs()[at])}})
			hidden.roots = roots
			a, b := linked(t, hidden, dialer(t, Config{}))
			out, in := joined(t, a, b, "out")
			transfer(t, out, in, bulk(16<<20), 1)
			back, backEnd := joined(t, b, a, "back")
			transfer(t, back, backEnd, bulk(4<<20), 2)
			time.Sleep(samplePeriod)
			poll(t, "both count the same", func() bool {
				counted := server.Counters().Users["user"]
				status := a.Status().Load()
				use, entry := status.Relays[0], status.Ledger[len(status.Ledger)-1]
				return near(use.Out, int64(counted.FromClient)) && near(use.In, int64(counted.ToClient)) &&
					near(entry.WireOut, int64(counted.FromClient)) && near(entry.WireIn, int64(counted.ToClient))
			})
			counted, use := server.Counters().Users["user"], a.Status().Load().Relays[0]
			t.Logf("here %d in, %d out; at the relay %d in, %d out", use.In, use.Out, counted.ToClient, counted.FromClient)
			if use.Server != server.TurnURLs()[at] && !strings.HasPrefix(use.Server, server.TurnURLs()[at]) {
				t.Errorf("relay %q, want %q", use.Server, server.TurnURLs()[at])
			}
		})
	}
}

func TestARelayThatIsNotNeededIsGivenBack(t *testing.T) {
	for at, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			leaksNothing(t)
			server, _ := newRendezvous(t)
			cable := newWire(t)
			config := Config{
				Net: cable, Loopback: true, ReleaseAfter: 300 * time.Millisecond,
				Servers: []Server{credentials(server.TurnURLs()[at])},
			}
			a, b := linked(t, dialer(t, config), dialer(t, Config{}))
			a.until(t, "direct", direct)
			poll(t, "the relay is asked", func() bool { return len(a.Status().Load().Relays) > 0 })
			status := a.until(t, "given back", func(s Status) bool { return len(s.Relays) > 0 && !s.Relays[0].Released.IsZero() })
			poll(t, "the server has it back", func() bool { return server.Counters().Users["user"].Allocations == 0 })
			if use := status.Relays[0]; use.Since.IsZero() || use.Released.Before(use.Since) {
				t.Errorf("use %+v", use)
			}
			out, in := joined(t, a, b, "x")
			transfer(t, out, in, 1<<20, 1)

			// The direct path is lost for good: relays are asked again.
			if testing.Short() {
				return
			}
			cable.cut.Store(true)
			began := time.Now()
			a.until(t, "relayed", func(s Status) bool { return s.Up && s.Path == path.Relayed })
			t.Logf("relayed %s after the direct path was cut", time.Since(began))
			transfer(t, out, in, 1<<20, 2)
			if relays := a.Status().Load().Relays; len(relays) < 2 || !relays[len(relays)-1].Released.IsZero() {
				t.Errorf("relays %+v", relays)
			}
		})
	}
}

func TestARelayIsNotGivenBackWhereThePolicyWantsIt(t *testing.T) {
	t.Parallel()
	server := newTURN(t, "127.0.0.1")
	a, b := linked(t,
		dialer(t, Config{Policy: path.RelayOnly, ReleaseAfter: time.Millisecond, Servers: []Server{credentials(server.udp)}}),
		dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	// The peer claims whatever it likes.
	b.signal(signal{Path: &told{Type: path.Host}})
	time.Sleep(4 * tickPeriod)
	if use := a.Status().Load().Relays; len(use) != 1 || !use[0].Released.IsZero() || server.AllocationCount() != 1 {
		t.Errorf("relays %+v, %d allocations", use, server.AllocationCount())
	}
}

func TestHeldRelaysCarryControlMessagesAlone(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(server.udp)}})
	a, b := linked(t, hidden, dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	b.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	out, in := joined(t, a, b, "out")
	back, backEnd := joined(t, b, a, "back")
	a.HoldRelayed(true)
	poll(t, "the peer is asked", func() bool { return b.flow.mayWrite() != nil })
	for _, stream := range []*Stream{out, back} {
		_ = stream.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		if count, err := stream.Write([]byte("held")); count != 0 || err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Errorf("wrote %d bytes: %v", count, err)
		}
		_ = stream.SetWriteDeadline(time.Time{})
	}
	if err := b.Send([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-a.Messages():
	case <-time.After(5 * time.Second):
		t.Error("a message does not pass")
	}
	var group sync.WaitGroup
	group.Go(func() { transfer(t, out, in, 1<<20, 1) })
	group.Go(func() { transfer(t, back, backEnd, 1<<20, 2) })
	time.Sleep(50 * time.Millisecond)
	if out.Out() > 0 || back.Out() > 0 {
		t.Errorf("%d and %d bytes passed", out.Out(), back.Out())
	}
	a.HoldRelayed(false)
	group.Wait()

	// A stream that waits ends with the link.
	a.HoldRelayed(true)
	waiting := make(chan error, 1)
	go func() {
		_, err := out.Write(make([]byte, 1<<20))
		waiting <- err
	}()
	a.Close()
	select {
	case err := <-waiting:
		if !errors.Is(err, ErrClosed) {
			t.Errorf("the write ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the write waits for ever")
	}
}

func TestHeldStreamsGoOnWhenThePathBecomesDirect(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	cable := newWire(t)
	cable.cut.Store(true)
	a, b := linked(t,
		dialer(t, Config{Net: cable, Loopback: true, Servers: []Server{credentials(server.udp)}}),
		dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	a.HoldRelayed(true)
	out, in := joined(t, a, b, "x")
	done := make(chan struct{})
	go func() {
		defer close(done)
		transfer(t, out, in, 1<<20, 1)
	}()
	time.Sleep(100 * time.Millisecond)
	if out.Out() > 0 {
		t.Errorf("%d bytes went by the relay", out.Out())
	}
	cable.cut.Store(false)
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the stream does not go on")
	}
	if out.Relayed() > 0 {
		t.Errorf("%d bytes relayed", out.Relayed())
	}
}

func TestRelayedBytesKeepToTheirRate(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(server.udp)}})
	a, b := linked(t, hidden, dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	b.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	const limit, size = 1 << 20, 1<<20 + throttleBurst
	hidden.LimitRelayed(limit)
	poll(t, "the peer is asked", func() bool {
		b.flow.mu.Lock()
		defer b.flow.mu.Unlock()
		return b.flow.theirs.Rate == limit
	})
	for name, ends := range map[string][2]*served{"out": {a, b}, "in": {b, a}} {
		out, in := joined(t, ends[0], ends[1], name)
		began := time.Now()
		transfer(t, out, in, size, 1)
		if took := time.Since(began); took < 800*time.Millisecond || took > 3*time.Second {
			t.Errorf("%s: %d bytes took %s at %d a second", name, size, took, limit)
		}
	}
	hidden.LimitRelayed(0)
	out, in := joined(t, a, b, "free")
	began := time.Now()
	transfer(t, out, in, 2*limit, 2)
	if took := time.Since(began); took > time.Second && !raceDetector {
		t.Errorf("without a limit it took %s", took)
	}
}

// Where UDP is blocked there is no address but that of a relay over TCP, and a
// description without it is worth nothing.
func TestADescriptionWaitsForTheOnlyRelay(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	slow := slowStream(t, strings.TrimSuffix(strings.TrimPrefix(server.tcp, "turn:"), "?transport=tcp"), 150*time.Millisecond)
	pending, err := dialer(t, Config{Servers: []Server{
		credentials("turn:" + silent.LocalAddr().String()), credentials("turn:" + slow + "?transport=tcp"),
	}}).Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sdp := pending.Description().SDP; !strings.Contains(sdp, "typ relay") {
		t.Errorf("no relay in the description:\n%s", sdp)
	}
	pending.Close()
	<-pending.Done()
}

// slowStream forwards TCP to a server; each piece takes a while on its way there.
func slowStream(t *testing.T, server string, pause time.Duration) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", server)
			if err != nil {
				_ = front.Close()
				continue
			}
			group.Go(func() {
				_, _ = io.Copy(front, back)
				_ = front.Close()
			})
			group.Go(func() {
				piece := make([]byte, 64<<10)
				for {
					count, err := front.Read(piece)
					if err != nil {
						break
					}
					time.Sleep(pause)
					_, _ = back.Write(piece[:count])
				}
				_ = back.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return listener.Addr().String()
}

func TestTCPIsLeftAloneWhereUDPWorks(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	other := newTURN(t, "127.0.0.1")
	a, _ := linked(t, dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{
		credentials(server.udp), credentials(server.tcp), credentials(other.tcp),
	}}), dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Relay == server.udp })
	time.Sleep(streamAfter + anotherAfter)
	if other.AllocationCount() > 0 || server.AllocationCount() != 1 {
		t.Errorf("%d and %d allocations, want one and none", server.AllocationCount(), other.AllocationCount())
	}
}
