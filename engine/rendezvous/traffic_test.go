package rendezvous_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

// socketCount is what a client's own socket has sent and received.
type socketCount struct{ sent, received atomic.Uint64 }

type countedPackets struct {
	net.PacketConn
	count *socketCount
}

func (c *countedPackets) ReadFrom(data []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(data)
	c.count.received.Add(uint64(max(n, 0)))
	return n, from, err
}

func (c *countedPackets) WriteTo(data []byte, to net.Addr) (int, error) {
	n, err := c.PacketConn.WriteTo(data, to)
	c.count.sent.Add(uint64(max(n, 0)))
	return n, err
}

type countedStream struct {
	net.Conn
	count *socketCount
}

func (c *countedStream) Read(data []byte) (int, error) {
	n, err := c.Conn.Read(data)
	c.count.received.Add(uint64(max(n, 0)))
	return n, err
}

func (c *countedStream) Write(data []byte) (int, error) {
	n, err := c.Conn.Write(data)
	c.count.sent.Add(uint64(max(n, 0)))
	return n, err
}

// countedClient is a TURN client of the user ann whose socket counts.
func countedClient(t *testing.T, server *rendezvous.Server, network string) (*turn.Client, *socketCount) {
	t.Helper()
	count := &socketCount{}
	address := server.TurnAddr().String()
	var conn net.PacketConn
	if network == "udp" {
		conn = &countedPackets{peerSocket(t, "127.0.0.1:0"), count}
	} else {
		if network == "tls" {
			address = server.TurnTLSAddr().String()
		}
		dialled, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		stream := net.Conn(&countedStream{dialled, count})
		if network == "tls" {
			stream = tls.Client(stream, &tls.Config{InsecureSkipVerify: true})
		}
		conn = turn.NewSTUNConn(stream)
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: address, Conn: conn, Username: "ann", Password: "right",
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
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
	return client, count
}

func TestTheServerCountsWhatTheClientsSocketCounts(t *testing.T) {
	t.Parallel()
	serverTLS, _ := certificate(t)
	for _, network := range []string{"udp", "tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			config := withUser()
			config.AllowPrivatePeers = true
			all := turnOnly(config)
			all.TLS = serverTLS
			server := serve(t, all)
			client, socket := countedClient(t, server, network)
			relayed := allocate(t, client)
			peer := peerSocket(t, "127.0.0.1:0")
			payload := bytes.Repeat([]byte("x"), 1000)
			for range 100 {
				carry(t, relayed, peer.LocalAddr(), peer, payload)
				carry(t, peer, relayed.LocalAddr(), relayed, payload)
			}
			near := func(got, want uint64) bool {
				if network != "udp" {
					return got == want // from the first byte of the connection
				}
				return float64(got) > 0.98*float64(want) && got <= want
			}
			eventually(t, "both counts agree", func() bool {
				user := server.Counters().Users["ann"]
				return user.BytesOut == 100_000 && user.ToClient > 100_000 &&
					near(user.FromClient, socket.sent.Load()) && near(user.ToClient, socket.received.Load())
			})
			counters := server.Counters()
			user := counters.Users["ann"]
			if user.BytesOut != 100_000 || user.BytesIn != 100_000 || user.FromClient <= user.BytesOut || user.ToClient <= user.BytesIn {
				t.Errorf("counters %+v", user)
			}
			t.Logf("client sent %d, server counts %d; client received %d, server counts %d",
				socket.sent.Load(), user.FromClient, socket.received.Load(), user.ToClient)
			if len(counters.Allocations) != 1 {
				t.Fatalf("open allocations %+v", counters.Allocations)
			}
			open := counters.Allocations[0]
			wantNetwork := "tcp"
			if network == "udp" {
				wantNetwork = "udp"
			}
			if open.User != "ann" || open.Network != wantNetwork || open.Relayed.String() != relayed.LocalAddr().String() ||
				open.Traffic != user.Traffic || time.Since(open.Since) > time.Minute {
				t.Errorf("the allocation has %+v, its user %+v", open, user)
			}
			_ = relayed.Close()
			eventually(t, "the allocation is gone", func() bool { return len(server.Counters().Allocations) == 0 })
			if left := server.Counters().Users["ann"]; left.BytesOut != 100_000 || left.FromClient < user.FromClient {
				t.Errorf("after the allocation its user has %+v", left)
			}
		})
	}
}

func TestASecondAllocationOfAConnectionCountsForItself(t *testing.T) {
	t.Parallel()
	config := withUser()
	config.AllowPrivatePeers = true
	server := serve(t, turnOnly(config))
	client, socket := countedClient(t, server, "tcp")
	first := allocate(t, client)
	_ = first.Close()
	eventually(t, "the first allocation is gone", func() bool { return server.Counters().Users["ann"].Allocations == 0 })
	before := server.Counters().Users["ann"].FromClient
	second := allocate(t, client)
	peer := peerSocket(t, "127.0.0.1:0")
	carry(t, second, peer.LocalAddr(), peer, make([]byte, 1000))
	eventually(t, "all is counted for the user", func() bool {
		user := server.Counters().Users["ann"]
		return user.BytesOut == 1000 && user.FromClient == socket.sent.Load()
	})
	if open := server.Counters().Allocations; len(open) != 1 || open[0].BytesOut != 1000 || open[0].FromClient > socket.sent.Load()-before {
		t.Errorf("allocations %+v of a socket that sent %d, %d of it before", open, socket.sent.Load(), before)
	}
}

// flood sends packets as fast as they go, both ways, until both ends have been
// sent so many bytes.
func flood(t *testing.T, relayed, peer net.PacketConn, bytes int) {
	t.Helper()
	carry(t, relayed, peer.LocalAddr(), peer, []byte("permission"))
	payload := make([]byte, 1000)
	for range bytes / len(payload) {
		if _, err := relayed.WriteTo(payload, peer.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		if _, err := peer.WriteTo(payload, relayed.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond) // or the kernel drops them before the relay does
	}
}

func TestNoMoreIsRelayedThanTheRateAllows(t *testing.T) {
	t.Parallel()
	const burst, sent = 64 << 10, 400_000
	for name, limit := range map[string]func(*rendezvous.TurnConfig){
		"of a user": func(c *rendezvous.TurnConfig) { c.UserRate = 100 },
		"in total":  func(c *rendezvous.TurnConfig) { c.Rate = 100 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := withUser()
			config.Users["bob"] = "right"
			config.AllowPrivatePeers = true
			limit(&config)
			server := serve(t, turnOnly(config))
			relayed := allocate(t, turnClient(t, server, "udp", "ann", "right"))
			begun := time.Now()
			flood(t, relayed, peerSocket(t, "127.0.0.1:0"), sent)
			most := uint64(burst + 100*time.Since(begun).Seconds() + 1000)
			ann := server.Counters().Users["ann"]
			if ann.BytesIn > most || ann.BytesOut > most || ann.BytesIn < burst-1000 || ann.BytesOut < burst-1000 {
				t.Errorf("of %d bytes each way %d and %d were relayed, at most %d may be", sent, ann.BytesOut, ann.BytesIn, most)
			}
			if ann.BytesDropped < sent {
				t.Errorf("%d bytes were dropped", ann.BytesDropped)
			}
			// The user's cap leaves the others theirs, the total does not.
			other := allocate(t, turnClient(t, server, "udp", "bob", "right"))
			peer := peerSocket(t, "127.0.0.1:0")
			if _, err := other.WriteTo(make([]byte, 1500), peer.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "bob's packet is relayed or dropped", func() bool {
				bob := server.Counters().Users["bob"]
				if name == "in total" {
					return bob.BytesDropped == 1500
				}
				return bob.BytesOut == 1500
			})
		})
	}
}

func TestRefusedAllocationsAreCounted(t *testing.T) {
	t.Parallel()
	config := withUser()
	config.AllocationsPerUser = 1
	config.Users["bob"] = "right"
	config.RelayPorts = rendezvous.PortRange{Min: 21821, Max: 21821}
	server := serve(t, turnOnly(config))
	allocate(t, turnClient(t, server, "udp", "ann", "right"))
	if _, err := turnClient(t, server, "udp", "ann", "right").Allocate(); code(t, err) != stun.CodeAllocQuotaReached {
		t.Errorf("ann's second allocation: %v", err)
	}
	if _, err := turnClient(t, server, "udp", "bob", "right").Allocate(); code(t, err) != stun.CodeInsufficientCapacity {
		t.Errorf("bob's allocation: %v", err)
	}
	if got := server.Counters(); got.RefusedQuota != 1 || got.RefusedCapacity != 1 {
		t.Errorf("counted %d by quota and %d by capacity", got.RefusedQuota, got.RefusedCapacity)
	}
}
