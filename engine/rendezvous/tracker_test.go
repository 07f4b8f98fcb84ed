package rendezvous_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

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
