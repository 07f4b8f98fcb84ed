package rendezvous_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

// binary is text with one character for each byte, as JavaScript has it.
func binary(bytes ...byte) string {
	runes := make([]rune, 20)
	for at := range runes {
		runes[at] = 'x'
		if at < len(bytes) {
			runes[at] = rune(bytes[at])
		}
	}
	return string(runes)
}

// All that JSON, HTML escaping and UTF-8 could spoil is in these.
var (
	room  = binary(0x00, 0xff, '<', '"', 0x80, '\\', 0x7f)
	alice = binary('a', 0xe9, '&')
	bob   = binary('b', 0x9f, 0x01)
)

type object = map[string]any

// client is a tracker client that reads all it is sent.
type client struct {
	t        testing.TB
	socket   *websocket.Conn
	received chan object
	ended    chan error
}

func dialAt(t testing.TB, url string, options *websocket.DialOptions) (*client, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	socket, response, err := websocket.Dial(ctx, url, options)
	if err != nil {
		return nil, response, err
	}
	socket.SetReadLimit(1 << 20)
	c := &client{t: t, socket: socket, received: make(chan object, 1000), ended: make(chan error, 1)}
	go func() {
		for {
			_, data, err := socket.Read(context.Background())
			if err != nil {
				c.ended <- err
				return
			}
			var message object
			if err := json.Unmarshal(data, &message); err != nil {
				t.Errorf("the tracker sent %q: %v", data, err)
			}
			c.received <- message
		}
	}()
	t.Cleanup(func() { _ = socket.CloseNow() })
	return c, response, nil
}

func dial(t testing.TB, server *rendezvous.Server) *client {
	t.Helper()
	c, _, err := dialAt(t, server.TrackerURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) send(message object) {
	c.t.Helper()
	data, err := json.Marshal(message)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.socket.Write(ctx, websocket.MessageText, data); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) next() object {
	c.t.Helper()
	select {
	case message := <-c.received:
		return message
	case err := <-c.ended:
		c.t.Fatalf("connection ended instead of a message: %v", err)
	case <-time.After(patience):
		c.t.Fatal("no message")
	}
	return nil
}

// settle returns what came before a scrape's reply: messages are handled and
// sent in order.
func (c *client) settle() []object {
	c.t.Helper()
	c.send(object{"action": "scrape", "info_hash": room})
	var before []object
	for {
		message := c.next()
		if message["action"] == "scrape" {
			return before
		}
		before = append(before, message)
	}
}

// join announces and returns the reply.
func (c *client) join(infoHash, peerID string) object {
	c.t.Helper()
	c.send(object{"action": "announce", "info_hash": infoHash, "peer_id": peerID, "event": "started", "left": 1})
	return c.next()
}

func (c *client) closeStatus() websocket.StatusCode {
	c.t.Helper()
	select {
	case err := <-c.ended:
		return websocket.CloseStatus(err)
	case <-time.After(patience):
		c.t.Fatal("connection is still open")
		return 0
	}
}

func offers(count int) []object {
	list := make([]object, count)
	for at := range list {
		list[at] = object{"offer": object{"type": "offer", "sdp": "v=0 <&> é\n"}, "offer_id": binary(byte(at), 0xc3)}
	}
	return list
}

func (c *client) offer(infoHash, peerID string, numWant any, count int) {
	c.t.Helper()
	message := object{"action": "announce", "info_hash": infoHash, "peer_id": peerID, "offers": offers(count)}
	if numWant != nil {
		message["numwant"] = numWant
	}
	c.send(message)
}

func (c *client) answer(infoHash, peerID, to, offerID, sdp string) {
	c.t.Helper()
	c.send(object{
		"action": "announce", "info_hash": infoHash, "peer_id": peerID, "to_peer_id": to, "offer_id": offerID,
		"answer": object{"type": "answer", "sdp": sdp},
	})
}

func trackerOnly(limits rendezvous.TrackerLimits) rendezvous.Config {
	return rendezvous.Config{Listen: "127.0.0.1:0", Tracker: limits}
}

func has(t testing.TB, message object, want object) {
	t.Helper()
	for key, value := range want {
		got, _ := json.Marshal(message[key])
		wanted, _ := json.Marshal(value)
		if string(got) != string(wanted) {
			t.Errorf("%s is %s, want %s, in %v", key, got, wanted, message)
		}
	}
}
