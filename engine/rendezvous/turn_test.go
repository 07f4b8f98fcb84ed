package rendezvous_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

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

func TestRelayedPortsStayInTheirRange(t *testing.T) {
	t.Parallel()
	config := withUser()
	config.RelayPorts = rendezvous.PortRange{Min: 21811, Max: 21813}
	server := serve(t, turnOnly(config))
	for range 3 {
		relayed := allocate(t, turnClient(t, server, "udp", "ann", "right"))
		if port := relayed.LocalAddr().(*net.UDPAddr).Port; port < 21811 || port > 21813 {
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
