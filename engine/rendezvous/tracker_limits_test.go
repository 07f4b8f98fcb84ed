package rendezvous_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

func TestRoomsThatAreNotServedAreRefused(t *testing.T) {
	t.Parallel()
	config := trackerOnly(rendezvous.TrackerLimits{})
	config.AllowRoom = func(infoHash [20]byte) bool { return infoHash[0] == 1 }
	server := serve(t, config)
	a := dial(t, server)
	has(t, a.join(binary(1), alice), object{"incomplete": 1})
	refusal := object{"failure reason": "this tracker does not serve that info_hash"}
	has(t, a.join(binary(2), alice), refusal)
	a.send(object{"action": "scrape", "info_hash": binary(2)})
	has(t, a.next(), refusal)
	if got := server.Counters(); got.Rooms != 1 {
		t.Errorf("counters %+v", got)
	}
}

func TestAFullTrackerSaysSoAndServesThoseItHas(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]rendezvous.TrackerLimits{"rooms": {Rooms: 2}, "peers": {Peers: 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := dial(t, serve(t, trackerOnly(limits)))
			a.join(binary(1), alice)
			a.join(binary(2), alice)
			has(t, a.join(binary(3), alice), object{"failure reason": "this tracker is full"})
			has(t, a.join(binary(1), alice), object{"incomplete": 1})
		})
	}
}

func TestOneTooManyConnectionsFromAnAddressIsRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{ConnectionsPerAddress: 2}))
	a, b := dial(t, server), dial(t, server)
	_, response, err := dialAt(t, server.TrackerURL(), nil)
	if err == nil || response == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("the third connection: %v, %v", response, err)
	}
	has(t, a.join(room, alice), object{"incomplete": 1})
	_ = b.socket.CloseNow()
	eventually(t, "there is room for another", func() bool {
		_, _, err := dialAt(t, server.TrackerURL(), nil)
		return err == nil
	})
}

func TestWhoBreaksTheRulesIsClosedAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		limits rendezvous.TrackerLimits
		offend func(ctx context.Context, socket *websocket.Conn)
		status websocket.StatusCode
	}{
		{
			"a message too large", rendezvous.TrackerLimits{MessageBytes: 2000},
			func(ctx context.Context, socket *websocket.Conn) {
				_ = socket.Write(ctx, websocket.MessageText, make([]byte, 50_000))
			}, websocket.StatusMessageTooBig,
		},
		{
			"a flood", rendezvous.TrackerLimits{MessagesPerSecond: 1, MessageBurst: 10},
			func(ctx context.Context, socket *websocket.Conn) {
				for range 50 {
					_ = socket.Write(ctx, websocket.MessageText, []byte("{}"))
				}
			}, websocket.StatusPolicyViolation,
		},
		{
			"text that is none", rendezvous.TrackerLimits{},
			func(ctx context.Context, socket *websocket.Conn) {
				_ = socket.Write(ctx, websocket.MessageText, []byte("{\"action\":\"\xff\"}"))
			}, websocket.StatusInvalidFramePayloadData,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, trackerOnly(test.limits))
			offender, b := dial(t, server), dial(t, server)
			offender.join(room, alice)
			b.join(room, bob)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			test.offend(ctx, offender.socket)
			for len(offender.received) > 0 {
				<-offender.received
			}
			if got := offender.closeStatus(); got != test.status {
				t.Errorf("closed with %v, want %v", got, test.status)
			}
			eventually(t, "the offender has left", func() bool { return server.Counters().Peers == 1 })
			has(t, b.join(room, bob), object{"incomplete": 1})
		})
	}
}

// silent joins and then reads nothing, so it neither gets messages nor pongs.
func silent(t *testing.T, server *rendezvous.Server) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, server.TrackerURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.CloseNow() })
	before := server.Counters().Peers
	data, _ := json.Marshal(object{"action": "announce", "info_hash": room, "peer_id": binary('s')})
	if err := socket.Write(ctx, websocket.MessageText, data); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has joined", func() bool { return server.Counters().Peers == before+1 })
	return socket
}

func TestAPeerWithoutSignOfLifeIsDropped(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{PingInterval: 100 * time.Millisecond}))
	alive := dial(t, server)
	alive.join(room, alice)
	silent(t, server)
	eventually(t, "the silent one has left", func() bool { return server.Counters().Peers == 1 })
	time.Sleep(500 * time.Millisecond) // twice what a silent one may have
	has(t, alive.join(room, alice), object{"incomplete": 1})
}

func TestASlowReaderIsDroppedAndDelaysNobody(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{MessagesPerSecond: 1e6, MessageBurst: 1e6, QueueBytes: 100_000}))
	a, b := dial(t, server), dial(t, server)
	a.join(room, alice)
	silent(t, server)
	large := object{"offer": object{"sdp": strings.Repeat("x", 30_000)}, "offer_id": "1"}
	for sent := 0; server.Counters().Peers == 2; sent++ {
		if sent == 5000 {
			t.Fatal("still there after 150 MB that it did not read")
		}
		a.send(object{"action": "announce", "info_hash": room, "peer_id": alice, "offers": []object{large}})
		a.next()
		began := time.Now()
		b.settle()
		if took := time.Since(began); took > 2*time.Second {
			t.Fatalf("another peer waited %v", took)
		}
	}
	has(t, a.join(room, alice), object{"incomplete": 1})
}
