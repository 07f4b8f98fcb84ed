package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/store"
)

// look asks what an invitation offers, and waits until it is known.
func (c *computer) look(invitation string) (engine.Transfer, engine.Contents) {
	c.t.Helper()
	offered, err := c.Look(c.t.Context(), invitation)
	if err != nil || offered.Phase != engine.Offered {
		c.t.Fatalf("Look: %v, %+v", err, offered)
	}
	offered = c.untilKnown(offered.ID)
	return offered, c.contents(offered.ID)
}

func (c *computer) untilKnown(id engine.TransferID) engine.Transfer {
	c.t.Helper()
	return c.until(id, "what is offered is known", func(t engine.Transfer, _ []engine.Peer) bool {
		return t.Phase == engine.Offered && t.Total > 0
	})
}

func (c *computer) contents(id engine.TransferID) engine.Contents {
	c.t.Helper()
	contents, err := c.Contents(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return contents
}

func (c *computer) accept(id engine.TransferID, folder string, files []int) {
	c.t.Helper()
	if err := c.Accept(c.t.Context(), id, folder, files); err != nil {
		c.t.Fatal(err)
	}
}

// picks are the indexes of the named files.
func picks(t *testing.T, contents engine.Contents, paths ...string) (files []int) {
	t.Helper()
	for _, path := range paths {
		at := slices.IndexFunc(contents.Files, func(f engine.ContentFile) bool { return f.Path == path })
		if at < 0 {
			t.Fatalf("%s is not among %+v", path, contents.Files)
		}
		files = append(files, at)
	}
	return files
}

// arrived fails the test unless these files of the share, and nothing else, are
// in the folder.
func arrived(t *testing.T, share, folder string, paths ...string) {
	t.Helper()
	want := filepath.Join(t.TempDir(), "wanted")
	for _, path := range paths {
		content, err := os.ReadFile(filepath.Join(share, path))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(want, path)), 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(want, path), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sameTree(t, want, folder)
}

// nothingIn fails the test if the folder holds anything.
func nothingIn(t *testing.T, folder string) {
	t.Helper()
	if left, err := os.ReadDir(folder); err != nil && !errors.Is(err, os.ErrNotExist) || len(left) > 0 {
		t.Errorf("%s holds %v, %v", folder, left, err)
	}
}

// album has many small files, a large one, and an empty folder.
func album(t *testing.T) string {
	files := map[string]int{"film.mkv": 2 * megabyte, "notes/empty.txt": 0, "notes/last.txt": 12}
	for i := range 60 {
		files[fmt.Sprintf("day %d/%03d.jpg", i%3, i)] = 5000 + 700*i
	}
	folder := writeTree(t, "album", files)
	if err := os.Mkdir(filepath.Join(folder, "nothing here"), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestLookingShowsWhatIsOfferedAndWritesNothing(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), func(c *engine.Config) { c.Settings.Name = "Anna's laptop" })
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state))
	ben.downloads = filepath.Join(ben.downloads, "not made yet")
	changed := ben.settings
	changed.DownloadDir = ben.downloads
	if err := ben.Configure(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	folder := album(t)
	sent := anna.share(folder)
	offered, contents := ben.look(sent.Invitation)

	if offered.Name != "album" || offered.Sender != "Anna's laptop" || offered.Files != 63 || offered.Chosen != 63 || offered.Bytes != 0 {
		t.Errorf("what is offered shows as %+v", offered)
	}
	if contents.Name != "album" || contents.Total != offered.Total || len(contents.Files) != 63 {
		t.Errorf("%q has %d files of %d bytes", contents.Name, len(contents.Files), contents.Total)
	}
	for _, f := range contents.Files {
		if info, err := os.Stat(filepath.Join(folder, f.Path)); err != nil || info.Size() != f.Size || f.Done != 0 || !f.Chosen {
			t.Errorf("%+v is not what is shared: %v", f, err)
		}
	}
	if again, err := ben.Look(t.Context(), sent.Invitation); err != nil || again.ID != offered.ID || again.Phase != engine.Offered {
		t.Errorf("a second look: %+v, %v", again, err)
	}
	if _, err := anna.Look(t.Context(), sent.Invitation); !isProblem(err, engine.InvitationIsOwn) {
		t.Errorf("Anna looks at what she shares: %v", err)
	}
	anna.until(sent.ID, "nobody has had anything", func(s engine.Transfer, peers []engine.Peer) bool {
		return s.Bytes == 0 && s.Receivers == 0 && len(peers) == 1 && peers[0].Progress == 0
	})
	if _, err := os.Stat(ben.downloads); !os.IsNotExist(err) {
		t.Errorf("the download folder was made: %v", err)
	}
	if shared := anna.contents(sent.ID); len(shared.Files) != 63 || shared.Files[0].Done != shared.Files[0].Size {
		t.Errorf("Anna's share shows %+v", shared)
	}

	if err := ben.Pause(t.Context(), offered.ID); err != nil {
		t.Fatal(err)
	}
	ben.untilPhase(offered.ID, engine.Paused)
	ben.resume(offered.ID)
	ben.untilKnown(offered.ID)
	if err := ben.Remove(t.Context(), offered.ID); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, filepath.Join(state, "transfers"))
	if _, err := os.Stat(ben.downloads); !os.IsNotExist(err) {
		t.Errorf("the download folder was made: %v", err)
	}
}

func TestChosenFilesArriveAndBothSidesSayThatAllIsDone(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	offered, contents := ben.look(sent.Invitation)
	wanted := []string{"day 1/004.jpg", "day 2/032.jpg", "day 0/057.jpg", "notes/empty.txt"}
	for name, files := range map[string][]int{"none": {}, "one before the first": {-1}, "one behind the last": {63}} {
		if err := ben.Accept(t.Context(), offered.ID, "", files); !errors.Is(err, engine.ErrChoice) {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := filepath.Join(t.TempDir(), "some", "where")
	ben.accept(offered.ID, elsewhere, picks(t, contents, wanted...))

	done := ben.untilPhase(offered.ID, engine.Complete)
	arrived(t, folder, filepath.Join(elsewhere, "album"), wanted...)
	size := int64(5000+700*4) + (5000 + 700*32) + (5000 + 700*57)
	if done.Chosen != 4 || done.Files != 63 || done.Total != size || done.Bytes != size || done.Folder != elsewhere {
		t.Errorf("Ben shows %+v", done)
	}
	for _, f := range ben.contents(offered.ID).Files {
		if chosen := slices.Contains(wanted, f.Path); f.Chosen != chosen || chosen && f.Done != f.Size || !chosen && f.Done != 0 {
			t.Errorf("Ben's %+v", f)
		}
	}
	anna.until(sent.ID, "Ben has what he wants", func(s engine.Transfer, peers []engine.Peer) bool {
		return s.Phase == engine.Complete && s.Receivers == 1 && len(peers) == 1 && peers[0].Progress == 1
	})
	if out := anna.State().Load().PeersOf(sent.ID)[0].BytesOut; out > megabyte {
		t.Errorf("%d bytes went for %d", out, size)
	}
	if err := ben.Accept(t.Context(), offered.ID, "", nil); !isProblem(err, engine.InvitationInProgress) {
		t.Errorf("accepted twice: %v", err)
	}
	nothingIn(t, ben.downloads)
}

func TestAnOfferWaitsOverARestartAndIsThenAccepted(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state))
	offered, before := ben.look(sent.Invitation)
	ben.stop()
	nothingIn(t, ben.downloads)

	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	shown := again.untilKnown(offered.ID)
	after := again.contents(offered.ID)
	if shown.Name != "album" || shown.Sender == "" || !slices.Equal(after.Files, before.Files) {
		t.Errorf("after the restart: %+v", shown)
	}
	again.accept(offered.ID, "", nil)
	again.untilPhase(offered.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(again.downloads, "album"))
}

func TestReceiveAcceptsWhatIsOffered(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state))
	ben.look(sent.Invitation)
	ben.receive(sent.Invitation)
	ben.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "album"))
}

func TestAnOfferAcceptedUnseenIsFetchedAsSoonAsItIsKnown(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna, ben := startComputer(t, meetingAt(url), stateIn(state)), startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	anna.untilPhase(sent.ID, engine.Waiting)
	anna.stop()
	offered, err := ben.Look(t.Context(), sent.Invitation)
	if err != nil {
		t.Fatal(err)
	}
	if contents := ben.contents(offered.ID); len(contents.Files) > 0 {
		t.Errorf("contents from nobody: %+v", contents)
	}
	if err := ben.Accept(t.Context(), offered.ID, "", []int{0}); !errors.Is(err, engine.ErrChoice) {
		t.Errorf("a choice of unknown files: %v", err)
	}
	ben.accept(offered.ID, "", nil)
	ben.untilPhase(offered.ID, engine.Waiting)
	startComputer(t, meetingAt(url), stateIn(state), restoring)
	ben.untilPhase(offered.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(ben.downloads, "album"))
}

func TestAnOfferOfEmptyFilesIsSeenAndTaken(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	folder := writeTree(t, "blank", map[string]int{"a": 0, "b": 0, "c/d": 0})
	offered, err := ben.Look(t.Context(), anna.share(folder).Invitation)
	if err != nil {
		t.Fatal(err)
	}
	ben.until(offered.ID, "what is offered is known", func(s engine.Transfer, _ []engine.Peer) bool { return s.Files == 3 })
	ben.accept(offered.ID, "", picks(t, ben.contents(offered.ID), "c/d"))
	done := ben.untilPhase(offered.ID, engine.Complete)
	arrived(t, folder, done.Placed, "c/d")
	anna.until(offered.ID, "Ben is counted", func(s engine.Transfer, _ []engine.Peer) bool { return s.Receivers == 1 })
}

func TestAChoiceGoesOnAfterARestartWhereItWas(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	folder := writeTree(t, "work", map[string]int{"a": 3_000_000, "b": 5_500_000, "c": 4_321_000, "d/e": 6_000_000, "d/f": 100})
	sent := anna.share(folder)
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state), downLimit(2*megabyte))
	offered, contents := ben.look(sent.Invitation)
	ben.accept(offered.ID, "", picks(t, contents, "b", "d/e"))
	seen := ben.until(offered.ID, "something has arrived", func(s engine.Transfer, _ []engine.Peer) bool { return s.Bytes > 2*megabyte })
	if seen.Total != 11_500_000 || seen.Chosen != 2 || seen.Phase != engine.Transferring {
		t.Errorf("Ben shows %+v", seen)
	}
	here := int64(0)
	for _, f := range ben.contents(offered.ID).Files {
		if wanted := f.Path == "b" || f.Path == "d/e"; f.Chosen != wanted || f.Done > f.Size || !wanted && f.Done > 0 {
			t.Errorf("under way: %+v", f)
		}
		here += f.Done
	}
	if here < seen.Bytes {
		t.Errorf("%d bytes are here, and the files have %d", seen.Bytes, here)
	}
	anna.until(sent.ID, "Ben's part of what he wants is seen", func(_ engine.Transfer, peers []engine.Peer) bool {
		return len(peers) == 1 && peers[0].Progress > 0.15 && peers[0].Progress < 1
	})
	ben.stop()

	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	done := again.untilPhase(offered.ID, engine.Complete)
	arrived(t, folder, filepath.Join(ben.downloads, "work"), "b", "d/e")
	if done.Chosen != 2 || done.Total != 11_500_000 {
		t.Errorf("after the restart: %+v", done)
	}
	journal, err := store.ReadJournal(filepath.Join(state, "transfers", string(offered.ID), "pieces"))
	if err != nil || len(journal.Refetched()) > 0 {
		t.Errorf("fetched again: %v, %v", journal.Refetched(), err)
	}
	anna.until(sent.ID, "Ben is counted", func(s engine.Transfer, _ []engine.Peer) bool { return s.Receivers == 1 })
}

func TestWhoWantsAllGetsSomeOfItFromWhoChoseSome(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(2*megabyte))
	folder := writeTree(t, "work", map[string]int{"a": 3_000_000, "b": 5_500_000, "c": 100_000, "d": 2_000_000})
	sent := anna.share(folder)
	state := t.TempDir()
	ben := startComputer(t, meetingAt(url), stateIn(state))
	offered, contents := ben.look(sent.Invitation)
	ben.accept(offered.ID, "", picks(t, contents, "b"))
	ben.untilPhase(offered.ID, engine.Complete)

	cleo := startComputer(t, meetingAt(url))
	cleo.receive(sent.Invitation)
	cleo.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, filepath.Join(cleo.downloads, "work"))
	anna.until(sent.ID, "both have what they want", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Receivers == 2 && s.Phase == engine.Complete
	})
	ben.until(sent.ID, "Ben has helped", func(_ engine.Transfer, peers []engine.Peer) bool {
		helped := int64(0)
		for _, p := range peers {
			helped += p.BytesOut
		}
		return helped > 100_000
	})
	arrived(t, folder, filepath.Join(ben.downloads, "work"), "b")
}

func TestAShareThatCannotBeStoredIsRefusedAtTheFirstLook(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	root := filepath.Join(t.TempDir(), "trap")
	deep := filepath.Join(root, filepath.Join(strings.Split(strings.Repeat("d", 300), "")...))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Skip("this system has no such paths: ", err)
	}
	if err := os.WriteFile(filepath.Join(deep, "f"), bytes.Repeat([]byte("x"), 1000), 0o600); err != nil {
		t.Skip("this system has no such paths: ", err)
	}
	sent := anna.share(root)
	if _, err := ben.Look(t.Context(), sent.Invitation); err != nil {
		t.Fatal(err)
	}
	if failed := ben.untilProblem(sent.ID, engine.BadShare); failed.Phase != engine.Failed {
		t.Errorf("Ben shows %+v", failed)
	}
	if err := ben.Accept(t.Context(), sent.ID, "", nil); !isProblem(err, engine.BadShare) {
		t.Errorf("accepted all the same: %v", err)
	}
	nothingIn(t, ben.downloads)
	if err := ben.Remove(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, filepath.Join(ben.state, "transfers"))
}

func TestWhatWasLookedAtAndRemovedCanBeLookedAtAgain(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url))
	folder := album(t)
	sent := anna.share(folder)
	for range 8 {
		offered, _ := ben.look(sent.Invitation)
		if err := ben.Remove(t.Context(), offered.ID); err != nil {
			t.Fatal(err)
		}
	}
	offered, contents := ben.look(sent.Invitation)
	ben.accept(offered.ID, "", picks(t, contents, "notes/last.txt"))
	done := ben.untilPhase(offered.ID, engine.Complete)
	ben.stop()

	again := startComputer(t, meetingAt(url), stateIn(ben.state), restoring)
	again.until(offered.ID, "it is complete after a restart too", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Phase == engine.Complete && s.Placed == done.Placed && s.Total == 12 && s.Bytes == 12 && s.Chosen == 1
	})
	if err := again.Remove(t.Context(), offered.ID); err != nil {
		t.Fatal(err)
	}
	arrived(t, folder, done.Placed, "notes/last.txt")
	nothingIn(t, filepath.Join(ben.state, "transfers"))
}
