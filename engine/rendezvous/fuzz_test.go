package rendezvous

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzMessage feeds three connections with anything. Whatever it is, all that
// comes out is JSON that every client can read, and the counts agree.
func FuzzMessage(f *testing.F) {
	room, peer, other := id{1, 0xff, '<'}.String(), id{2, 0x80}.String(), id{3}.String()
	for _, seed := range []any{
		map[string]any{"action": "announce", "info_hash": room, "peer_id": peer, "event": "started", "left": 0},
		map[string]any{"action": "announce", "info_hash": room, "peer_id": other, "event": "stopped"},
		map[string]any{"action": "announce", "info_hash": room, "peer_id": peer, "numwant": 2,
			"offers": []any{map[string]any{"offer": map[string]any{"sdp": "v=0"}, "offer_id": other}}},
		map[string]any{"action": "announce", "info_hash": room, "peer_id": other, "to_peer_id": peer,
			"offer_id": other, "answer": map[string]any{"sdp": "v=0"}},
		map[string]any{"action": "scrape", "info_hash": []string{room, other}},
		map[string]any{"action": "announce", "numwant": 1e300, "left": "x", "offers": nil, "answer": nil},
	} {
		f.Add(encode(seed), encode(seed))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		config := Config{Listen: "127.0.0.1:0"}
		if err := config.validate(); err != nil {
			t.Fatal(err)
		}
		tracker := newTracker(&config)
		connections := []*connection{newConnection(tracker), newConnection(tracker), newConnection(tracker)}
		start := encode(map[string]any{"action": "announce", "info_hash": room, "peer_id": peer})
		tracker.handle(connections[0], start)
		for at, data := range [][]byte{first, second, second, first} {
			if !utf8.Valid(data) {
				return // the connection is closed before it comes so far
			}
			tracker.handle(connections[1+at%2], data)
			checkTracker(t, tracker, connections)
		}
		for _, c := range connections {
			tracker.dismiss(c)
		}
		if _, rooms, peers := tracker.counters(); rooms != 0 || peers != 0 {
			t.Errorf("%d rooms and %d peers are left when all are gone", rooms, peers)
		}
	})
}

func checkTracker(t *testing.T, tracker *tracker, connections []*connection) {
	for _, c := range connections {
		for len(c.queue) > 0 {
			data := <-c.queue
			c.queued.Add(-int64(len(data)))
			if !utf8.Valid(data) || !json.Valid(data) {
				t.Errorf("a client gets %q", data)
			}
		}
		if c.queued.Load() != 0 {
			t.Errorf("%d bytes are queued in an empty queue", c.queued.Load())
		}
		if len(c.offered) != len(c.offeredOrder) {
			t.Errorf("%d offers remembered in an order of %d", len(c.offered), len(c.offeredOrder))
		}
	}
	members := 0
	for infoHash, room := range tracker.rooms {
		members += len(room.members)
		complete, byPeerID := 0, 0
		for at, m := range room.members {
			if m.index != at || m.room != room || m.connection.memberships[infoHash] != m {
				t.Errorf("member %d is lost", at)
			}
			if m.complete {
				complete++
			}
		}
		for _, same := range room.byPeerID {
			byPeerID += len(same)
		}
		if len(room.members) == 0 || complete != room.complete || byPeerID != len(room.members) {
			t.Errorf("room of %d, %d complete (counted %d), %d by peer id", len(room.members), complete, room.complete, byPeerID)
		}
	}
	if members != tracker.peers {
		t.Errorf("%d members, counted %d", members, tracker.peers)
	}
}
