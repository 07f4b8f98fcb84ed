package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/store"
)

func TestAStoppedDownloadGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	files := manySizes()
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "sizes")))
	from := open(t, s.source, s)
	d := newDownload(t)
	n := s.info.NumPieces()
	for i := range n / 2 {
		sink := d.sink(t)
		o := open(t, sink, s)
		data, _ := from.read(i)
		if err := o.fetch(i, data); err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		if again := d.sink(t); again.Journaled() != i+1 {
			t.Fatalf("%d pieces journaled, want %d", again.Journaled(), i+1)
		}
	}
	sink := d.sink(t)
	fetched, err := open(t, sink, s).fetchAll(from)
	if err != nil || len(fetched) != n-n/2 {
		t.Errorf("fetched %d of %d pieces, %v", len(fetched), n, err)
	}
	if _, err := sink.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink.Close()
	wantTree(t, d.dir, prefixed("sizes/", files))
	j := journal(t, d.journal)
	if again := j.Refetched(); len(again) > 0 {
		t.Errorf("fetched again: %v", again)
	}
	// And once more, after it was finished.
	sink = d.sink(t)
	o := open(t, sink, s)
	if fetched, err := o.fetchAll(opened{}); len(fetched) > 0 || err != nil {
		t.Errorf("a finished share fetched %v, %v", fetched, err)
	}
	for i := range n {
		if right, err := o.verify(i); !right || err != nil {
			t.Errorf("piece %d after restart: %v, %v", i, right, err)
		}
	}
}

func journal(t *testing.T, path string) store.Journal {
	t.Helper()
	j, err := store.ReadJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestVerifiedPiecesAreJournaledSoonWithoutAnybodyAsking(t *testing.T) {
	t.Parallel()
	s := hashShare(t, manySizes().write(t, t.TempDir()))
	d := newDownload(t)
	sink := d.sink(t)
	if _, err := open(t, sink, s).fetchAll(open(t, s.source, s)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all pieces journaled", func() bool { return sink.Journaled() == s.info.NumPieces() })
	if j := journal(t, d.journal); j.Stored() != s.info.NumPieces() {
		t.Errorf("the file says %d", j.Stored())
	}
}

func TestAFinishedShareThatWasTakenAwayIsSaidAndNotFetched(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"x": randomBytes(1, 1000)}.write(t, filepath.Join(t.TempDir(), "f")))
	d := newDownload(t)
	path := d.receive(t, s)
	if err := os.Rename(path, filepath.Join(t.TempDir(), "moved")); err != nil {
		t.Fatal(err)
	}
	_, err := store.OpenSink(store.SinkConfig{Dir: d.dir, Journal: d.journal})
	if !errors.Is(err, store.ErrMissing) || pathOf(err) != path {
		t.Errorf("got %v", err)
	}
	wantTree(t, d.dir, tree{})
}

func TestAFinishedFileThatTheUserEditsIsNotServedAndNotFetchedOver(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"x": randomBytes(1, 1000), "y": randomBytes(2, 100_000)}.write(t, filepath.Join(t.TempDir(), "f")))
	d := newDownload(t)
	path := filepath.Join(d.receive(t, s), "x")
	later := time.Now().Add(time.Second)
	if err := errors.Join(os.WriteFile(path, randomBytes(9, 1000), 0o644), os.Chtimes(path, later, later)); err != nil {
		t.Fatal(err)
	}
	sink := d.sink(t)
	o := open(t, sink, s)
	if _, err := o.read(0); !errors.Is(err, store.ErrChanged) {
		t.Errorf("read: %v", err)
	}
	if err := problem(t, sink.Problems()); pathOf(err) != path {
		t.Errorf("reported %v", err)
	}
	o.piece(0).MarkNotComplete()
	if c := o.piece(0).Completion(); !c.Complete {
		t.Error("the client would fetch it over the user's file")
	}
	if _, err := o.piece(0).WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
}

func TestAPieceThatIsBadOnDiskIsFetchedAgainAndSoRecorded(t *testing.T) {
	t.Parallel()
	s := hashShare(t, filepath.Join(tree{"x": randomBytes(1, 300_000)}.write(t, t.TempDir()), "x"))
	from := open(t, s.source, s)
	d := newDownload(t)
	sink := d.sink(t)
	if _, err := open(t, sink, s).fetchAll(from); err != nil {
		t.Fatal(err)
	}
	folder, _ := sink.Path()
	sink.Close()
	if err := os.WriteFile(filepath.Join(folder, "x"), make([]byte, 300_000), 0o644); err != nil {
		t.Fatal(err)
	}
	sink = d.sink(t)
	o := open(t, sink, s)
	for i := range s.info.NumPieces() {
		if right, err := o.verify(i); right || err != nil {
			t.Fatalf("piece %d: %v, %v", i, right, err)
		}
	}
	fetched, err := o.fetchAll(from)
	if err != nil || len(fetched) != s.info.NumPieces() {
		t.Errorf("fetched %d, %v", len(fetched), err)
	}
	if _, err := sink.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	j := journal(t, d.journal)
	lost := 0
	for _, r := range j.Records {
		if r.Kind == store.PieceLost {
			lost++
		}
	}
	if lost != s.info.NumPieces() || len(j.Refetched()) > 0 || j.Stored() != s.info.NumPieces() {
		t.Errorf("lost %d, fetched again without that %v, stored %d", lost, j.Refetched(), j.Stored())
	}
}

func TestFilesThatVanishFromAPartialFolderAreFetchedAgain(t *testing.T) {
	t.Parallel()
	files := tree{"a": randomBytes(1, 200_000), "b": randomBytes(2, 200_000), "c": randomBytes(3, 200_000)}
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "f")))
	from := open(t, s.source, s)
	d := newDownload(t)
	sink := d.sink(t)
	if _, err := open(t, sink, s).fetchAll(from); err != nil {
		t.Fatal(err)
	}
	folder, _ := sink.Path()
	sink.Close()
	os.Remove(filepath.Join(folder, "a"))
	os.Truncate(filepath.Join(folder, "c"), 1)
	sink = d.sink(t)
	if _, err := open(t, sink, s).fetchAll(from); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTree(t, d.dir, prefixed("f/", files))
}

func TestAPartialFolderThatVanishesIsSaid(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let a folder in use be deleted")
	}
	s := hashShare(t, tree{"x": randomBytes(1, 300_000)}.write(t, filepath.Join(t.TempDir(), "f")))
	from := open(t, s.source, s)
	d := newDownload(t)
	sink := d.sink(t)
	o := open(t, sink, s)
	data, _ := from.read(0)
	if err := o.fetch(0, data); err != nil {
		t.Fatal(err)
	}
	folder, _ := sink.Path()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := problem(t, sink.Problems()); !errors.Is(err, store.ErrMissing) || pathOf(err) != folder {
		t.Errorf("reported %v", err)
	}
	if sink.Journaled() != 0 {
		t.Error("a piece of a deleted folder was journaled")
	}
	sink.Close()
	if _, err := store.OpenSink(store.SinkConfig{Dir: d.dir, Journal: d.journal}); !errors.Is(err, store.ErrMissing) {
		t.Errorf("after a restart: %v", err)
	}
}
