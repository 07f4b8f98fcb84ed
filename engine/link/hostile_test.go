package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

func TestDescriptionsThatAreRefused(t *testing.T) {
	leaksNothing(t)
	anna, bert := dialer(t, Config{}), dialer(t, Config{})
	pending, err := anna.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pending.Close()
	good := pending.Description()
	change := func(old, new string) Description {
		if !strings.Contains(good.SDP, old) {
			t.Fatalf("the description has no %q", old)
		}
		return Description{Identity: good.Identity, SDP: strings.Replace(good.SDP, old, new, 1)}
	}
	for name, test := range map[string]struct {
		description Description
		want        error
	}{
		"empty":             {Description{}, ErrDescription},
		"no text":           {Description{Identity: good.Identity, SDP: "hello"}, ErrDescription},
		"too long":          {change("s=-", "s="+strings.Repeat("x", sdpLimit)), ErrDescription},
		"somebody else's":   {Description{Identity: Identity{1}, SDP: good.SDP}, ErrIdentity},
		"no fingerprint":    {change("a=fingerprint:sha-256", "a=print:sha-256"), ErrDescription},
		"a weak hash":       {change("a=fingerprint:sha-256", "a=fingerprint:sha-1"), ErrDescription},
		"two fingerprints":  {change("a=fingerprint:", "a=fingerprint:sha-256 "+strings.Repeat("00:", 31)+"00\r\na=fingerprint:"), ErrIdentity},
		"ICE lite":          {change("a=fingerprint:", "a=ice-lite\r\na=fingerprint:"), ErrDescription},
		"video":             {change("m=application", "m=video"), ErrDescription},
		"a second section":  {Description{good.Identity, good.SDP + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"}, ErrDescription},
		"no ICE credential": {change("a=ice-ufrag", "a=ice-nothing"), ErrDescription},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, err := bert.Answer(t.Context(), test.description)
			if err == nil {
				l.Close()
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, _, err := anna.Answer(t.Context(), good); !errors.Is(err, ErrDescription) {
		t.Errorf("our own offer: %v", err)
	}
}

func TestAThousandCandidatesAreCut(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 400 {
		fmt.Fprintf(&many, "a=candidate:1 1 udp 1 203.0.113.%d %d typ host\r\n", i%250, 1000+i)
	}
	d := Description{SDP: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 " +
		strings.Repeat("00:", 31) + "00\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" + many.String()}
	s, err := parseSession(d, 1, candidateFilter{policy: path.Auto}.remote)
	if err != nil || len(s.candidates) != candidateLimit {
		t.Errorf("%d candidates, %v", len(s.candidates), err)
	}
}

func TestADescriptionSurvivesJSON(t *testing.T) {
	t.Parallel()
	want := Description{Identity: Identity{1, 2, 255}, SDP: "v=0\r\n"}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Description
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %v, %v from %s", got, err, text)
	}
	for _, bad := range []string{`{"identity":"00"}`, `{"identity":"` + strings.Repeat("zz", 32) + `"}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestIdentitiesAsAddresses(t *testing.T) {
	t.Parallel()
	low, high := Identity{1}, Identity{2}
	if !low.Less(high) || high.Less(low) || low.Less(low) {
		t.Error("order")
	}
	address := low.Address()
	if !strings.HasPrefix(address.Addr().String(), "fd57:") || address.Port() == 0 || address == high.Address() {
		t.Errorf("address %s", address)
	}
	if low.String() != "0100000000000000" {
		t.Errorf("name %s", low)
	}
}

func TestAPeerThatFloodsIsDropped(t *testing.T) {
	for name, flood := range map[string]func(*served) error{
		"messages that nobody reads": func(s *served) error { return s.Send([]byte("x")) },
		"signals":                    func(s *served) error { s.signal(signal{Candidate: "x"}); return nil },
		"large messages":             func(s *served) error { return s.Send(make([]byte, MaxMessage)) },
	} {
		t.Run(name, func(t *testing.T) {
			leaksNothing(t)
			a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
			for b.Status().Load().Err == nil {
				_ = flood(a)
				time.Sleep(50 * time.Microsecond)
			}
			if err := b.ends(t, time.Second); !errors.Is(err, ErrFlood) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMessagesThatAreReadAreNoFlood(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	for i := range messageBurst / 2 {
		if err := a.Send([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-b.Messages():
		case <-b.done:
			t.Fatalf("dropped: %v", b.err)
		}
	}
}

func TestChannelsThatAreNoStreamsAreClosed(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	for _, label := range []string{"", "strange", labelPrefix, labelPrefix + strings.Repeat("x", labelLimit+1)} {
		channel, err := a.peer.CreateDataChannel(label, nil)
		if err != nil {
			t.Fatal(err)
		}
		detached, err := channel.DetachWithDeadline()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = detached.Write(make([]byte, 1000))
		_ = detached.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := detached.Read(make([]byte, 10)); err == nil || strings.Contains(err.Error(), "deadline") {
			t.Errorf("%q is not closed: %v", label, err)
		}
	}
	select {
	case s := <-b.Streams():
		t.Errorf("%q came as a stream", s.Label())
	default:
	}
	out, in := joined(t, a, b, "x")
	transfer(t, out, in, 1<<20, 1)
}

func TestAHugeMessageDropsThePeer(t *testing.T) {
	leaksNothing(t)
	pending, err := dialer(t, Config{}).Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answering, answer, err := dialer(t, Config{}).Answer(t.Context(), pending.Description())
	if err != nil {
		t.Fatal(err)
	}
	// The sender believes that it may send more than it was told.
	told := fmt.Sprintf("a=max-message-size:%d", messageMost)
	if !strings.Contains(answer.SDP, told) {
		t.Fatalf("no %s in the answer:\n%s", told, answer.SDP)
	}
	answer.SDP = strings.Replace(answer.SDP, told, "a=max-message-size:1000000", 1)
	offering, err := pending.Accept(answer)
	if err != nil {
		t.Fatal(err)
	}
	a, b := serve(t, offering), serve(t, answering)
	a.until(t, "up", isUp)
	b.until(t, "up", isUp)
	out, _ := joined(t, a, b, "x")
	if _, err := out.channel.Write(make([]byte, messageMost+1)); err != nil {
		t.Fatal(err)
	}
	if err := b.ends(t, 5*time.Second); !errors.Is(err, ErrFlood) {
		t.Errorf("got %v", err)
	}
}

func TestWhatAPeerSaysOfItsRelayIsChecked(t *testing.T) {
	t.Parallel()
	for relay, want := range map[string]string{
		"turn:relay.example:3478?transport=udp": "turn:relay.example:3478?transport=udp",
		"turns:relay.example:443?transport=tcp": "turns:relay.example:443?transport=tcp",
		"https://relay.example":                 "",
		"turn:a b":                              "",
		"turn:\x1b[31m":                         "",
		"turn:" + strings.Repeat("x", 300):      "",
		"turn:\u202eelpmaxe":                    "",
	} {
		if got := (&told{Type: path.RelayedType, Relay: relay}).checked(); got.Relay != want {
			t.Errorf("%q became %q", relay, got.Relay)
		}
	}
	if got := (&told{Type: path.Host, Relay: "turn:x"}).checked(); got.Relay != "" {
		t.Errorf("a host candidate with a relay: %v", got)
	}
}
