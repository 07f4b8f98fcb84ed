//go:build linux || darwin

package store_test

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/store"
)

func init() { children["receive"] = receiveInChild }

// receiveTask is what the child is told, as JSON.
type receiveTask struct {
	Dir, Journal string
	Info         []byte
	Manifest     *store.Manifest
	Chosen       []int
}

// receiveInChild receives a share as the torrent client does: several pieces at
// once, chunks in any order, pieces of unknown state looked at first. It slows
// itself down so that it can be killed in the midst of it.
func receiveInChild() {
	var task receiveTask
	var info metainfo.Info
	fail := func(err error) {
		if err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
	}
	fail(json.NewDecoder(os.Stdin).Decode(&task))
	fail(bencode.Unmarshal(task.Info, &info))
	s := share{task.Manifest, &info, metainfo.HashBytes(task.Info), store.NewSource(task.Manifest)}
	sink, err := store.OpenSink(store.SinkConfig{Dir: task.Dir, Journal: task.Journal, Chosen: task.Chosen})
	fail(err)
	wanted, err := store.Pieces(task.Info, task.Chosen)
	fail(err)
	o, err := tryOpen(sink, s)
	fail(err)
	from, err := tryOpen(s.source, s)
	fail(err)
	order := slices.DeleteFunc(rand.Perm(info.NumPieces()), func(i int) bool { return wanted != nil && !wanted[i] })
	var workers sync.WaitGroup
	var next sync.Mutex
	for range 4 {
		workers.Go(func() {
			for {
				next.Lock()
				if len(order) == 0 {
					next.Unlock()
					return
				}
				i := order[0]
				order = order[1:]
				next.Unlock()
				fail(receivePiece(o, from, i))
			}
		})
	}
	workers.Wait()
	path, err := sink.Finish(context.Background())
	fail(err)
	fail(sink.Close())
	fmt.Println("finished", path)
}

func receivePiece(o, from opened, i int) error {
	c := o.piece(i).Completion()
	if !c.Ok {
		if _, err := o.verify(i); err != nil {
			return err
		}
		c = o.piece(i).Completion()
	}
	if c.Complete {
		return nil
	}
	data, err := from.read(i)
	if err != nil {
		return err
	}
	const chunk = 16 << 10
	for _, n := range rand.Perm((len(data) + chunk - 1) / chunk) {
		part := data[n*chunk : min((n+1)*chunk, len(data))]
		if _, err := o.piece(i).WriteAt(part, int64(n*chunk)); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
	right, err := o.verify(i)
	if err == nil && !right {
		err = fmt.Errorf("piece %d has the wrong hash", i)
	}
	return err
}

func TestKilledTenTimesAtAnyMomentItFetchesNoFinishedPieceAgain(t *testing.T) {
	t.Parallel()
	files := tree{"large": randomBytes(1, 40<<20), "empty": {}, "none/": nil}
	for i := range 300 {
		files[fmt.Sprintf("small/%d/%d", i%7, i)] = randomBytes(uint64(i), 3000)
	}
	root := files.write(t, filepath.Join(t.TempDir(), "share"))
	m := scan(t, root)
	encoded, err := m.Hash(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	info := decodeInfo(t, encoded)
	d := newDownload(t)
	task, _ := json.Marshal(receiveTask{d.dir, d.journal, encoded, m, nil})

	kills, stored, longest := 0, 0, 700
	for ; kills < 10; kills++ {
		if stored == 0 && kills > 0 {
			longest += 400 // on a busy machine it takes longer to begin
		}
		out, killed := runChild(t, task, time.Duration(50+rand.IntN(longest))*time.Millisecond)
		if !killed {
			t.Fatalf("finished after %d kills: %s", kills, out)
		}
		now := wrongClaims(t, d, info)
		if now < stored {
			t.Errorf("%d pieces were stored, and now %d", stored, now)
		}
		stored = now
	}
	if stored == 0 {
		t.Error("it was always killed before anything was stored")
	}
	if out, killed := runChild(t, task, time.Minute); killed || !strings.HasPrefix(out, "finished") {
		t.Fatalf("it does not finish: %s", out)
	}
	wantTree(t, d.dir, prefixed("share/", files))
	j := journal(t, d.journal)
	if again := j.Refetched(); len(again) > 0 {
		t.Errorf("fetched again: %v", again)
	}
	for _, r := range j.Records {
		if r.Kind == store.PieceLost {
			t.Errorf("piece %d was lost", r.Piece)
		}
	}
}

func TestAChoiceKilledAtAnyMomentKeepsWhatItHasAndNothingElse(t *testing.T) {
	t.Parallel()
	files := tree{"large": randomBytes(1, 20<<20), "unwanted": randomBytes(2, 5<<20), "none/": nil}
	for i := range 200 {
		files[fmt.Sprintf("small/%d/%d", i%7, i)] = randomBytes(uint64(i), 3000)
	}
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), "share")))
	encoded, listing, want := encodedInfo(t, s), list(t, s), tree{}
	var chosen []int
	for i, f := range listing.Files {
		if i%3 == 0 && f.Path != "unwanted" || f.Path == "large" {
			chosen = append(chosen, i)
			want["share/"+f.Path] = files[f.Path]
		}
	}
	d := newDownload(t)
	task, _ := json.Marshal(receiveTask{d.dir, d.journal, encoded, s.manifest, chosen})

	kills, most := 0, 0
	for ; kills < 5; kills++ {
		out, killed := runChild(t, task, time.Duration(300+rand.IntN(700))*time.Millisecond)
		if !killed {
			if !strings.HasPrefix(out, "finished") {
				t.Fatalf("it failed: %s", out)
			}
			break
		}
		// Every piece that is said to be here is.
		sink := d.choosing(t, chosen)
		o := open(t, sink, s)
		here := 0
		for i := range s.info.NumPieces() {
			if !o.piece(i).Completion().Complete {
				continue
			}
			here++
			if b, err := o.read(i); err != nil || sha1.Sum(b) != [20]byte(s.info.Pieces[i*20:]) {
				t.Errorf("piece %d is said to be here: %v", i, err)
			}
		}
		sink.Close()
		if here < most {
			t.Errorf("%d pieces were here, and now %d", most, here)
		}
		most = here
	}
	if kills == 0 || most == 0 {
		t.Errorf("%d kills, with at most %d pieces here", kills, most)
	}
	if out, killed := runChild(t, task, time.Minute); killed || !strings.HasPrefix(out, "finished") {
		t.Fatalf("it does not finish: %s", out)
	}
	wantTree(t, d.dir, want)
	j := journal(t, d.journal)
	if again := j.Refetched(); len(again) > 0 {
		t.Errorf("fetched again: %v", again)
	}
}

// runChild runs the receiver and kills it after a while, unless it ends before.
func runChild(t *testing.T, task []byte, after time.Duration) (out string, killed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0]) // kills with SIGKILL
	cmd.Env = append(os.Environ(), childTask+"=receive")
	cmd.Stdin = strings.NewReader(string(task))
	data, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL || errors.Is(err, context.DeadlineExceeded) {
		return string(data), true
	}
	if err != nil {
		t.Fatalf("child: %v: %s", err, data)
	}
	return string(data), false
}

// wrongClaims checks each piece that the journal says is stored against its
// hash, with no code of the package but the journal's reader, and returns how
// many there are.
func wrongClaims(t *testing.T, d download, info *metainfo.Info) int {
	t.Helper()
	j, err := store.ReadJournal(d.journal)
	if errors.Is(err, os.ErrNotExist) {
		return 0 // killed before it began
	}
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(d.dir, "share.part")
	if _, err := os.Stat(folder); err != nil {
		folder = filepath.Join(d.dir, "share") // killed after the move
	}
	bytes, err := concatenated(folder, info)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[int]bool{}
	for _, r := range j.Records {
		if r.Kind == store.PieceStored || r.Kind == store.PieceLost {
			stored[r.Piece] = r.Kind == store.PieceStored
		}
	}
	for piece, is := range stored {
		end := min(int64(piece+1)*info.PieceLength, int64(len(bytes)))
		if is && sha1.Sum(bytes[int64(piece)*info.PieceLength:end]) != [20]byte(info.Pieces[piece*20:]) {
			t.Errorf("the journal claims piece %d, and its bytes are wrong", piece)
		}
	}
	if len(stored) != j.Stored() {
		t.Errorf("%d pieces stored, Stored says %d", len(stored), j.Stored())
	}
	return len(stored)
}

// concatenated are the torrent's bytes, zeros where files are short or missing.
func concatenated(folder string, info *metainfo.Info) ([]byte, error) {
	all := make([]byte, info.TotalLength())
	var at int64
	for _, f := range info.Files {
		part := all[at : at+f.Length]
		at += f.Length
		file, err := os.Open(filepath.Join(append([]string{folder}, f.Path...)...))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		_, err = file.ReadAt(part, 0)
		file.Close()
		if err != nil && err != io.EOF {
			return nil, err
		}
	}
	return all, nil
}
