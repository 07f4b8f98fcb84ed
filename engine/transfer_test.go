package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

const megabyte = 1 << 20

func TestAFolderArrivesWithPathAndProgressOnBothSides(t *testing.T) {
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	folder := writeTree(t, "holiday", map[string]int{"a.jpg": 3 * megabyte, "日本/b é.txt": 10, "empty.txt": 0})
	if err := os.Mkdir(filepath.Join(folder, "nothing here"), 0o755); err != nil {
		t.Fatal(err)
	}

	sent := anna.share(folder)
	received := ben.receive(sent.Invitation)

	done := ben.untilPhase(received.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "holiday"))
	if done.Bytes != done.Total || done.Placed != filepath.Join(ben.downloads, "holiday") {
		t.Errorf("the receiver shows %d of %d bytes in %q", done.Bytes, done.Total, done.Placed)
	}
	sender := anna.until(sent.ID, "the sender sees that Ben has everything", func(s engine.Transfer, peers []engine.Peer) bool {
		return s.Phase == engine.Complete && s.Receivers == 1 && len(peers) == 1 && peers[0].Progress == 1
	})
	if sender.Path != path.DirectLAN {
		t.Errorf("the sender shows the path %s", sender.Path)
	}
	peer := anna.State().Load().PeersOf(sent.ID)[0]
	if peer.BytesOut < 3*megabyte || peer.BytesRelayed != 0 || peer.Client != "Causeway test" || peer.Local.Address == "" {
		t.Errorf("the sender shows the peer %+v", peer)
	}
}

func TestTwoWindowsOnOneComputerNeedNoServer(t *testing.T) {
	anna, ben := startComputer(t, onlyLAN), startComputer(t, onlyLAN)
	file := filepath.Join(writeTree(t, "x", map[string]int{"report.pdf": megabyte}), "report.pdf")
	received := ben.receive(anna.share(file).Invitation)
	ben.untilPhase(received.ID, engine.Complete)
	if _, err := os.Stat(filepath.Join(ben.downloads, "report.pdf")); err != nil {
		t.Error(err)
	}
}

func TestTheRendezvousIsNotNeededAfterMeeting(t *testing.T) {
	url, killRendezvous := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), downLimit(4*megabyte))
	first := writeTree(t, "first", map[string]int{"big": 12 * megabyte})
	second := writeTree(t, "second", map[string]int{"small": 2 * megabyte})

	sent := anna.share(first)
	received := ben.receive(sent.Invitation)
	ben.until(received.ID, "30 % have arrived", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Total > 0 && s.Bytes*10 >= s.Total*3
	})
	killRendezvous()
	for name, computer := range map[string]*computer{"anna": anna, "ben": ben} {
		if state := computer.State().Load(); len(state.Peers) != 1 || state.Peers[0].RendezvousNeeded {
			t.Errorf("%s needs the rendezvous that is gone: %+v", name, state.Peers)
		}
	}

	ben.untilPhase(received.ID, engine.Complete)
	sameTree(t, first, filepath.Join(ben.downloads, "first"))
	ben.until(received.ID, "the rendezvous is known to be needless", direct)

	next := ben.receive(anna.share(second).Invitation)
	ben.untilPhase(next.ID, engine.Complete)
	sameTree(t, second, filepath.Join(ben.downloads, "second"))
	anna.stop()
	ben.stop()
}

func TestAnEarlyReceiverSeesThatTheShareIsBeingPrepared(t *testing.T) {
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	folder := t.TempDir()
	sparse, err := os.Create(filepath.Join(folder, "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer sparse.Close()
	if err := sparse.Truncate(8 << 30); err != nil {
		t.Skip("the file system has no sparse files of 8 GiB: ", err)
	}
	sent := anna.share(sparse.Name())
	if sent.Invitation == "" || sent.Phase != engine.Preparing {
		t.Fatalf("the invitation does not exist at once: %+v", sent)
	}
	received := ben.receive(sent.Invitation)
	ben.until(received.ID, "the sender's progress is seen", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Phase == engine.Preparing && s.Preparing > 0 && s.Preparing < 1 && s.Name == "large"
	})
}

func TestAPausedTransferMovesNothingAndThenGoesOn(t *testing.T) {
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), downLimit(4*megabyte))
	folder := writeTree(t, "work", map[string]int{"big": 16 * megabyte})
	received := ben.receive(anna.share(folder).Invitation)
	ben.until(received.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 0 })

	if err := ben.Pause(t.Context(), received.ID); err != nil {
		t.Fatal(err)
	}
	paused := ben.untilPhase(received.ID, engine.Paused)
	if paused.Bytes == paused.Total {
		t.Fatal("paused too late to show anything")
	}
	if err := ben.Resume(t.Context(), received.ID); err != nil {
		t.Fatal(err)
	}
	ben.untilPhase(received.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "work"))
}

func TestARemovedDownloadLeavesNothingBehind(t *testing.T) {
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	ben := startComputer(t, meetingAt(url), downLimit(2*megabyte))
	received := ben.receive(anna.share(writeTree(t, "work", map[string]int{"big": 16 * megabyte})).Invitation)
	ben.until(received.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 0 })
	if err := ben.Remove(t.Context(), received.ID); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(ben.downloads)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if records, _ := os.ReadDir(filepath.Join(ben.state, "transfers")); len(records) > 0 {
		t.Errorf("the record is still there: %v", records)
	}
}

func TestTheSameUnchangedFilesGiveTheSameInvitationAfterARestart(t *testing.T) {
	url, _ := startRendezvous(t)
	folder := writeTree(t, "work", map[string]int{"a": megabyte})
	state := t.TempDir()
	anna := startComputer(t, meetingAt(url), stateIn(state))
	first := anna.share(folder)
	anna.until(first.ID, "it is hashed", func(s engine.Transfer, _ []engine.Peer) bool { return s.Phase == engine.Waiting })
	anna.stop()

	again := startComputer(t, meetingAt(url), stateIn(state))
	if second := again.share(folder); second.Invitation != first.Invitation || second.Phase == engine.Preparing {
		t.Errorf("after a restart: %+v", second)
	}
	again.stop()

	if err := os.WriteFile(filepath.Join(folder, "b"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed := startComputer(t, meetingAt(url), stateIn(state))
	if third := changed.share(folder); third.Invitation == first.Invitation {
		t.Error("other content has the same invitation")
	}
}

func TestFilesSharedTwiceAreSharedOnce(t *testing.T) {
	anna := startComputer(t, onlyLAN)
	folder := writeTree(t, "work", map[string]int{"a": megabyte})
	first := anna.share(folder)
	if again := anna.share(folder); again.ID != first.ID {
		t.Error("two invitations for one folder")
	}
	anna.until(first.ID, "it is hashed", func(s engine.Transfer, _ []engine.Peer) bool { return s.Phase == engine.Waiting })
	if again := anna.share(folder); again.ID != first.ID {
		t.Error("two invitations for one folder")
	}
	if err := os.WriteFile(filepath.Join(folder, "b"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed := anna.share(folder); changed.ID == first.ID {
		t.Error("other content has the same invitation")
	}
}

func TestWhatHasArrivedCanBeSharedOn(t *testing.T) {
	anna, ben, cleo := startComputer(t, onlyLAN), startComputer(t, onlyLAN), startComputer(t, onlyLAN)
	folder := writeTree(t, "work", map[string]int{"a": megabyte})
	received := ben.receive(anna.share(folder).Invitation)
	arrived := ben.untilPhase(received.ID, engine.Complete).Placed
	onward := cleo.receive(ben.share(arrived).Invitation)
	cleo.untilPhase(onward.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(cleo.downloads, "work"))
}

func TestAnEmptyFileAndAnEmptyFolderArrive(t *testing.T) {
	anna, ben := startComputer(t, onlyLAN), startComputer(t, onlyLAN)
	folder := writeTree(t, "work", map[string]int{"nothing.txt": 0})
	file := ben.receive(anna.share(filepath.Join(folder, "nothing.txt")).Invitation)
	if done := ben.untilPhase(file.ID, engine.Complete); done.Bytes != 0 || done.Total != 0 || done.Files != 1 {
		t.Errorf("an empty file shows %d of %d bytes in %d files", done.Bytes, done.Total, done.Files)
	}
	if err := os.Mkdir(filepath.Join(folder, "void"), 0o755); err != nil {
		t.Fatal(err)
	}
	void := ben.receive(anna.share(filepath.Join(folder, "void")).Invitation)
	ben.untilPhase(void.ID, engine.Complete)
	for _, name := range []string{"nothing.txt", "void"} {
		if _, err := os.Stat(filepath.Join(ben.downloads, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestAWindowGoesOnWithItsTransfersAfterARestart(t *testing.T) {
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state), downLimit(4*megabyte))
	folder := writeTree(t, "work", map[string]int{"big": 12 * megabyte})
	received := ben.receive(anna.share(folder).Invitation)
	ben.until(received.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 2*megabyte })
	ben.stop()

	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	again.untilPhase(received.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "work"))
}
