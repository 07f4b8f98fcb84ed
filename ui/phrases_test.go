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
		face := pathFace(english, kind, "")
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
	if got := pathFace(english, path.Relayed, "turn:a:443?transport=tcp").Text; got != "Relayed (restricted network)" {
		t.Errorf("a relay over TCP is %q", got)
	}
}

func TestATransferWithoutAPathHasNoPathBadge(t *testing.T) {
	english := words.In("en")
	for _, phase := range []engine.Phase{engine.Preparing, engine.Waiting, engine.Paused, engine.Failed, engine.Complete} {
		if face, found := badge(english, sending(phase), nil); found {
			t.Errorf("%s has the badge %q", phase, face.Text)
		}
	}
	if face, found := badge(english, failing(sending(""), engine.PolicyBlocked, "direct"), nil); !found || face.Text != "Blocked by your setting" {
		t.Errorf("a forbidden path has the badge %q", face.Text)
	}
}
