package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/causeway-app/causeway/engine/store"
)

// Lengths in a journal, see its format.
const (
	headerLength = 72
	recordLength = 12
)

// cutJournal takes bytes off a journal's end, as a crash before they were
// written would.
func cutJournal(t *testing.T, path string, n int) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-int64(n))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func finishedLength(name string) int { return recordLength + 8 + len(name) + 1 }

func TestACrashAfterTheMoveAndBeforeItsRecordIsNoticed(t *testing.T) {
	t.Parallel()
	dir := tree{"f/x": randomBytes(1, 1000), "report.pdf": randomBytes(2, 1000)}.write(t, t.TempDir())
	for name, want := range map[string]tree{
		"f": {"f/x": randomBytes(1, 1000)}, "report.pdf": {"report.pdf": randomBytes(2, 1000)},
	} {
		s := hashShare(t, filepath.Join(dir, name))
		d := newDownload(t)
		path := d.receive(t, s)
		d.sink(t).Close()
		cutJournal(t, d.journal, finishedLength(name))
		if name == "report.pdf" {
			os.Mkdir(path+".part", 0o755) // it was to be removed after the move
		}
		sink := d.sink(t)
		if at, finished := sink.Path(); at != path || !finished {
			t.Errorf("%s: at %s, finished %v", name, at, finished)
		}
		o := open(t, sink, s)
		if right, err := o.verify(0); !right || err != nil {
			t.Errorf("%s: %v, %v", name, right, err)
		}
		if again, err := sink.Finish(t.Context()); again != path || err != nil {
			t.Errorf("%s: finished at %s, %v", name, again, err)
		}
		wantTree(t, d.dir, want)
	}
}

func TestACrashBeforeTheMoveGoesOnToTheSameName(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"x": randomBytes(1, 1000)}.write(t, filepath.Join(t.TempDir(), "f")))
	d := newDownload(t)
	path := d.receive(t, s)
	cutJournal(t, d.journal, finishedLength("f"))
	if err := os.Rename(path, path+".part"); err != nil {
		t.Fatal(err)
	}
	sink := d.sink(t)
	if fetched, err := open(t, sink, s).fetchAll(opened{}); len(fetched) > 0 || err != nil {
		t.Errorf("fetched %v, %v", fetched, err)
	}
	if again, err := sink.Finish(t.Context()); again != path || err != nil {
		t.Errorf("finished at %s, %v", again, err)
	}
}

func TestACrashWhileTheFolderIsMadeLeavesNoSecondOne(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"x": randomBytes(1, 1000)}.write(t, filepath.Join(t.TempDir(), "f")))
	for story, c := range map[string]struct {
		left tree
		want tree
	}{
		"before":           {tree{}, tree{"f.part/": nil}},
		"after":            {tree{"f.part/": nil}, tree{"f.part/": nil}},
		"while probing it": {tree{"f.part/Probe \u00e9": {}}, tree{"f.part/": nil}},
		"and somebody else makes it": {
			tree{"f.part/theirs": []byte("t")}, tree{"f.part/theirs": []byte("t"), "f (2).part/": nil}},
	} {
		d := newDownload(t)
		sink := d.sink(t)
		open(t, sink, s)
		sink.Close()
		cutJournal(t, d.journal, recordLength) // FolderMade
		if err := os.Remove(filepath.Join(d.dir, "f.part")); err != nil {
			t.Fatal(err)
		}
		c.left.write(t, d.dir)
		if path, _ := d.sink(t).Path(); path != "" {
			t.Errorf("%s: claims %s", story, path)
		}
		open(t, d.sink(t), s)
		wantTree(t, d.dir, c.want)
	}
}

func TestATornJournalCostsALookButNoFetch(t *testing.T) {
	t.Parallel()
	s := hashShare(t, manySizes().write(t, t.TempDir()))
	d := newDownload(t)
	sink := d.sink(t)
	if _, err := open(t, sink, s).fetchAll(open(t, s.source, s)); err != nil {
		t.Fatal(err)
	}
	sink.Close()
	cutJournal(t, d.journal, s.info.NumPieces()/2*recordLength+5)
	if j := journal(t, d.journal); !j.Torn || j.Stored() >= s.info.NumPieces() {
		t.Fatalf("torn %v, stored %d", j.Torn, j.Stored())
	}
	sink = d.sink(t)
	if fetched, err := open(t, sink, s).fetchAll(opened{}); len(fetched) > 0 || err != nil {
		t.Errorf("fetched %v, %v", fetched, err)
	}
	if _, err := sink.Finish(t.Context()); err != nil {
		t.Error(err)
	}
	if j := journal(t, d.journal); j.Torn || j.Stored() != s.info.NumPieces() {
		t.Errorf("torn %v, stored %d", j.Torn, j.Stored())
	}
}

func TestADamagedJournalHeaderIsSaidAndKept(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{"x": {1}}.write(t, t.TempDir()))
	for story, damage := range map[string]func([]byte) []byte{
		"another version": func(b []byte) []byte { b[8]++; return b },
		"a flipped bit":   func(b []byte) []byte { b[20] ^= 4; return b },
		"cut off":         func(b []byte) []byte { return b[:headerLength-1] },
		"empty":           func(b []byte) []byte { return nil },
	} {
		d := newDownload(t)
		sink := d.sink(t)
		open(t, sink, s)
		sink.Close()
		data, _ := os.ReadFile(d.journal)
		data = damage(data)
		os.WriteFile(d.journal, data, 0o600)
		if _, err := store.OpenSink(store.SinkConfig{Dir: d.dir, Journal: d.journal}); !errors.Is(err, store.ErrJournal) || pathOf(err) != d.journal {
			t.Errorf("%s: %v", story, err)
		}
		if now, _ := os.ReadFile(d.journal); len(now) != len(data) {
			t.Errorf("%s: the journal was changed", story)
		}
	}
}
