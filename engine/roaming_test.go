package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

// serveTURN runs a TURN server at an address until stop is called.
func serveTURN(t *testing.T, address string) (server *rendezvous.Server, stop func()) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		server, err = rendezvous.New(rendezvous.Config{Turn: &rendezvous.TurnConfig{
			Listen: address, Users: map[string]string{"ada": "north"}, AllowPrivatePeers: true,
		}})
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
	return server, stop
}

func TestATransferGoesOnWhenTheOnlyPathHasGoneAndAnotherOpens(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, kill := startTURN(t)
	anna := startComputer(t, meetingAt(url), upLimit(2*megabyte))
	ben := startComputer(t, meetingAt(url), relaying(relay))
	folder := writeTree(t, "work", map[string]int{"big": 10 * megabyte})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	before := ben.until(sent.ID, "some has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 2*megabyte })
	kill()
	killed := time.Now()
	ben.until(sent.ID, "the path is lost", func(_ engine.Transfer, peers []engine.Peer) bool {
		return len(peers) == 0 || peers[0].Path == path.Connecting
	})
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if _, err := ben.State().Wait(ctx, func(s engine.State) bool { return s.Network.Relays[0].Failure != nil }); err != nil {
		t.Error("a relay that has died is still said to work")
	}
	serveTURN(t, relay.URL[len("turn:"):len(relay.URL)-len("?transport=udp")]) // it knows nothing of the allocations of before
	back := time.Now()
	ben.until(sent.ID, "bytes arrive again", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > before.Bytes+megabyte })
	t.Logf("lost after %v, a megabyte more %v after the relay was back", back.Sub(killed), time.Since(back))
	done := ben.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, done.Placed)
	if peers := ben.State().Load().PeersOf(sent.ID); len(peers) != 1 || peers[0].BytesIn < 10*megabyte || len(peers[0].Paths) < 2 {
		t.Errorf("of the peer is shown %+v", peers)
	}
}
