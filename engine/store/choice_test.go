package store_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/anacrolix/torrent/bencode"

	"github.com/causeway-app/causeway/engine/store"
)

// mixed is a share in which most pieces hold several files, and some files
// several pieces.
func mixed() tree {
	files := tree{"empty/": nil, "deep/empty.txt": nil, "zero": nil}
	for i, size := range []int{1, 65_536, 10_000, 300_000, 70_000, 20, 40_000, 200_000, 65_536, 5} {
		files[fmt.Sprintf("%c/file %d", 'a'+i%3, i)] = randomBytes(uint64(i), size)
	}
	return files
}

func encodedInfo(tb testing.TB, s share) []byte {
	tb.Helper()
	encoded, err := bencode.Marshal(s.info)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

func list(tb testing.TB, s share) *store.Listing {
	tb.Helper()
	l, err := store.List(encodedInfo(tb, s))
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// choosing opens a sink that wants these files.
func (d download) choosing(tb testing.TB, chosen []int) *store.Sink {
	tb.Helper()
	s, err := store.OpenSink(store.SinkConfig{Dir: d.dir, Journal: d.journal, Chosen: chosen})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// fetchThese is fetchAll of some pieces, at most limit of them.
func (o opened) fetchThese(wanted []bool, from opened, limit int) (fetched int, err error) {
	for i := range wanted {
		c := o.piece(i).Completion()
		if !wanted[i] {
			if c.Complete || !c.Ok {
				return fetched, fmt.Errorf("piece %d is %+v, and nobody wants it", i, c)
			}
			continue
		}
		if !c.Ok {
			if _, err := o.verify(i); err != nil {
				return fetched, err
			}
			c = o.piece(i).Completion()
		}
		if c.Complete || fetched == limit {
			continue
		}
		data, err := from.read(i)
		if err == nil {
			err = o.fetch(i, data)
		}
		if err != nil {
			return fetched, err
		}
		fetched++
	}
	return fetched, nil
}

func TestChosenFilesArriveAloneOverAnyRestartAndAreServed(t *testing.T) {
	t.Parallel()
	files := mixed()
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "mixed")))
	from, listing := open(t, s.source, s), list(t, s)
	random := rand.New(rand.NewPCG(7, 11))
	for round := range 25 {
		chosen := random.Perm(len(listing.Files))[:1+random.IntN(len(listing.Files)-1)]
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			wanted, err := store.Pieces(encodedInfo(t, s), chosen)
			if err != nil {
				t.Fatal(err)
			}
			d := newDownload(t)
			total := 0
			for last := -1; last != 0; { // a few pieces in each run
				sink := d.choosing(t, chosen)
				if last, err = open(t, sink, s).fetchThese(wanted, from, 3); err != nil {
					t.Fatal(err)
				}
				total += last
				if err := sink.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if want := countTrue(wanted); total != want {
				t.Errorf("%d pieces were fetched, %d are wanted", total, want)
			}
			sink := d.choosing(t, chosen)
			o := open(t, sink, s)
			size, _ := listing.Size(chosen)
			if sink.Have() != size {
				t.Errorf("%d bytes are here of %d", sink.Have(), size)
			}
			if _, err := sink.Finish(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := tree{}
			for _, file := range chosen {
				path := listing.Files[file].Path
				want["mixed/"+path] = files[path]
			}
			wantTree(t, d.dir, want)
			servesJustThese(t, o, wanted)
			sink.Close()
			servesJustThese(t, open(t, d.choosing(t, chosen), s), wanted) // after a restart
			j := journal(t, d.journal)
			if again := j.Refetched(); len(again) > 0 {
				t.Errorf("fetched again: %v", again)
			}
		})
	}
}

func countTrue(set []bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

func servesJustThese(t *testing.T, o opened, wanted []bool) {
	t.Helper()
	for i := range wanted {
		if c := o.piece(i).Completion(); c.Complete != wanted[i] {
			t.Errorf("piece %d is %+v", i, c)
		}
		if !wanted[i] {
			if _, err := o.piece(i).ReadAt(make([]byte, 1), 0); !errors.Is(err, io.EOF) {
				t.Errorf("piece %d, which is not here, gives %v", i, err)
			}
			continue
		}
		if right, err := o.verify(i); !right || err != nil {
			t.Errorf("piece %d is served as %v, %v", i, right, err)
		}
	}
}

func TestWhatIsHereOfEachFileIsCounted(t *testing.T) {
	t.Parallel()
	s := hashShare(t, tree{
		"a": randomBytes(1, 100_000), "b": randomBytes(2, 100_000), "c": randomBytes(3, 100_000),
	}.write(t, filepath.Join(t.TempDir(), "abc")))
	from := open(t, s.source, s)
	chosen := []int{0, 2}
	wanted, err := store.Pieces(encodedInfo(t, s), chosen)
	if err != nil || len(wanted) < 4 {
		t.Fatal(wanted, err)
	}
	d := newDownload(t)
	sink := d.choosing(t, chosen)
	o := open(t, sink, s)
	for piece, want := range [][]int64{{65_536, 0, 0}, {100_000, 0, 0}} {
		data, _ := from.read(piece)
		if err := o.fetch(piece, data); err != nil {
			t.Fatal(err)
		}
		if done := sink.Done(); !slices.Equal(done, want) || sink.Have() != want[0] {
			t.Errorf("after piece %d %v are here, %d in all", piece, done, sink.Have())
		}
	}
	if _, err := o.fetchThese(wanted, from, -1); err != nil {
		t.Fatal(err)
	}
	if done := sink.Done(); !slices.Equal(done, []int64{100_000, 0, 100_000}) || sink.Have() != 200_000 {
		t.Errorf("at last %v are here, %d in all", done, sink.Have())
	}
}

func TestALostRestIsFetchedAgain(t *testing.T) {
	t.Parallel()
	files := mixed()
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "mixed")))
	from, chosen := open(t, s.source, s), []int{1, 4}
	wanted, _ := store.Pieces(encodedInfo(t, s), chosen)
	d := newDownload(t)
	sink := d.choosing(t, chosen)
	if _, err := open(t, sink, s).fetchThese(wanted, from, -1); err != nil {
		t.Fatal(err)
	}
	sink.Close()
	rest := d.journal + ".rest"
	if err := os.Truncate(rest, 0); err != nil {
		t.Fatal(err)
	}
	sink = d.choosing(t, chosen)
	fetched, err := open(t, sink, s).fetchThese(wanted, from, -1)
	if err != nil || fetched == 0 || fetched == countTrue(wanted) {
		t.Errorf("fetched %d of %d pieces, %v", fetched, countTrue(wanted), err)
	}
	if _, err := sink.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(d.journal + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAnotherChoiceThanBeforeIsRefused(t *testing.T) {
	t.Parallel()
	s := hashShare(t, mixed().write(t, filepath.Join(t.TempDir(), "mixed")))
	d := newDownload(t)
	sink := d.choosing(t, []int{1, 4})
	open(t, sink, s)
	sink.Close()
	for _, chosen := range [][]int{nil, {1}, {1, 5}} {
		if _, err := tryOpen(d.choosing(t, chosen), s); !errors.Is(err, store.ErrChoice) {
			t.Errorf("%v: %v", chosen, err)
		}
	}
	if _, err := tryOpen(d.choosing(t, []int{4, 1, 4}), s); err != nil {
		t.Errorf("the same: %v", err)
	}
	for _, chosen := range [][]int{{}, {-1}, {len(mixed())}} {
		if _, err := tryOpen(newDownload(t).choosing(t, chosen), s); !errors.Is(err, store.ErrChoice) {
			t.Errorf("%v: %v", chosen, err)
		}
		if _, err := store.Pieces(encodedInfo(t, s), chosen); !errors.Is(err, store.ErrChoice) {
			t.Errorf("pieces of %v: %v", chosen, err)
		}
		if _, err := list(t, s).Choose(chosen); !errors.Is(err, store.ErrChoice) {
			t.Errorf("choosing %v: %v", chosen, err)
		}
	}
}

func TestAListingHasTheNamesOfTheDiskAndNoPadding(t *testing.T) {
	t.Parallel()
	files := mixed()
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "mixed")))
	listing := list(t, s)
	found := map[string]int64{}
	for _, f := range listing.Files {
		found[f.Path] = f.Size
	}
	want := map[string]int64{}
	for path, content := range files {
		if !strings.HasSuffix(path, "/") {
			want[path] = int64(len(content))
		}
	}
	if !maps.Equal(found, want) || listing.Name != "mixed" {
		t.Errorf("%q lists %v", listing.Name, found)
	}
	all := make([]int, len(listing.Files))
	for i := range all {
		all[i] = i
	}
	if chosen, err := listing.Choose(all); chosen != nil || err != nil {
		t.Errorf("all files are the choice %v, %v", chosen, err)
	}
	bad := *s.info
	bad.Files = slices.Clone(bad.Files)
	bad.Files[0].Path = slices.Repeat([]string{"d"}, 300)
	encoded, _ := bencode.Marshal(bad)
	if _, err := store.List(encoded); !errors.Is(err, store.ErrBadShare) {
		t.Errorf("a path of 300 folders: %v", err)
	}
	hostile := *s.info
	hostile.Files = slices.Clone(hostile.Files)
	hostile.Files[0].Path = []string{"..", "..", "etc", "a\u202eb"}
	encoded, _ = bencode.Marshal(hostile)
	if listing, err := store.List(encoded); err != nil || listing.Files[0].Path != "_/_/etc/a_b" {
		t.Errorf("a hostile path is shown as %+v, %v", listing.Files[0], err)
	}
}

func TestAShareThatDoesNotFitIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	files := mixed()
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "mixed")))
	d, from, chosen := newDownload(t), open(t, s.source, s), []int{3, 5}
	size, _ := list(t, s).Size(chosen)
	sinkWith := func(free int64) *store.Sink {
		sink, err := store.OpenSink(store.SinkConfig{Dir: filepath.Join(d.dir, "new"), Journal: d.journal, Chosen: chosen,
			Free: func(string) (int64, error) { return free, nil }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sink.Close() })
		return sink
	}
	sink := sinkWith(size - 1)
	_, err := tryOpen(sink, s)
	if room, ok := errors.AsType[*store.RoomError](err); !ok || room.Needed != size || room.Free != size-1 {
		t.Fatalf("got %v", err)
	}
	wantTree(t, d.dir, tree{})
	if left, _ := filepath.Glob(d.journal + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	sink.Close()

	wanted, _ := store.Pieces(encodedInfo(t, s), chosen)
	sink = sinkWith(size)
	if _, err := open(t, sink, s).fetchThese(wanted, from, countTrue(wanted)-1); err != nil {
		t.Fatal(err)
	}
	sink.Close()
	// What is on the disk already needs no room any more.
	if _, err := tryOpen(sinkWith(0), s); err == nil {
		t.Error("there was room for a piece on a full disk")
	}
	if _, err := tryOpen(sinkWith(70_000), s); err != nil {
		t.Errorf("one piece is missing: %v", err)
	}
}
