//go:build acceptance

package main_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/invite"
)

// intruder is somebody who knows a share's room, as the rendezvous does, and
// not its secret. It speaks the WebTorrent tracker protocol.
type intruder struct {
	t    *testing.T
	conn *websocket.Conn
	room string
	// offers and answers count what others sent it, connected its links.
	offers, answers, connected atomic.Int64
}

// binary20 writes 20 bytes as JavaScript's binary strings do.
func binary20(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// intrude joins the room of an invitation at a rendezvous, makes an ordinary
// WebRTC offer of its own to all who are there, and answers whatever it gets.
func intrude(t *testing.T, s server, invitation string) *intruder {
	t.Helper()
	parsed, err := invite.Parse(invitation)
	if err != nil {
		t.Fatal(err)
	}
	room := parsed.Secret.Keys().Room
	conn, _, err := websocket.Dial(t.Context(), s.rendezvous, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	i := &intruder{t: t, conn: conn, room: binary20(room[:])}
	ctx, stop := context.WithCancel(context.Background())
	read := make(chan struct{})
	go func() {
		defer close(read)
		i.read(ctx)
	}()
	t.Cleanup(func() {
		stop()
		conn.CloseNow()
		<-read
	})
	i.announce(ctx, map[string]any{"type": "offer", "sdp": i.offer()}, strings.Repeat("o", 20))
	i.announce(ctx, map[string]any{"type": "offer", "sdp": "not even a description"}, strings.Repeat("g", 20))
	return i
}

// offer is that of a peer connection which is ready for an answer.
func (i *intruder) offer() string {
	connection, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { connection.Close() })
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			i.connected.Add(1)
		}
	})
	if _, err := connection.CreateDataChannel("webrtc-datachannel", nil); err != nil {
		i.t.Fatal(err)
	}
	offer, err := connection.CreateOffer(nil)
	if err != nil {
		i.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(connection)
	if err := connection.SetLocalDescription(offer); err != nil {
		i.t.Fatal(err)
	}
	<-gathered
	return connection.LocalDescription().SDP
}

func (i *intruder) announce(ctx context.Context, offer any, offerID string) {
	i.write(ctx, map[string]any{"action": "announce", "info_hash": i.room, "peer_id": i.peerID(), "numwant": 10, "left": 1,
		"event": "started", "offers": []any{map[string]any{"offer": offer, "offer_id": offerID}}})
}

func (i *intruder) peerID() string { return "-XX0000-intruderxxxx" }

func (i *intruder) write(ctx context.Context, message any) {
	text, err := json.Marshal(message)
	if err != nil {
		i.t.Error(err)
		return
	}
	i.conn.Write(ctx, websocket.MessageText, text)
}

// read answers every offer with garbage and with the offer itself, and offers
// it to everybody again as if it were its own.
func (i *intruder) read(ctx context.Context) {
	for {
		_, text, err := i.conn.Read(ctx)
		if err != nil {
			return
		}
		var message struct {
			PeerID  string          `json:"peer_id"`
			OfferID string          `json:"offer_id"`
			Offer   json.RawMessage `json:"offer"`
			Answer  json.RawMessage `json:"answer"`
		}
		if json.Unmarshal(text, &message) != nil {
			continue
		}
		if message.Answer != nil {
			i.answers.Add(1)
		}
		if message.Offer == nil {
			continue
		}
		if n := i.offers.Add(1); n > 20 {
			continue // the rendezvous would end a connection that says more
		}
		if strings.Contains(string(message.Offer), "fingerprint") || strings.Contains(string(message.Offer), "candidate") {
			i.t.Errorf("an offer can be read by the rendezvous: %s", message.Offer)
		}
		var sealed map[string]any
		json.Unmarshal(message.Offer, &sealed)
		for _, sdp := range []any{"garbage", sealed["sdp"]} {
			i.write(ctx, map[string]any{"action": "announce", "info_hash": i.room, "peer_id": i.peerID(),
				"to_peer_id": message.PeerID, "offer_id": message.OfferID, "answer": map[string]any{"type": "answer", "sdp": sdp}})
		}
		i.announce(ctx, sealed, message.OfferID)
	}
}

func TestProcessRoomWithoutSecretGetsNothing(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "private.bin")
	makeFile(t, shared, 5<<20, 5)
	s := serve(t)
	sender, invitation := s.send(t, "sender", shared, t.TempDir())
	sender.until(arrival, "be ready", func(l line) bool { return l.Transfers[0].Phase == "waiting" })
	i := intrude(t, s, invitation)
	to := t.TempDir()
	// Somebody with the secret gets everything although the intruder is there.
	receiver := s.receive(t, "receiver", invitation, to, t.TempDir())
	receiver.ends(arrival, 0)
	if !sameFile(t, shared, filepath.Join(to, "private.bin")) {
		t.Error("private.bin has other bytes")
	}
	deadline := time.After(10 * time.Second)
	for i.offers.Load() == 0 {
		select {
		case <-deadline:
			t.Fatal("the intruder got no offer, so the test shows nothing")
		case <-time.After(50 * time.Millisecond):
		}
	}
	if n := i.answers.Load(); n != 0 {
		t.Errorf("the intruder's offers got %d answers", n)
	}
	if n := i.connected.Load(); n != 0 {
		t.Errorf("the intruder has %d links", n)
	}
	peers := map[string]bool{}
	for _, state := range sender.every() {
		for _, peer := range state.Peers {
			if peer.Path != "connecting" {
				peers[peer.ID] = true
			}
		}
	}
	if len(peers) != 1 {
		t.Errorf("the sender was linked to %d peers, want the receiver only", len(peers))
	}
}
