package engine_test

import (
	"testing"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// adds fails the test unless the three ways make up all that went.
func (c *computer) adds(id engine.TransferID, want int64) engine.Transfer {
	c.t.Helper()
	return c.until(id, "the bytes by path are all there are", func(s engine.Transfer, peers []engine.Peer) bool {
		sum := int64(0)
		for _, p := range peers {
			sum += p.BytesIn + p.BytesOut
		}
		ways := s.LANBytes + s.InternetBytes + s.RelayedBytes
		return ways >= want && (len(peers) == 0 || ways == sum)
	})
}

func TestBytesAreCountedByTheWayTheyWentAlsoOverARestart(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	state := t.TempDir()
	const size = 6 * megabyte
	anna := startComputer(t, meetingAt(url), stateIn(state))
	folder := writeTree(t, "work", map[string]int{"big": size})
	sent := anna.share(folder)

	ben := startComputer(t, meetingAt(url))
	ben.receive(sent.Invitation)
	if done := ben.untilPhase(sent.ID, engine.Complete); done.Finished.IsZero() {
		t.Error("a finished download does not say when it was")
	}
	near := ben.adds(sent.ID, size)
	if near.LANBytes < size || near.InternetBytes != 0 || near.RelayedBytes != 0 {
		t.Errorf("in the same network: %+v", near)
	}
	if peer := ben.State().Load().PeersOf(sent.ID); len(peer) == 1 {
		theirs := anna.State().Load().PeersOf(sent.ID)
		if len(theirs) != 1 || len(peer[0].Fingerprint) != 4 || peer[0].Fingerprint[0] != theirs[0].Fingerprint[0] || len(peer[0].Timeline) < 2 {
			t.Errorf("Ben sees %+v, Anna %+v", peer, theirs)
		}
	}
	anna.until(sent.ID, "she knows that he has it", func(s engine.Transfer, _ []engine.Peer) bool { return s.Receivers == 1 && !s.Finished.IsZero() })
	ben.stop()

	cleo := startComputer(t, meetingAt(url), relaying(relay))
	cleo.receive(sent.Invitation)
	cleo.untilPhase(sent.ID, engine.Complete)
	if far := cleo.adds(sent.ID, size); far.RelayedBytes < size || far.LANBytes != 0 || far.InternetBytes != 0 {
		t.Errorf("by relay: %+v", far)
	}
	both := anna.until(sent.ID, "both have it", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Receivers == 2 && s.LANBytes >= size && s.RelayedBytes >= size
	})
	cleo.stop()
	anna.stop()

	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	kept := again.until(sent.ID, "it is restored", func(s engine.Transfer, _ []engine.Peer) bool { return s.Path == path.Connecting })
	if kept.LANBytes < both.LANBytes || kept.RelayedBytes < both.RelayedBytes || kept.InternetBytes != 0 || !kept.Finished.Equal(both.Finished) {
		t.Errorf("after a restart %+v, before %+v", kept, both)
	}
}
