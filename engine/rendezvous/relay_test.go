package rendezvous_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

func TestPeersInsideTheServersNetworkAreRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	strict, lenient := withUser(), withUser()
	lenient.AllowPrivatePeers = true
	clients := map[bool]*turn.Client{}
	for allowed, config := range map[bool]rendezvous.TurnConfig{false: strict, true: lenient} {
		clients[allowed] = turnClient(t, serve(t, turnOnly(config)), "udp", "ann", "right")
		allocate(t, clients[allowed])
	}
	const yes, no = stun.ErrorCode(0), stun.CodeForbidden
	for _, test := range []struct {
		ip              string
		strict, lenient stun.ErrorCode
	}{
		{"203.0.113.5", yes, yes},
		{"8.8.8.8", yes, yes},
		{"10.1.2.3", no, yes},
		{"172.16.0.1", no, yes},
		{"192.168.1.1", no, yes},
		{"127.0.0.2", no, yes},
		{"169.254.169.254", no, yes},
		{"100.64.0.1", no, yes},
		{"100.127.255.255", no, yes},
		{"0.1.2.3", no, yes},
		{"240.0.0.1", no, yes},
		{"0.0.0.0", no, no},
		{"224.0.0.251", no, no},
		{"255.255.255.255", no, no},
	} {
		peer := &net.UDPAddr{IP: net.ParseIP(test.ip), Port: 9}
		if got := code(t, clients[false].CreatePermission(peer)); got != test.strict {
			t.Errorf("%s: answer %d, want %d", test.ip, got, test.strict)
		}
		if got := code(t, clients[true].CreatePermission(peer)); got != test.lenient {
			t.Errorf("%s where private peers are allowed: answer %d, want %d", test.ip, got, test.lenient)
		}
	}
}

func TestPrivatePeersHiddenInIPv6AreRefused(t *testing.T) {
	t.Parallel()
	config := turnOnly(withUser())
	config.Turn.Listen = "[::1]:0"
	client := turnClient(t, serve(t, config), "udp", "ann", "right")
	allocate(t, client)
	for ip, want := range map[string]stun.ErrorCode{
		"2001:4860:4860::8888": 0,
		"64:ff9b::8.8.8.8":     0,
		"64:ff9b::10.0.0.1":    stun.CodeForbidden,
		"2002:7f00:1::1":       stun.CodeForbidden,
		"2001::1":              stun.CodeForbidden,
		"fd00::1":              stun.CodeForbidden,
		"fe80::1":              stun.CodeForbidden,
		"::7f00:1":             stun.CodeForbidden,
		"ff02::1":              stun.CodeForbidden,
		"::":                   stun.CodeForbidden,
	} {
		peer := &net.UDPAddr{IP: net.ParseIP(ip), Port: 9}
		if got := code(t, client.CreatePermission(peer)); got != want {
			t.Errorf("%s: answer %d, want %d", ip, got, want)
		}
	}
}

func TestBytesRelayedAreCountedForTheirUser(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			serverTLS, _ := certificate(t)
			config := withUser()
			config.AllowPrivatePeers = true
			config.Secret = secret
			all := turnOnly(config)
			all.TLS = serverTLS
			server := serve(t, all)
			user, password := rendezvous.TimeLimited(secret, "bob", time.Now().Add(time.Minute))
			relayed := allocate(t, turnClient(t, server, network, user, password))
			peer, stranger := peerSocket(t, "127.0.0.1:0"), peerSocket(t, "127.0.0.2:0")

			var out, in uint64
			for at := range 200 {
				// Not below 5 bytes: over TCP pion holds those back until more comes.
				there, back := make([]byte, 5+at*7%1200), make([]byte, 5+at*13%1200)
				there[0], back[0] = byte(at), byte(at)
				sender := carry(t, relayed, peer.LocalAddr(), peer, there)
				if sender.String() != relayed.LocalAddr().String() {
					t.Fatalf("the peer sees %v, the client was told %v", sender, relayed.LocalAddr())
				}
				carry(t, peer, relayed.LocalAddr(), relayed, back)
				out, in = out+uint64(len(there)), in+uint64(len(back))
			}
			// What nobody permitted is neither relayed nor counted.
			if _, err := stranger.WriteTo(make([]byte, 1000), relayed.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			carry(t, peer, relayed.LocalAddr(), relayed, []byte("after the stranger"))
			in += uint64(len("after the stranger"))

			want := rendezvous.Traffic{BytesIn: in, BytesOut: out}
			// A packet may arrive a moment before it is counted.
			eventually(t, "all is counted", func() bool { return server.Counters().Users["bob"].BytesOut >= out })
			counters := server.Counters()
			got := counters.Users["bob"]
			got.FromClient, got.ToClient = 0, 0 // see traffic_test.go
			if got.Traffic != want || got.Allocations != 1 || len(counters.Users) != 1 {
				t.Errorf("counters %+v, want %+v", got, want)
			}
		})
	}
}

func TestTwoClientsOfOneRelayReachEachOtherButNotTheServer(t *testing.T) {
	t.Parallel()
	for name, public := range map[string][]netip.Addr{
		"on a private network":                 nil,
		"behind a NAT that leads nothing back": {netip.MustParseAddr("203.0.113.7")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := withUser()
			config.PublicIPs = public
			server := serve(t, turnOnly(config))
			clientA, clientB := turnClient(t, server, "udp", "ann", "right"), turnClient(t, server, "tcp", "ann", "right")
			a, b := allocate(t, clientA), allocate(t, clientB)
			if public != nil && addressOf(a.LocalAddr()) != public[0] {
				t.Fatalf("relayed address %v", a.LocalAddr())
			}
			// Each asks for its own permission, as ICE does.
			if err := errors.Join(clientA.CreatePermission(b.LocalAddr()), clientB.CreatePermission(a.LocalAddr())); err != nil {
				t.Fatal(err)
			}
			sender := carry(t, a, b.LocalAddr(), b, []byte("there"))
			if sender.String() != a.LocalAddr().String() {
				t.Errorf("b sees %v, a was told %v", sender, a.LocalAddr())
			}
			carry(t, b, a.LocalAddr(), a, []byte("and back"))

			service := peerSocket(t, "127.0.0.1:0")
			inside := &net.UDPAddr{IP: a.LocalAddr().(*net.UDPAddr).IP, Port: service.LocalAddr().(*net.UDPAddr).Port}
			if _, err := a.WriteTo([]byte("attack"), inside); err != nil {
				t.Fatal(err)
			}
			carry(t, a, b.LocalAddr(), b, []byte("after the attack"))
			_ = service.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if n, _, err := service.ReadFrom(make([]byte, 100)); err == nil {
				t.Errorf("a service of the server's own got %d bytes", n)
			}
		})
	}
}

func addressOf(address net.Addr) netip.Addr { return address.(*net.UDPAddr).AddrPort().Addr().Unmap() }

func TestAWildcardListenerRelaysOnBothIPVersions(t *testing.T) {
	t.Parallel()
	config := rendezvous.Config{Turn: &rendezvous.TurnConfig{
		Listen: ":0", Users: map[string]string{"ann": "right"}, AllowPrivatePeers: true,
		PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()},
	}}
	server := serve(t, config)
	port := addrPortOf(server.TurnAddr())
	for _, host := range []string{"127.0.0.1", "::1"} {
		conn := peerSocket(t, net.JoinHostPort(host, "0"))
		client, err := turn.NewClient(&turn.ClientConfig{
			TURNServerAddr: net.JoinHostPort(host, port), Conn: conn, Username: "ann", Password: "right",
			LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Listen(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		relayed := allocate(t, client)
		if got := addressOf(relayed.LocalAddr()).String(); got != host {
			t.Errorf("relayed address %v for a client of %s", relayed.LocalAddr(), host)
		}
		peer := peerSocket(t, net.JoinHostPort(host, "0"))
		carry(t, relayed, peer.LocalAddr(), peer, []byte("there"))
		carry(t, peer, relayed.LocalAddr(), relayed, []byte("and back"))
	}
}

// A client that comes by IPv6 and asks for no version has to meet those that have
// IPv4 alone (RFC 8656 section 7.2).
func TestAClientByIPv6IsGivenIPv4UnlessItAsksForMore(t *testing.T) {
	t.Parallel()
	server := serve(t, rendezvous.Config{Turn: &rendezvous.TurnConfig{
		Listen: ":0", Users: map[string]string{"ann": "right"}, AllowPrivatePeers: true,
		PublicIPs: []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")},
	}})
	for family, want := range map[turn.RequestedAddressFamily]string{
		turn.RequestedAddressFamilyIPv4: "203.0.113.7", // which is asked for by saying nothing
		turn.RequestedAddressFamilyIPv6: "2001:db8::7",
	} {
		client, err := turn.NewClient(&turn.ClientConfig{
			TURNServerAddr: net.JoinHostPort("::1", addrPortOf(server.TurnAddr())), Conn: peerSocket(t, "[::1]:0"),
			Username: "ann", Password: "right", RequestedAddressFamily: family,
			LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Listen(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		if got := addressOf(allocate(t, client).LocalAddr()).String(); got != want {
			t.Errorf("family %v has the relayed address %s, want %s", family, got, want)
		}
	}
}

func addrPortOf(address net.Addr) string {
	_, port, _ := net.SplitHostPort(address.String())
	return port
}
