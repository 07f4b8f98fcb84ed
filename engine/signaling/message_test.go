package signaling

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/causeway-app/causeway/engine/invite"
)

func TestEveryByteOfAnIDSurvivesJSON(t *testing.T) {
	t.Parallel()
	for start := range 256 {
		var id [20]byte
		for i := range id {
			id[i] = byte(start + i)
		}
		data, err := json.Marshal(toByteString(id))
		if err != nil || !utf8.Valid(data) {
			t.Fatal(err)
		}
		var back byteString
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if got, err := back.bytes(); got != id || err != nil {
			t.Errorf("%x became %x, %v", id, got, err)
		}
	}
}

func TestAnAnnounceIsWhatWebTorrentTrackersExpect(t *testing.T) {
	t.Parallel()
	self, room := PeerID([]byte("-CW0001-abcdefghijkl")), invite.Room{0: 0xff, 19: 'z'}
	message := newOutgoing(self, room)
	message.Event = "started"
	const want = `{"action":"announce","info_hash":"ÿ\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000z",` +
		`"peer_id":"-CW0001-abcdefghijkl","numwant":0,"uploaded":0,"downloaded":0,"left":1,"event":"started"}`
	if got := string(message.encode()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	message.Event, message.Numwant = "", 1
	message.Offers = []wireOffer{{description{"offer", "cw1.+/"}, toByteString(OfferID([]byte("oooooooooooooooooooo")))}}
	if got := string(message.encode()); !strings.HasSuffix(got,
		`"numwant":1,"uploaded":0,"downloaded":0,"left":1,"offers":[{"offer":{"type":"offer","sdp":"cw1.+/"},"offer_id":"oooooooooooooooooooo"}]}`) {
		t.Errorf("got %s", got)
	}
}

const (
	someRoom = `"info_hash":"rrrrrrrrrrrrrrrrrrrr"`
	someIDs  = `"peer_id":"pppppppppppppppppppp","offer_id":"oooooooooooooooooooo"`
)

func TestWhatIsNoTrackerMessageIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "null", "[]", "42", `"announce"`, "{", `{}`, "\xff\xfe\x00", strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000),
		`{"action":"announce"}`,
		`{"action":"scrape",` + someRoom + `}`,
		`{"action":7,` + someRoom + `}`,
		`{"action":"announce","info_hash":"short"}`,
		`{"action":"announce","info_hash":"rrrrrrrrrrrrrrrrrrrrr"}`,
		`{"action":"announce","info_hash":"rrrrrrrrrrrrrrrrrrr€"}`,
		`{"action":"announce","info_hash":["rrrrrrrrrrrrrrrrrrrr"]}`,
		`{"action":"announce","complete":"many",` + someRoom + `}`,
		`{"action":"announce","complete":1e999,` + someRoom + `}`,
		`{"action":"announce","interval":{},` + someRoom + `}`,
		`{"action":"announce","failure reason":true,` + someRoom + `}`,
		`{"action":"announce","offer":"v=0",` + someIDs + `,` + someRoom + `}`,
		`{"action":"announce","offer":{"type":"answer","sdp":"x"},` + someIDs + `,` + someRoom + `}`,
		`{"action":"announce","offer":{"type":"offer","sdp":5},` + someIDs + `,` + someRoom + `}`,
		`{"action":"announce","offer":{"type":"offer","sdp":"x"},` + someRoom + `}`,
		`{"action":"announce","offer":{"type":"offer","sdp":"x"},"peer_id":"pppppppppppppppppppp",` + someRoom + `}`,
		`{"action":"announce","answer":{"type":"offer","sdp":"x"},` + someIDs + `,` + someRoom + `}`,
		`{"action":"announce","offer":{"type":"offer","sdp":"x"},"answer":{"type":"answer","sdp":"x"},` + someIDs + `,` + someRoom + `}`,
		`{"action":"announce","offer":{"type":"offer","sdp":"` + strings.Repeat("x", MaxSealed+1) + `"},` + someIDs + `,` + someRoom + `}`,
	} {
		if got, err := parseMessage([]byte(text)); !errors.Is(err, errMessage) {
			t.Errorf("%.80s: %+v, %v", text, got, err)
		}
	}
}

func TestCountsAndIntervalsAreBounded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		others   int
		interval time.Duration
	}{
		`"complete":1,"incomplete":2,"interval":120`: {2, 2 * time.Minute},
		`"incomplete":1`:                  {0, 0},
		`"complete":0,"incomplete":0`:     {0, 0},
		`"complete":-5,"incomplete":3`:    {2, 0},
		`"complete":1e300,"incomplete":0`: {maxOthers - 1, 0},
		`"interval":-7`:                   {-1, 0},
		`"interval":1e300`:                {-1, 24 * time.Hour},
		`"interval":0.5`:                  {-1, time.Second / 2},
	} {
		got, err := parseMessage([]byte(`{"action":"announce",` + someRoom + `,` + text + `}`))
		if err != nil || got.others != want.others || got.interval != want.interval {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestAComplaintIsMadeFitForATerminal(t *testing.T) {
	t.Parallel()
	got, err := parseMessage([]byte(`{"failure reason":"\u001b[2J\u202eno\nroom ` + strings.Repeat("x", 500) + `"}`))
	if err != nil || got.room != nil || !errors.Is(got.complaint, ErrRefused) {
		t.Fatalf("%+v, %v", got, err)
	}
	text := got.complaint.Error()
	if strings.ContainsAny(text, "\x1b\n\u202e") || utf8.RuneCountInString(text) > maxComplaint+60 {
		t.Errorf("%q", text)
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(`{"action":"announce","complete":1,"incomplete":2,"interval":120,` + someRoom + `}`))
	f.Add([]byte(`{"action":"announce","offer":{"type":"offer","sdp":"cw1.x"},` + someIDs + `,` + someRoom + `}`))
	f.Add([]byte(`{"action":"announce","answer":{"type":"answer","sdp":"cw1.x"},` + someIDs + `,` + someRoom + `}`))
	f.Add([]byte(`{"failure reason":"x","warning message":"y"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := parseMessage(data)
		switch {
		case err != nil:
			if !errors.Is(err, errMessage) {
				t.Fatalf("an error of another kind: %v", err)
			}
		case message.room == nil && message.complaint == nil:
			t.Fatal("a message about nothing")
		case message.kind != 0 && message.kind != KindOffer && message.kind != KindAnswer:
			t.Fatalf("kind %d", message.kind)
		case len(message.sealed) > MaxSealed || message.others < -1 || message.others > 2*maxOthers:
			t.Fatalf("beyond the limits: %d bytes, %d others", len(message.sealed), message.others)
		case message.interval < 0 || message.interval > 24*time.Hour:
			t.Fatalf("interval %v", message.interval)
		}
	})
}
