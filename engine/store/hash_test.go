package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/store"
)

// manySizes is a tree with files around the sizes of buffers and pieces.
func manySizes() tree {
	t := tree{}
	for i, size := range []int{0, 1, 65535, 65536, 65537, 0, 3 << 20, 524288, 524289, 17, 200_000} {
		t[fmt.Sprintf("%c/%02d", 'a'+i%3, i)] = randomBytes(uint64(i), size)
	}
	return t
}

func TestTheHashesAreThoseOfTheTorrentLibrary(t *testing.T) {
	t.Parallel()
	files := manySizes()
	root := files.write(t, filepath.Join(t.TempDir(), "sizes"))
	for _, path := range []string{root, filepath.Join(root, "a/06"), filepath.Join(root, "b/01")} {
		s := hashShare(t, path)
		want := *s.info
		want.Pieces = nil
		if err := want.GeneratePieces(func(f metainfo.FileInfo) (io.ReadCloser, error) {
			return os.Open(filepath.Join(append([]string{path}, f.BestPath()...)...))
		}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.info.Pieces, want.Pieces) || len(want.Pieces) == 0 {
			t.Errorf("%s: other hashes", path)
		}
		if s.info.Private == nil || !*s.info.Private || s.info.HasV2() {
			t.Errorf("%s: must be a private v1 torrent", path)
		}
		encoded, err := bencode.Marshal(s.info)
		if err != nil {
			t.Fatal(err)
		}
		list, err := store.List(encoded)
		if err != nil || len(list.Files) != len(s.manifest.Files) || list.Total != s.manifest.Total {
			t.Errorf("%s: content %+v, %v", path, list, err)
		}
	}
}

func TestTwoSharesOfTheSameFilesAreTwoTorrents(t *testing.T) {
	t.Parallel()
	path := manySizes().write(t, t.TempDir())
	hash := func(salt string) []byte {
		m := scan(t, path)
		m.Salt = salt
		encoded, err := m.Hash(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	if bytes.Equal(hash("one"), hash("other")) || !bytes.Equal(hash("one"), hash("one")) {
		t.Error("the salt does not decide")
	}
}

func TestProgressOfHashingRisesToTheTotal(t *testing.T) {
	t.Parallel()
	m := scan(t, manySizes().write(t, t.TempDir()))
	var seen []int64
	if _, err := m.Hash(t.Context(), func(done int64) { seen = append(seen, done) }); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(seen) || len(seen) == 0 || seen[len(seen)-1] != m.Total {
		t.Errorf("progress %v of %d", seen, m.Total)
	}
}

func TestHashingCanBeCancelled(t *testing.T) {
	t.Parallel()
	m := scan(t, manySizes().write(t, t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := m.Hash(ctx, func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAFileThatChangesBeforeOrWhileHashingIsNamed(t *testing.T) {
	t.Parallel()
	for story, c := range map[string]struct {
		change func(path string) error
		want   error
	}{
		"grown":   {func(p string) error { return os.WriteFile(p, randomBytes(9, 70_000), 0o644) }, store.ErrChanged},
		"cut off": {func(p string) error { return os.Truncate(p, 10) }, store.ErrChanged},
		"removed": {os.Remove, store.ErrMissing},
	} {
		root := manySizes().write(t, t.TempDir())
		m := scan(t, root)
		path := filepath.Join(root, "b/10") // the last to be read
		_, err := m.Hash(t.Context(), func(done int64) {
			if err := c.change(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		})
		if !errors.Is(err, c.want) || pathOf(err) != path {
			t.Errorf("%s: got %v, want %v", story, err, c.want)
		}
	}
}

func TestWorkersGiveTheSameHashesInEveryOrder(t *testing.T) {
	t.Parallel()
	root := tree{}
	for i := range 500 {
		root[fmt.Sprintf("%03d", i)] = randomBytes(uint64(i), rand.IntN(3000))
	}
	path := root.write(t, t.TempDir())
	if a, b := hashShare(t, path), hashShare(t, path); a.hash != b.hash {
		t.Error("the same files gave two info-hashes")
	}
}
