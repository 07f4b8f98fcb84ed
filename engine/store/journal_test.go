package store

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"
)

func allRecords() []Record {
	return []Record{
		{Kind: FolderChosen, Name: "f.part"},
		{Kind: FolderMade, rules: nameRules{windows: true, fold: true}},
		{Kind: PieceBegun, Piece: 2}, {Kind: PieceVerified, Piece: 2}, {Kind: PieceStored, Piece: 2},
		{Kind: PieceLost, Piece: 2}, {Kind: PieceBegun, Piece: 2}, {Kind: PieceVerified, Piece: 2},
		{Kind: PieceStored, Piece: 1}, {Kind: PieceBegun, Piece: 1},
		{Kind: TargetChosen, Name: "日本", Inner: "x.pdf", Latest: time.Unix(5, 6)},
		{Kind: Finished, Name: "日本", Latest: time.Unix(0, 0)},
	}
}

func TestAJournalReadsBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	head := Journal{Version: journalVersion, Pieces: 3, InfoHash: [20]byte{1, 2}, InfoSum: [32]byte{3, 4}}
	records := allRecords()
	f, err := createJournal(path, head, records[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := f.append(records[1:]...); err != nil {
		t.Fatal(err)
	}
	f.close()
	j, err := ReadJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(j.Records, records) || j.Pieces != 3 || j.InfoHash != head.InfoHash || j.InfoSum != head.InfoSum || j.Torn {
		t.Errorf("read %+v", j)
	}
	if j.Stored() != 1 || !slices.Equal(j.Refetched(), []int{1}) {
		t.Errorf("stored %d, fetched again %v; want 1 and piece 1", j.Stored(), j.Refetched())
	}
}

func TestEveryCutOfAJournalIsReadUpToTheLastWholeRecord(t *testing.T) {
	t.Parallel()
	head := Journal{Version: journalVersion, Pieces: 3}
	data := head.header()
	ends := []int{len(data)}
	for _, r := range allRecords() {
		data = r.encode(data)
		ends = append(ends, len(data))
	}
	for n := headerLength; n <= len(data); n++ {
		whole := 0
		for whole+1 < len(ends) && ends[whole+1] <= n {
			whole++
		}
		j, err := parseJournal(data[:n])
		if err != nil || len(j.Records) != whole || j.Torn != (n != ends[whole]) || j.size != int64(ends[whole]) {
			t.Fatalf("%d bytes: %d records, torn %v, %v", n, len(j.Records), j.Torn, err)
		}
	}
}

func TestAFailedAppendIsWrittenOverByTheNext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	f, err := createJournal(path, Journal{Version: journalVersion, Pieces: 9})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	f.file.WriteAt([]byte("half a rec"), f.size) // as a full disk leaves it
	if err := f.append(Record{Kind: PieceStored, Piece: 7}); err != nil {
		t.Fatal(err)
	}
	if j, err := ReadJournal(path); err != nil || j.Torn || j.Stored() != 1 {
		t.Errorf("%+v, %v", j, err)
	}
}

func TestAJournalNeverLeadsOutOfTheDownloadFolder(t *testing.T) {
	t.Parallel()
	head := Journal{Version: journalVersion, Pieces: 3}
	for _, name := range []string{"", ".", "..", "a/b", "../x", "/abs", "a\x00b"} {
		for _, kind := range []RecordKind{FolderChosen, TargetChosen, Finished} {
			j, err := parseJournal(Record{Kind: kind, Name: name, Latest: time.Unix(1, 1)}.encode(head.header()))
			for _, r := range j.Records {
				if !isSingleName(r.Name) {
					t.Errorf("kind %d took %q as %q", kind, name, r.Name)
				}
			}
			if err != nil || name != "a\x00b" && !j.Torn {
				t.Errorf("kind %d took %q, %v", kind, name, err)
			}
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	head := Journal{Version: journalVersion, Pieces: 3}
	data := head.header()
	for _, r := range allRecords() {
		data = r.encode(data)
	}
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Add([]byte("causeway"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := parseJournal(data)
		if err != nil {
			return
		}
		again := j.header()
		for _, r := range j.Records {
			if r.Piece < 0 || r.Piece >= j.Pieces && r.Piece != 0 {
				t.Fatalf("piece %d of %d", r.Piece, j.Pieces)
			}
			again = r.encode(again)
		}
		if int64(len(again)) != j.size || j.Torn != (j.size != int64(len(data))) {
			t.Fatalf("%d bytes encode to %d", j.size, len(again))
		}
		if k, err := parseJournal(again); err != nil || !reflect.DeepEqual(k.Records, j.Records) {
			t.Fatalf("read back %+v, %v", k, err)
		}
		if len(j.Records) > 0 && j.Records[0].Kind != FolderMade && !bytes.HasPrefix(data, again[:headerLength]) {
			t.Fatal("another header")
		}
		if j.Stored() > j.Pieces {
			t.Fatal("more pieces stored than there are")
		}
		j.Refetched()
	})
}

func TestANewJournalIsThereAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "missing", "journal")
	if _, err := createJournal(path, Journal{Version: journalVersion}); err == nil {
		t.Fatal("created in a folder that does not exist")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}
