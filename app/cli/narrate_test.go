package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// receiving is a state of one download in a phase.
func receiving(phase engine.Phase, peers ...engine.Peer) engine.State {
	return engine.State{
		Transfers: []engine.Transfer{{
			ID: "t", Name: "photos", Direction: engine.Receive, Phase: phase,
			Bytes: 500_000, Total: 1_000_000, Files: 3, Left: -1, Preparing: -1,
		}},
		Peers: peers,
	}
}

func TestNarrationTellsWhatHappened(t *testing.T) {
	direct := engine.Peer{
		Transfer: "t", ID: "p", Name: "Anna's laptop", Path: path.DirectLAN,
		Remote: path.Candidate{Address: "192.168.1.20:4444"},
	}
	relayed := direct
	relayed.Path, relayed.Relay = path.Relayed, "turn:relay.example:3478?transport=udp"
	moved := direct
	moved.Path, moved.Remote.Address = path.DirectInternet, "203.0.113.5:6"
	moved.Paths = []link.Entry{{Path: path.Relayed, In: 15_000, Out: 5_000}, {Path: path.DirectInternet, In: 1}}
	trying := direct
	trying.Path = path.Connecting
	for _, c := range []struct {
		name          string
		before, after engine.State
		want          []string
	}{
		{"the start", engine.State{}, receiving(engine.Waiting),
			[]string{"Waiting: nobody who has this share is there. Ask the sender to keep Causeway running."}},
		{"nothing new", receiving(engine.Waiting), receiving(engine.Waiting), nil},
		{"a peer without a path", receiving(engine.Waiting), receiving(engine.Connecting, trying), []string{"Connecting."}},
		{"a path", receiving(engine.Connecting, trying), receiving(engine.Transferring, direct),
			[]string{"Receiving “photos” (3 files, 1.0 MB).", "Anna's laptop: direct, same network, 192.168.1.20:4444."}},
		{"a worse path", receiving(engine.Transferring, direct), receiving(engine.Transferring, relayed),
			[]string{"Anna's laptop: relayed by relay.example."}},
		{"a better path", receiving(engine.Transferring, relayed), receiving(engine.Transferring, moved),
			[]string{"Anna's laptop: now direct, internet, 203.0.113.5:6; relayed first: 20.0 kB, 2 %."}},
		{"nobody", receiving(engine.Transferring, relayed), receiving(engine.Waiting),
			[]string{"Waiting: nobody who has this share is there. Ask the sender to keep Causeway running.", "Anna's laptop has left."}},
		{"the end", receiving(engine.Transferring), receiving(engine.Complete),
			[]string{"“photos” (3 files, 1.0 MB) is complete and verified."}},
		{"a failure is told at the end", receiving(engine.Waiting), receiving(engine.Failed), nil},
	} {
		if got := narrate(c.before, c.after, "t"); !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestNarrationTellsOnceWhatIsNotIncluded(t *testing.T) {
	partly := receiving(engine.Waiting)
	partly.Transfers[0].Skipped = 3
	want := []string{"3 items are not included: links, special files and Causeway's own folder are never shared."}
	if got := narrate(receiving(engine.Waiting), partly, "t"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := narrate(partly, partly, "t"); len(again) != 0 {
		t.Errorf("told again: %q", again)
	}
}

func TestNarrationTellsOnceWhyAPathIsRelayed(t *testing.T) {
	peer := engine.Peer{Transfer: "t", ID: "p", Name: "Anna", Path: path.Relayed, Relay: "turn:relay.example:3478?transport=udp"}
	peer.Explanation = netcheck.Explanation{
		Path: path.Relayed, Own: []netcheck.Cause{netcheck.ChangesPorts}, Theirs: []netcheck.Cause{netcheck.FiltersByPort},
		Remedies: []netcheck.Remedy{netcheck.MapPortsEither},
	}
	first, later := receiving(engine.Transferring, peer), receiving(engine.Transferring, peer)
	told := narrate(receiving(engine.Transferring), first, "t")
	if len(told) != 1 || !strings.HasPrefix(told[0], "Anna: relayed by relay.example. Relayed: your network") || !strings.Contains(told[0], "UPnP") {
		t.Errorf("got %q", told)
	}
	if again := narrate(first, first, "t"); len(again) != 0 {
		t.Errorf("told again: %q", again)
	}
	later.Peers[0].Explanation.Own = nil // more is known
	if told := narrate(first, later, "t"); len(told) != 1 || !strings.HasPrefix(told[0], "Anna: Relayed: ") {
		t.Errorf("got %q", told)
	}
	failed := engine.Problem{Code: engine.NoPath, Explanation: &netcheck.Explanation{Path: path.Connecting, Own: []netcheck.Cause{netcheck.UDPStopped}}}
	if said := sentence(&failed); !strings.Contains(said, "UDP") {
		t.Errorf("of a path that is not there is said %q", said)
	}
}

func TestNarrationTellsOnceWhichRelayRefuses(t *testing.T) {
	works, fails, other := receiving(engine.Waiting), receiving(engine.Waiting), receiving(engine.Waiting)
	works.Network.Relays = []engine.Relay{{URL: "turn:turn1.example.org", RTT: time.Millisecond}}
	fails.Network.Relays = []engine.Relay{{URL: "turn:turn1.example.org", Failure: refused()}}
	other.Network.Relays = []engine.Relay{{URL: "turn:turn1.example.org", Failure: &netcheck.Failure{Reason: netcheck.QuotaReached, Code: 486}}}
	told := narrate(works, fails, "t")
	if len(told) != 1 || !strings.HasPrefix(told[0], "turn1.example.org refuses the credentials (401)") {
		t.Errorf("got %q", told)
	}
	if again := append(narrate(fails, fails, "t"), narrate(fails, works, "t")...); len(again) != 0 {
		t.Errorf("told again: %q", again)
	}
	if told := narrate(fails, other, "t"); len(told) != 1 || !strings.Contains(told[0], "486") {
		t.Errorf("got %q", told)
	}
}

func TestNarrationTellsOnceThatRelayedBytesWait(t *testing.T) {
	calm, waits, more := receiving(engine.Transferring), receiving(engine.Transferring), receiving(engine.Transferring)
	waits.Transfers[0].Question = &engine.RelayQuestion{Limit: engine.TransferLimit, Used: 490_000_000, Allowed: 500_000_000}
	told := narrate(calm, waits, "t")
	if len(told) != 1 || !strings.Contains(told[0], "490 MB") || !strings.Contains(told[0], "500 MB") || !strings.Contains(told[0], "--relay-transfer") {
		t.Errorf("got %q", told)
	}
	if again := narrate(waits, waits, "t"); len(again) != 0 {
		t.Errorf("told again: %q", again)
	}
	more.Transfers[0].Question = &engine.RelayQuestion{Limit: engine.MonthLimit, Used: 490_000_000, Allowed: 500_000_000}
	if told := narrate(waits, more, "t"); len(told) != 1 || !strings.Contains(told[0], "--relay-month") {
		t.Errorf("got %q", told)
	}
}

func TestNarrationTellsAProblemOnceAndGoesOn(t *testing.T) {
	stuck := receiving(engine.Waiting)
	stuck.Transfers[0].Problem = &engine.Problem{Code: engine.NoRendezvous, Subject: "wss://tracker.example"}
	first := narrate(receiving(engine.Waiting), stuck, "t")
	if len(first) != 1 || first[0] != sentence(stuck.Transfers[0].Problem) {
		t.Errorf("got %q", first)
	}
	if again := narrate(stuck, stuck, "t"); len(again) != 0 {
		t.Errorf("told again: %q", again)
	}
}

func TestNarrationTellsOnceWhatConcernsNoTransfer(t *testing.T) {
	calm, troubled := receiving(engine.Waiting), receiving(engine.Waiting)
	troubled.Problems = []engine.Problem{{Code: engine.RecordNotSaved, Subject: "/state/t"}}
	want := []string{sentence(&troubled.Problems[0])}
	if got := narrate(calm, troubled, "t"); !slices.Equal(got, want) || !strings.Contains(want[0], "/state/t") {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := narrate(troubled, troubled, "t"); len(again) != 0 {
		t.Errorf("told again: %q", again)
	}
}

func TestPeersCannotSteerTheTerminal(t *testing.T) {
	evil := receiving(engine.Transferring, engine.Peer{Transfer: "t", ID: "p", Client: "\x1b[2J\rgot you", Path: path.DirectLAN})
	evil.Transfers[0].Name = "a\x07\u202eb\n"
	for _, line := range append(narrate(engine.State{}, evil, "t"), bar(evil.Transfers[0], 79)) {
		if strings.ContainsAny(line, "\x1b\r\n\x07\u202e") {
			t.Errorf("%q", line)
		}
	}
}

func TestLargeNumbersAreGrouped(t *testing.T) {
	many := receiving(engine.Transferring).Transfers[0]
	many.Files, many.Total = 2001, 1_200_000_000
	if got, want := title(many), "“photos” (2,001 files, 1.2 GB)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := receiversLine(1500), "1,500 receivers have everything."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	for code, want := range map[engine.ProblemCode]int{
		engine.NoPath: 3, engine.NoRelay: 3, engine.PolicyBlocked: 3, engine.BadSetting: 2, engine.NothingToShare: 2,
		engine.InvitationNewer: 1, engine.DiskFull: 1, engine.Internal: 1,
	} {
		if got := exitFor(&engine.Problem{Code: code}).Code; got != want {
			t.Errorf("%s ends with %d, want %d", code, got, want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	transfer := receiving(engine.Transferring).Transfers[0]
	transfer.Rate, transfer.Left, transfer.Path = 12_400_000, 3*time.Minute, path.DirectInternet
	if got, want := progressLine(transfer), "50 %, 500 kB of 1.0 MB, 12.4 MB/s, 3 min left, direct, internet"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	waiting := receiving(engine.Preparing).Transfers[0]
	waiting.Preparing = 0.4
	if got, want := progressLine(waiting), "prepared 40 %"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
