package engine_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/signaling"
)

func withPolicy(policy path.Policy) setting {
	return func(c *engine.Config) { c.Settings.Policy = policy }
}

// breaker is a peer that has the invitation and tells lies of itself.
type breaker struct {
	t       *testing.T
	keys    invite.Keys
	url     string
	client  *signaling.Client
	pending *link.Pending
}

// offerTo makes an offer to whoever is in the room of an invitation and returns
// the answer, if there is one within a moment. twist changes the description.
func offerTo(t *testing.T, url, invitation string, config link.Config, twist func(string) string) (b *breaker, answer map[string]any) {
	t.Helper()
	b = &breaker{t: t, keys: keysOf(t, invitation), url: url, client: signaling.New(signaling.Config{})}
	dialer, err := link.NewDialer(config)
	if err != nil {
		t.Fatal(err)
	}
	if b.pending, err = dialer.Offer(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.pending.Close(); <-b.pending.Done() })
	ctx, leave := context.WithCancel(context.Background())
	var left sync.WaitGroup
	left.Go(func() { b.client.Serve(ctx) })
	t.Cleanup(func() { leave(); left.Wait() })
	b.client.Join(b.keys, []string{url})

	said := b.pending.Description()
	said.SDP = twist(said.SDP)
	text, _ := json.Marshal(map[string]any{
		"identity": said.Identity, "sdp": said.SDP,
		"network": map[string]any{"policy": "\x1b[2J", "udp": strings.Repeat("open", 1000), "port_step": 1 << 40, "nat": true},
	})
	for deadline := time.After(2 * time.Second); ; {
		select {
		case event := <-b.client.Events():
			switch e := event.(type) {
			case signaling.Counted:
				if e.Others == 0 {
					b.client.Reannounce(b.keys.Room)
					continue
				}
				b.client.Offer(b.keys.Room, url, []signaling.Offer{{ID: signaling.NewOfferID(), Plaintext: text}})
			case signaling.Answered:
				if err := json.Unmarshal(e.Plaintext, &answer); err != nil {
					t.Fatal(err)
				}
				return b, answer
			}
		case <-deadline:
			return b, nil
		}
	}
}

func asItIs(sdp string) string { return sdp }

func TestRelayOnlyTellsAPeerThatAsksNothingButItsRelay(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	anna := startComputer(t, meetingAt(url), relaying(relay))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	anna.untilPhase(sent.ID, engine.Waiting)
	b, answer := offerTo(t, url, sent.Invitation, link.Config{Loopback: true}, asItIs)
	if answer == nil {
		t.Fatal("no answer: the test shows nothing")
	}
	sdp, _ := answer["sdp"].(string)
	candidates := regexp.MustCompile(`a=candidate:.*typ (\w+)(.*)`).FindAllStringSubmatch(sdp, -1)
	for _, c := range candidates {
		if c[1] != path.RelayedType || !strings.Contains(c[2], "raddr 0.0.0.0 rport 0") {
			t.Errorf("the peer is told %s", c[0])
		}
	}
	if len(candidates) == 0 {
		t.Error("not even the relay is told")
	}
	told, _ := answer["network"].(map[string]any)
	for field := range told {
		if !slices.Contains([]string{"policy", "relay"}, field) {
			t.Errorf("the peer is told %s: %v", field, told[field])
		}
	}
	var description link.Description
	text, _ := json.Marshal(answer)
	if err := json.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	l, err := b.pending.Accept(description)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); l.Serve(ctx) }()
	defer func() { stop(); <-ended }()
	waiting, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status, err := l.Status().Wait(waiting, func(s link.Status) bool { return s.Up })
	if err != nil || status.Path != path.Relayed {
		t.Errorf("the link is %+v, %v", status, err)
	}
	anna.until(sent.ID, "she sees why", func(_ engine.Transfer, peers []engine.Peer) bool {
		return len(peers) == 1 && slices.Contains(peers[0].Explanation.Own, netcheck.PolicyRelay)
	})
	for _, garbage := range []string{"", "{", `{"rooms":7}`, `{"rooms":[{"tag":"x","sealed":"y"}]}`, strings.Repeat("[", 50_000)} {
		if err := l.Send([]byte(garbage)); err != nil {
			t.Error(err)
		}
	}
	if shown := anna.stands(sent.ID); shown.Problem != nil || shown.RelayedBytes != 0 {
		t.Errorf("after garbage: %+v", shown)
	}
}

// What a policy forbids is refused in the peer's words too, and a reason given.
func TestAPeerWithPathsThatThePolicyForbidsIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	relay, _, _ := startTURN(t)
	server := link.Server{URL: relay.URL, Username: relay.Username, Password: relay.Password}
	elsewhere := func(sdp string) string {
		return regexp.MustCompile(`typ host`).ReplaceAllString(sdp, "typ srflx raddr 0.0.0.0 rport 0")
	}
	type story struct {
		name   string
		policy path.Policy
		config link.Config
		twist  func(string) string
		code   engine.ProblemCode
		anna   *computer
		sent   engine.Transfer
	}
	stories := []*story{
		{name: "direct only, and a relay", policy: path.DirectOnly, code: engine.PolicyBlocked,
			config: link.Config{Loopback: true, Policy: path.RelayOnly, Servers: []link.Server{server}}, twist: asItIs},
		{name: "this network, and another", policy: path.LANOnly, code: engine.PolicyBlocked,
			config: link.Config{Loopback: true}, twist: elsewhere},
		{name: "this network, and a relay", policy: path.LANOnly, code: engine.PolicyBlocked,
			config: link.Config{Loopback: true, Policy: path.RelayOnly, Servers: []link.Server{server}}, twist: asItIs},
		{name: "relay only, and none there", policy: path.RelayOnly, code: engine.NoRelay,
			config: link.Config{Loopback: true}, twist: asItIs},
	}
	for _, s := range stories { // at the same time, for each looks for a path for a while
		url, _ := startRendezvous(t)
		s.anna = startComputer(t, meetingAt(url), withPolicy(s.policy))
		s.sent = s.anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
		s.anna.untilPhase(s.sent.ID, engine.Waiting)
		_, answer := offerTo(t, url, s.sent.Invitation, s.config, s.twist)
		if (answer == nil) != (s.code == engine.NoRelay) {
			t.Errorf("%s: answered with %v", s.name, answer)
		}
	}
	for _, s := range stories {
		refused := s.anna.untilProblem(s.sent.ID, s.code)
		if refused.RelayedBytes != 0 || refused.Problem.Err == nil {
			t.Errorf("%s: refused: %+v", s.name, refused)
		}
		for _, peer := range s.anna.State().Load().PeersOf(s.sent.ID) {
			if peer.Path != path.Connecting || peer.BytesOut != 0 {
				t.Errorf("%s: the path is used: %+v", s.name, peer)
			}
		}
	}
}

func TestBothSidesSayWhyTheyAreRelayed(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), relaying(relay))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	ben.receive(sent.Invitation)
	explained := func(c *computer, own, theirs []netcheck.Cause) {
		t.Helper()
		c.until(sent.ID, "the reason is shown", func(_ engine.Transfer, peers []engine.Peer) bool {
			if len(peers) != 1 {
				return false
			}
			e := peers[0].Explanation
			return e.Path == path.Relayed && slices.Equal(e.Own, own) && slices.Equal(e.Theirs, theirs)
		})
	}
	explained(ben, []netcheck.Cause{netcheck.PolicyRelay}, nil)
	explained(anna, nil, []netcheck.Cause{netcheck.PolicyRelay})
}
