package ui

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

func TestRoutesSayWhoCarriesTheBytes(t *testing.T) {
	english := words.In("en")
	tls := peer("s", path.Relayed)
	tls.Relay = "turns:turn1.example.org:443?transport=tcp"
	theirs := peer("s", path.Relayed)
	theirs.Relay = ""
	six := peer("s", path.DirectInternet)
	six.Remote.Address, six.RTT = "[2001:db8::5]:40000", 300*time.Microsecond
	for want, p := range map[string]engine.Peer{
		"192.168.1.20 · 1 ms · UDP":                peer("s", path.DirectLAN),
		"203.0.113.5 · 24 ms · UDP":                peer("s", path.DirectInternet),
		"2001:db8::5 · <1 ms · UDP":                six,
		"via turn1.example.org · 41 ms · UDP":      peer("s", path.Relayed),
		"via turn1.example.org:443 · 41 ms · TLS":  tls,
		"via the other side's relay · 41 ms · UDP": theirs,
		"": peer("s", path.Connecting),
	} {
		if got := route(english, p); got != want {
			t.Errorf("route is %q, want %q", got, want)
		}
	}
}

func TestABadgeNeverRestsOnColourAlone(t *testing.T) {
	english := words.In("en")
	faces := map[string]look.BadgeFace{}
	for _, kind := range []path.Kind{path.Connecting, path.DirectLAN, path.DirectInternet, path.Relayed} {
		face := pathFace(english, kind, "", false)
		face.Color = ""
		for other, seen := range faces {
			shape := seen
			shape.Text = face.Text
			if seen.Text == face.Text || shape == face {
				t.Errorf("%s and %s differ in colour only", kind, other)
			}
		}
		faces[string(kind)] = face
	}
	for relay, want := range map[string]string{
		"turn:a:443?transport=tcp": "Relayed (restricted network)", "turns:a": "Relayed (restricted network)",
		"turn:a:3478?transport=tcp": "Relayed", "turn:a": "Relayed", "": "Relayed",
	} {
		if got := pathFace(english, path.Relayed, relay, false).Text; got != want {
			t.Errorf("a relay %q is %q", relay, got)
		}
	}
}

func TestATransferWithoutAPathHasNoPathBadge(t *testing.T) {
	english := words.In("en")
	for _, phase := range []engine.Phase{engine.Preparing, engine.Waiting, engine.Paused, engine.Failed, engine.Complete} {
		if face, _, found := badge(english, sending(phase), nil, path.Auto, time.Now()); found {
			t.Errorf("%s has the badge %q", phase, face.Text)
		}
	}
}

func TestABadgeNamesTheSettingThatBlocks(t *testing.T) {
	english := words.In("en")
	for policy, want := range map[string]string{
		"direct": "Blocked by your setting: direct only", "lan": "Blocked by your setting: same network only",
		"relay": "Blocked by your setting: relay only", "": "Blocked by your setting",
	} {
		face, tip, found := badge(english, failing(sending(""), engine.PolicyBlocked, policy), nil, path.Auto, time.Now())
		if !found || face.Text != want || face.Mark != look.Shield || tip == "" {
			t.Errorf("%q has the badge %+v", policy, face)
		}
	}
}

func TestTheBadgeIsThatOfThePeerWhichMovesMost(t *testing.T) {
	slow, fast := peer("s", path.Relayed), peer("s", path.Relayed)
	slow.RateOut, slow.Relay = 1, "turns:slow.example.org"
	direct := peer("s", path.DirectLAN)
	direct.RateOut, direct.Relay = 1e9, "turns:old.example.org"
	face, _, _ := badge(words.In("en"), moving(sending(""), path.Relayed), []engine.Peer{slow, direct, fast}, path.Auto, time.Now())
	if face.Text != "Relayed" {
		t.Errorf("the badge says %q of a relay that carries next to nothing", face.Text)
	}
}

func TestARelayedPathSaysWhatIsStillTried(t *testing.T) {
	english := words.In("en")
	for want, got := range map[string]string{
		"Encrypted, but every byte passes this relay. Still trying for a direct path.": pathSentence(english, path.Relayed, "turn:a", path.Auto),
		"Encrypted, but every byte passes this relay.":                                 pathSentence(english, path.Relayed, "turn:a", path.RelayOnly),
		"Your network blocks faster paths. Encrypted, but every byte passes this relay. Still trying for a direct path.": pathSentence(
			english, path.Relayed, "turns:a", path.Auto),
	} {
		if got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
	if got, want := pathSentence(words.In("zh"), path.Relayed, "", path.Auto), "内容已加密，但每个字节都经过中继。仍在尝试直连。"; got != want {
		t.Errorf("said %q", got)
	}
}
