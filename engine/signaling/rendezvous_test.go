package signaling_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/signaling"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// object is a JSON message.
type object = map[string]any

// latin1 is a byte string as trackers write it.
func latin1(data []byte) string {
	var runes []rune
	for _, b := range data {
		runes = append(runes, rune(b))
	}
	return string(runes)
}

// site is a server of WebSockets; what happens on each is up to the test.
type site struct {
	*httptest.Server
	url string
}

func newSite(t *testing.T, secure bool, serve func(context.Context, *websocket.Conn)) *site {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var open sync.WaitGroup
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer open.Done()
		socket, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer socket.CloseNow()
		socket.SetReadLimit(1 << 20)
		serve(ctx, socket)
	})
	s := &site{Server: httptest.NewUnstartedServer(handler)}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	s.url = "ws" + strings.TrimPrefix(s.URL, "http") + "/announce"
	t.Cleanup(func() {
		stop()
		open.Wait()
		s.Close()
	})
	return s
}

func read(ctx context.Context, socket *websocket.Conn) (object, error) {
	_, data, err := socket.Read(ctx)
	if err != nil {
		return nil, err
	}
	var message object
	return message, json.Unmarshal(data, &message)
}

func write(ctx context.Context, socket *websocket.Conn, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return socket.Write(ctx, websocket.MessageText, data)
}

// tracker is a small and well-behaved WebTorrent tracker.
type tracker struct {
	*site
	mu sync.Mutex
	// swarms are the sockets of peers by info_hash and peer_id.
	swarms map[string]map[string]*websocket.Conn
	// heard are the messages of clients.
	heard []object
}

func newTracker(t *testing.T, secure bool) *tracker {
	t.Helper()
	tr := &tracker{swarms: map[string]map[string]*websocket.Conn{}}
	tr.site = newSite(t, secure, tr.serve)
	return tr
}

func (tr *tracker) serve(ctx context.Context, socket *websocket.Conn) {
	defer tr.forget(socket)
	for {
		message, err := read(ctx, socket)
		if err != nil {
			return
		}
		tr.handle(ctx, socket, message)
	}
}

func (tr *tracker) forget(socket *websocket.Conn) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, swarm := range tr.swarms {
		maps.DeleteFunc(swarm, func(_ string, s *websocket.Conn) bool { return s == socket })
	}
}

func (tr *tracker) handle(ctx context.Context, socket *websocket.Conn, message object) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.heard = append(tr.heard, message)
	room, self := message["info_hash"].(string), message["peer_id"].(string)
	if tr.swarms[room] == nil {
		tr.swarms[room] = map[string]*websocket.Conn{}
	}
	swarm := tr.swarms[room]
	if message["event"] == "stopped" {
		delete(swarm, self)
		return
	}
	swarm[self] = socket
	if answer, ok := message["answer"]; ok {
		if to := swarm[message["to_peer_id"].(string)]; to != nil {
			write(ctx, to, object{"action": "announce", "info_hash": room, "peer_id": self, "offer_id": message["offer_id"], "answer": answer})
		}
		return
	}
	write(ctx, socket, object{"action": "announce", "info_hash": room, "complete": 0, "incomplete": len(swarm), "interval": 120})
	offers, _ := message["offers"].([]any)
	for _, id := range slices.Sorted(maps.Keys(swarm)) {
		if id == self || len(offers) == 0 {
			continue
		}
		offer := offers[0].(object)
		offers = offers[1:]
		write(ctx, swarm[id], object{"action": "announce", "info_hash": room, "peer_id": self, "offer_id": offer["offer_id"], "offer": offer["offer"]})
	}
}

// announced returns the events of a room's announces, "" for those without.
func (tr *tracker) announced(room invite.Room) []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var events []string
	for _, message := range tr.heard {
		if message["info_hash"] == latin1(room[:]) && message["answer"] == nil {
			event, _ := message["event"].(string)
			events = append(events, event)
		}
	}
	return events
}

// peers counts the peers of all swarms.
func (tr *tracker) peers() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	n := 0
	for _, swarm := range tr.swarms {
		n += len(swarm)
	}
	return n
}

// serve runs a client until the test ends, or until the function it returns is
// called, which returns how long the end took.
func serve(t *testing.T, client *signaling.Client) (stop func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- client.Serve(ctx) }()
	stop = sync.OnceValue(func() time.Duration {
		begun := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		return time.Since(begun)
	})
	t.Cleanup(func() { stop() })
	return stop
}

func newClient(t *testing.T, config signaling.Config) *signaling.Client {
	t.Helper()
	if config.FirstRetry == 0 {
		config.FirstRetry, config.LastRetry = 10*time.Millisecond, 50*time.Millisecond
	}
	client := signaling.New(config)
	serve(t, client)
	return client
}

// await returns the next event of type E, passing over others.
func await[E signaling.Event](t *testing.T, client *signaling.Client, fits func(E) bool) E {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case event := <-client.Events():
			if e, ok := event.(E); ok && fits(e) {
				return e
			}
		case <-deadline:
			var none E
			t.Fatalf("no %T in %v", none, patience)
		}
	}
}

func anyOf[E signaling.Event](E) bool { return true }

// awaitStatus waits until the statuses fit.
func awaitStatus(t *testing.T, client *signaling.Client, fits func([]signaling.Status) bool) []signaling.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	statuses, err := client.Status().Wait(ctx, fits)
	if err != nil {
		t.Fatalf("status stays %+v", statuses)
	}
	return statuses
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}
