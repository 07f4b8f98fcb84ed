package engine_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

// startRendezvousAt starts one at the address of an earlier one.
func startRendezvousAt(t *testing.T, url string) (stop func()) {
	t.Helper()
	var server *rendezvous.Server
	var err error
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		server, err = rendezvous.New(rendezvous.Config{Listen: strings.TrimPrefix(url, "ws://")})
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(ctx)
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

// freeAddress is where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "ws://" + l.Addr().String()
}

func TestTwoWhoMeetAtTwoPlacesAtOnceHaveOneLink(t *testing.T) {
	t.Parallel()
	first, _ := startRendezvous(t)
	second, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(first, second)), startComputer(t, meetingAt(first, second))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": megabyte}))
	ben.receive(sent.Invitation)
	anna.untilPhase(sent.ID, engine.Complete)
	ben.untilPhase(sent.ID, engine.Complete)
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, side := range []*computer{anna, ben} {
			if peers := side.State().Load().PeersOf(sent.ID); len(peers) != 1 || peers[0].Path != path.DirectLAN {
				t.Fatalf("one peer became %+v", peers)
			}
		}
	}
}

func TestARendezvousThatIsDeadIsNamedUntilItComesUp(t *testing.T) {
	t.Parallel()
	url := freeAddress(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	folder := writeTree(t, "work", map[string]int{"a": 1000})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	for _, side := range []*computer{anna, ben} {
		shown := side.until(sent.ID, "the dead rendezvous is named", func(s engine.Transfer, _ []engine.Peer) bool {
			return s.Problem != nil && s.Problem.Code == engine.NoRendezvous
		})
		if shown.Problem.Subject != url || shown.Problem.Err == nil || shown.Phase != engine.Waiting && shown.Phase != engine.Preparing {
			t.Errorf("shown: %+v", shown)
		}
	}
	startRendezvousAt(t, url)
	done := ben.untilPhase(sent.ID, engine.Complete)
	if done.Problem != nil {
		t.Errorf("the problem stays: %v", done.Problem)
	}
}

func TestARendezvousThatRestartsLetsNewReceiversMeet(t *testing.T) {
	t.Parallel()
	url, stop := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	connected := func(want bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		state, err := anna.State().Wait(ctx, func(s engine.State) bool {
			return len(s.Network.Rendezvous) == 1 && s.Network.Rendezvous[0].Connected == want
		})
		if err != nil {
			t.Fatalf("connected should be %v: %+v", want, state.Network)
		}
	}
	connected(true)
	stop()
	connected(false)
	startRendezvousAt(t, url)
	connected(true)
	ben := startComputer(t, meetingAt(url))
	ben.receive(sent.Invitation)
	ben.untilPhase(sent.ID, engine.Complete)
}

func TestAStricterPolicyEndsALinkThatItForbids(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), downLimit(2*megabyte))
	sent := anna.share(writeTree(t, "work", map[string]int{"big": 10 * megabyte}))
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "bytes arrive directly", func(s engine.Transfer, peers []engine.Peer) bool {
		return s.Bytes > 0 && direct(s, peers)
	})
	strict := settings.Default()
	strict.Rendezvous, strict.STUN, strict.Policy = []string{url}, nil, path.RelayOnly
	strict.PortMapping = false
	if err := ben.Configure(t.Context(), strict); err != nil {
		t.Fatal(err)
	}
	if peers := ben.State().Load().PeersOf(sent.ID); len(peers) > 0 && peers[0].Path.Direct() {
		ben.until(sent.ID, "the direct link has ended", func(_ engine.Transfer, peers []engine.Peer) bool { return len(peers) == 0 })
	}
	ben.until(sent.ID, "a relay is missing", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Problem != nil && s.Problem.Code == engine.NoRelay
	})
	time.Sleep(300 * time.Millisecond) // pieces that had arrived are still verified
	stopped, _ := ben.State().Load().Transfer(sent.ID)
	time.Sleep(300 * time.Millisecond)
	if now, _ := ben.State().Load().Transfer(sent.ID); now.Bytes != stopped.Bytes {
		t.Errorf("%d bytes became %d under a policy that forbids the path", stopped.Bytes, now.Bytes)
	}

	lax := strict
	lax.Policy = path.DirectOnly
	if err := ben.Configure(t.Context(), lax); err != nil {
		t.Fatal(err)
	}
	ben.untilPhase(sent.ID, engine.Complete)
	if err := ben.Configure(t.Context(), settings.Settings{Policy: "teleport"}); !isProblem(err, engine.BadSetting) {
		t.Errorf("a policy that is none: %v", err)
	}
}

func TestNothingIsPublishedWhenNothingChanges(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	anna.until(sent.ID, "it waits on a rendezvous", func(s engine.Transfer, _ []engine.Peer) bool {
		network := anna.State().Load().Network.Rendezvous
		return s.Phase == engine.Waiting && len(network) == 1 && network[0].Connected
	})
	time.Sleep(200 * time.Millisecond)
	before, changed := anna.State().Get()
	select {
	case <-changed:
		t.Errorf("published although nothing happened:\n%+v\n%+v", before, anna.State().Load())
	case <-time.After(3 * time.Second):
	}
}
