package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/store"
)

func TestAFolderArrivesByteForByteAndIsServedFromItsFinalPlace(t *testing.T) {
	t.Parallel()
	files := manySizes()
	files["Ünï 日本/👩‍👩‍👧 e\u0301.txt"] = []byte("hello")
	files["empty folder/inside/"] = nil
	root := files.write(t, filepath.Join(t.TempDir(), "Holiday"))
	os.Chmod(filepath.Join(root, "a/06"), 0o4755) // the s bit must not travel
	s := hashShare(t, root)
	d := newDownload(t)
	sink := d.sink(t)
	o := open(t, sink, s)
	if _, err := o.fetchAll(open(t, s.source, s)); err != nil {
		t.Fatal(err)
	}
	if path, finished := sink.Path(); finished || path != filepath.Join(d.dir, "Holiday.part") {
		t.Errorf("before Finish at %q, %v", path, finished)
	}
	path, err := sink.Finish(t.Context())
	if err != nil || path != filepath.Join(d.dir, "Holiday") {
		t.Fatalf("finished at %q, %v", path, err)
	}
	wantTree(t, d.dir, prefixed("Holiday/", files))
	if info, _ := os.Stat(filepath.Join(path, "a/06")); runtime.GOOS != "windows" && (info.Mode()&0o100 == 0 || info.Mode()&os.ModeSetuid != 0) {
		t.Errorf("mode %v", info.Mode())
	}
	for i := range s.info.NumPieces() {
		if right, err := o.verify(i); !right || err != nil {
			t.Errorf("after the move piece %d: %v, %v", i, right, err)
		}
	}
	if again, err := sink.Finish(t.Context()); again != path || err != nil {
		t.Errorf("finished again at %q, %v", again, err)
	}
	if sink.Journaled() != s.info.NumPieces() {
		t.Errorf("%d pieces journaled", sink.Journaled())
	}
	noProblem(t, sink.Problems())
}

func prefixed(prefix string, t tree) tree {
	out := tree{}
	for path, content := range t {
		out[prefix+path] = content
	}
	return out
}

func TestEveryShapeOfShareArrives(t *testing.T) {
	t.Parallel()
	dir := tree{
		"one.pdf": randomBytes(1, 100_000), "none.txt": {}, "folder/x": []byte("x"),
		"nothing/": nil, "only folders/a/b/": nil, "only empty/e": {},
	}.write(t, t.TempDir())
	at := func(names ...string) (all []string) {
		for _, name := range names {
			all = append(all, filepath.Join(dir, name))
		}
		return all
	}
	for _, c := range []struct {
		story string
		paths []string
		want  tree
	}{
		{"one file", at("one.pdf"), tree{"one.pdf": randomBytes(1, 100_000)}},
		{"one empty file", at("none.txt"), tree{"none.txt": {}}},
		{"an empty folder", at("nothing"), tree{"nothing/": nil}},
		{"a folder of folders", at("only folders"), tree{"only folders/a/b/": nil}},
		{"a folder of an empty file", at("only empty"), tree{"only empty/e": {}}},
		{"several", at("one.pdf", "folder", "nothing"), tree{
			"one + 2 more/one.pdf": randomBytes(1, 100_000), "one + 2 more/folder/x": []byte("x"), "one + 2 more/nothing/": nil}},
	} {
		d := newDownload(t)
		s := hashShare(t, c.paths...)
		path := d.receive(t, s)
		wantTree(t, d.dir, c.want)
		if filepath.Dir(path) != d.dir {
			t.Errorf("%s: finished at %s", c.story, path)
		}
	}
}

func TestAShareWithoutAByteNeedsNobodyToSendIt(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"empty": {}}.write(t, filepath.Join(t.TempDir(), "f")))
	d := newDownload(t)
	fetched, err := open(t, d.sink(t), s).fetchAll(opened{})
	if err != nil || len(fetched) != 0 || s.info.NumPieces() != 1 {
		t.Errorf("fetched %v of %d pieces, %v", fetched, s.info.NumPieces(), err)
	}
}

func TestAnExistingNameIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	s := hashShare(t, filepath.Join(tree{"report.pdf": []byte("new")}.write(t, t.TempDir()), "report.pdf"))
	folder := hashShare(t, tree{"x": []byte("new")}.write(t, filepath.Join(t.TempDir(), "v1.2")))
	dir := t.TempDir()
	theirs := tree{"report.pdf": []byte("old"), "report (2).pdf/": nil, "report.pdf.part/theirs": []byte("t"), "v1.2/mine": []byte("m")}
	theirs.write(t, dir)
	for want, s := range map[string]share{"report (3).pdf": s, "v1.2 (2)": folder} {
		d := download{dir, filepath.Join(t.TempDir(), "journal")}
		if path := d.receive(t, s); filepath.Base(path) != want {
			t.Errorf("finished at %s, want %s", path, want)
		}
	}
	theirs["report (3).pdf"], theirs["v1.2 (2)/x"] = []byte("new"), []byte("new")
	wantTree(t, dir, theirs)
}

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

func TestDiscardDeletesOnlyWhatIsOurs(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"a/b/x": randomBytes(1, 3000), "e/": nil, "y": {}}.write(t, filepath.Join(t.TempDir(), "f")))
	from := open(t, s.source, s)
	d := newDownload(t)
	start := func() *store.Sink {
		sink := d.sink(t)
		if _, err := open(t, sink, s).fetchAll(from); err != nil {
			t.Fatal(err)
		}
		return sink
	}
	// Under way.
	if err := start().Discard(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, d.dir, tree{})
	// After a restart, before the info is known.
	start().Close()
	if err := d.sink(t).Discard(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, d.dir, tree{})
	// With something of the user's in it.
	sink := start()
	tree{"f.part/a/mine": []byte("m"), "f/theirs": []byte("t")}.write(t, d.dir)
	if err := sink.Discard(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, d.dir, tree{"f.part/a/mine": []byte("m"), "f/theirs": []byte("t")})
	// Before anything arrived.
	if err := d.sink(t).Discard(); err != nil {
		t.Fatal(err)
	}
	// Finished: the files stay.
	sink = start()
	if path, err := sink.Finish(t.Context()); err != nil || filepath.Base(path) != "f (2)" {
		t.Fatal(path, err)
	}
	if err := sink.Discard(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, d.dir, tree{"f.part/a/mine": []byte("m"), "f/theirs": []byte("t"),
		"f (2)/a/b/x": randomBytes(1, 3000), "f (2)/e/": nil, "f (2)/y": {}})
	if _, err := os.Stat(d.journal); !errors.Is(err, os.ErrNotExist) {
		t.Error("the journal is still there")
	}
}

func TestFinishWaitsForAllPieces(t *testing.T) {
	t.Parallel()
	s := hashShare(t, manySizes().write(t, t.TempDir()))
	sink := newDownload(t).sink(t)
	if _, err := sink.Finish(t.Context()); !errors.Is(err, store.ErrIncomplete) {
		t.Errorf("before the info: %v", err)
	}
	open(t, sink, s)
	if _, err := sink.Finish(t.Context()); !errors.Is(err, store.ErrIncomplete) {
		t.Errorf("before the pieces: %v", err)
	}
}

func TestAPieceThatIsHereIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	s := hashShare(t, filepath.Join(tree{"x": randomBytes(1, 60_000)}.write(t, t.TempDir()), "x"))
	sink := newDownload(t).sink(t)
	o := open(t, sink, s)
	if err := o.fetch(0, randomBytes(1, 60_000)); err != nil {
		t.Fatal(err)
	}
	if n, err := o.piece(0).WriteAt(make([]byte, 100), 5); n != 100 || err != nil {
		t.Errorf("a late chunk: %d, %v", n, err)
	}
	if b, err := o.read(0); err != nil || !bytes.Equal(b, randomBytes(1, 60_000)) {
		t.Errorf("it was written over, %v", err)
	}
}

func TestHostileSharesAreStoredInsideTheirFolderOrRefused(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	dir := filepath.Join(outside, "downloads")
	file := func(length int64, path ...string) metainfo.FileInfo {
		return metainfo.FileInfo{Length: length, Path: path}
	}
	link := file(0, "link")
	link.Attr, link.SymlinkPath = "l", []string{"..", "..", "etc"}
	receive := func(name string, files ...metainfo.FileInfo) error {
		info := &metainfo.Info{Name: name, PieceLength: 64 << 10, Files: files}
		data := bytes.Repeat([]byte("z"), int(info.TotalLength()))
		info.Pieces, _ = metainfo.GeneratePieces(bytes.NewReader(data), info.PieceLength, nil)
		encoded, err := bencode.Marshal(info)
		if err != nil {
			t.Fatal(err)
		}
		d := download{dir, filepath.Join(t.TempDir(), "journal")}
		s := share{info: info, hash: metainfo.HashBytes(encoded)}
		sink := d.sink(t)
		o, err := tryOpen(sink, s)
		if err != nil {
			return err
		}
		for i := range info.NumPieces() {
			if err := o.fetch(i, data[:info.Piece(i).Length()]); err != nil {
				return err
			}
		}
		_, err = sink.Finish(t.Context())
		return err
	}
	if err := receive("../../evil", file(2, "..", "up"), file(2, "/abs"), file(0, "..", "empty"), link,
		file(1, "x"), file(1, "x"), file(1, "x", "below"), file(3, "n\x00ul")); err != nil {
		t.Fatal(err)
	}
	wantTree(t, outside, tree{
		"downloads/.._.._evil/_/up": []byte("zz"), "downloads/.._.._evil/_abs": []byte("zz"), "downloads/.._.._evil/_/empty": {},
		"downloads/.._.._evil/x": []byte("z"), "downloads/.._.._evil/x (2)": []byte("z"), "downloads/.._.._evil/x (3)/below": []byte("z"),
		"downloads/.._.._evil/n_ul": []byte("zzz"),
	})
	for story, files := range map[string][]metainfo.FileInfo{
		"no path":         {file(1)},
		"too deep":        {file(1, slices.Repeat([]string{"d"}, 300)...)},
		"too long":        {file(1, slices.Repeat([]string{strings.Repeat("d", 250)}, 20)...)},
		"negative length": {file(-5, "a"), file(6, "b")},
		"overflow":        {file(1, "ok"), file(1<<62, "huge")},
	} {
		info := &metainfo.Info{Name: "bad", PieceLength: 64 << 10, Files: files, Pieces: make([]byte, 20)}
		d := download{dir, filepath.Join(t.TempDir(), "journal")}
		if _, err := tryOpen(d.sink(t), share{info: info}); !errors.Is(err, store.ErrBadShare) {
			t.Errorf("%s: %v", story, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("a refused share left something: %v", entries)
	}
}

func TestAJournalIsOnlyForItsShare(t *testing.T) {
	t.Parallel()
	a := hashShare(t, tree{"x": []byte("1")}.write(t, t.TempDir()))
	b := hashShare(t, tree{"x": []byte("2")}.write(t, t.TempDir()))
	d := newDownload(t)
	sink := d.sink(t)
	open(t, sink, a)
	sink.Close()
	if _, err := tryOpen(d.sink(t), b); !errors.Is(err, store.ErrJournal) {
		t.Errorf("got %v", err)
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	t.Parallel()
	files := tree{}
	for i := range 300 {
		files[fmt.Sprintf("%d/%d", i%17, i)] = randomBytes(uint64(i), 20_000)
	}
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "many")))
	from := open(t, s.source, s)
	d := newDownload(t)
	sink := d.sink(t)
	o := open(t, sink, s)
	failed := make(chan error, 8)
	for w := range 8 {
		go func() {
			for i := w; i < s.info.NumPieces(); i += 8 {
				data, err := from.read(i)
				if err == nil {
					err = o.fetch(i, data)
				}
				if err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range 8 {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sink.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTree(t, d.dir, prefixed("many/", files))
}

func TestFreeSpaceIsKnownForAFolderThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	here, err := store.Free(t.TempDir())
	if err != nil || here <= 0 {
		t.Fatalf("%d, %v", here, err)
	}
	if free, err := store.Free(filepath.Join(t.TempDir(), "not", "yet")); err != nil || free <= 0 {
		t.Errorf("%d, %v", free, err)
	}
}
