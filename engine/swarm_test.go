package engine_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
)

func upLimit(bytesPerSecond int64) setting {
	return func(c *engine.Config) { c.Settings.LimitUp = bytesPerSecond }
}

func TestThreeReceiversHelpEachOtherAndALateOneNeedsNoSender(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(3*megabyte))
	folder := writeTree(t, "holiday", map[string]int{"a.jpg": 6 * megabyte, "b/c.txt": 100})
	sent := anna.share(folder)
	anna.untilPhase(sent.ID, engine.Waiting)

	var receivers []*computer
	for range 3 {
		receiver := startComputer(t, meetingAt(url))
		receiver.receive(sent.Invitation)
		receivers = append(receivers, receiver)
	}
	for _, receiver := range receivers {
		receiver.untilPhase(sent.ID, engine.Complete)
		sameTree(t, folder, filepath.Join(receiver.downloads, "holiday"))
	}
	anna.until(sent.ID, "all three have everything", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Receivers == 3 && s.Phase == engine.Complete
	})
	var sentOut, helped int64
	for _, peer := range anna.State().Load().PeersOf(sent.ID) {
		sentOut += peer.BytesOut
	}
	for _, receiver := range receivers {
		for _, peer := range receiver.State().Load().PeersOf(sent.ID) {
			helped += peer.BytesOut
		}
	}
	if helped < megabyte || sentOut > 17*megabyte {
		t.Errorf("the sender sent %d bytes, the receivers helped with %d", sentOut, helped)
	}
	anna.stop()

	late := startComputer(t, meetingAt(url))
	late.receive(sent.Invitation)
	late.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(late.downloads, "holiday"))
}

func TestASenderThatDiedAndIsBackServesItsReceiversOn(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna := startComputer(t, meetingAt(url), stateIn(state))
	ben := startComputer(t, meetingAt(url), downLimit(4*megabyte))
	folder := writeTree(t, "work", map[string]int{"big": 12 * megabyte})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 2*megabyte })
	anna.stop()
	ben.until(sent.ID, "the sender's end is seen", func(_ engine.Transfer, peers []engine.Peer) bool { return len(peers) == 0 })

	again := startComputer(t, meetingAt(url), stateIn(state))
	if shared := again.share(folder); shared.ID != sent.ID {
		t.Fatalf("it is another share: %+v", shared)
	}
	ben.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "work"))
	again.until(sent.ID, "Ben is counted", func(s engine.Transfer, _ []engine.Peer) bool { return s.Receivers == 1 })
	again.stop()

	third := startComputer(t, meetingAt(url), stateIn(state), restoring)
	third.until(sent.ID, "Ben is back and counted once", func(s engine.Transfer, peers []engine.Peer) bool {
		return s.Phase == engine.Complete && s.Receivers == 1 && len(peers) == 1 && peers[0].Progress == 1
	})
}

func TestAReceiverThatLeavesAtOnceIsStillCounted(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	for receivers := 1; receivers <= 3; receivers++ {
		ben := startComputer(t, meetingAt(url))
		ben.receive(sent.Invitation)
		ben.untilPhase(sent.ID, engine.Complete)
		ben.stop()
		anna.until(sent.ID, "the receiver is counted and gone", func(s engine.Transfer, peers []engine.Peer) bool {
			return s.Receivers == receivers && len(peers) == 0
		})
	}
}

func TestARemovedShareLetsItsReceiversWait(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), downLimit(2*megabyte))
	folder := writeTree(t, "work", map[string]int{"big": 16 * megabyte})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 0 })
	if err := anna.Remove(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	left := ben.untilPhase(sent.ID, engine.Waiting)
	if left.Bytes == 0 || left.Problem != nil || left.Rate > 0 && left.Left >= 0 {
		t.Errorf("the receiver shows %+v", left)
	}
	if _, err := os.Stat(filepath.Join(folder, "big")); err != nil {
		t.Errorf("the shared file was touched: %v", err)
	}
	if peers := ben.State().Load().PeersOf(sent.ID); len(peers) > 0 {
		t.Errorf("the receiver still shows %+v", peers)
	}
}

func TestARateFallsToNothingWhenNothingMoves(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 4 * megabyte}))
	ben.receive(sent.Invitation)
	for _, side := range []*computer{anna, ben} {
		began := time.Now()
		side.until(sent.ID, "nothing moves", func(s engine.Transfer, peers []engine.Peer) bool {
			return s.Phase == engine.Complete && s.Rate == 0 && len(peers) == 1 && peers[0].RateIn+peers[0].RateOut == 0
		})
		if time.Since(began) > 20*time.Second {
			t.Error("the rate fell too late")
		}
	}
}
