package store

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
)

// failingDisk opens a Sink for a file of three pieces whose syncs fail until
// the returned function is called.
func failingDisk(t *testing.T) (s *Sink, pieces []storage.PieceImpl, data []byte, repair func()) {
	t.Helper()
	data = bytes.Repeat([]byte("causeway"), 3*64<<10/8)
	info := &metainfo.Info{Name: "x", PieceLength: 64 << 10, Length: int64(len(data))}
	info.Pieces, _ = metainfo.GeneratePieces(bytes.NewReader(data), info.PieceLength, nil)
	s, err := OpenSink(SinkConfig{Dir: t.TempDir(), Journal: filepath.Join(t.TempDir(), "journal")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	torrent, err := s.OpenTorrent(context.Background(), info, metainfo.Hash{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		pieces = append(pieces, torrent.Piece(info.Piece(i)))
	}
	s.partial.fsync = func(*os.File) error { return &os.PathError{Op: "sync", Err: syscall.ENOSPC} }
	return s, pieces, data, func() { s.partial.fsync = (*os.File).Sync }
}

func TestAPieceWhoseSyncFailsIsNotJournaledUntilItWasWrittenAgain(t *testing.T) {
	t.Parallel()
	s, pieces, data, repair := failingDisk(t)
	for i, p := range pieces {
		if _, err := p.WriteAt(data[i<<16:(i+1)<<16], 0); err != nil {
			t.Fatal(err)
		}
	}
	pieces[0].MarkComplete()
	pieces[1].MarkComplete()
	for range 2 {
		if err := s.flush(); !errors.Is(err, ErrDiskFull) {
			t.Fatalf("flush: %v", err)
		}
	}
	if err := <-s.Problems(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("reported %v", err)
	}
	if len(s.problems.channel) != 0 {
		t.Error("reported twice")
	}
	if j, _ := ReadJournal(s.config.Journal); j.Stored() != 0 {
		t.Fatalf("%d pieces journaled", j.Stored())
	}
	if _, err := s.Finish(t.Context()); !errors.Is(err, ErrIncomplete) {
		t.Errorf("finish: %v", err)
	}

	// The failed sync has dropped what was written to piece 1.
	repair()
	if _, err := s.partial.writeAt(make([]byte, 10), 64<<10); err != nil {
		t.Fatal(err)
	}
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
	j, err := ReadJournal(s.config.Journal)
	if err != nil || j.Stored() != 1 {
		t.Errorf("%d pieces journaled, %v", j.Stored(), err)
	}
	if !pieces[0].Completion().Complete || pieces[1].Completion().Complete {
		t.Error("piece 0 is there and piece 1 is not")
	}
	if err := <-s.Problems(); !errors.Is(err, ErrCannotWrite) {
		t.Errorf("reported %v", err)
	}
	// It is fetched again, and all is well.
	pieces[1].WriteAt(data[1<<16:2<<16], 0)
	pieces[1].MarkComplete()
	pieces[2].MarkComplete()
	path, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("other bytes, %v", err)
	}
}

func TestAFailedSyncIsTriedAgainByItself(t *testing.T) {
	t.Parallel()
	s, pieces, data, repair := failingDisk(t)
	pieces[0].WriteAt(data[:64<<10], 0)
	s.flushing.Lock() // until the repair, so that it does not race with a sync
	pieces[0].MarkComplete()
	s.flushing.Unlock()
	<-s.Problems()
	s.flushing.Lock()
	repair()
	s.flushing.Unlock()
	for deadline := time.Now().Add(20 * time.Second); s.Journaled() != 1; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never journaled")
		}
	}
}

func TestALostPieceIsNotWrittenToBeforeTheJournalSaysSo(t *testing.T) {
	t.Parallel()
	s, pieces, data, repair := failingDisk(t)
	repair()
	pieces[0].WriteAt(data[:64<<10], 0)
	pieces[0].MarkComplete()
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
	healthy := s.ledger.journal.file
	broken, err := os.Open(s.config.Journal) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	s.ledger.journal.file = broken
	if err := pieces[0].MarkNotComplete(); err == nil {
		t.Error("a loss that could not be journaled was accepted")
	}
	if _, err := pieces[0].WriteAt([]byte("partly new"), 0); err == nil {
		t.Error("written to although the journal says it is complete")
	}
	if b, _ := os.ReadFile(filepath.Join(s.inDir(s.folder), "x")); sha1.Sum(b[:64<<10]) != [20]byte(s.info.Pieces) {
		t.Error("its bytes were changed")
	}
	s.ledger.journal.file = healthy
	broken.Close()
	if _, err := pieces[0].WriteAt([]byte("partly new"), 0); err != nil {
		t.Error(err)
	}
	if j, _ := ReadJournal(s.config.Journal); j.Stored() != 0 || len(j.Refetched()) != 0 {
		t.Errorf("the journal still claims it: %+v", j.Records)
	}
}

func TestTheRulesForNamesAreFoundOutOnTheDiskItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rules, err := probeRules(dir)
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
	// Whatever they are, they must be true.
	if err := os.WriteFile(filepath.Join(dir, "Name"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = os.Lstat(filepath.Join(dir, "nAME"))
	if folds := err == nil; folds && !rules.fold {
		t.Error("the disk folds case and the rules do not")
	}
	if err := os.WriteFile(filepath.Join(dir, "a:b?"), nil, 0o600); (err == nil) == rules.windows {
		t.Errorf("rules %+v, but writing a:b? gives %v", rules, err)
	}
}

func TestARenameNeverReplaces(t *testing.T) {
	t.Parallel()
	for name, rename := range map[string]func(from, to string) error{"system": renameNoReplace, "placeholder": placeholderRename} {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		os.WriteFile(at("file"), []byte("new"), 0o600)
		os.WriteFile(at("taken"), []byte("old"), 0o600)
		os.MkdirAll(at("folder/in"), 0o700)
		os.Mkdir(at("empty"), 0o700)
		for from, to := range map[string]string{"file": "taken", "folder": "empty"} {
			if err := rename(at(from), at(to)); !errors.Is(err, os.ErrExist) {
				t.Errorf("%s: %s to %s: %v", name, from, to, err)
			}
			if err := rename(at(from), at("new "+from)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if old, _ := os.ReadFile(at("taken")); string(old) != "old" {
			t.Errorf("%s: replaced", name)
		}
		if b, err := os.ReadFile(at("new file")); err != nil || string(b) != "new" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if _, err := os.Stat(at("new folder/in")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
