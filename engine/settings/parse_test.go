package settings_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine/settings"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "1500": 1500, "10M": 10_000_000, "10m": 10_000_000, "500k": 500_000, "500K": 500_000,
		"1.5M": 1_500_000, "2G": 2e9, "64Ki": 65536, "1.5Mi": 1572864, "1gi": 1 << 30, " 3 M ": 3_000_000,
		"0.5k": 500, "1.": 1, "0.1Ki": 102, "9223372036854775807": math.MaxInt64, "000": 0,
		"10MB": 10_000_000, "10 M/s": 10_000_000, "1.5 MiB/s": 1572864, "7B": 7, "2TB": 2e12, "1ti": 1 << 40, "0 B/s": 0,
	} {
		if got, err := settings.ParseRate(text); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "M", "-1", "+1", "1e6", "0x10", "1,5M", "1.2.3", ".5k", "10Mb", "10Mb/s", "10M/", "B", "/s", "10BB", "1/2", "10Mib", "∞", "1_000",
		"9223372036854775808", "9223372037G", "0.0001", "fast", strings.Repeat("9", 100),
	} {
		if got, err := settings.ParseRate(text); !errors.Is(err, settings.ErrFormat) {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
}

func TestFormatRate(t *testing.T) {
	for rate, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1k", 1024: "1Ki", 1500: "1.5k", 1_234_567: "1234.567k", 1_500_000: "1.5M", 1 << 20: "1Mi",
		10_000_000: "10M", 12_345_678_901: "12345678.901k", 3 << 30: "3Gi", 1_000_010: "1000.01k", 1_234_567_891: "1234567.891k",
		10_000_000_000: "10G", 2e12: "2T", 1 << 40: "1Ti", 1_024_000: "1024k", 512_000_000: "512M", 1536 << 20: "1536Mi",
	} {
		if got := settings.FormatRate(rate); got != want {
			t.Errorf("%d is %q, want %q", rate, got, want)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, text := range []string{"10M", "1.5Mi", "0", "9223372036854775807", "1.G", "0.001k", "1e9M"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rate, err := settings.ParseRate(text)
		if err != nil {
			if !errors.Is(err, settings.ErrFormat) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if rate < 0 {
			t.Fatalf("%q is %d", text, rate)
		}
		if again, err := settings.ParseRate(settings.FormatRate(rate)); again != rate || err != nil {
			t.Fatalf("%d is written %q and read %d, %v", rate, settings.FormatRate(rate), again, err)
		}
	})
}

func TestParseTURN(t *testing.T) {
	got, err := settings.ParseTURN("TURN:relay.example:3478?transport=tcp,alice,a,b c,")
	want := settings.TURN{URL: "turn:relay.example:3478?transport=tcp", Username: "alice", Password: "a,b c,"}
	if got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = settings.ParseTURNSecret("turns:[2001:db8::1]:5349,north,east")
	want = settings.TURN{URL: "turns:[2001:db8::1]:5349", Secret: "north,east"}
	if got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, want := range map[string]error{
		"turn:relay.example":               settings.ErrFormat,
		"turn:relay.example,alice":         settings.ErrFormat,
		"turn:relay.example,alice,":        settings.ErrCredentials,
		"turn:relay.example,,hunter2":      settings.ErrCredentials,
		",alice,hunter2":                   settings.ErrEmpty,
		"relay.example:3478,alice,hunter2": settings.ErrScheme,
		"turn:alice:hunter2@relay,a,b":     settings.ErrCredentials,
		"turn:relay.example:0,a,hunter2":   settings.ErrPort,
	} {
		_, err := settings.ParseTURN(text)
		var field *settings.FieldError
		if !errors.Is(err, want) || !errors.As(err, &field) {
			t.Errorf("%q: %v; want %v", text, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
	for _, text := range []string{"turn:relay.example", "turn:relay.example,", "relay.example,hunter2"} {
		if _, err := settings.ParseTURNSecret(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseTURN(f *testing.F) {
	f.Add("turn:relay.example:3478?transport=udp,alice,secret")
	f.Add("turns:[::1],a,b")
	f.Add("turn:a@b,c,d")
	f.Fuzz(func(t *testing.T, text string) {
		server, err := settings.ParseTURN(text)
		if err != nil {
			if len(settings.FieldErrors(err)) != 1 {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if server.Username == "" || server.Password == "" || server.Secret != "" {
			t.Fatalf("empty credentials: %+v", server)
		}
		again, err := settings.ParseTURN(server.URL + "," + server.Username + "," + server.Password)
		if again != server || err != nil {
			t.Fatalf("%+v is read again as %+v, %v", server, again, err)
		}
		s := settings.Default()
		s.TURN = []settings.TURN{server}
		if err := settings.Validate(s); err != nil {
			t.Fatal(err)
		}
	})
}

func TestParseSTUN(t *testing.T) {
	for text, want := range map[string]string{
		"stun:stun.example":       "stun:stun.example",
		"STUN:stun.example:19302": "stun:stun.example:19302",
		" stun.example:3478 ":     "stun:stun.example:3478",
		"stun.example":            "stun:stun.example",
		"192.0.2.1:3478":          "stun:192.0.2.1:3478",
		"[2001:db8::1]:3478":      "stun:[2001:db8::1]:3478",
		"[2001:db8::1]":           "stun:[2001:db8::1]",
		"stun:3478":               "stun:3478", // a host of digits, as the RFC has it
	} {
		if got, err := settings.ParseSTUN(text); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "http://stun.example", "stun://stun.example", "turn:stun.example", "stuns:stun.example", "a b", "2001:db8::1", "host:99999"} {
		if got, err := settings.ParseSTUN(text); err == nil {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestNormalize(t *testing.T) {
	s := settings.Default()
	s.Rendezvous = []string{" WSS://Tracker.Example ", "", "wss://Tracker.Example"}
	s.STUN = []string{"stun.example:3478", "stun:stun.example:3478", "what is this"}
	s.TURN = []settings.TURN{{}, {URL: " Turn:relay.example ", Username: "a", Password: " b "}}
	got := settings.Normalize(s)
	if want := []string{"wss://Tracker.Example"}; !reflect.DeepEqual(got.Rendezvous, want) {
		t.Errorf("rendezvous %q", got.Rendezvous)
	}
	if want := []string{"stun:stun.example:3478", "what is this"}; !reflect.DeepEqual(got.STUN, want) {
		t.Errorf("STUN %q", got.STUN)
	}
	if want := []settings.TURN{{URL: "turn:relay.example", Username: "a", Password: " b "}}; !reflect.DeepEqual(got.TURN, want) {
		t.Errorf("TURN %+v", got.TURN)
	}
	if again := settings.Normalize(got); !reflect.DeepEqual(again, got) {
		t.Errorf("twice gives %+v", again)
	}
}

func TestValidateListsEveryFieldThatIsWrong(t *testing.T) {
	s := settings.Default()
	s.DownloadDir = "Downloads"
	s.Rendezvous = []string{"wss://ok.example", "https://tracker.example", "wss://", "ws://u:hunter2@h", "ws://h:0", "ws://a b", "wss:tracker.example"}
	s.STUN = []string{"", "stun.example", "stun:", "stun:h:70000", "stun:h?transport=udp", "stun:2001:db8::1", "stun:[192.0.2.1]:3478"}
	s.TURN = []settings.TURN{
		{URL: "turn:ok.example?transport=tcp", Username: "a", Password: "b"},
		{URL: "turn:h", Username: "a"},
		{URL: "turn:h", Password: "hunter2"},
		{URL: "turn:h"},
		{URL: "turn:h", Username: "a", Password: "hunter2", Secret: "c"},
		{URL: "turn:h?transport=sctp", Secret: "hunter2"},
		{URL: "turn:u:hunter2@h", Secret: "c"},
		{URL: "turn://h", Secret: "c"},
		{URL: "turn:[::1", Secret: "c"},
		{URL: "turn:h:", Secret: "c"},
		{URL: "turns:ok.example", Secret: "c"},
	}
	s.Policy = "anything"
	s.LimitUp, s.LimitDown = -1, -2
	want := []struct {
		field string
		err   error
	}{
		{"download_dir", settings.ErrRelative},
		{"rendezvous[1]", settings.ErrScheme}, {"rendezvous[2]", settings.ErrHost}, {"rendezvous[3]", settings.ErrCredentials},
		{"rendezvous[4]", settings.ErrPort}, {"rendezvous[5]", settings.ErrHost}, {"rendezvous[6]", settings.ErrHost},
		{"stun[0]", settings.ErrEmpty}, {"stun[1]", settings.ErrScheme}, {"stun[2]", settings.ErrHost}, {"stun[3]", settings.ErrPort},
		{"stun[4]", settings.ErrTransport}, {"stun[5]", settings.ErrHost}, {"stun[6]", settings.ErrHost},
		{"turn[1]", settings.ErrCredentials}, {"turn[2]", settings.ErrCredentials}, {"turn[3]", settings.ErrCredentials}, {"turn[4]", settings.ErrCredentials},
		{"turn[5]", settings.ErrTransport}, {"turn[6]", settings.ErrCredentials}, {"turn[7]", settings.ErrHost},
		{"turn[8]", settings.ErrHost}, {"turn[9]", settings.ErrPort},
		{"policy", settings.ErrPolicy}, {"limit_up", settings.ErrNegative}, {"limit_down", settings.ErrNegative},
	}
	err := settings.Validate(s)
	got := settings.FieldErrors(err)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s: %v", want[i].field, want[i].err)
		case i >= len(want):
			t.Errorf("too much: %v", got[i])
		case got[i].Field != want[i].field || !errors.Is(got[i], want[i].err):
			t.Errorf("got %v; want %s: %v", got[i], want[i].field, want[i].err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password is in the error: %v", err)
	}
}

func TestASizeIsReadLikeARate(t *testing.T) {
	for text, want := range map[string]int64{"500M": 500_000_000, "1.5Gi": 3 << 29, "0": 0, "10g": 10_000_000_000} {
		if got, err := settings.ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "much", "-1", "1 2"} {
		if _, err := settings.ParseSize(text); !errors.Is(err, settings.ErrFormat) || !strings.Contains(err.Error(), "500M") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
