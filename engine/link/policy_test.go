package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

func line(kind, address string) string {
	text := fmt.Sprintf("candidate:1 1 udp 100 %s 5000 typ %s", address, kind)
	if kind != path.Host {
		text += " raddr 192.168.7.7 rport 99"
	}
	return text
}

func TestWhichCandidatesAPolicyUses(t *testing.T) {
	t.Parallel()
	own := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	for _, test := range []struct {
		policy        path.Policy
		line          string
		local, remote bool
	}{
		{path.Auto, line("host", "203.0.113.1"), true, true},
		{path.Auto, line("srflx", "203.0.113.1"), true, true},
		{path.Auto, line("relay", "203.0.113.1"), true, true},
		{path.Auto, line("host", "2001:db8::1"), true, true},
		{path.Auto, line("host", "127.0.0.1"), false, false},
		{path.Auto, line("host", "0.0.0.0"), false, false},
		{path.Auto, line("host", "224.0.0.251"), false, false},
		{path.Auto, line("host", "255.255.255.255"), false, false},
		{path.Auto, line("host", "fe80::1"), false, false},
		{path.Auto, line("host", "169.254.0.1"), false, false},
		{path.Auto, line("host", "example.com"), false, false},
		{path.Auto, line("host", "a6f3.local"), false, false},
		{path.Auto, "candidate:1 1 tcp 100 203.0.113.1 80 typ host tcptype passive", false, false},
		{path.Auto, "candidate:1 2 udp 100 203.0.113.1 80 typ host", false, false},
		{path.Auto, "nonsense", false, false},
		{path.Auto, "", false, false},
		{path.DirectOnly, line("host", "203.0.113.1"), true, true},
		{path.DirectOnly, line("srflx", "203.0.113.1"), true, true},
		{path.DirectOnly, line("relay", "203.0.113.1"), false, false},
		{path.LANOnly, line("host", "192.168.1.1"), true, true},
		{path.LANOnly, line("host", "198.51.100.9"), true, true},
		{path.LANOnly, line("host", "203.0.113.1"), true, false},
		{path.LANOnly, line("srflx", "192.168.1.1"), false, false},
		{path.LANOnly, line("relay", "192.168.1.1"), false, false},
		{path.RelayOnly, line("host", "203.0.113.1"), false, true},
		{path.RelayOnly, line("srflx", "203.0.113.1"), false, true},
		{path.RelayOnly, line("relay", "203.0.113.1"), true, true},
	} {
		filter := candidateFilter{policy: test.policy, networks: own}
		text, local := filter.local(test.line)
		_, remote := filter.remote(test.line)
		if local != test.local || remote != test.remote {
			t.Errorf("%s, %s: local %t, remote %t", test.policy, test.line, local, remote)
		}
		if strings.Contains(text, "192.168.7.7") {
			t.Errorf("the related address is told: %s", text)
		}
	}
}

func TestAPolicyThatForbidsThePathCarriesNothing(t *testing.T) {
	t.Parallel()
	for _, policy := range []path.Policy{path.DirectOnly, path.LANOnly} {
		t.Run(string(policy), func(t *testing.T) {
			// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
			t.Parallel()
			server := newTURN(t, "127.0.0.1")
			hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(server.udp)}})
			// The relay's candidate is dropped from the description, but its
			// packets come here and look like anybody's.
			strict := dialer(t, Config{Policy: policy, Servers: []Server{credentials(server.udp)}})
			a, b := introduce(t, hidden, strict)
			if err := a.Send([]byte("secret")); err != nil {
				t.Fatal(err)
			}
			a.until(t, "up", isUp)
			stream, err := a.Open("x")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = stream.Write([]byte("secret"))
			select {
			case <-b.Messages():
				t.Error("a message passed")
			case <-b.Streams():
				t.Error("a stream passed")
			case <-b.done:
			}
			if err := b.ends(t, 10*time.Second); !errors.Is(err, ErrPolicy) {
				t.Errorf("got %v", err)
			}
			if b.Status().Load().Up {
				t.Error("it was up")
			}
		})
	}
}

func TestAPathThatBecomesForbiddenEndsTheLink(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{Policy: path.DirectOnly}), dialer(t, Config{}))
	out, _ := joined(t, a, b, "x")
	if _, err := out.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	b.signal(signal{Path: &told{Type: path.RelayedType, Relay: "turn:elsewhere.example:3478?transport=udp"}})
	if err := a.ends(t, 2*time.Second); !errors.Is(err, ErrPolicy) {
		t.Errorf("got %v", err)
	}
	if _, err := out.Write([]byte("x")); err == nil {
		t.Error("the stream still takes bytes")
	}
}

func TestWritesAreRefusedOnAForbiddenPath(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	out, _ := joined(t, a, b, "x")
	a.allowed.Store(false)
	if _, err := out.Write([]byte("x")); !errors.Is(err, ErrPolicy) {
		t.Errorf("writing: %v", err)
	}
	if _, err := a.Open("y"); !errors.Is(err, ErrPolicy) {
		t.Errorf("opening: %v", err)
	}
}

func TestDirectAndSameNetworkPoliciesUseNoRelayOfTheirOwn(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	for _, policy := range []path.Policy{path.DirectOnly, path.LANOnly} {
		d := dialer(t, Config{Policy: policy, Servers: []Server{credentials(server.udp), {URL: "stun:127.0.0.1:9"}}})
		pending, err := d.Offer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(pending.Description().SDP, "typ relay") || server.AllocationCount() > 0 {
			t.Errorf("%s: a relay was asked", policy)
		}
		pending.Close()
		<-pending.Done()
	}
	strict := dialer(t, Config{Policy: path.LANOnly})
	a, _ := linked(t, strict, dialer(t, Config{Servers: []Server{credentials(server.udp)}}))
	a.until(t, "direct", direct)
}

// Whatever a peer offers, later or at once, no packet may leave for it but
// from the relay.
func TestARelayAlonePolicyOpensNoOtherSocket(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	hidden := dialer(t, Config{Policy: path.RelayOnly, Servers: []Server{credentials(server.udp)}, PortStep: 1, Mapper: forbiddenMapper{t}})
	a, b := linked(t, hidden, dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	trap, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	at := trap.LocalAddr().(*net.UDPAddr).AddrPort()
	b.signal(signal{Candidate: fmt.Sprintf("1 1 udp 2130706431 %s %d typ host", at.Addr(), at.Port())})
	a.Restart()
	poll(t, "restarted", func() bool { return !restartTime(t, a).IsZero() })
	a.until(t, "relayed again", func(s Status) bool { return s.Up && s.Path == path.Relayed })

	relayed := map[string]bool{} // where the server sends from
	packet := make([]byte, 1500)
	_ = trap.SetReadDeadline(time.Now().Add(20 * time.Second)) // a working path lets others wait
	for {
		_, from, err := trap.ReadFrom(packet)
		if err != nil {
			break
		}
		if len(relayed) == 0 {
			_ = trap.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		}
		relayed[from.String()] = true
	}
	if len(relayed) == 0 {
		t.Error("the late candidate is not checked at all: the test shows nothing")
	}
	a.sockets.mu.Lock()
	defer a.sockets.mu.Unlock()
	for socket := range a.sockets.open {
		switch each := socket.(type) {
		case *udpSocket:
			t.Errorf("a socket of its own: %s", each.LocalAddr())
		case *relaySocket:
			if relayed[each.PacketConn.LocalAddr().String()] {
				t.Error("a packet came past the relay")
			}
			if _, port, _ := net.SplitHostPort(each.PacketConn.LocalAddr().String()); relayed["127.0.0.1:"+port] {
				t.Error("a packet came past the relay")
			}
		}
	}
	if _, err := a.sockets.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); !errors.Is(err, ErrPolicy) {
		t.Errorf("opening one: %v", err)
	}
}

// forbiddenMapper must not be asked: a mapped port would tell the address.
type forbiddenMapper struct{ t *testing.T }

func (f forbiddenMapper) Found() bool { return true }

func (f forbiddenMapper) Map(context.Context, netip.AddrPort) (netip.AddrPort, func(), error) {
	f.t.Error("the router was asked for a port")
	return netip.AddrPort{}, func() {}, errors.New("no")
}
