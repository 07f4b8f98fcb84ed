package link

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/path"
)

// turnServer is a TURN server on this computer, over UDP and TCP.
type turnServer struct {
	*turn.Server
	udp, tcp string // URIs
}

func newTURN(t *testing.T, host string) *turnServer {
	t.Helper()
	return newStrictTURN(t, host, nil)
}

// newStrictTURN asks permit about every peer.
func newStrictTURN(t *testing.T, host string, permit turn.PermissionHandler) *turnServer {
	t.Helper()
	packets, listener := samePort(t, host)
	relays := &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: turn.AuthHandler(func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, "open sesame"), r.Username == "user"
		}),
		PacketConnConfigs:   []turn.PacketConnConfig{{PacketConn: packets, RelayAddressGenerator: relays, PermissionHandler: permit}},
		ListenerConfigs:     []turn.ListenerConfig{{Listener: listener, RelayAddressGenerator: relays, PermissionHandler: permit}},
		StrictAddressFamily: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	// By its name, so that the name has to come back.
	name := packets.LocalAddr().String()
	if host == "127.0.0.1" {
		name = strings.Replace(name, "127.0.0.1", "localhost", 1)
	}
	return &turnServer{server, "turn:" + name + "?transport=udp", "turn:" + name + "?transport=tcp"}
}

// samePort listens on one port over UDP and TCP.
func samePort(t *testing.T, host string) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		packets, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Skipf("no %s here: %v", host, err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		_ = packets.Close() // somebody has the port over TCP
	}
}

func credentials(uri string) Server {
	return Server{URL: uri, Username: "user", Password: "open sesame"}
}

func TestARelayedLinkNamesItsRelayAtBothEnds(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			leaksNothing(t)
			server := newTURN(t, "127.0.0.1")
			uri := server.udp
			if transport == "tcp" {
				uri = server.tcp
			}
			hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(uri)}})
			a, b := linked(t, hidden, dialer(t, Config{}))
			mine := a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
			if mine.Relay != uri || mine.RelayIsTheirs || mine.Local.Type != path.RelayedType {
				t.Errorf("at the end that hides: %+v, want relay %s", mine, uri)
			}
			theirs := b.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
			if theirs.Relay != uri || !theirs.RelayIsTheirs {
				t.Errorf("at the other end: %+v", theirs)
			}

			const size = 4 << 20
			out, in := joined(t, b, a, "x")
			transfer(t, out, in, size, 1)
			if out.Relayed() != size || in.Relayed() != size {
				t.Errorf("relayed %d and %d bytes of %d", out.Relayed(), in.Relayed(), size)
			}
			for _, end := range []*served{a, b} {
				entry := end.until(t, "counted", func(s Status) bool {
					last := s.Ledger[len(s.Ledger)-1]
					return last.In+last.Out == size
				}).Ledger
				if last := entry[len(entry)-1]; last.Path != path.Relayed || last.Relay != uri {
					t.Errorf("ledger %+v", last)
				}
			}

			if server.AllocationCount() == 0 {
				t.Error("no allocation on the server: the test shows nothing")
			}
			a.Close()
			_ = a.ends(t, 500*time.Millisecond)
			_ = b.ends(t, 2*time.Second)
			poll(t, "the allocation is released", func() bool { return server.AllocationCount() == 0 })
		})
	}
}

func TestARelayThatHasIPv6Alone(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			leaksNothing(t)
			server := newTURN(t, "::1")
			uri := server.udp
			if transport == "tcp" {
				uri = server.tcp
			}
			hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(uri)}})
			a, _ := linked(t, hidden, dialer(t, Config{}))
			status := a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
			if status.Relay != uri {
				t.Errorf("relay %q, want %q", status.Relay, uri)
			}
		})
	}
}

func TestADescriptionThatHidesTellsNoAddressOfItsOwn(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	for _, uri := range []string{server.udp, server.tcp} {
		pending, err := dialer(t, Config{
			Policy:  path.RelayOnly,
			Servers: []Server{credentials(uri), {URL: "stun:127.0.0.1:3478"}},
		}).Offer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sdp := pending.Description().SDP
		if strings.Count(sdp, "a=candidate:") != 1 || !strings.Contains(sdp, "typ relay raddr 0.0.0.0 rport 0") {
			t.Errorf("candidates other than one relay:\n%s", sdp)
		}
		pending.Close()
		<-pending.Done()
	}
}

func TestAServerWithoutAPasswordDoesNotSpoilTheOthers(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{
		{URL: "turn:127.0.0.1:9?transport=udp"},
		{URL: "turn:127.0.0.1:9?transport=udp", Username: "user"},
		{URL: "turn:127.0.0.1:9?transport=udp", Password: "open sesame"},
		{URL: "turn:"},
		{URL: "http://127.0.0.1"},
		credentials(server.udp),
	}})
	a, _ := linked(t, hidden, dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Relay == server.udp })
}

func TestADeadServerDelaysNeitherTheOfferNorTheEnd(t *testing.T) {
	leaksNothing(t)
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	address := silent.LocalAddr().String()
	anna := dialer(t, Config{Servers: []Server{{URL: "stun:" + address}, credentials("turn:" + address)}})
	began := time.Now()
	pending, err := anna.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > relayLimit+300*time.Millisecond {
		t.Errorf("the offer took %s", took)
	}
	if !strings.Contains(pending.Description().SDP, "typ host") {
		t.Error("no host candidate")
	}
	began = time.Now()
	pending.Close()
	<-pending.Done()
	if took := time.Since(began); took > 600*time.Millisecond {
		t.Errorf("the end took %s", took)
	}
}

// A rendezvous refuses to relay to private addresses. Every check of a pair of
// relay and private address would ask it again, and ICE waits for the answer.
func TestARefusedPermissionIsAskedForOnce(t *testing.T) {
	leaksNothing(t)
	var mu sync.Mutex
	asked := map[string]int{}
	server := newStrictTURN(t, "127.0.0.1", func(_ net.Addr, peer net.IP) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[peer.String()]++
		return false
	})
	a, _ := linked(t, dialer(t, Config{Servers: []Server{credentials(server.udp)}}), dialer(t, Config{}))
	poll(t, "the server has refused", func() bool {
		a.sockets.mu.Lock()
		defer a.sockets.mu.Unlock()
		return slices.ContainsFunc(slices.Collect(maps.Values(a.sockets.carried)), func(each *allocation) bool {
			each.mu.Lock()
			defer each.mu.Unlock()
			return slices.ContainsFunc(slices.Collect(maps.Values(each.permissions)), func(p permission) bool { return p.refused })
		})
	})
	refused := make(chan time.Duration, 1)
	a.post(func() { // checks go on, of every pair that there may be
		began := time.Now()
		a.searchAnew(began)
		for range 20 {
			a.choose(began.Add(time.Since(began)))
			time.Sleep(5 * time.Millisecond)
		}
		refused <- time.Since(began)
	})
	<-refused
	mu.Lock()
	defer mu.Unlock()
	if len(asked) == 0 {
		t.Error("the server was never asked: the test shows nothing")
	}
	for peer, times := range asked {
		if times > 2 { // for the permission, and for the channel that pion wants at once
			t.Errorf("asked %d times for %s", times, peer)
		}
	}
}

func TestADeadRelayDoesNotDelayTheEnd(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	a, _ := linked(t, dialer(t, Config{Servers: []Server{credentials(server.udp)}}), dialer(t, Config{}))
	poll(t, "there is an allocation", func() bool { return server.AllocationCount() > 0 })
	_ = server.Close()
	// An address for which the dead server will never give its permission.
	for _, relay := range a.sockets.allocations() {
		relay.send([]byte("nobody hears it"), netip.MustParseAddrPort("203.0.113.77:7777"))
	}
	poll(t, "the permission is asked for", func() bool {
		a.sockets.mu.Lock()
		defer a.sockets.mu.Unlock()
		for socket := range a.sockets.open {
			if relay, ok := socket.(*relaySocket); ok && relay.unanswered() > 0 {
				return true
			}
		}
		return false
	})
	began := time.Now()
	a.Close()
	_ = a.ends(t, time.Second)
	if took := time.Since(began); took > 250*time.Millisecond {
		t.Errorf("the end took %s", took)
	}
}

func (s *relaySocket) unanswered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}

func TestOneRelayOfSeveralIsNamedRightly(t *testing.T) {
	leaksNothing(t)
	first, second := newTURN(t, "127.0.0.1"), newTURN(t, "127.0.0.1")
	all := []string{first.udp, first.tcp, second.udp, second.tcp}
	var list []Server
	for _, uri := range all {
		list = append(list, credentials(uri))
	}
	a, _ := linked(t, dialer(t, Config{Policy: path.RelayOnly, Servers: list}), dialer(t, Config{}))
	status := a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed && s.Relay != "" })
	if !slices.Contains(all, status.Relay) {
		t.Errorf("relay %q", status.Relay)
	}
	_, port, _ := net.SplitHostPort(status.Local.Address)
	a.sockets.mu.Lock()
	defer a.sockets.mu.Unlock()
	if count := len(a.sockets.carried); count < 1 || count > allocationsWanted {
		t.Errorf("%d allocations, want one and perhaps one to stand by; relayed port %s", count, port)
	}
}

func TestARelayAlonePolicyWithoutAServer(t *testing.T) {
	d := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{{URL: "stun:127.0.0.1:3478"}, {URL: "turn:127.0.0.1"}}})
	if _, err := d.Offer(t.Context()); !errors.Is(err, ErrNoRelay) {
		t.Errorf("got %v", err)
	}
	if err := d.Configure(Config{Policy: "anything"}); !errors.Is(err, ErrUnknownPolicy) {
		t.Errorf("an unknown policy: %v", err)
	}
	if _, err := NewDialer(Config{Policy: "anything"}); !errors.Is(err, ErrUnknownPolicy) {
		t.Errorf("an unknown policy: %v", err)
	}
}

func TestARelayThatDiesIsReplacedByAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s")
	}
	// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
	t.Parallel()
	first, second := newTURN(t, "127.0.0.1"), newTURN(t, "127.0.0.1")
	servers := []Server{credentials(first.udp), credentials(second.udp)}
	a, b := linked(t, dialer(t, Config{Policy: path.RelayOnly, Servers: servers}), dialer(t, Config{}))
	status := a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed && s.Relay != "" })
	dying, other := first, second
	if status.Relay == second.udp {
		dying, other = second, first
	}
	out, in := joined(t, a, b, "x")
	const size = 24 << 20
	killed := make(chan error, 1)
	go func() {
		for out.Out() < size/4 {
			time.Sleep(time.Millisecond)
		}
		killed <- dying.Close()
	}()
	began := time.Now()
	transfer(t, out, in, size, 9)
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	t.Logf("done after %s", time.Since(began))
	a.until(t, "on the other relay", func(s Status) bool { return s.Up && s.Relay == other.udp })
	ledger := a.Status().Load().Ledger
	if len(ledger) < 2 {
		t.Errorf("ledger %+v", ledger)
	}
	for _, entry := range ledger {
		fmt.Fprintln(t.Output(), entry.Relay, entry.Out, entry.Until.Sub(entry.Since))
	}
}
