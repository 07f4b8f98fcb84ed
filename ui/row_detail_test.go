package ui

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// noon is when the details of the tests are looked at.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.Local)

func detailFor(language string, t engine.Transfer, peers ...engine.Peer) detail {
	return detailOf(words.In(language), t, peers, path.Auto, noon)
}

func TestTheWaysOfABytesAreAHundredPercentTogether(t *testing.T) {
	for _, c := range []struct {
		lan, internet, relayed int64
		want                   [3]string
	}{
		{0, 1_500_000, 5_400_000, [3]string{"0 %", "22 %", "78 %"}},
		{0, 5_400_000, 1_500_000, [3]string{"0 %", "79 %", "21 %"}},
		{333, 333, 334, [3]string{"33 %", "34 %", "33 %"}},
		{1, 999_999, 0, [3]string{"<1 %", "99 %", "0 %"}},
		{0, 999_999, 1, [3]string{"0 %", "99 %", "<1 %"}},
		{0, 1, 999_999, [3]string{"0 %", "1 %", "99 %"}},
		{0, 0, 7, [3]string{"0 %", "0 %", "100 %"}},
		{700, 0, 0, [3]string{"100 %", "0 %", "0 %"}},
	} {
		moved := sending(engine.Transferring)
		moved.LANBytes, moved.InternetBytes, moved.RelayedBytes = c.lan, c.internet, c.relayed
		lan, internet, relayed := parts(moved)
		if got := [3]string{lan, internet, relayed}; got != c.want {
			t.Errorf("%v is told as %q, want %q", c, got, c.want)
		}
		sum := 0
		for _, part := range []string{lan, internet, relayed} {
			number, err := strconv.Atoi(strings.TrimLeft(strings.TrimSuffix(part, " %"), "<"))
			if err != nil {
				t.Fatal(err)
			}
			sum += number
		}
		if sum != 100 {
			t.Errorf("%v adds up to %d %%", c, sum)
		}
	}
}

func TestEachWayHasALineOfItsOwn(t *testing.T) {
	moved := sending(engine.Transferring)
	if got := went(words.In("en"), moved); got != "" {
		t.Errorf("before the first byte it says %q", got)
	}
	moved.InternetBytes, moved.RelayedBytes = 1_500_000, 5_400_000
	for language, want := range map[string]string{
		"en": "Carried so far, repeats included:\nInternet\u00a01.5\u00a0MB\u00a0(22\u00a0%)\nRelayed\u00a05.4\u00a0MB\u00a0(78\u00a0%)",
		"zh": "至今传送（含重传）：\n互联网\u00a01.5\u00a0MB（22\u00a0%）\n经由中继\u00a05.4\u00a0MB（78\u00a0%）",
	} {
		if got := went(words.In(language), moved); got != want {
			t.Errorf("%s: it says %q, want %q", language, got, want)
		}
	}
}

func TestNothingIsSaidToBeSavedBeforeItIs(t *testing.T) {
	for phase, want := range map[engine.Phase]string{
		engine.Waiting: "Goes into /home/ada/Downloads", engine.Transferring: "Goes into /home/ada/Downloads", engine.Failed: "Goes into /home/ada/Downloads",
		engine.Complete: "Saved in /home/ada/Downloads",
	} {
		if got := detailFor("en", receiving(phase)).folder; got != want {
			t.Errorf("%s: it says %q", phase, got)
		}
	}
}

func TestTheSenderIsNamelessOnlyOnceItIsKnown(t *testing.T) {
	early := receiving(engine.Connecting)
	early.Total = 0
	nameless := peer("r", path.DirectLAN)
	nameless.Name, nameless.Progress = "", 1
	other := peer("r", path.DirectInternet)
	named := receiving(engine.Transferring)
	named.Sender = "Grace"
	for _, c := range []struct {
		name     string
		transfer engine.Transfer
		peers    []engine.Peer
		want     string
	}{
		{"before the first contact", early, []engine.Peer{peer("r", path.Connecting)}, "Looking for the sender"},
		{"known by name", named, []engine.Peer{nameless}, "From Grace"},
		{"met, without a name", receiving(engine.Transferring), []engine.Peer{nameless}, "The sender's computer has no name"},
		{"met others only", receiving(engine.Transferring), []engine.Peer{other}, ""},
		{"away", receiving(engine.Waiting), nil, ""},
	} {
		if got := detailFor("en", c.transfer, c.peers...).from; got != c.want {
			t.Errorf("%s: it says %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAShareNamesWhoHasEverything(t *testing.T) {
	done := func(kind path.Kind, name string) engine.Peer {
		p := peer("s", kind)
		p.Name, p.Progress = name, 1
		return p
	}
	grace, linus, nameless := done(path.DirectLAN, "Grace"), done(path.Relayed, "Linus"), done(path.DirectInternet, "")
	for _, c := range []struct {
		receivers int
		peers     []engine.Peer
		en, zh    string
	}{
		{0, []engine.Peer{peer("s", path.DirectLAN)}, "Nobody has everything yet", "还没有人收到全部内容"},
		{2, nil, "2 people have everything", "2 人已收到全部内容"},
		{1, []engine.Peer{grace}, "1 person has everything: Grace", "1 人已收到全部内容：Grace"},
		{2, []engine.Peer{grace, linus}, "2 people have everything: Grace, Linus", "2 人已收到全部内容：Grace、Linus"},
		{3, []engine.Peer{grace, nameless}, "3 people have everything: Grace and others", "3 人已收到全部内容：Grace等"},
		{1, []engine.Peer{nameless}, "1 person has everything", "1 人已收到全部内容"},
	} {
		share := moving(sending(""), path.DirectLAN)
		share.Receivers = c.receivers
		if got := detailFor("en", share, c.peers...).sent; got != c.en {
			t.Errorf("it says %q, want %q", got, c.en)
		}
		if got := detailFor("zh", share, c.peers...).sent; got != c.zh {
			t.Errorf("it says %q, want %q", got, c.zh)
		}
	}
}

func TestAReceiverThatGetsTheLastPieceIsNamedAtOnce(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("s")
	share, grace := moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)
	d.show(one(share, grace))
	grace.Progress = 1
	d.show(one(share, grace))
	if got := d.detailRow(t, 0).sent.Text(); got != "1 person has everything: Grace's desktop" {
		t.Errorf("it says %q", got)
	}
}

func TestWithoutAReasonNobodyAsksWhyThisSpeed(t *testing.T) {
	quiet := moving(sending(""), path.DirectLAN)
	if got := detailFor("en", quiet, peer("s", path.DirectLAN)); got.heading != "How it goes" || got.why == "" {
		t.Errorf("under %q it says %q", got.heading, got.why)
	}
	quiet.Speed.Reason = engine.SpeedNetwork
	if got := detailFor("en", quiet, peer("s", path.DirectLAN)); got.heading != "Why this speed?" {
		t.Errorf("with a reason the heading is %q", got.heading)
	}
	quiet.Path, quiet.Speed.Reason = path.Relayed, engine.SpeedRelayDenied
	if got := detailFor("en", quiet, peer("s", path.Relayed)); got.means != "" || !strings.HasPrefix(got.why, "You want no relay") {
		t.Errorf("of a relay that is denied it says %q, and %q", got.why, got.means)
	}
	done := receiving(engine.Complete)
	done.Finished = noon.Add(-time.Hour)
	if got := detailFor("en", done).why; got != "Everything arrived today 11:00 and was checked piece by piece." {
		t.Errorf("of what has arrived it says %q", got)
	}
}

func TestAPausedPeerLeavesNoRate(t *testing.T) {
	english := words.In("en")
	paused := moving(sending(""), path.DirectLAN)
	paused.Rate, paused.Speed = 0, engine.Speed{Reason: engine.SpeedWaiting, Peer: "peer-direct-lan"}
	if got := speed(english, paused); got != "" {
		t.Errorf("it says %q", got)
	}
	paused.Rate = 1000
	if got := speed(english, paused); got == "" {
		t.Error("what moves still is not told")
	}
}
