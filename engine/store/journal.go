package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"time"
)

// A journal is a header of headerLength bytes and then records, appended and
// never changed. All numbers are little-endian, all checksums CRC-32C.
//
//	header  "causeway" | version u32 | pieces u32 | info-hash [20] | SHA-256 of
//	        the info as stored [32] | checksum u32
//	record  kind u8 | 0 u8 | length of text u16 | number u32 | checksum u32 of
//	        the rest and the text | text
//
// Records of pieces have no text, so they are all recordLength bytes long.
const (
	journalMagic   = "causeway"
	journalVersion = 1
	headerLength   = 8 + 4 + 4 + 20 + sha256.Size + 4
	recordLength   = 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// RecordKind says what a journal's record is about.
type RecordKind uint8

// The kinds.
const (
	// FolderChosen names the partial folder that is about to be made.
	FolderChosen RecordKind = iota + 1
	// FolderMade says that the folder chosen last is ours; the number holds
	// the rules for its names.
	FolderMade
	// PieceBegun says that bytes of a piece are about to be written.
	PieceBegun
	// PieceVerified says that a piece's hash was right. It may not have
	// reached the disk yet.
	PieceVerified
	// PieceStored says that a verified piece is on the disk, synced.
	PieceStored
	// PieceLost says that a piece turned out not to be what it was.
	PieceLost
	// TargetChosen names the final place before the move there.
	TargetChosen
	// Finished says that the move to the final place is done.
	Finished
	// FilesChosen says that some files only are wanted; the name stands for
	// which. Without it, all are.
	FilesChosen
)

// Record is one record of a journal.
type Record struct {
	Kind RecordKind
	// Piece is the index, in records of pieces.
	Piece int
	// Name is the entry of the download folder, in records of places, and stands
	// for the choice in FilesChosen.
	Name string
	// Inner is what is moved out of the partial folder, in TargetChosen of a
	// single file; empty where the whole folder is moved.
	Inner string
	// Latest is the newest modification time of the finished files, in
	// TargetChosen and Finished.
	Latest time.Time

	rules nameRules
}

// Journal is what a journal file says.
type Journal struct {
	Version  int
	InfoHash [20]byte
	// InfoSum is the SHA-256 of the info dictionary as it is stored.
	InfoSum [sha256.Size]byte
	// Pieces is the number of pieces of the torrent.
	Pieces int
	// Records are in the order in which they were written.
	Records []Record
	// Torn says that there are bytes after the last readable record: a write
	// was cut off, or the file is damaged. What was written there is unknown.
	Torn bool

	size int64 // of the readable part, in bytes
}

// ReadJournal reads a journal for tests and tools. A torn end is tolerated, a
// damaged header is ErrJournal.
func ReadJournal(path string) (Journal, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Journal{}, fmt.Errorf("store: read journal: %w", err)
	}
	j, err := parseJournal(data)
	if err != nil {
		return Journal{}, fileError(ErrJournal, "read", path, err)
	}
	return j, nil
}

// Stored counts the pieces that are on the disk and were not lost again.
func (j *Journal) Stored() int {
	n := 0
	for _, last := range j.lastOfPieces() {
		if last == PieceStored {
			n++
		}
	}
	return n
}

// Refetched lists the pieces that were written again although they had been
// verified and were not lost. It is empty unless something is very wrong.
func (j *Journal) Refetched() []int {
	var again []int
	verified := make(map[int]bool)
	for _, r := range j.Records {
		switch r.Kind {
		case PieceVerified, PieceStored:
			verified[r.Piece] = true
		case PieceLost:
			verified[r.Piece] = false
		case PieceBegun:
			if verified[r.Piece] {
				again = append(again, r.Piece)
			}
		}
	}
	return again
}

// lastOfPieces returns the last word on each piece; a stored piece stays so
// until it is lost.
func (j *Journal) lastOfPieces() map[int]RecordKind {
	last := make(map[int]RecordKind)
	for _, r := range j.Records {
		switch r.Kind {
		case PieceStored, PieceLost:
			last[r.Piece] = r.Kind
		case PieceBegun, PieceVerified:
			if last[r.Piece] != PieceStored {
				last[r.Piece] = r.Kind
			}
		}
	}
	return last
}

// place returns the last record of one kind.
func (j *Journal) place(kind RecordKind) (Record, bool) {
	for i := len(j.Records) - 1; i >= 0; i-- {
		if j.Records[i].Kind == kind {
			return j.Records[i], true
		}
	}
	return Record{}, false
}

func (j *Journal) header() []byte {
	b := []byte(journalMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(j.Version))
	b = binary.LittleEndian.AppendUint32(b, uint32(j.Pieces))
	b = append(b, j.InfoHash[:]...)
	b = append(b, j.InfoSum[:]...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func parseJournal(data []byte) (Journal, error) {
	var j Journal
	if len(data) < headerLength || string(data[:8]) != journalMagic {
		return j, errors.New("not a journal")
	}
	sum := headerLength - 4
	if crc32.Checksum(data[:sum], castagnoli) != binary.LittleEndian.Uint32(data[sum:]) {
		return j, errors.New("its header is damaged")
	}
	j.Version = int(binary.LittleEndian.Uint32(data[8:]))
	if j.Version != journalVersion {
		return j, fmt.Errorf("version %d, not %d", j.Version, journalVersion)
	}
	j.Pieces = int(binary.LittleEndian.Uint32(data[12:]))
	copy(j.InfoHash[:], data[16:])
	copy(j.InfoSum[:], data[36:])
	rest := data[headerLength:]
	for len(rest) > 0 {
		r, length, ok := parseRecord(rest, j.Pieces)
		if !ok {
			j.Torn = true
			break
		}
		j.Records = append(j.Records, r)
		rest = rest[length:]
	}
	j.size = int64(len(data) - len(rest))
	return j, nil
}

// encode appends the record's form in the journal to b.
func (r Record) encode(b []byte) []byte {
	var text []byte
	number := uint32(r.Piece)
	switch r.Kind {
	case FolderChosen, FilesChosen:
		text = []byte(r.Name)
	case FolderMade:
		number = r.rules.bits()
	case TargetChosen, Finished:
		text = binary.LittleEndian.AppendUint64(nil, uint64(r.Latest.UnixNano()))
		text = append(text, r.Name+"\x00"+r.Inner...)
	}
	start := len(b)
	b = append(b, byte(r.Kind), 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	b = binary.LittleEndian.AppendUint32(b, number)
	sum := crc32.Update(crc32.Checksum(b[start:], castagnoli), castagnoli, text)
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, text...)
}

func parseRecord(data []byte, pieces int) (r Record, length int, ok bool) {
	if len(data) < recordLength {
		return r, 0, false
	}
	length = recordLength + int(binary.LittleEndian.Uint16(data[2:]))
	if len(data) < length || data[1] != 0 {
		return r, 0, false
	}
	text := data[recordLength:length]
	sum := crc32.Update(crc32.Checksum(data[:8], castagnoli), castagnoli, text)
	if sum != binary.LittleEndian.Uint32(data[8:]) {
		return r, 0, false
	}
	r.Kind = RecordKind(data[0])
	return r, length, r.decode(binary.LittleEndian.Uint32(data[4:]), text, pieces)
}

func (r *Record) decode(number uint32, text []byte, pieces int) bool {
	switch r.Kind {
	case FolderChosen:
		r.Name = string(text)
		return isSingleName(r.Name)
	case FilesChosen:
		r.Name = string(text)
		return isChoiceSum(r.Name)
	case FolderMade:
		r.rules = rulesOf(number)
		return len(text) == 0
	case PieceBegun, PieceVerified, PieceStored, PieceLost:
		r.Piece = int(number)
		return len(text) == 0 && int64(number) < int64(pieces)
	case TargetChosen, Finished:
		if len(text) < 8 {
			return false
		}
		r.Latest = time.Unix(0, int64(binary.LittleEndian.Uint64(text)))
		name, inner, found := bytes.Cut(text[8:], []byte{0})
		r.Name, r.Inner = string(name), string(inner)
		return found && isSingleName(r.Name) && (r.Inner == "" || isSingleName(r.Inner))
	default:
		return false
	}
}

// journalFile is a journal that is being written. It is not safe for concurrent
// use, but for sync.
type journalFile struct {
	file *os.File
	path string
	size int64
}

// createJournal writes a journal's beginning so that after a crash there is
// either all of it or nothing.
func createJournal(path string, j Journal, first ...Record) (*journalFile, error) {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, writeError("create", path, err)
	}
	f := &journalFile{file: file, path: path}
	err = f.write(j.header())
	if err == nil {
		err = f.append(first...)
	}
	if err == nil {
		err = f.sync()
	}
	if closing := file.Close(); err == nil && closing != nil {
		err = writeError("create", path, closing)
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return nil, writeError("create", path, err)
	}
	if err := syncFolder(path); err != nil {
		return nil, writeError("create", path, err)
	}
	return openJournal(path, f.size)
}

// openJournal goes on writing after the readable part of a journal.
func openJournal(path string, size int64) (*journalFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, writeError("open", path, err)
	}
	if err := file.Truncate(size); err != nil {
		file.Close()
		return nil, writeError("open", path, err)
	}
	return &journalFile{file: file, path: path, size: size}, nil
}

// append writes records in one piece. After an error the next append writes
// over what was left half written.
func (f *journalFile) append(records ...Record) error {
	var b []byte
	for _, r := range records {
		b = r.encode(b)
	}
	return f.write(b)
}

func (f *journalFile) write(b []byte) error {
	if _, err := f.file.WriteAt(b, f.size); err != nil {
		return writeError("write", f.path, err)
	}
	f.size += int64(len(b))
	return nil
}

// sync returns when all that was appended is on the disk.
func (f *journalFile) sync() error {
	if err := f.file.Sync(); err != nil {
		return writeError("sync", f.path, err)
	}
	return nil
}

func (f *journalFile) close() error { return f.file.Close() }
