package rendezvous_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

func TestTwoPeersMeetAndExchangeOfferAndAnswer(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{}))
	a, b := dial(t, server), dial(t, server)
	has(t, a.join(room, alice), object{
		"action": "announce", "info_hash": room, "interval": 120, "complete": 0, "incomplete": 1,
	})
	has(t, b.join(room, bob), object{"complete": 0, "incomplete": 2})

	a.offer(room, alice, 1, 1)
	has(t, b.next(), object{
		"action": "announce", "info_hash": room, "peer_id": alice,
		"offer": offers(1)[0]["offer"], "offer_id": offers(1)[0]["offer_id"],
	})
	b.answer(room, bob, alice, binary(0, 0xc3), "sealed")
	has(t, a.next(), object{"action": "announce", "incomplete": 2})
	has(t, a.next(), object{
		"action": "announce", "info_hash": room, "peer_id": bob, "offer_id": binary(0, 0xc3),
		"answer": object{"type": "answer", "sdp": "sealed"},
	})
	if more := b.settle(); len(more) > 0 {
		t.Errorf("an answer was replied to: %v", more)
	}
	if got := server.Counters(); got.Connections != 2 || got.Rooms != 1 || got.Peers != 2 {
		t.Errorf("counters %+v", got)
	}
}

func TestEachOfferGoesToADifferentPeerAndNoMoreThanWanted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		numWant       any
		offers, peers int
		want          int
	}{
		{"fewer wanted than offered", 3, 5, 6, 3},
		{"more wanted than offered", 50, 4, 6, 4},
		{"more than there are peers", 10, 10, 4, 4},
		{"how many is not said", nil, 5, 6, 5},
		{"how many is null", json.RawMessage("null"), 2, 6, 2},
		{"none wanted", 0, 5, 6, 0},
		{"a negative number wanted", -3, 5, 6, 0},
		{"more than the limit", 12, 12, 10, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, trackerOnly(rendezvous.TrackerLimits{OffersPerAnnounce: 8}))
			a := dial(t, server)
			a.join(room, alice)
			others := make([]*client, test.peers)
			for at := range others {
				others[at] = dial(t, server)
				others[at].join(room, binary('p', byte(at)))
			}
			a.offer(room, alice, test.numWant, test.offers)
			a.settle()
			seen := map[any]bool{}
			for _, other := range others {
				got := other.settle()
				if len(got) > 1 {
					t.Errorf("one peer got %d offers", len(got))
				}
				for _, message := range got {
					has(t, message, object{"peer_id": alice, "info_hash": room})
					seen[message["offer_id"]] = true
				}
			}
			if len(seen) != test.want {
				t.Errorf("%d offers arrived, want %d", len(seen), test.want)
			}
		})
	}
}

func TestCountsFollowWhoComesCompletesStopsAndLeaves(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{}))
	a, b, c := dial(t, server), dial(t, server), dial(t, server)
	a.join(room, alice)
	b.send(object{"action": "announce", "info_hash": room, "peer_id": bob, "event": "started", "left": 0})
	has(t, b.next(), object{"complete": 1, "incomplete": 1})
	c.join(room, binary('c'))
	a.send(object{"action": "announce", "info_hash": room, "peer_id": alice, "event": "completed", "left": nil})
	has(t, a.next(), object{"complete": 2, "incomplete": 1})
	b.send(object{"action": "announce", "info_hash": room, "peer_id": bob, "event": "stopped"})
	has(t, b.next(), object{"complete": 1, "incomplete": 1})

	other := binary('o')
	a.send(object{"action": "scrape", "info_hash": []string{room, other}})
	has(t, a.next(), object{
		"action": "scrape",
		"files": object{
			room:  object{"complete": 1, "incomplete": 1, "downloaded": 1},
			other: object{"complete": 0, "incomplete": 0, "downloaded": 0},
		},
		"flags": object{"min_request_interval": 120},
	})

	_ = c.socket.CloseNow()
	eventually(t, "the one that closed has left", func() bool { return server.Counters().Peers == 1 })
	_ = a.socket.Close(websocket.StatusNormalClosure, "")
	eventually(t, "the empty room is gone", func() bool { return server.Counters().Rooms == 0 })
}

func TestOneSocketMayBeInManyRoomsAndLeavesThemAll(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{RoomsPerConnection: 3}))
	a := dial(t, server)
	for at := range 3 {
		has(t, a.join(binary(byte(at)), alice), object{"info_hash": binary(byte(at)), "incomplete": 1})
	}
	has(t, a.join(binary(9), alice), object{
		"action": "announce", "info_hash": binary(9), "failure reason": "too many info_hashes on one connection",
	})
	if got := server.Counters(); got.Rooms != 3 || got.Peers != 3 {
		t.Errorf("counters %+v", got)
	}
	_ = a.socket.CloseNow()
	eventually(t, "all rooms are gone", func() bool { return server.Counters().Rooms == 0 })
}

func TestNobodyTakesOverAnothersPeerID(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{}))
	a, b, impostor := dial(t, server), dial(t, server), dial(t, server)
	a.join(room, alice)
	b.join(room, bob)
	a.offer(room, alice, 1, 1)
	a.next()
	b.next()
	has(t, impostor.join(room, alice), object{"incomplete": 3})

	// The answer goes to the one whose offer it answers.
	b.answer(room, bob, alice, binary(0, 0xc3), "for alice")
	has(t, a.next(), object{"answer": object{"type": "answer", "sdp": "for alice"}})
	// One that answers no offer goes to nobody while two claim the id.
	b.answer(room, bob, alice, binary(77), "unasked")
	b.settle()
	if got := a.settle(); len(got) > 0 {
		t.Errorf("alice got %v", got)
	}
	if got := impostor.settle(); len(got) > 0 {
		t.Errorf("the impostor got %v", got)
	}
}

func TestAPeerThatReconnectsIsThereAtOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{}))
	stale, b := dial(t, server), dial(t, server)
	stale.join(room, alice)
	b.join(room, bob)
	// The tracker has not noticed yet that the first connection is dead.
	a := dial(t, server)
	has(t, a.join(room, alice), object{"incomplete": 3})
	a.offer(room, alice, 5, 5)
	a.next()
	got := b.next()
	has(t, got, object{"peer_id": alice})
	if got := stale.settle(); len(got) > 0 {
		t.Errorf("the peer's own dead connection got an offer: %v", got)
	}
	b.answer(room, bob, alice, got["offer_id"].(string), "sealed")
	has(t, a.next(), object{"peer_id": bob, "answer": object{"type": "answer", "sdp": "sealed"}})
}

func TestAnAnswerArrivesAlthoughTheAnswererReconnected(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{}))
	a, b := dial(t, server), dial(t, server)
	a.join(room, alice)
	b.join(room, bob)
	a.offer(room, alice, 1, 1)
	a.next()
	b.next()
	_ = b.socket.CloseNow()
	again := dial(t, server)
	again.answer(room, bob, alice, binary(0, 0xc3), "late")
	has(t, a.next(), object{"peer_id": bob, "answer": object{"type": "answer", "sdp": "late"}})
}

func TestMistakesAreNamedAndForgiven(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{OfferBytes: 100}))
	a := dial(t, server)
	offering := func(offer any, offerID any) object {
		return object{
			"action": "announce", "info_hash": room, "peer_id": alice,
			"offers": []object{{"offer": offer, "offer_id": offerID}},
		}
	}
	description := object{"type": "offer", "sdp": "x"}
	for _, test := range []struct {
		name    string
		message object
		reason  string
	}{
		{"no action", object{}, "invalid action"},
		{"another action", object{"action": "dance"}, "invalid action"},
		{"no room", object{"action": "announce", "peer_id": alice}, "invalid info_hash"},
		{"a short room", object{"action": "announce", "info_hash": "x", "peer_id": alice}, "invalid info_hash"},
		{"a room in hexadecimal", object{"action": "announce", "info_hash": strings.Repeat("ab", 20), "peer_id": alice}, "invalid info_hash"},
		{"a room beyond latin-1", object{"action": "announce", "info_hash": strings.Repeat("世", 20), "peer_id": alice}, "invalid info_hash"},
		{"a number for a room", object{"action": "announce", "info_hash": 7, "peer_id": alice}, "invalid info_hash"},
		{"no peer id", object{"action": "announce", "info_hash": room}, "invalid peer_id"},
		{"another event", object{"action": "announce", "info_hash": room, "peer_id": alice, "event": "exploded"}, "invalid event"},
		{"an answer to nobody", object{"action": "announce", "info_hash": room, "peer_id": alice, "answer": description, "offer_id": "1"}, "invalid to_peer_id, which an answer needs"},
		{"an offer that is text", offering("v=0", "1"), "invalid offer"},
		{"no offer", offering(nil, "1"), "invalid offer"},
		{"an offer without id", offering(description, ""), "invalid offer_id"},
		{"an offer with a long id", offering(description, strings.Repeat("x", 81)), "invalid offer_id"},
		{"a large offer", offering(object{"sdp": strings.Repeat("x", 100)}, "1"), "offer is larger than 100 bytes"},
		{"offers that are no list", object{"action": "announce", "info_hash": room, "peer_id": alice, "offers": "many"}, "not a message of the WebTorrent tracker protocol"},
		{"a scrape of everything", object{"action": "scrape"}, "invalid info_hash"},
		{"a scrape of nothing", object{"action": "scrape", "info_hash": []string{}}, "scrape needs an info_hash"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.t = t
			a.send(test.message)
			has(t, a.next(), object{"failure reason": test.reason})
		})
	}
	a.t = t
	has(t, a.join(room, alice), object{"incomplete": 1})
}

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

func TestTheTrackerSpeaksWssWhenGivenACertificate(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := certificate(t)
	config := trackerOnly(rendezvous.TrackerLimits{})
	config.TLS = serverTLS
	server := serve(t, config)
	if !strings.HasPrefix(server.TrackerURL(), "wss://127.0.0.1:") {
		t.Errorf("URL is %s", server.TrackerURL())
	}
	transport := &http.Transport{TLSClientConfig: clientTLS, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	options := &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}}
	// A page from anywhere, at a path that other trackers use.
	options.HTTPHeader = http.Header{"Origin": {"https://example.com"}}
	a, _, err := dialAt(t, server.TrackerURL()+"/announce", options)
	if err != nil {
		t.Fatal(err)
	}
	has(t, a.join(room, alice), object{"incomplete": 1})
}

func TestABrowserIsToldWhatThisIsAndNothingElse(t *testing.T) {
	t.Parallel()
	server := serve(t, trackerOnly(rendezvous.TrackerLimits{}))
	a := dial(t, server)
	a.join(room, alice)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	browser := &http.Client{Transport: transport, Timeout: patience}
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/":        {200, "This is a WebTorrent tracker; it speaks WebSocket.\n"},
		"/healthz": {200, "ok\n"},
		"/stats":   {404, "404 page not found\n"},
		"/scrape":  {404, "404 page not found\n"},
	} {
		response, err := browser.Get("http://" + server.TrackerAddr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != want.status || string(body) != want.body {
			t.Errorf("%s: %d %q, %v; want %d %q", path, response.StatusCode, body, err, want.status, want.body)
		}
	}
}
