package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// strict is what is known of a relayed path between two networks that allow no
// other.
var strict = netcheck.Explanation{
	Path: path.Relayed, Own: []netcheck.Cause{netcheck.ChangesPorts}, Theirs: []netcheck.Cause{netcheck.FiltersByPort},
	Remedies: []netcheck.Remedy{netcheck.MapPortsEither, netcheck.IPv6Both},
}

// upgraded is a peer that a relay served first.
func upgraded() engine.Peer {
	p := peer("s", path.DirectInternet)
	p.BytesOut, p.BytesRelayed = 900_000_000, 18_000_000
	p.RelayReleased = time.Date(2026, 11, 21, 14, 2, 7, 0, time.Local)
	p.Explanation = netcheck.Explanation{Path: path.DirectInternet, Opening: netcheck.OwnMapping}
	return p
}

// explained is a peer with an explanation.
func explained(kind path.Kind, e netcheck.Explanation) engine.Peer {
	p := peer("s", kind)
	p.Explanation = e
	return p
}

func TestEachPeerHasASentenceThatSaysWhy(t *testing.T) {
	english := words.In("en")
	soon := explained(path.Relayed, netcheck.Explanation{Path: path.Relayed})
	silent := upgraded()
	silent.Explanation.Opening, silent.RelayReleased, silent.BytesRelayed = "", time.Time{}, 5
	for want, p := range map[string]engine.Peer{
		"Relayed: your network changes ports for each destination, and theirs filters by port. Direct would work if either router allowed port mapping (UPnP) or both networks had IPv6.": explained(path.Relayed, strict),
		"Direct through the port your router mapped. Relayed first: 18.0 MB, 2 %. The relay was released at 14:02:07.":                                                                    upgraded(),
		"Relayed first: 5 B, <1 %.":                                    silent,
		"Both networks should allow a direct path; it is being tried.": soon,
		"": explained(path.DirectLAN, netcheck.Explanation{Path: path.DirectLAN}),
	} {
		if got := story(english, p); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
	if got := story(english, peer("s", path.Relayed)); got != "" {
		t.Errorf("said %q of a path that nothing is known of", got)
	}
}

func TestNoPathIsExplainedByBothNetworks(t *testing.T) {
	problem := &engine.Problem{Code: engine.NoPath, Explanation: &netcheck.Explanation{
		Path: path.Connecting, Own: []netcheck.Cause{netcheck.ChangesPorts, netcheck.NoRelay},
		Theirs: []netcheck.Cause{netcheck.FiltersByPort, netcheck.NoRelay}, Remedies: []netcheck.Remedy{netcheck.AddRelayEither},
	}}
	got := Sentence(words.In("en"), problem)
	if !strings.HasPrefix(got, "Cannot connect: ") || !strings.HasSuffix(got, "It would work if either side had a relay (TURN).") {
		t.Errorf("said %q", got)
	}
	problem.Explanation = nil
	if got := Sentence(words.In("en"), problem); !strings.HasPrefix(got, "The other computer was found, but no way to it") {
		t.Errorf("without an explanation it says %q", got)
	}
}

func TestANarrowLineStillTellsWhoItIs(t *testing.T) {
	d := englishDesk(t)
	d.window.Resize(minimum)
	d.transfers.toggle("s")
	d.show(one(moving(sending(""), path.Relayed), explained(path.Relayed, netcheck.Explanation{Path: path.Relayed})))
	line := d.peerLine(t, 0)
	if got := line.name.Size().Width; got < peerNameLeast || line.bar.Visible() {
		t.Errorf("the name has %v", got)
	}
	d.window.Resize(first)
	if !d.peerLine(t, 0).bar.Visible() {
		t.Error("in a wide window the bar is missing")
	}
}

func TestAPathThatIsAboutToBeDirectSaysSoForAWhile(t *testing.T) {
	d := englishDesk(t)
	began := time.Date(2026, 11, 21, 14, 0, 0, 0, time.Local)
	p := explained(path.Relayed, netcheck.Explanation{Path: path.Relayed})
	p.Since = began
	says := func(after time.Duration) string {
		d.now = func() time.Time { return began.Add(after) }
		d.show(one(moving(sending(""), path.Relayed), p))
		return d.row(t, 0).drawn.badge.Face().Text
	}
	if got := says(3 * time.Second); got != "Relayed - switching to direct" {
		t.Errorf("after 3 s the badge says %q", got)
	}
	if got := says(time.Minute); got != "Relayed" {
		t.Errorf("after a minute the badge still says %q", got)
	}
	p.Explanation = strict
	if got := says(3 * time.Second); got != "Relayed" {
		t.Errorf("of networks that allow no direct path the badge says %q", got)
	}
}

func TestAnOpenRowHasRoomForStories(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("s")
	d.show(one(moving(sending(""), path.Relayed), peer("s", path.Relayed)))
	without := d.transfers.list.height()
	told := one(moving(sending(""), path.Relayed), explained(path.Relayed, strict))
	d.show(told)
	wide, story := d.transfers.list.height(), d.peerLine(t, 0).peer.storyHeight
	line := d.peerLine(t, 0)
	if wide <= without || line.story.Size().Height < line.story.MinSize().Height || line.Size().Height < line.MinSize().Height {
		t.Errorf("the row is %v high with a story, %v without; the story has %v of %v", wide, without,
			line.story.Size(), line.story.MinSize())
	}
	d.window.Resize(minimum)
	if narrow := d.peerLine(t, 0).peer.storyHeight; narrow < story {
		t.Errorf("in a narrow window the story has %v, in a wide one %v", narrow, story)
	}
	d.transfers.toggle("s")
	if folded := d.transfers.list.height(); folded >= without {
		t.Errorf("a folded row is %v high", folded)
	}
}
