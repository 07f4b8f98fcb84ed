package rendezvous_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
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
