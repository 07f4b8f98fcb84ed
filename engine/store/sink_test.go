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
