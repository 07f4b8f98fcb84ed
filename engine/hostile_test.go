package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/signaling"
)

// keysOf are the keys that an invitation's readers have.
func keysOf(t *testing.T, invitation string) invite.Keys {
	t.Helper()
	parsed, err := invite.Parse(invitation)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Secret.Keys()
}

func TestAStrangerWhoKnowsTheRoomAlonePassesForNobody(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "secret", map[string]int{"a": 1000}))

	// A stranger must not be a peer for a moment either.
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	var strangers []engine.Peer
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		anna.State().Follow(watching, 0, func(s engine.State) { strangers = append(strangers, s.Peers...) })
	}()

	keys := keysOf(t, sent.Invitation)
	keys.Seal[0] ^= 1
	keys.Tag[0] ^= 1
	dialer, err := link.NewDialer(link.Config{Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := dialer.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { pending.Close(); <-pending.Done() }()
	text, _ := json.Marshal(pending.Description())

	stranger := signaling.New(signaling.Config{})
	ctx, leave := context.WithCancel(t.Context())
	var left sync.WaitGroup
	left.Go(func() { stranger.Serve(ctx) })
	defer left.Wait()
	defer leave()
	stranger.Join(keys, []string{url})
	offered := 0
	for deadline := time.After(8 * time.Second); offered < 100; {
		select {
		case event := <-stranger.Events():
			switch e := event.(type) {
			case signaling.Counted:
				if e.Others == 0 { // Anna is on her way
					stranger.Reannounce(keys.Room)
					continue
				}
				for range 10 {
					stranger.Offer(keys.Room, url, []signaling.Offer{{ID: signaling.NewOfferID(), Plaintext: text}})
				}
				offered += 10
				stranger.Reannounce(keys.Room)
			default:
				t.Fatalf("the stranger understands %T", event)
			}
		case <-deadline:
			if offered == 0 {
				t.Fatal("the stranger never saw anybody in the room")
			}
			offered = 100
		}
	}
	stop()
	<-watched
	if len(strangers) > 0 {
		t.Errorf("the stranger was a peer: %+v", strangers)
	}

	ben := startComputer(t, meetingAt(url))
	ben.receive(sent.Invitation)
	ben.untilPhase(sent.ID, engine.Complete)
	if peers := anna.State().Load().PeersOf(sent.ID); len(peers) != 1 {
		t.Errorf("the peers are %+v", peers)
	}
}

// liar is a rendezvous that hands everything to everybody, in every room, again
// and again, under foreign names and with garbage between.
type liar struct {
	mu      sync.Mutex
	sockets map[*websocket.Conn]string // the room's name
	past    []map[string]any
}

func startLiar(t *testing.T) string {
	l := &liar{sockets: map[*websocket.Conn]string{}}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		socket.SetReadLimit(1 << 20)
		serving.Add(1)
		defer serving.Done()
		defer socket.CloseNow()
		for {
			_, data, err := socket.Read(ctx)
			var message map[string]any
			if err != nil || json.Unmarshal(data, &message) != nil {
				l.forget(socket)
				return
			}
			l.heard(ctx, socket, message)
		}
	}))
	t.Cleanup(func() { cancel(); server.CloseClientConnections(); serving.Wait(); server.Close() })
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func (l *liar) forget(socket *websocket.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sockets, socket)
}

func (l *liar) heard(ctx context.Context, from *websocket.Conn, message map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	room, _ := message["info_hash"].(string)
	l.sockets[from] = room
	var words []map[string]any
	offers, _ := message["offers"].([]any)
	for _, each := range offers {
		offer, _ := each.(map[string]any)
		words = append(words, map[string]any{
			"action": "announce", "info_hash": room, "peer_id": message["peer_id"],
			"offer_id": offer["offer_id"], "offer": offer["offer"],
		})
	}
	if message["answer"] != nil {
		words = append(words, map[string]any{
			"action": "announce", "info_hash": room, "peer_id": message["peer_id"],
			"offer_id": message["offer_id"], "answer": message["answer"],
		})
	}
	l.past = append(l.past, words...)
	for socket, own := range l.sockets {
		say := func(word map[string]any, changes ...string) {
			told := map[string]any{}
			for key, value := range word {
				told[key] = value
			}
			for i := 0; i < len(changes); i += 2 {
				told[changes[i]] = changes[i+1]
			}
			text, _ := json.Marshal(told)
			socket.Write(ctx, websocket.MessageText, text)
		}
		for _, garbage := range []string{"", "{", "null", "[1]", `{"action":"announce","info_hash":7}`, `{"offer":{}}`} {
			socket.Write(ctx, websocket.MessageText, []byte(garbage))
		}
		say(map[string]any{"action": "announce", "info_hash": own, "interval": 15, "complete": 1, "incomplete": 40})
		for _, word := range l.past {
			say(word, "info_hash", own, "peer_id", "-XX0000-somebodyelse")
			say(word, "offer_id", "anotherofferid567890")
			say(word, "info_hash", own)
			say(word)
		}
	}
}

func TestARendezvousThatReplaysSwapsAndLiesChangesNothing(t *testing.T) {
	t.Parallel()
	url := startLiar(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	first := anna.share(writeTree(t, "first", map[string]int{"a": megabyte}))
	second := anna.share(writeTree(t, "second", map[string]int{"b": megabyte, "c": 5}))
	ben.receive(first.Invitation)
	ben.receive(second.Invitation)
	for _, sent := range []engine.Transfer{first, second} {
		done := ben.untilPhase(sent.ID, engine.Complete)
		sameTree(t, sent.Folder+"/"+done.Name, done.Placed)
		anna.until(sent.ID, "one receiver is counted", func(s engine.Transfer, peers []engine.Peer) bool {
			return s.Receivers == 1 && len(peers) == 1
		})
	}
	cleo := startComputer(t, meetingAt(url)) // is told everything that was ever said
	cleo.receive(first.Invitation)
	cleo.untilPhase(first.ID, engine.Complete)
}
