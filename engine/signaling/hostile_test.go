package signaling_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/signaling"
)

// line is a rendezvous whose every word is the test's.
type line struct {
	*site
	sockets chan *heardSocket
}

type heardSocket struct {
	ctx    context.Context
	socket *websocket.Conn
	heard  chan object
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{sockets: make(chan *heardSocket, 16)}
	l.site = newSite(t, false, func(ctx context.Context, socket *websocket.Conn) {
		s := &heardSocket{ctx, socket, make(chan object, 4096)}
		l.sockets <- s
		for {
			message, err := read(ctx, socket)
			if err != nil {
				return
			}
			s.heard <- message
		}
	})
	return l
}

// accept returns the next connection.
func (l *line) accept(t *testing.T) *heardSocket {
	t.Helper()
	select {
	case s := <-l.sockets:
		return s
	case <-time.After(patience):
		t.Fatal("nobody connects")
		return nil
	}
}

// hear returns the client's next message.
func (s *heardSocket) hear(t *testing.T) object {
	t.Helper()
	select {
	case message := <-s.heard:
		return message
	case <-time.After(patience):
		t.Fatal("the client says nothing")
		return nil
	}
}

func (s *heardSocket) say(t *testing.T, message any) {
	t.Helper()
	if err := write(s.ctx, s.socket, message); err != nil {
		t.Fatal(err)
	}
}

func (s *heardSocket) sayRaw(t *testing.T, kind websocket.MessageType, data string) {
	t.Helper()
	if err := s.socket.Write(s.ctx, kind, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func offerID(n byte) signaling.OfferID { return signaling.OfferID{0: 0xee, 19: n} }

func offerMessage(room invite.Room, from signaling.PeerID, id signaling.OfferID, sealed string) object {
	return object{
		"action": "announce", "info_hash": latin1(room[:]), "peer_id": latin1(from[:]), "offer_id": latin1(id[:]),
		"offer": object{"type": "offer", "sdp": sealed},
	}
}

func answerMessage(room invite.Room, from signaling.PeerID, id signaling.OfferID, sealed string) object {
	return object{
		"action": "announce", "info_hash": latin1(room[:]), "peer_id": latin1(from[:]), "offer_id": latin1(id[:]),
		"answer": object{"type": "answer", "sdp": sealed},
	}
}

func sealOffer(keys invite.Keys, from signaling.PeerID, id signaling.OfferID, plaintext string) string {
	return signaling.Seal(keys, signaling.Context{Kind: signaling.KindOffer, From: from[:], OfferID: id}, []byte(plaintext))
}

func sealAnswer(keys invite.Keys, from, to signaling.PeerID, id signaling.OfferID, plaintext string) string {
	return signaling.Seal(keys, signaling.Context{Kind: signaling.KindAnswer, From: from[:], To: to[:], OfferID: id}, []byte(plaintext))
}

func sealedOffer(keys invite.Keys, from signaling.PeerID, id signaling.OfferID, plaintext string) object {
	return offerMessage(keys.Room, from, id, sealOffer(keys, from, id, plaintext))
}

func sealedAnswer(keys invite.Keys, from, to signaling.PeerID, id signaling.OfferID, plaintext string) object {
	return answerMessage(keys.Room, from, id, sealAnswer(keys, from, to, id, plaintext))
}

// scene is a client in two rooms of a hostile rendezvous, with an offer of its
// own in the first.
type scene struct {
	client      *signaling.Client
	socket      *heardSocket
	here, there invite.Keys
	me, other   signaling.PeerID
	ownOffer    signaling.OfferID
	ownSealed   string
}

func setScene(t *testing.T) *scene {
	t.Helper()
	line := newLine(t)
	s := &scene{
		client: newClient(t, signaling.Config{}),
		here:   invite.NewSecret().Keys(), there: invite.NewSecret().Keys(),
		other: signaling.NewPeerID(), ownOffer: offerID(100),
	}
	s.me = s.client.PeerID()
	s.client.Join(s.here, []string{line.url})
	s.client.Join(s.there, []string{line.url})
	s.client.Offer(s.here.Room, line.url, []signaling.Offer{{ID: s.ownOffer, Plaintext: []byte("mine")}})
	s.socket = line.accept(t)
	for range 3 {
		if offers, ok := s.socket.hear(t)["offers"].([]any); ok {
			s.ownSealed = offers[0].(object)["offer"].(object)["sdp"].(string)
		}
	}
	return s
}

// onlyGenuine says something genuine and fails if anything else arrives first.
func (s *scene) onlyGenuine(t *testing.T) {
	t.Helper()
	s.socket.say(t, sealedOffer(s.here, s.other, offerID(200), "genuine"))
	select {
	case event := <-s.client.Events():
		offered, ok := event.(signaling.Offered)
		if !ok || string(offered.Plaintext) != "genuine" {
			t.Errorf("this reached the engine: %#v", event)
		}
	case <-time.After(patience):
		t.Error("the genuine offer did not arrive")
	}
}

func TestNothingAHostileRendezvousSaysReachesTheEngine(t *testing.T) {
	t.Parallel()
	stranger := invite.NewSecret().Keys()
	for name, attack := range map[string]func(*testing.T, *scene){
		"garbage": func(t *testing.T, s *scene) {
			for _, text := range []string{"", "\x00\xff", "null", "[]", "{", `{"action":"announce"}`, `{"action":"announce","info_hash":5}`, strings.Repeat("[", 50_000)} {
				s.socket.sayRaw(t, websocket.MessageBinary, text)
				if !strings.ContainsAny(text, "\xff") {
					s.socket.sayRaw(t, websocket.MessageText, text)
				}
			}
		},
		"counts of a room not joined": func(t *testing.T, s *scene) {
			s.socket.say(t, object{"action": "announce", "info_hash": latin1(stranger.Room[:]), "complete": 5, "incomplete": 5})
		},
		"an offer in a room not joined": func(t *testing.T, s *scene) {
			s.socket.say(t, sealedOffer(stranger, s.other, offerID(1), "x"))
		},
		"an offer by somebody without the secret": func(t *testing.T, s *scene) {
			forged := s.here
			forged.Seal = stranger.Seal
			s.socket.say(t, sealedOffer(forged, s.other, offerID(1), "x"))
		},
		"an offer in clear": func(t *testing.T, s *scene) {
			s.socket.say(t, offerMessage(s.here.Room, s.other, offerID(1), "v=0\r\n"))
			s.socket.say(t, offerMessage(s.here.Room, s.other, offerID(1), ""))
		},
		"an offer swapped into another room": func(t *testing.T, s *scene) {
			s.socket.say(t, offerMessage(s.there.Room, s.other, offerID(1), sealOffer(s.here, s.other, offerID(1), "x")))
		},
		"an offer under another peer id": func(t *testing.T, s *scene) {
			s.socket.say(t, offerMessage(s.here.Room, signaling.NewPeerID(), offerID(1), sealOffer(s.here, s.other, offerID(1), "x")))
		},
		"an offer under another offer id": func(t *testing.T, s *scene) {
			s.socket.say(t, offerMessage(s.here.Room, s.other, offerID(2), sealOffer(s.here, s.other, offerID(1), "x")))
		},
		"our own offer": func(t *testing.T, s *scene) {
			s.socket.say(t, offerMessage(s.here.Room, s.me, s.ownOffer, s.ownSealed))
			s.socket.say(t, offerMessage(s.here.Room, s.other, s.ownOffer, s.ownSealed))
			s.socket.say(t, answerMessage(s.here.Room, s.me, s.ownOffer, s.ownSealed))
			s.socket.say(t, answerMessage(s.here.Room, s.other, s.ownOffer, s.ownSealed))
		},
		"an answer that seems ours": func(t *testing.T, s *scene) {
			s.socket.say(t, sealedAnswer(s.here, s.me, s.me, s.ownOffer, "x"))
		},
		"an offer too large": func(t *testing.T, s *scene) {
			s.socket.say(t, sealedOffer(s.here, s.other, offerID(1), strings.Repeat("x", signaling.MaxPlaintext+3)))
		},
		"an answer nobody asked for": func(t *testing.T, s *scene) {
			s.socket.say(t, sealedAnswer(s.here, s.other, s.me, offerID(1), "x"))
		},
		"an answer in another room": func(t *testing.T, s *scene) {
			s.socket.say(t, sealedAnswer(s.there, s.other, s.me, s.ownOffer, "x"))
			s.socket.say(t, answerMessage(s.here.Room, s.other, s.ownOffer, sealAnswer(s.there, s.other, s.me, s.ownOffer, "x")))
		},
		"an answer to somebody else": func(t *testing.T, s *scene) {
			s.socket.say(t, answerMessage(s.here.Room, s.other, s.ownOffer, sealAnswer(s.here, s.other, signaling.NewPeerID(), s.ownOffer, "x")))
		},
		"an answer under another peer id": func(t *testing.T, s *scene) {
			s.socket.say(t, answerMessage(s.here.Room, signaling.NewPeerID(), s.ownOffer, sealAnswer(s.here, s.other, s.me, s.ownOffer, "x")))
		},
		"an answer to another offer": func(t *testing.T, s *scene) {
			s.socket.say(t, answerMessage(s.here.Room, s.other, s.ownOffer, sealAnswer(s.here, s.other, s.me, offerID(1), "x")))
		},
		"an answer as an offer": func(t *testing.T, s *scene) {
			s.socket.say(t, offerMessage(s.here.Room, s.other, s.ownOffer, sealAnswer(s.here, s.other, s.me, s.ownOffer, "x")))
		},
		"an offer as an answer": func(t *testing.T, s *scene) {
			s.socket.say(t, answerMessage(s.here.Room, s.other, s.ownOffer, sealOffer(s.here, s.other, s.ownOffer, "x")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setScene(t)
			attack(t, s)
			s.onlyGenuine(t)
		})
	}
}

func TestAReplayedOfferOrAnswerArrivesOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	offer := sealedOffer(s.here, s.other, offerID(1), "offer")
	answer := sealedAnswer(s.here, s.other, s.me, s.ownOffer, "answer")
	for range 3 {
		s.socket.say(t, offer)
		s.socket.say(t, answer)
	}
	// Another peer's answer to the same offer comes too late.
	s.socket.say(t, sealedAnswer(s.here, signaling.NewPeerID(), s.me, s.ownOffer, "second"))
	if event, ok := (<-s.client.Events()).(signaling.Offered); !ok || string(event.Plaintext) != "offer" {
		t.Errorf("first came %#v", event)
	}
	if event, ok := (<-s.client.Events()).(signaling.Answered); !ok || string(event.Plaintext) != "answer" {
		t.Errorf("second came %#v", event)
	}
	s.onlyGenuine(t)
}

func TestAWrongAnswerDoesNotTakeTheRightOnesPlace(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.socket.say(t, answerMessage(s.here.Room, s.other, s.ownOffer, "cw1.AAAA"))
	s.socket.say(t, sealedAnswer(s.here, s.other, s.me, s.ownOffer, "right"))
	if answered := await(t, s.client, anyOf[signaling.Answered]); string(answered.Plaintext) != "right" {
		t.Errorf("got %q", answered.Plaintext)
	}
}

func TestARendezvousCannotMakeUsBusyWithCounts(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for range 100 {
		s.socket.say(t, object{"action": "announce", "info_hash": latin1(s.here.Room[:]), "complete": 9, "incomplete": 9, "interval": 0})
	}
	s.socket.say(t, sealedOffer(s.here, s.other, offerID(1), "end"))
	counts := 0
	for {
		event := <-s.client.Events()
		if _, ok := event.(signaling.Counted); !ok {
			break
		}
		counts++
	}
	// Two announces were made, and one late reply to a "stopped" may come.
	if counts > 3 {
		t.Errorf("%d counts of 2 announces", counts)
	}
	if len(s.socket.heard) > 0 {
		t.Errorf("the client announced again: %v", <-s.socket.heard)
	}
}

func TestAHugeMessageEndsTheConnectionAndNothingElse(t *testing.T) {
	t.Parallel()
	line := newLine(t)
	keys := invite.NewSecret().Keys()
	client := newClient(t, signaling.Config{})
	client.Join(keys, []string{line.url})
	first := line.accept(t)
	first.hear(t)
	first.say(t, strings.Repeat("x", 257<<10))
	second := line.accept(t)
	if message := second.hear(t); message["event"] != "started" {
		t.Errorf("got %v", message)
	}
	second.say(t, sealedOffer(keys, signaling.NewPeerID(), offerID(1), "alive"))
	await(t, client, anyOf[signaling.Offered])
}

func TestAComplaintShowsUntilTheRendezvousIsContent(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	room := latin1(s.here.Room[:])
	shows := func(want error) {
		t.Helper()
		awaitStatus(t, s.client, func(statuses []signaling.Status) bool {
			return len(statuses) == 1 && statuses[0].Connected && errors.Is(statuses[0].Err, want)
		})
	}
	s.socket.say(t, object{"action": "announce", "info_hash": room, "failure reason": "too many rooms"})
	shows(signaling.ErrRefused)
	s.socket.say(t, object{"action": "announce", "info_hash": room, "complete": 0, "incomplete": 1})
	shows(nil)
	s.socket.say(t, object{"warning message": "going down"})
	shows(signaling.ErrWarned)
	s.socket.say(t, object{"action": "announce", "info_hash": room, "complete": 0, "incomplete": 1, "warning message": "still"})
	awaitStatus(t, s.client, func(statuses []signaling.Status) bool {
		err := statuses[0].Err
		return errors.Is(err, signaling.ErrWarned) && strings.Contains(err.Error(), "still")
	})
	s.client.Leave(s.here.Room)
	shows(nil)
}
