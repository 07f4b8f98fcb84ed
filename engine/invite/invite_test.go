package invite_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine/invite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vectors were made by another program from the documentation of the package.
type vectors struct {
	Invitations []struct {
		Name       string           `json:"name"`
		Secret     string           `json:"secret"`
		LAN        []netip.AddrPort `json:"lan"`
		Rendezvous []string         `json:"rendezvous"`
		Text       string           `json:"text"`
		Room       string           `json:"room"`
		Seal       string           `json:"seal"`
		Tag        string           `json:"tag"`
	} `json:"invitations"`
	Crafted []struct {
		Name  string `json:"name"`
		Text  string `json:"text"`
		Error string `json:"error"`
	} `json:"crafted"`
}

var sentinels = map[string]error{
	"none":      invite.ErrNone,
	"truncated": invite.ErrTruncated,
	"mistyped":  invite.ErrMistyped,
	"newer":     invite.ErrNewer,
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Invitations) == 0 || len(v.Crafted) == 0 {
		t.Fatal("testdata/vectors.json has no vectors")
	}
	return v
}

func TestInvitationsAndKeysMatchTheVectors(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t).Invitations {
		t.Run(vector.Name, func(t *testing.T) {
			t.Parallel()
			var want invite.Invitation
			if n, err := hex.Decode(want.Secret[:], []byte(vector.Secret)); n != 16 || err != nil {
				t.Fatal(n, err)
			}
			want.LAN = append(want.LAN, vector.LAN...)
			want.Rendezvous = append(want.Rendezvous, vector.Rendezvous...)
			if got := want.String(); got != vector.Text {
				t.Errorf("made %s\nwant %s", got, vector.Text)
			}
			got, err := invite.Parse(vector.Text)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, %v", got.LAN, err)
			}
			keys := want.Secret.Keys()
			for name, pair := range map[string][2]string{
				"room": {keys.Room.String(), vector.Room},
				"seal": {hex.EncodeToString(keys.Seal[:]), vector.Seal},
				"tag":  {hex.EncodeToString(keys.Tag[:]), vector.Tag},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s is %s, want %s", name, pair[0], pair[1])
				}
			}
		})
	}
}

func TestACraftedInvitationIsToldForWhatItIs(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t).Crafted {
		t.Run(vector.Name, func(t *testing.T) {
			t.Parallel()
			_, err := invite.Parse(vector.Text)
			if !errors.Is(err, sentinels[vector.Error]) || (err != nil) != (vector.Error != "") {
				t.Errorf("got %v, want %q", err, vector.Error)
			}
		})
	}
}

func TestAnInvitationCutOffAnywhereIsCalledCutOff(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t).Invitations {
		for n := 1; n < len(vector.Text); n++ {
			for _, text := range []string{vector.Text[:n], strings.ToUpper(vector.Text[:n]), vector.Text[:n] + "\r\n"} {
				if _, err := invite.Parse(text); !errors.Is(err, invite.ErrTruncated) {
					t.Fatalf("%s, %d bytes of %d: %v", vector.Name, n, len(vector.Text), err)
				}
			}
		}
	}
}

// Every symbol at every place: the length in the header too, which must not
// make a whole text look cut off.
func TestAnySingleMistypedSymbolIsCalledATypingMistake(t *testing.T) {
	t.Parallel()
	const typed = "0123456789abcdefghjkmnpqrstvwxyzu!é"
	for _, vector := range readVectors(t).Invitations {
		for at := len("causeway:"); at < len(vector.Text); at++ {
			for _, r := range typed {
				if byte(r) == vector.Text[at] {
					continue
				}
				text := vector.Text[:at] + string(r) + vector.Text[at+1:]
				_, err := invite.Parse(text)
				// At the end, punctuation belongs to the sentence around it.
				if r == '!' && at == len(vector.Text)-1 && errors.Is(err, invite.ErrTruncated) {
					continue
				}
				if !errors.Is(err, invite.ErrMistyped) {
					t.Fatalf("%s, %q at %d: %v", vector.Name, r, at, err)
				}
			}
		}
	}
}

func TestTwoNeighboursSwappedAreATypingMistake(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t).Invitations {
		for at := len("causeway:"); at+1 < len(vector.Text); at++ {
			b := []byte(vector.Text)
			if b[at] == b[at+1] {
				continue
			}
			b[at], b[at+1] = b[at+1], b[at]
			// Two symbols of the length may stay a valid header by chance; what
			// matters is that nothing is read.
			if _, err := invite.Parse(string(b)); err == nil {
				t.Fatalf("%s: symbols %d and %d swapped, and it was read", vector.Name, at, at+1)
			}
		}
	}
}

func TestAnInvitationIsReadAsPeoplePasteIt(t *testing.T) {
	t.Parallel()
	want := invite.Invitation{
		Secret: invite.NewSecret(),
		LAN:    []netip.AddrPort{netip.MustParseAddrPort("192.168.1.20:41234")},
	}
	text := want.String()
	symbols := strings.TrimPrefix(text, "causeway:")
	for name, pasted := range map[string]string{
		"as it is":                   text,
		"capitals":                   strings.ToUpper(text),
		"capital at first":           "C" + text[1:],
		"as a URL":                   "causeway://" + symbols,
		"as a browser writes a URL":  "causeway://" + symbols + "/",
		"spaces around":              " \t" + text + "\r\n\n",
		"wrapped by a mail program":  text[:20] + "\r\n" + text[20:40] + "\r\n" + text[40:],
		"wrapped in a quoted mail":   "> " + text[:20] + "\n> " + text[20:40] + "\n>> " + text[40:],
		"wrapped in the scheme":      "cause\nway:" + symbols,
		"in groups":                  "causeway: " + symbols[:10] + " " + symbols[10:20] + "-" + symbols[20:],
		"no-break and zero width":    "\ufeff" + text[:30] + "\u00a0\u200b\u00ad" + text[30:],
		"in angle brackets":          "<" + text + ">",
		"in quotes with a full stop": "“" + text + "”.",
		"in code marks":              "`" + text + "`",
		"in Markdown":                "(" + text + "),",
		"letters for digits":         strings.NewReplacer("0", "O", "1", "l").Replace(text),
	} {
		got, err := invite.Parse(pasted)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSomethingElseIsNotAnInvitation(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "hello", "https://example.org/", "magnet:?xt=urn:btih:00", "causeways:040", "xcauseway:040",
		"/home/ada/causeway", "\x00", "\xff\xfe", strings.Repeat("causeway:", 10_000),
	} {
		if _, err := invite.Parse(text); !errors.Is(err, invite.ErrNone) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestTheUsualInvitationIsShort(t *testing.T) {
	t.Parallel()
	text := invite.Invitation{
		Secret: invite.NewSecret(),
		LAN:    []netip.AddrPort{netip.MustParseAddrPort("192.168.100.200:65535")},
	}.String()
	if len(text) >= 80 {
		t.Errorf("%d characters: %s", len(text), text)
	}
}

func TestAddressesThatNobodyCanUseAreLeftOut(t *testing.T) {
	t.Parallel()
	given := invite.Invitation{
		Secret: invite.NewSecret(),
		Rendezvous: []string{
			"wss://a.example", "https://b.example", "wss://", "wss://c.example/#here", "wss://d.example:0", "wss://d.example:70000",
			"wss://e.example/ x", "wss://ü.example", "wss://" + strings.Repeat("f", invite.MaxURL), "WSS://a.example", "ws://g.example:1",
		},
		LAN: []netip.AddrPort{
			{}, netip.MustParseAddrPort("10.0.0.1:0"), netip.MustParseAddrPort("0.0.0.0:5"), netip.MustParseAddrPort("[ff02::1]:5"),
			netip.MustParseAddrPort("[fe80::1%eth0]:5"), netip.MustParseAddrPort("[::ffff:10.0.0.2]:5"), netip.MustParseAddrPort("10.0.0.2:5"),
		},
	}
	got, err := invite.Parse(given.String())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"wss://a.example", "ws://g.example:1"}; !reflect.DeepEqual(got.Rendezvous, want) {
		t.Errorf("rendezvous %q, want %q", got.Rendezvous, want)
	}
	if want := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:5")}; !reflect.DeepEqual(got.LAN, want) {
		t.Errorf("LAN %v, want %v", got.LAN, want)
	}
}

func TestTheFullestInvitationIsReadBack(t *testing.T) {
	t.Parallel()
	var given invite.Invitation
	for i := range 100 {
		host := string(rune('a'+i%26)) + strings.Repeat("x", invite.MaxURL-len("wss://a.example")-i/26) + ".example"
		given.Rendezvous = append(given.Rendezvous, "wss://"+host)
		given.LAN = append(given.LAN, netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}), 9))
	}
	got, err := invite.Parse(given.String())
	if err != nil || len(got.LAN) != invite.MaxLAN || len(got.Rendezvous) != invite.MaxRendezvous {
		t.Errorf("%d LAN addresses, %d rendezvous, %v", len(got.LAN), len(got.Rendezvous), err)
	}
}

func TestCheckRendezvousSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for address, fits := range map[string]bool{
		"wss://tracker.example.org": true, "ws://127.0.0.1:8000/announce": true, "WS://[::1]:8000": true,
		"": false, "wss": false, "http://x": false, "wss:x": false, "ws://:80": false, "wss://x\n": false, "wss://%zz": false,
	} {
		err := invite.CheckRendezvous(address)
		if (err == nil) != fits || (err != nil && !errors.Is(err, invite.ErrRendezvous)) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	v := readVectors(f)
	for _, vector := range v.Invitations {
		f.Add(vector.Text)
	}
	for _, vector := range v.Crafted {
		f.Add(vector.Text)
	}
	f.Add("<CAUSEWAY://040gs 000g>")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := invite.Parse(text)
		if err != nil {
			for _, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					return
				}
			}
			t.Fatalf("an error of no kind: %v", err)
		}
		again, err := invite.Parse(first.String())
		if err != nil || !reflect.DeepEqual(first, again) || again.String() != first.String() {
			t.Fatalf("%+v became %+v, %v", first, again, err)
		}
	})
}
