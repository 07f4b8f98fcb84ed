package rendezvous_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

func TestServeEndsInTimeWithLiveClientsAndAllocations(t *testing.T) {
	t.Parallel()
	serverTLS, _ := certificate(t)
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
