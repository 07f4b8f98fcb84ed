package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/causeway-app/causeway/engine"
)

// disk is how much room a computer's tests say there is.
type disk struct{ free atomic.Int64 }

func diskOf(free int64) *disk {
	d := &disk{}
	d.free.Store(free)
	return d
}

func (d *disk) measured(c *engine.Config) {
	engine.MeasureRoom(c, func(string) (int64, error) { return d.free.Load(), nil })
}

func TestWithoutRoomNothingIsWrittenUntilThereIs(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	room := diskOf(2 * megabyte)
	ben := startComputer(t, meetingAt(url), room.measured)
	offered, contents := ben.look(sent.Invitation)
	target := filepath.Join(t.TempDir(), "target")
	err := ben.Accept(t.Context(), offered.ID, target, nil)
	problem, _ := errors.AsType[*engine.Problem](err)
	if !isProblem(err, engine.NotEnoughRoom) || problem.Needed != offered.Total || problem.Free != 2*megabyte || problem.Subject != target {
		t.Fatalf("accepting too much: %+v", err)
	}
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
	if free, err := ben.FreeSpace(t.Context(), target); free != 2*megabyte || err != nil {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	ben.untilKnown(offered.ID) // is offered still
	ben.accept(offered.ID, target, picks(t, contents, "film.mkv"))
	ben.untilPhase(offered.ID, engine.Complete)
	arrived(t, folder, filepath.Join(target, "album"), "film.mkv")

	// Cleo takes all at once, and learns only then how much it is.
	room = diskOf(megabyte)
	state := t.TempDir()
	cleo := startComputer(t, meetingAt(url), room.measured, stateIn(state))
	cleo.receive(sent.Invitation)
	failed := cleo.untilProblem(sent.ID, engine.NotEnoughRoom)
	if failed.Phase != engine.Failed || failed.Problem.Needed != offered.Total || failed.Problem.Free != megabyte {
		t.Errorf("Cleo shows %+v, %+v", failed, failed.Problem)
	}
	nothingIn(t, cleo.downloads)
	cleo.resume(sent.ID)
	cleo.untilProblem(sent.ID, engine.NotEnoughRoom)
	nothingIn(t, cleo.downloads)
	room.free.Store(10 * megabyte)
	cleo.resume(sent.ID)
	cleo.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(cleo.downloads, "album"))
}

func TestWhatFailedForWantOfRoomCanGoElsewhere(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	room := diskOf(1000)
	ben := startComputer(t, meetingAt(url), room.measured)
	ben.receive(sent.Invitation)
	ben.untilProblem(sent.ID, engine.NotEnoughRoom)
	contents := ben.contents(sent.ID)
	room.free.Store(100 * megabyte)
	elsewhere := t.TempDir()
	ben.accept(sent.ID, elsewhere, picks(t, contents, "notes/last.txt"))
	ben.untilPhase(sent.ID, engine.Complete)
	arrived(t, folder, filepath.Join(elsewhere, "album"), "notes/last.txt")
	nothingIn(t, ben.downloads)
}

func TestAFolderThatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	offered, _ := ben.look(anna.share(album(t)).Invitation)
	inTheWay := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ben.Accept(t.Context(), offered.ID, inTheWay, nil); !isProblem(err, engine.CannotWrite) {
		t.Errorf("into a file: %v", err)
	}
	if err := ben.Accept(t.Context(), "nobody", "", nil); !errors.Is(err, engine.ErrUnknownTransfer) {
		t.Errorf("an unknown transfer: %v", err)
	}
	ben.accept(offered.ID, "", nil)
	ben.untilPhase(offered.ID, engine.Complete)
}

func TestARemovedChoiceThatFoundNoRoomLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 12 * megabyte, "b": 1_000_000, "c": 77}))
	room, state := diskOf(100*megabyte), t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state), downLimit(2*megabyte), room.measured)
	offered, contents := ben.look(sent.Invitation)
	ben.accept(offered.ID, "", picks(t, contents, "a", "c"))
	ben.until(offered.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 2*megabyte })
	ben.stop()

	room.free.Store(1000)
	again := startComputer(t, meetingAt(url), stateIn(state), restoring, room.measured)
	failed := again.untilProblem(offered.ID, engine.NotEnoughRoom)
	if failed.Problem.Needed >= 10*megabyte {
		t.Errorf("what is here counts as needed: %+v", failed.Problem)
	}
	if err := again.Accept(t.Context(), offered.ID, t.TempDir(), nil); !isProblem(err, engine.InvitationInProgress) {
		t.Errorf("what was begun was accepted again: %v", err)
	}
	if err := again.Remove(t.Context(), offered.ID); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, ben.downloads)
	nothingIn(t, filepath.Join(state, "transfers"))
}
