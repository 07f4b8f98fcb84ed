package store_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	g "github.com/anacrolix/generics"
	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/causeway-app/causeway/engine/store"
)

// randomBytes are the same for the same seed.
func randomBytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 7})
	r.Read(b)
	return b
}

// tree maps paths, with slashes, to contents; a path that ends with a slash is
// an empty folder.
type tree map[string][]byte

func (t tree) write(tb testing.TB, dir string) string {
	tb.Helper()
	for path, content := range t {
		full := filepath.Join(dir, filepath.FromSlash(path))
		folder := filepath.Dir(full)
		if path[len(path)-1] == '/' {
			folder = full
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			tb.Fatal(err)
		}
		if folder != full {
			if err := os.WriteFile(full, content, 0o644); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return dir
}

// readTree lists all below dir in the form of a tree.
func readTree(tb testing.TB, dir string) tree {
	tb.Helper()
	found := tree{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		if e.IsDir() {
			entries, err := os.ReadDir(path)
			if len(entries) == 0 {
				found[name+"/"] = nil
			}
			return err
		}
		found[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func wantTree(tb testing.TB, dir string, want tree) {
	tb.Helper()
	got := readTree(tb, dir)
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if content, ok := got[path]; !ok {
			tb.Errorf("%q did not arrive", path)
		} else if !bytes.Equal(content, want[path]) {
			tb.Errorf("%q differs", path)
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			tb.Errorf("%q is there and should not be", path)
		}
	}
}

// share is a hashed share with its bytes.
type share struct {
	manifest *store.Manifest
	info     *metainfo.Info
	hash     metainfo.Hash
	source   *store.Source
}

func hashShare(tb testing.TB, paths ...string) share {
	tb.Helper()
	m, err := store.Scan(tb.Context(), paths)
	if err != nil {
		tb.Fatal(err)
	}
	encoded, err := m.Hash(tb.Context(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return share{m, decodeInfo(tb, encoded), metainfo.HashBytes(encoded), store.NewSource(m)}
}

func decodeInfo(tb testing.TB, encoded []byte) *metainfo.Info {
	tb.Helper()
	var info metainfo.Info
	if err := bencode.Unmarshal(encoded, &info); err != nil {
		tb.Fatal(err)
	}
	return &info
}

// opened is a storage as the torrent client uses it.
type opened struct {
	info    *metainfo.Info
	torrent *storage.Torrent
}

func open(tb testing.TB, impl storage.ClientImpl, s share) opened {
	tb.Helper()
	o, err := tryOpen(impl, s)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func tryOpen(impl storage.ClientImpl, s share) (opened, error) {
	t, err := storage.NewClient(impl).OpenTorrent(context.Background(), s.info, s.hash)
	return opened{s.info, t}, err
}

func (o opened) piece(i int) storage.Piece {
	p := o.info.Piece(i)
	return o.torrent.PieceWithHash(p, g.Some(o.info.Pieces[i*20:i*20+20]))
}

// read returns a whole piece.
func (o opened) read(i int) ([]byte, error) {
	b := make([]byte, o.info.Piece(i).Length())
	n, err := o.piece(i).ReadAt(b, 0)
	if n == len(b) && errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// verify does what the client does after the last chunk of a piece, and with
// pieces of which it does not know whether they are there.
func (o opened) verify(i int) (bool, error) {
	b, err := o.read(i)
	if err == nil && sha1.Sum(b) == [20]byte(o.info.Pieces[i*20:]) {
		return true, o.piece(i).MarkComplete()
	}
	return false, o.piece(i).MarkNotComplete()
}

// fetch writes a piece in chunks and has it verified.
func (o opened) fetch(i int, data []byte) error {
	for at := 0; at < len(data); at += 16 << 10 {
		if _, err := o.piece(i).WriteAt(data[at:min(at+16<<10, len(data))], int64(at)); err != nil {
			return err
		}
	}
	right, err := o.verify(i)
	if err == nil && !right {
		err = fmt.Errorf("piece %d has the wrong hash", i)
	}
	return err
}

// fetchAll goes on from what is there, as the client does, and returns the
// pieces that it had to fetch.
func (o opened) fetchAll(from opened) (fetched []int, err error) {
	for i := range o.info.NumPieces() {
		c := o.piece(i).Completion()
		if !c.Ok {
			if _, err := o.verify(i); err != nil {
				return fetched, err
			}
			c = o.piece(i).Completion()
		}
		if c.Complete {
			continue
		}
		data, err := from.read(i)
		if err != nil {
			return fetched, err
		}
		if err := o.fetch(i, data); err != nil {
			return fetched, err
		}
		fetched = append(fetched, i)
	}
	return fetched, nil
}

// download is a place to receive in.
type download struct {
	dir, journal string
}

func newDownload(tb testing.TB) download {
	return download{tb.TempDir(), filepath.Join(tb.TempDir(), "transfer", "journal")}
}

func (d download) sink(tb testing.TB) *store.Sink {
	tb.Helper()
	s, err := store.OpenSink(store.SinkConfig{Dir: d.dir, Journal: d.journal})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// receive fetches a whole share and returns where it is.
func (d download) receive(tb testing.TB, s share) string {
	tb.Helper()
	sink := d.sink(tb)
	if _, err := open(tb, sink, s).fetchAll(open(tb, s.source, s)); err != nil {
		tb.Fatal(err)
	}
	path, err := sink.Finish(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// eventually polls until ok or the deadline.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			tb.Fatalf("in 10 s not seen: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// problem returns the next reported problem.
func problem(tb testing.TB, from <-chan error) error {
	tb.Helper()
	select {
	case err := <-from:
		return err
	case <-time.After(10 * time.Second):
		tb.Fatal("no problem was reported")
		return nil
	}
}

func noProblem(tb testing.TB, from <-chan error) {
	tb.Helper()
	select {
	case err := <-from:
		tb.Errorf("reported: %v", err)
	default:
	}
}

func pathOf(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Path
	}
	return ""
}
