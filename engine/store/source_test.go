package store_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/store"
)

func TestSharedFilesAreServedAndNeverTouched(t *testing.T) {
	t.Parallel()
	root := manySizes().write(t, filepath.Join(t.TempDir(), "sizes"))
	before := scan(t, root)
	s := hashShare(t, root)
	o := open(t, s.source, s)
	for i := range s.info.NumPieces() {
		if c := o.piece(i).Completion(); !c.Ok || !c.Complete {
			t.Fatalf("piece %d is not complete", i)
		}
		if right, err := o.verify(i); !right || err != nil {
			t.Errorf("piece %d: %v, %v", i, right, err)
		}
		if _, err := o.piece(i).WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("writing: %v", err)
		}
		o.piece(i).MarkNotComplete()
	}
	o.torrent.Close()
	wantTree(t, root, manySizes())
	if !scan(t, root).Same(before) {
		t.Error("a shared file was touched")
	}
	noProblem(t, s.source.Problems())
}

func TestAChangedSourceIsNotServedAndReportedOnce(t *testing.T) {
	t.Parallel()
	root := tree{"report.docx": randomBytes(1, 300_000)}.write(t, t.TempDir())
	path := filepath.Join(root, "report.docx")
	for story, c := range map[string]struct {
		change func() error
		want   error
	}{
		"edited in place": {func() error { return os.WriteFile(path, randomBytes(2, 300_001), 0o644) }, store.ErrChanged},
		"truncated":       {func() error { return os.Truncate(path, 5) }, store.ErrChanged},
		"touched":         {func() error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Minute)) }, store.ErrChanged},
		"a folder now":    {func() error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) }, store.ErrChanged},
		"removed":         {func() error { return os.Remove(path) }, store.ErrMissing},
	} {
		t.Run(story, func(t *testing.T) {
			os.RemoveAll(path)
			tree{"report.docx": randomBytes(1, 300_000)}.write(t, root)
			s := hashShare(t, path)
			o := open(t, s.source, s)
			defer o.torrent.Close()
			if _, err := o.read(0); err != nil {
				t.Fatal(err)
			}
			if err := c.change(); err != nil {
				t.Fatal(err)
			}
			var err error
			eventually(t, "a read error", func() bool { _, err = o.read(1); return err != nil })
			for range 3 {
				_, err = o.read(0)
				if !errors.Is(err, c.want) || errors.Is(err, io.EOF) || pathOf(err) != path {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			}
			if err := problem(t, s.source.Problems()); !errors.Is(err, c.want) || pathOf(err) != path {
				t.Errorf("reported %v", err)
			}
			noProblem(t, s.source.Problems())
			if c := o.piece(0).Completion(); !c.Complete {
				t.Error("the client would fetch it over the user's file")
			}
		})
	}
}

func TestASourceThatComesBackIsServedAgain(t *testing.T) {
	t.Parallel()
	root := tree{"disk/film.mkv": randomBytes(3, 100_000)}.write(t, t.TempDir())
	path, away := filepath.Join(root, "disk"), filepath.Join(root, "unplugged")
	s := hashShare(t, filepath.Join(path, "film.mkv"))
	o := open(t, s.source, s)
	defer o.torrent.Close()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let an open file's folder be moved")
	}
	for range 2 {
		if err := os.Rename(path, away); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a read error", func() bool { _, err := o.read(0); return err != nil })
		if err := problem(t, s.source.Problems()); !errors.Is(err, store.ErrMissing) {
			t.Errorf("reported %v", err)
		}
		if err := os.Rename(away, path); err != nil {
			t.Fatal(err)
		}
		b, err := o.read(0)
		if err != nil || !bytes.Equal(b, randomBytes(3, 100_000)[:len(b)]) {
			t.Errorf("not served again: %v", err)
		}
	}
}

func TestASourceRefusesTheInfoOfAnotherShare(t *testing.T) {
	t.Parallel()
	a := hashShare(t, tree{"x": []byte("1")}.write(t, filepath.Join(t.TempDir(), "s")))
	b := hashShare(t, tree{"y": []byte("1")}.write(t, filepath.Join(t.TempDir(), "s")))
	if _, err := tryOpen(a.source, b); !errors.Is(err, store.ErrMismatch) {
		t.Errorf("got %v", err)
	}
}
