package rendezvous

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// The longest an HTTP client may take for what is not yet a WebSocket.
const (
	httpTimeout    = 10 * time.Second
	httpIdle       = 30 * time.Second
	maxHeaderBytes = 16 << 10
)

// tracker lets the members of a room exchange offers and answers, as
// WebTorrent trackers do.
type tracker struct {
	limits    TrackerLimits
	allowRoom func([20]byte) bool
	tls       *tls.Config // nil: ws
	logger    *slog.Logger
	addresses addressLimits
	busy      sync.WaitGroup

	// mu guards rooms, peers and what they point to. Nothing blocks while it is
	// held.
	mu    sync.Mutex
	rooms map[id]*room
	peers int
}

func newTracker(config *Config) *tracker {
	return &tracker{
		limits:    config.Tracker,
		allowRoom: config.AllowRoom,
		tls:       trackerTLS(config.TLS),
		logger:    config.Logger,
		addresses: addressLimits{perAddress: config.Tracker.ConnectionsPerAddress, total: config.Tracker.Connections},
		rooms:     map[id]*room{},
	}
}

// trackerTLS offers HTTP/1.1 only: WebSockets are not carried by HTTP/2 here.
func trackerTLS(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	return config
}

// serve answers on listener until ctx ends, and returns when every connection
// has ended.
func (t *tracker) serve(ctx context.Context, listener net.Listener) error {
	// Twice what WebSockets may have, so that one too many is told so.
	limited := newGuard(listener, 2*t.limits.ConnectionsPerAddress+8, 2*t.limits.Connections+64)
	server := &http.Server{
		Handler:           http.HandlerFunc(t.answer),
		ReadHeaderTimeout: httpTimeout,
		ReadTimeout:       httpTimeout,
		WriteTimeout:      httpTimeout,
		IdleTimeout:       httpIdle,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(t.logger.Handler(), slog.LevelDebug),
		ConnState:         t.track,
	}
	stop := context.AfterFunc(ctx, func() {
		_ = server.Close()
		limited.closeAll()
	})
	defer stop()
	var accept net.Listener = limited
	if t.tls != nil {
		accept = tls.NewListener(limited, t.tls)
	}
	err := server.Serve(accept)
	limited.closeAll()
	t.busy.Wait()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// track makes busy count the goroutines of net/http. StateNew comes from the
// goroutine that accepts, so none is added once Serve has returned; a hijacked
// connection counts on in answer.
func (t *tracker) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		t.busy.Add(1)
	case http.StateClosed, http.StateHijacked:
		t.busy.Done()
	}
}

// answer takes WebSockets on any path and from any origin: browsers' pages
// come from anywhere, and a tracker keeps nothing that a cookie could open.
func (t *tracker) answer(w http.ResponseWriter, r *http.Request) {
	t.busy.Add(1)
	defer t.busy.Done()
	if isUpgrade(r) {
		t.upgrade(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		_, _ = io.WriteString(w, "This is a WebTorrent tracker; it speaks WebSocket.\n")
	case r.URL.Path == "/healthz":
		_, _ = io.WriteString(w, "ok\n")
	default:
		http.NotFound(w, r)
	}
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

func (t *tracker) upgrade(w http.ResponseWriter, r *http.Request) {
	address := addressOf(r.RemoteAddr)
	if !t.addresses.take(address) {
		t.logger.Debug("tracker: too many connections", "address", address)
		http.Error(w, "too many connections", http.StatusTooManyRequests)
		return
	}
	defer t.addresses.give(address)
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		t.logger.Debug("tracker: no WebSocket", "address", address, "error", err)
		return
	}
	// r.Context ends with the server: see BaseContext.
	c := newConnection(t)
	err = c.serve(r.Context(), socket)
	t.logger.Debug("tracker: connection ended", "address", address, "reason", err)
}

// handle answers one message of c. It never blocks: what is to be sent is
// queued with its receivers.
func (t *tracker) handle(c *connection, data []byte) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		c.send(encode(failure{Reason: "not a message of the WebTorrent tracker protocol"}))
		return
	}
	var err error
	switch m.Action {
	case actionAnnounce:
		err = t.announce(c, &m)
	case actionScrape:
		err = t.scrape(c, &m)
	default:
		err = refusal("invalid action")
	}
	if err != nil {
		c.send(encode(failureOf(m.Action, &m, err)))
	}
}

// delivery is a message on its way to another connection.
type delivery struct {
	to      *connection
	message handedOn
}

func (t *tracker) announce(c *connection, m *message) error {
	a, err := m.announce(&t.limits)
	if err != nil {
		return err
	}
	if t.allowRoom != nil && !t.allowRoom(a.infoHash) {
		t.leave(c, a.infoHash)
		return refusal("this tracker does not serve that info_hash")
	}
	count, deliveries, err := t.enter(c, &a)
	if err != nil {
		return err
	}
	// An answer is not replied to, as in other WebTorrent trackers.
	if a.answer == nil {
		c.send(encode(announceReply{
			Action:     actionAnnounce,
			Interval:   seconds(t.limits.Interval),
			InfoHash:   a.infoHash.String(),
			Complete:   count.Complete,
			Incomplete: count.Incomplete,
		}))
	}
	for _, d := range deliveries {
		d.to.send(encode(d.message))
	}
	return nil
}

// enter applies an announce to its room and says what goes to whom.
func (t *tracker) enter(c *connection, a *announce) (roomCount, []delivery, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.event == eventStopped {
		return t.leaveLocked(c, a.infoHash), nil, nil
	}
	m, err := t.join(c, a)
	if err != nil {
		return roomCount{}, nil, err
	}
	if a.complete {
		m.room.finish(m)
	}
	var deliveries []delivery
	if a.answer != nil {
		if to := c.offerer(m.room, a); to != nil {
			deliveries = append(deliveries, delivery{to.connection, handedOn{
				Action: actionAnnounce, InfoHash: a.infoHash.String(), PeerID: m.peerID.String(),
				OfferID: a.offerID, Answer: a.answer,
			}})
		}
		return m.room.count(), deliveries, nil
	}
	for at, to := range m.room.pick(m, len(a.offers)) {
		to.connection.remember(m, a.offers[at].OfferID)
		deliveries = append(deliveries, delivery{to.connection, handedOn{
			Action: actionAnnounce, InfoHash: a.infoHash.String(), PeerID: m.peerID.String(),
			OfferID: a.offers[at].OfferID, Offer: a.offers[at].Offer,
		}})
	}
	return m.room.count(), deliveries, nil
}

func (t *tracker) join(c *connection, a *announce) (*member, error) {
	if m := c.memberships[a.infoHash]; m != nil {
		if m.peerID != a.peerID {
			m.room.rename(m, a.peerID)
		}
		return m, nil
	}
	r := t.rooms[a.infoHash]
	switch {
	case c.gone:
		return nil, refusal("connection has ended")
	case len(c.memberships) >= t.limits.RoomsPerConnection:
		return nil, refusal("too many info_hashes on one connection")
	case t.peers >= t.limits.Peers, r == nil && len(t.rooms) >= t.limits.Rooms:
		return nil, refusal("this tracker is full")
	}
	if r == nil {
		r = newRoom(a.infoHash)
		t.rooms[a.infoHash] = r
	}
	m := &member{connection: c, peerID: a.peerID}
	r.add(m)
	c.memberships[a.infoHash] = m
	t.peers++
	return m, nil
}

func (t *tracker) leave(c *connection, infoHash id) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveLocked(c, infoHash)
}

func (t *tracker) leaveLocked(c *connection, infoHash id) roomCount {
	r := t.rooms[infoHash]
	if r == nil {
		return roomCount{}
	}
	if m := c.memberships[infoHash]; m != nil {
		r.remove(m)
		delete(c.memberships, infoHash)
		t.peers--
	}
	if len(r.members) == 0 {
		delete(t.rooms, infoHash)
	}
	return r.count()
}

// dismiss takes c out of everything, for good.
func (t *tracker) dismiss(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.gone = true
	for infoHash := range c.memberships {
		t.leaveLocked(c, infoHash)
	}
	c.offered, c.offeredOrder = nil, nil
}

func (t *tracker) scrape(c *connection, m *message) error {
	hashes, err := m.infoHashes()
	if err != nil {
		return err
	}
	if len(hashes) > t.limits.RoomsPerConnection {
		return refusal("too many info_hashes in one scrape")
	}
	reply := scrapeReply{
		Action: actionScrape,
		Files:  make(map[string]roomCount, len(hashes)),
		Flags:  scrapeFlags{MinRequestInterval: seconds(t.limits.Interval)},
	}
	for _, hash := range hashes {
		if t.allowRoom != nil && !t.allowRoom(hash) {
			return refusal("this tracker does not serve that info_hash")
		}
		reply.Files[hash.String()] = t.count(hash)
	}
	c.send(encode(reply))
	return nil
}

// counters are the tracker's part of Counters.
func (t *tracker) counters() (connections, rooms, peers int) {
	connections = t.addresses.inUse()
	t.mu.Lock()
	defer t.mu.Unlock()
	return connections, len(t.rooms), t.peers
}

func (t *tracker) count(infoHash id) roomCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rooms[infoHash]; r != nil {
		return r.count()
	}
	return roomCount{}
}
