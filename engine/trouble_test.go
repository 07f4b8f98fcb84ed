package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
)

func isProblem(err error, code engine.ProblemCode) bool {
	problem, ok := errors.AsType[*engine.Problem](err)
	return ok && problem.Code == code
}

func (c *computer) untilProblem(id engine.TransferID, code engine.ProblemCode) engine.Transfer {
	c.t.Helper()
	return c.until(id, "the problem is "+string(code), func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Problem != nil && s.Problem.Code == code
	})
}

// untilProblems waits for just these problems that concern no transfer.
func (c *computer) untilProblems(what string, codes ...engine.ProblemCode) engine.State {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 60*time.Second)
	defer cancel()
	state, err := c.State().Wait(ctx, func(s engine.State) bool {
		return slices.EqualFunc(s.Problems, codes, func(p engine.Problem, code engine.ProblemCode) bool { return p.Code == code })
	})
	if err != nil {
		c.t.Fatalf("waiting until %s: %+v", what, state.Problems)
	}
	return state
}

func (c *computer) resume(id engine.TransferID) {
	c.t.Helper()
	if err := c.Resume(c.t.Context(), id); err != nil {
		c.t.Fatal(err)
	}
}

func TestWhatIsNoUsableInvitationIsNamed(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	shared := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	good := shared.Invitation
	other := startComputer(t, meetingAt(url)).share(writeTree(t, "other", map[string]int{"a": 1})).Invitation
	ben.receive(other)
	typo := []byte(good)
	at := len("causeway:") + 12
	typo[at] = map[bool]byte{true: 'q', false: 'p'}[typo[at] == 'p']
	for name, c := range map[string]struct {
		at   *computer
		text string
		code engine.ProblemCode
	}{
		"nothing":     {ben, "", engine.NotAnInvitation},
		"a web page":  {ben, "https://example.org/", engine.NotAnInvitation},
		"cut off":     {ben, good[:len(good)-7], engine.InvitationTruncated},
		"mistyped":    {ben, string(typo), engine.InvitationMistyped},
		"one's own":   {anna, good, engine.InvitationIsOwn},
		"in progress": {ben, other, engine.InvitationInProgress},
	} {
		if _, err := c.at.Receive(t.Context(), c.text, ""); !isProblem(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStateFolderInUseIsNamed(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(megabyte))
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 4 * megabyte}))
	ben.receive(sent.Invitation)
	other := startComputer(t, meetingAt(url), stateIn(state), restoring)
	if told := other.untilProblems("what is not restored is told", engine.TransferElsewhere); len(told.Transfers) > 0 {
		t.Errorf("restored: %+v", told.Transfers)
	}
	if _, err := other.Receive(t.Context(), sent.Invitation, ""); !isProblem(err, engine.StateInUse) {
		t.Errorf("a second engine: %v", err)
	}
	ben.stop()
	if _, err := other.Receive(t.Context(), sent.Invitation, ""); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

func TestASourceThatChangedStopsItsShareAndNothingElse(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(3*megabyte))
	ben := startComputer(t, meetingAt(url))
	folder := writeTree(t, "work", map[string]int{"big": 12 * megabyte})
	file := filepath.Join(folder, "big")
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > megabyte })
	touch := func(at time.Time) {
		t.Helper()
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	touch(before.ModTime().Add(time.Hour))
	failed := anna.untilProblem(sent.ID, engine.SourceChanged)
	if failed.Phase != engine.Failed || failed.Problem.Subject != file {
		t.Errorf("the sender shows %+v", failed)
	}
	if kept, _ := ben.State().Load().Transfer(sent.ID); kept.Bytes < megabyte || kept.Problem != nil {
		t.Errorf("the receiver shows %+v", kept)
	}

	anna.resume(sent.ID)
	anna.until(sent.ID, "it is said again", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Problem != nil && s.Problem != failed.Problem && s.Problem.Code == engine.SourceChanged
	})

	touch(before.ModTime())
	anna.resume(sent.ID)
	ben.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "work"))
	if healed, _ := anna.State().Load().Transfer(sent.ID); healed.Problem != nil {
		t.Errorf("the problem stays: %v", healed.Problem)
	}
}

func TestAShareThatWasGoneGoesOnWhenItIsBack(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	folder := writeTree(t, "work", map[string]int{"a": 1000})
	anna := startComputer(t, onlyLAN, stateIn(state))
	sent := anna.share(folder)
	anna.untilPhase(sent.ID, engine.Waiting)
	anna.stop()
	if err := os.Rename(folder, folder+" elsewhere"); err != nil {
		t.Fatal(err)
	}
	again := startComputer(t, onlyLAN, stateIn(state), restoring)
	again.untilProblem(sent.ID, engine.SourceMissing)
	if err := os.Rename(folder+" elsewhere", folder); err != nil {
		t.Fatal(err)
	}
	for range 3 { // impatient
		again.resume(sent.ID)
		if err := again.Pause(t.Context(), sent.ID); err != nil {
			t.Fatal(err)
		}
	}
	again.resume(sent.ID)
	again.untilPhase(sent.ID, engine.Waiting)
	ben := startComputer(t, onlyLAN)
	shown, _ := again.State().Load().Transfer(sent.ID)
	ben.receive(shown.Invitation)
	ben.untilPhase(sent.ID, engine.Complete)
}

func TestADownloadFolderThatVanishedIsNamedAndCanComeBack(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state), downLimit(4*megabyte))
	folder := writeTree(t, "work", map[string]int{"big": 12 * megabyte})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > megabyte })
	ben.stop()
	if err := os.Rename(ben.downloads, ben.downloads+" away"); err != nil {
		t.Fatal(err)
	}
	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	again.untilProblem(sent.ID, engine.DownloadMissing)
	if err := os.Rename(ben.downloads+" away", ben.downloads); err != nil {
		t.Fatal(err)
	}
	again.resume(sent.ID)
	again.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "work"))
}

func TestAShareCanBePausedWhileItIsPrepared(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	sent := anna.share(sparseFile(t, 256*megabyte))
	if err := anna.Pause(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	ben.receive(sent.Invitation)
	anna.untilPhase(sent.ID, engine.Paused)
	time.Sleep(300 * time.Millisecond)
	if peers := anna.State().Load().PeersOf(sent.ID); len(peers) > 0 {
		t.Errorf("a paused share has peers: %+v", peers)
	}
	anna.resume(sent.ID)
	ben.until(sent.ID, "bytes arrive", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 0 })
}

func TestATransferCanBeRemovedAtAnyMomentAndAddedAgain(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	large := anna.share(sparseFile(t, 64<<30))
	if err := anna.Remove(t.Context(), large.ID); err != nil {
		t.Errorf("while it is prepared: %v", err)
	}
	folder := writeTree(t, "work", map[string]int{"a": 2 * megabyte, "b": 5})
	sent := anna.share(folder)
	for _, moment := range []time.Duration{0, 10, 50, 150, 400} {
		received := ben.receive(sent.Invitation)
		time.Sleep(moment * time.Millisecond)
		if err := ben.Remove(t.Context(), received.ID); err != nil {
			t.Fatal(err)
		}
		left, _ := os.ReadDir(ben.downloads)
		for _, entry := range left {
			if strings.HasSuffix(entry.Name(), ".part") {
				t.Errorf("after %d ms there is still %s", moment, entry.Name())
			}
			os.RemoveAll(filepath.Join(ben.downloads, entry.Name())) // a finished one stays
		}
	}
	ben.receive(sent.Invitation)
	ben.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "work"))
}

func TestARecordThatCannotBeReadIsNotInTheWay(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(megabyte))
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 2 * megabyte}))
	ben.receive(sent.Invitation)
	ben.stop()
	shelf := filepath.Join(state, "transfers")
	record := filepath.Join(shelf, string(sent.ID), "transfer.json")
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(shelf, "0123456789abcdef")
	for _, err := range []error{
		os.Mkdir(copied, 0o700),
		os.WriteFile(filepath.Join(copied, "transfer.json"), text, 0o600),
		os.WriteFile(filepath.Join(shelf, "notes.txt"), []byte("mine"), 0o600),
		os.WriteFile(record, text[:len(text)/2], 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	told := again.untilProblems("both are told of", engine.NotRestored, engine.NotRestored)
	if len(told.Transfers) > 0 {
		t.Errorf("restored: %+v", told.Transfers)
	}
	for _, problem := range told.Problems {
		if _, err := os.Stat(filepath.Join(problem.Subject, "transfer.json")); err != nil || filepath.Dir(problem.Subject) != shelf {
			t.Errorf("the record is not in %q: %v", problem.Subject, err)
		}
	}
	again.receive(sent.Invitation)
	again.untilPhase(sent.ID, engine.Complete)
}

func TestWhatIsLeftOutOfAFolderIsCountedOnBothSides(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna, ben := startComputer(t, meetingAt(url), stateIn(state)), startComputer(t, meetingAt(url))
	folder := writeTree(t, "work", map[string]int{"a": 1000, "deep/b": 10})
	for _, at := range []string{"link", "deep/link"} {
		if err := os.Symlink("/nowhere", filepath.Join(folder, at)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	if done := ben.untilPhase(sent.ID, engine.Complete); done.Skipped != 2 || done.Files != 2 {
		t.Errorf("the receiver is told of %d files and %d left out", done.Files, done.Skipped)
	}
	if shown, _ := anna.State().Load().Transfer(sent.ID); shown.Skipped != 2 {
		t.Errorf("the sender is told of %d left out", shown.Skipped)
	}
	anna.stop()

	// A receiver passes on what it was told, and everybody remembers.
	cleo := startComputer(t, meetingAt(url))
	cleo.receive(sent.Invitation)
	if done := cleo.untilPhase(sent.ID, engine.Complete); done.Skipped != 2 {
		t.Errorf("the receiver of a receiver is told of %d left out", done.Skipped)
	}
	again := startComputer(t, meetingAt(url), stateIn(state))
	if shown := again.share(folder); shown.Skipped != 2 {
		t.Errorf("after a restart: %d left out", shown.Skipped)
	}
}

func TestARecordThatCannotBeSavedIsToldUntilItCan(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	anna := startComputer(t, onlyLAN, stateIn(state))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 1000}))
	anna.untilPhase(sent.ID, engine.Waiting)
	record := filepath.Join(state, "transfers", string(sent.ID))
	if err := os.Rename(record, record+" away"); err != nil {
		t.Skip("a folder in use cannot be renamed here: ", err)
	}
	if err := anna.Pause(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	told := anna.untilProblems("it is told", engine.RecordNotSaved)
	if told.Problems[0].Subject != record || told.Transfers[0].Problem != nil {
		t.Errorf("told: %+v", told)
	}
	if err := os.Rename(record+" away", record); err != nil {
		t.Fatal(err)
	}
	anna.resume(sent.ID)
	anna.untilProblems("it is over")
	if err := anna.Pause(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	anna.stop() // and the last change is on the disk
	again := startComputer(t, onlyLAN, stateIn(state), restoring)
	again.untilPhase(sent.ID, engine.Paused)
}

func TestPartialFilesThatCannotBeDeletedAreNamed(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(megabyte))
	ben := startComputer(t, meetingAt(url))
	sent := anna.share(writeTree(t, "work", map[string]int{"a": 4 * megabyte}))
	ben.receive(sent.Invitation)
	ben.until(sent.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 0 })
	partial, err := filepath.Glob(filepath.Join(ben.downloads, "*.part"))
	if err != nil || len(partial) != 1 {
		t.Fatalf("partial folders: %v, %v", partial, err)
	}
	if err := os.Rename(partial[0], partial[0]+" away"); err != nil {
		t.Skip("a folder in use cannot be renamed here: ", err)
	}
	if err := os.WriteFile(partial[0], []byte("the user's own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := ben.Remove(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	told := ben.untilProblems("it is told", engine.PartialLeft)
	if told.Problems[0].Subject != partial[0] || len(told.Transfers) > 0 {
		t.Errorf("told: %+v", told)
	}
}

func TestTheStateFolderIsNeverShared(t *testing.T) {
	t.Parallel()
	home := writeTree(t, "home", map[string]int{"letter.txt": 100})
	anna, ben := startComputer(t, onlyLAN, stateIn(filepath.Join(home, ".state"))), startComputer(t, onlyLAN)
	sent := anna.share(home)
	ben.receive(sent.Invitation)
	done := ben.untilPhase(sent.ID, engine.Complete)
	if entries, _ := os.ReadDir(done.Placed); len(entries) != 1 || entries[0].Name() != "letter.txt" {
		t.Errorf("arrived: %v", entries)
	}
	secrets := anna.share(filepath.Join(home, ".state"))
	anna.untilProblem(secrets.ID, engine.SourceUnreadable)
}

func TestWhatDoesNotExistCannotBeShared(t *testing.T) {
	t.Parallel()
	anna := startComputer(t, onlyLAN)
	if _, err := anna.Share(t.Context(), []string{filepath.Join(t.TempDir(), "nowhere")}); !isProblem(err, engine.NoSuchFile) {
		t.Errorf("sharing nothing that exists: %v", err)
	}
}
