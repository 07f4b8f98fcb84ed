package engine_test

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
)

func limitedBy(reason engine.SpeedReason) func(engine.Transfer, []engine.Peer) bool {
	return func(s engine.Transfer, _ []engine.Peer) bool { return s.Speed.Reason == reason }
}

func TestEachSideSaysWhoseLimitItIs(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	limitLAN := func(c *engine.Config) { c.Settings.LimitLAN = true }
	anna := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"big": 80 * megabyte}))
	anna.until(sent.ID, "nobody is there", limitedBy(engine.SpeedWaiting))

	const limit = 2 * megabyte
	ben := startComputer(t, meetingAt(url), downLimit(limit), limitLAN)
	ben.receive(sent.Invitation)
	if own := ben.until(sent.ID, "it is his limit", limitedBy(engine.SpeedOwnLimit)); own.Speed.Limit != limit {
		t.Errorf("Ben's limit is shown as %+v", own.Speed)
	}
	theirs := anna.until(sent.ID, "it is their limit", limitedBy(engine.SpeedTheirLimit))
	if peers := anna.State().Load().PeersOf(sent.ID); theirs.Speed.Limit != limit || len(peers) != 1 || theirs.Speed.Peer != peers[0].ID {
		t.Errorf("Anna is told %+v of %+v", theirs.Speed, peers)
	}

	free := ben.settings
	free.LimitLAN = false // and so it is not for Anna, who is near
	if err := ben.Configure(t.Context(), free); err != nil {
		t.Fatal(err)
	}
	done := ben.until(sent.ID, "he has it all, or goes as fast as it can", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Phase == engine.Complete || s.Speed.Reason == engine.SpeedNetwork
	})
	if done.Speed.Limit != 0 {
		t.Errorf("without a limit it is %+v", done.Speed)
	}
	if done = ben.untilPhase(sent.ID, engine.Complete); done.Speed != (engine.Speed{}) {
		t.Errorf("a complete transfer is bounded by %+v", done.Speed)
	}
}

func TestPiecesAndRatesAreFetchedOnDemand(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), downLimit(4*megabyte), func(c *engine.Config) { c.Settings.LimitLAN = true })
	const size = 12 * megabyte
	sent := anna.share(writeTree(t, "work", map[string]int{"big": size}))
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "some is here", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 4*megabyte && s.Bytes < size })
	pieces := func(c *computer) (states map[engine.PieceState]int, all int) {
		t.Helper()
		list, err := c.Pieces(t.Context(), sent.ID)
		if err != nil {
			t.Fatal(err)
		}
		states = map[engine.PieceState]int{}
		for _, state := range list {
			states[state]++
		}
		return states, len(list)
	}
	here, all := pieces(ben)
	if here[engine.PieceHere] == 0 || here[engine.PieceHere] == all || here[engine.PieceUnwanted] != 0 {
		t.Errorf("of %d pieces Ben has %v", all, here)
	}
	if there, count := pieces(anna); count != all || there[engine.PieceHere] == 0 {
		t.Errorf("Anna shows %v of %d pieces", there, count)
	}
	ben.untilPhase(sent.ID, engine.Complete)
	anna.until(sent.ID, "she knows it", func(s engine.Transfer, _ []engine.Peer) bool { return s.Receivers == 1 })
	for name, c := range map[string]*computer{"Ben": ben, "Anna": anna} {
		if states, count := pieces(c); states[engine.PieceHere] != count || count != all {
			t.Errorf("in the end %s shows %v of %d pieces", name, states, count)
		}
		deadline := time.Now().Add(10 * time.Second)
		for sum := int64(0); sum < size; time.Sleep(20 * time.Millisecond) {
			samples, err := c.Rates(t.Context(), sent.ID)
			if err != nil || len(samples) > 60 || time.Now().After(deadline) {
				t.Fatalf("%s shows %d samples of %d bytes: %v", name, len(samples), sum, err)
			}
			sum = 0
			for _, s := range samples {
				sum += s.Direct + s.Relayed
				if s.Relayed != 0 || s.Direct < 0 {
					t.Fatalf("%s shows a sample %+v", name, s)
				}
			}
		}
	}
	if _, err := ben.Pieces(t.Context(), "nobody"); err == nil {
		t.Error("pieces of a transfer that is none")
	}
	if _, err := ben.Rates(t.Context(), "nobody"); err == nil {
		t.Error("rates of a transfer that is none")
	}
}
