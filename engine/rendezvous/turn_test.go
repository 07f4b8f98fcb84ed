package rendezvous_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

const secret = "kept between the server and those who hand out credentials"

func turnOnly(config rendezvous.TurnConfig) rendezvous.Config {
	config.Listen = "127.0.0.1:0"
	return rendezvous.Config{Turn: &config}
}

func withUser() rendezvous.TurnConfig {
	return rendezvous.TurnConfig{Users: map[string]string{"ann": "right"}}
}

// turnClient connects by "udp", "tcp" or "tls".
func turnClient(t testing.TB, server *rendezvous.Server, network, user, password string) *turn.Client {
	t.Helper()
	var conn net.PacketConn
	address := server.TurnAddr().String()
	switch network {
	case "udp":
		socket, err := net.ListenPacket("udp", net.JoinHostPort(server.TurnAddr().(*net.UDPAddr).IP.String(), "0"))
		if err != nil {
			t.Fatal(err)
		}
		_ = socket.(*net.UDPConn).SetReadBuffer(4 << 20)
		conn = socket
	case "tcp":
		stream, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(stream)
	case "tls":
		address = server.TurnTLSAddr().String()
		stream, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(stream)
	}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: address, TURNServerAddr: address, Conn: conn,
		Username: user, Password: password, LoggerFactory: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		_ = conn.Close()
	})
	return client
}

func allocate(t testing.TB, client *turn.Client) net.PacketConn {
	t.Helper()
	relayed, err := client.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relayed.Close() })
	return relayed
}

// code is the STUN error code of a refusal, 0 if there was none.
func code(t testing.TB, err error) stun.ErrorCode {
	t.Helper()
	if err == nil {
		return 0
	}
	var refused *stun.TurnError
	if !errors.As(err, &refused) {
		t.Fatalf("not refused but failed: %v", err)
	}
	return refused.ErrorCodeAttr.Code
}

func peerSocket(t testing.TB, address string) net.PacketConn {
	t.Helper()
	peer, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	return peer
}

// carry sends payload and waits until it arrives; it returns the sender as the
// receiver sees it.
func carry(t testing.TB, from net.PacketConn, to net.Addr, at net.PacketConn, payload []byte) net.Addr {
	t.Helper()
	if _, err := from.WriteTo(payload, to); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 2000)
	_ = at.SetReadDeadline(time.Now().Add(patience))
	n, sender, err := at.ReadFrom(buffer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(buffer[:n], payload) {
		t.Fatalf("%d bytes arrived, not the %d that were sent", n, len(payload))
	}
	return sender
}

func TestSTUNTellsEverybodyTheirAddress(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		config := turnOnly(rendezvous.TurnConfig{})
		config.Turn.Listen = listen
		server := serve(t, config)
		for _, network := range []string{"udp", "tcp"} {
			mapped, err := turnClient(t, server, network, "", "").SendBindingRequest()
			if err != nil {
				t.Fatalf("%s %s: %v", listen, network, err)
			}
			host, _, _ := net.SplitHostPort(listen)
			if got := mapped.(*net.UDPAddr).IP.String(); got != host {
				t.Errorf("%s %s: mapped address %v", listen, network, mapped)
			}
		}
	}
}

func TestOnlyCredentialsOpenARelay(t *testing.T) {
	t.Parallel()
	serverTLS, _ := certificate(t)
	config := turnOnly(withUser())
	config.Turn.Secret = secret
	config.TLS = serverTLS
	server := serve(t, config)
	open := turnOnly(rendezvous.TurnConfig{})
	open.TLS = serverTLS
	nobody := serve(t, open)

	soon, before := time.Now().Add(time.Minute), time.Now().Add(-time.Minute)
	limited := func(secret, name string, expires time.Time) [2]string {
		user, password := rendezvous.TimeLimited(secret, name, expires)
		return [2]string{user, password}
	}
	forged := limited(secret, "eve", before)
	forged[0], _ = rendezvous.TimeLimited(secret, "eve", soon)
	for _, test := range []struct {
		name   string
		server *rendezvous.Server
		user   [2]string
		want   stun.ErrorCode
	}{
		{"a user", server, [2]string{"ann", "right"}, 0},
		{"a wrong password", server, [2]string{"ann", "wrong"}, stun.CodeUnauthorized},
		{"an unknown user", server, [2]string{"eve", "right"}, stun.CodeUnauthorized},
		{"time-limited, with a name", server, limited(secret, "bob", soon), 0},
		{"time-limited, without", server, limited(secret, "", soon), 0},
		{"time-limited, with colons", server, limited(secret, "a:b:c", soon), 0},
		{"expired", server, limited(secret, "bob", before), stun.CodeUnauthorized},
		{"of another secret", server, limited("another", "bob", soon), stun.CodeUnauthorized},
		{"of an empty secret", server, limited("", "bob", soon), stun.CodeUnauthorized},
		{"a later expiry written over", server, forged, stun.CodeUnauthorized},
		{"no users at all", nobody, [2]string{"ann", "right"}, stun.CodeUnauthorized},
		{"no secret at all", nobody, limited("", "bob", soon), stun.CodeUnauthorized},
	} {
		for _, network := range []string{"udp", "tcp", "tls"} {
			t.Run(test.name+" over "+network, func(t *testing.T) {
				relayed, err := turnClient(t, test.server, network, test.user[0], test.user[1]).Allocate()
				if got := code(t, err); got != test.want {
					t.Errorf("answer %d, want %d", got, test.want)
				}
				if relayed != nil {
					_ = relayed.Close()
				}
			})
		}
	}
	for user, has := range nobody.Counters().Users {
		t.Errorf("user %q has %+v", user, has)
	}
}

func TestTimeLimitedCredentialsAreThoseOfTheDraft(t *testing.T) {
	t.Parallel()
	// Computed with: printf 1599491771 | openssl dgst -sha1 -hmac foobar -binary | base64
	user, password := rendezvous.TimeLimited("foobar", "", time.Unix(1599491771, 0))
	if user != "1599491771" || password != "Tpz/nKkyvX/vMSLKvL4sbtBt8Vs=" {
		t.Errorf("got %q, %q", user, password)
	}
	if user, _ = rendezvous.TimeLimited("foobar", "ann", time.Unix(1599491771, 0)); user != "1599491771:ann" {
		t.Errorf("got %q", user)
	}
}

func TestARelayThatBeganInTimeOutlivesItsCredentials(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(rendezvous.TurnConfig{Secret: secret, AllowPrivatePeers: true}))
	expires := time.Now().Add(time.Second).Truncate(time.Second).Add(time.Second)
	user, password := rendezvous.TimeLimited(secret, "ann", expires)
	relayed := allocate(t, turnClient(t, server, "udp", user, password))
	time.Sleep(time.Until(expires))
	if _, err := turnClient(t, server, "udp", user, password).Allocate(); code(t, err) != stun.CodeUnauthorized {
		t.Errorf("a new allocation after the expiry: %v", err)
	}
	peer := peerSocket(t, "127.0.0.1:0")
	carry(t, relayed, peer.LocalAddr(), peer, []byte("still here")) // asks for a permission
}

func TestAUserHasAQuotaOfAllocations(t *testing.T) {
	t.Parallel()
	config := withUser()
	config.Users["bob"] = "right"
	config.AllocationsPerUser = 2
	server := serve(t, turnOnly(config))
	first := allocate(t, turnClient(t, server, "udp", "ann", "right"))
	allocate(t, turnClient(t, server, "tcp", "ann", "right"))
	late := turnClient(t, server, "udp", "ann", "right")
	if _, err := late.Allocate(); code(t, err) != stun.CodeAllocQuotaReached {
		t.Errorf("the third allocation: %v", err)
	}
	allocate(t, turnClient(t, server, "udp", "bob", "right"))
	if got := server.Counters().Users; got["ann"].Allocations != 2 || got["bob"].Allocations != 1 {
		t.Errorf("counters %+v", got)
	}
	_ = first.Close()
	eventually(t, "the released allocation is free", func() bool { return server.Counters().Users["ann"].Allocations == 1 })
	allocate(t, turnClient(t, server, "udp", "ann", "right"))
}

func TestAnAllocationEndsWithItsTCPConnection(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withUser()))
	stream, err := net.Dial("tcp", server.TurnAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := turn.NewSTUNConn(stream)
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: server.TurnAddr().String(), Conn: conn, Username: "ann", Password: "right",
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed := allocate(t, client)
	_ = stream.Close()
	eventually(t, "the allocation is released", func() bool { return server.Counters().Users["ann"].Allocations == 0 })
	_ = relayed.Close()
	client.Close()
}

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

			want := rendezvous.UserCounters{Allocations: 1, BytesIn: in, BytesOut: out}
			if got := server.Counters().Users; got["bob"] != want || len(got) != 1 {
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

func addrPortOf(address net.Addr) string {
	_, port, _ := net.SplitHostPort(address.String())
	return port
}

func TestRelayedPortsStayInTheirRange(t *testing.T) {
	t.Parallel()
	config := withUser()
	config.RelayPorts = rendezvous.PortRange{Min: 47811, Max: 47813}
	server := serve(t, turnOnly(config))
	for range 3 {
		relayed := allocate(t, turnClient(t, server, "udp", "ann", "right"))
		if port := relayed.LocalAddr().(*net.UDPAddr).Port; port < 47811 || port > 47813 {
			t.Errorf("relayed port %d", port)
		}
	}
	if _, err := turnClient(t, server, "udp", "ann", "right").Allocate(); code(t, err) != stun.CodeInsufficientCapacity {
		t.Errorf("a fourth allocation of three ports: %v", err)
	}
}

func TestTCPAllocationsAreRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withUser()))
	if _, err := turnClient(t, server, "tcp", "ann", "right").AllocateTCP(); code(t, err) != stun.CodeInsufficientCapacity {
		t.Errorf("got %v", err)
	}
}

func TestGarbageEndsATCPClientAndNobodyElse(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withUser()))
	relayed := allocate(t, turnClient(t, server, "tcp", "ann", "right"))
	cookie := []byte{0x21, 0x12, 0xa4, 0x42}
	for name, garbage := range map[string][]byte{
		"HTTP":                     []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"a length that wraps":      append(append([]byte{0, 1, 0xff, 0xec}, cookie...), make([]byte, 12)...),
		"a message without cookie": make([]byte, 20),
		"a message too large":      append(append([]byte{0, 1, 0x10, 0}, cookie...), make([]byte, 5000)...),
		"channel data too large":   append([]byte{0x40, 0, 0xff, 0xff}, make([]byte, 5000)...),
	} {
		conn, err := net.Dial("tcp", server.TurnAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(garbage)
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_, err = conn.Read(make([]byte, 1))
		var timeout net.Error
		if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("%s: connection is still open (%v)", name, err)
		}
		_ = conn.Close()
	}
	if _, err := relayed.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(203, 0, 113, 5), Port: 9}); err != nil {
		t.Errorf("another client: %v", err)
	}
}

func TestServeEndsInTimeWithLiveClientsAndAllocations(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := certificate(t)
	_ = clientTLS
	config := rendezvous.Config{
		Listen: "127.0.0.1:0", TLS: serverTLS,
		Turn: &rendezvous.TurnConfig{Listen: "127.0.0.1:0", Users: map[string]string{"ann": "right"}},
	}
	server, err := rendezvous.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()

	half, err := net.Dial("tcp", server.TrackerAddr().String()) // never begins TLS
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	quiet, err := net.Dial("tcp", server.TurnTLSAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	stream, err := tls.Dial("tcp", server.TrackerAddr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	upgrade := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := stream.Write([]byte(upgrade)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a WebSocket is open", func() bool { return server.Counters().Connections == 1 })
	for _, network := range []string{"udp", "tcp", "tls"} {
		allocate(t, turnClient(t, server, network, "ann", "right"))
	}

	stop()
	began := time.Now()
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("Serve ended after %v", took)
	}
	if got := server.Counters(); got.Connections != 0 || got.Users["ann"].Allocations != 0 {
		t.Errorf("left over: %+v", got)
	}
	// Every address is free again.
	for _, listen := range []string{server.TrackerAddr().String(), server.TurnAddr().String(), server.TurnTLSAddr().String()} {
		again, err := rendezvous.New(rendezvous.Config{Listen: listen})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		_ = again.Close()
	}
	if err := server.Serve(context.Background()); !errors.Is(err, rendezvous.ErrServed) {
		t.Errorf("second Serve: %v", err)
	}
}

func TestURLsOfAServer(t *testing.T) {
	t.Parallel()
	serverTLS, _ := certificate(t)
	server, err := rendezvous.New(rendezvous.Config{TLS: serverTLS, Turn: &rendezvous.TurnConfig{
		Listen: ":0", PublicIPs: []netip.Addr{netip.MustParseAddr("203.0.113.7")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	plain, encrypted := addrPortOf(server.TurnAddr()), addrPortOf(server.TurnTLSAddr())
	want := fmt.Sprintf("turn:203.0.113.7:%s?transport=udp turn:203.0.113.7:%s?transport=tcp turns:203.0.113.7:%s?transport=tcp",
		plain, plain, encrypted)
	if got := strings.Join(server.TurnURLs(), " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if server.TrackerURL() != "" || server.TrackerAddr() != nil {
		t.Errorf("a tracker that is not there has %q", server.TrackerURL())
	}
}
