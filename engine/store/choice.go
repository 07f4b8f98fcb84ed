package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
)

// A receiver may want some files of a share only. Pieces take no heed of where
// files end, so the first and the last piece of a wanted file may hold bytes of
// its neighbours too. Those are needed to verify the piece, and to serve it, but
// are nobody's file: they go, packed, into one file beside the journal, which
// goes with the record of the transfer. The other pieces count as missing for
// good, so that nobody is told of bytes that are not here.

// restSuffix is what the name of that file has more than the journal's.
const restSuffix = ".rest"

// ErrChoice means that files were chosen that the share does not have, or none,
// or others than the journal tells of.
var ErrChoice = errors.New("store: unusable choice of files")

// Listing is what a share has in it, by the names that it gets here.
type Listing struct {
	// Name is that of the file or folder that arrives, unless it is taken.
	Name string
	// Files are in the order of the share; empty folders and padding are none.
	Files []ListedFile
	// Total is the size of all files, in bytes.
	Total int64
}

// ListedFile is one file of a Listing.
type ListedFile struct {
	// Path is below the share's folder, with slashes.
	Path string
	// Size is in bytes.
	Size int64
}

// List reads a bencoded info dictionary, which may come from a stranger. The
// names are those of a usual disk of this system. A share that cannot be stored
// safely gives ErrBadShare.
func List(encoded []byte) (*Listing, error) {
	c, err := decodeContent(encoded)
	if err != nil {
		return nil, err
	}
	return c.list(systemRules(), "")
}

func decodeContent(encoded []byte) (*content, error) {
	var info metainfo.Info
	if err := bencode.Unmarshal(encoded, &info); err != nil {
		return nil, fmt.Errorf("%w: info: %w", ErrBadShare, err)
	}
	return readInfo(&info)
}

// Pieces tells, of each piece of a bencoded info dictionary, whether a byte of
// the chosen files is in it. nil are all pieces, as chosen is all files.
func Pieces(encoded []byte, chosen []int) ([]bool, error) {
	if chosen == nil {
		return nil, nil
	}
	c, err := decodeContent(encoded)
	if err == nil {
		err = c.choose(chosen)
	}
	if err != nil {
		return nil, err
	}
	return c.layout.wanted, nil
}

func (c *content) list(rules nameRules, otherName string) (*Listing, error) {
	names, err := c.safeNames(rules, otherName)
	if err != nil {
		return nil, err
	}
	l := &Listing{Name: c.safeName(rules, otherName)}
	for i, e := range c.entries {
		if !e.dir {
			l.Files = append(l.Files, ListedFile{Path: filepath.ToSlash(names[i]), Size: e.size})
			l.Total += e.size
		}
	}
	return l, nil
}

// Size is that of the chosen files together, in bytes. chosen may name a file
// twice; nil are all files.
func (l *Listing) Size(chosen []int) (int64, error) {
	if chosen == nil {
		return l.Total, nil
	}
	chosen, err := checkChoice(chosen, len(l.Files))
	if err != nil {
		return 0, err
	}
	size := int64(0)
	for _, file := range chosen {
		size += l.Files[file].Size
	}
	return size, nil
}

// Choose returns the choice in order and with no file twice; nil where it is of
// all files, or nil. Files that do not exist, and no file at all, give ErrChoice.
func (l *Listing) Choose(chosen []int) ([]int, error) {
	if chosen == nil {
		return nil, nil
	}
	chosen, err := checkChoice(chosen, len(l.Files))
	if err != nil || len(chosen) == len(l.Files) {
		return nil, err
	}
	return chosen, nil
}

func checkChoice(chosen []int, files int) ([]int, error) {
	chosen = slices.Compact(slices.Sorted(slices.Values(chosen)))
	switch {
	case len(chosen) == 0:
		return nil, fmt.Errorf("%w: no file", ErrChoice)
	case chosen[0] < 0:
		return nil, fmt.Errorf("%w: file %d", ErrChoice, chosen[0])
	case chosen[len(chosen)-1] >= files:
		return nil, fmt.Errorf("%w: file %d of %d", ErrChoice, chosen[len(chosen)-1], files)
	}
	return chosen, nil
}

// choose keeps the chosen files alone, and none of the empty folders. Names and
// pieces stay as they are.
func (c *content) choose(chosen []int) error {
	files := 0
	for _, e := range c.entries {
		if !e.dir {
			files++
		}
	}
	chosen, err := checkChoice(chosen, files)
	if err != nil {
		return err
	}
	file := 0
	for i := range c.entries {
		e := &c.entries[i]
		if e.dir {
			e.left = true
			continue
		}
		_, found := slices.BinarySearch(chosen, file)
		e.left = !found
		file++
	}
	c.layout = c.layout.without(c.entries)
	return nil
}

// without is the layout in which the bytes of entries that are left out belong
// to the rest, where their piece is wanted, and to nobody elsewhere.
func (l *layout) without(entries []entry) layout {
	reduced := *l
	reduced.wanted, reduced.extents, reduced.rest = make([]bool, l.pieces), nil, len(entries)
	for _, e := range l.extents {
		if e.file == noFile || entries[e.file].left {
			continue
		}
		for piece := e.start / l.pieceLength; piece <= (e.start+e.length-1)/l.pieceLength; piece++ {
			reduced.wanted[piece] = true
		}
	}
	for _, e := range l.extents {
		if e.file == noFile || !entries[e.file].left {
			reduced.extents = append(reduced.extents, e)
			continue
		}
		reduced.splitRest(e)
	}
	return reduced
}

// splitRest adds the parts of an extent that lie in wanted pieces. Only the
// first and the last piece of a file nobody wants can be wanted for others.
func (l *layout) splitRest(e extent) {
	first, last := e.start/l.pieceLength, (e.start+e.length-1)/l.pieceLength
	ends := []int64{first, last}
	if first == last {
		ends = ends[:1]
	}
	for _, piece := range ends {
		if !l.wanted[piece] {
			continue
		}
		start := max(e.start, piece*l.pieceLength)
		length := min(e.start+e.length, (piece+1)*l.pieceLength) - start
		l.extents = append(l.extents, extent{start: start, length: length, file: l.rest, base: l.restSize})
		l.restSize += length
	}
}

// wants reports whether a piece is needed for what was chosen.
func (l *layout) wants(piece int) bool { return l.wanted == nil || l.wanted[piece] }

// wantedPieces counts them.
func (l *layout) wantedPieces() int {
	if l.wanted == nil {
		return l.pieces
	}
	n := 0
	for _, wanted := range l.wanted {
		if wanted {
			n++
		}
	}
	return n
}

// hasRest reports whether there is a file for the rest.
func (l *layout) hasRest() bool { return l.wanted != nil && l.restSize > 0 }

// inFiles counts the bytes of a piece that belong to files, in bytes.
func (l *layout) inFiles(piece int) int64 {
	offset, length := l.piece(piece)
	size := int64(0)
	for s := range l.spans(offset, length) {
		if s.file != noFile && !(l.wanted != nil && s.file == l.rest) {
			size += s.length
		}
	}
	return size
}

// choiceSum stands for a choice in the journal; empty for all files.
func choiceSum(chosen []int) string {
	if chosen == nil {
		return ""
	}
	var b []byte
	for _, file := range slices.Compact(slices.Sorted(slices.Values(chosen))) {
		b = binary.LittleEndian.AppendUint32(b, uint32(file))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func isChoiceSum(text string) bool {
	return len(text) == 2*sha256.Size && strings.Trim(text, "0123456789abcdef") == ""
}

// sameChoice makes sure that an earlier run wanted the same files: what it wrote
// lies in other places otherwise.
func (s *Sink) sameChoice() error {
	if s.past == nil {
		return nil
	}
	made, _ := s.past.place(FilesChosen)
	if made.Name != choiceSum(s.config.Chosen) {
		return fileError(ErrChoice, "open", s.config.Journal, errors.New("other files were chosen before"))
	}
	return nil
}

// openRest makes the file of the rest, or finds it.
func (s *Sink) openRest(resumed bool) (path string, err error) {
	if !s.content.layout.hasRest() {
		return "", nil
	}
	path = s.config.Journal + restSuffix
	flags := os.O_RDWR | os.O_CREATE
	if !resumed {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err == nil {
		err = syncFolder(path)
	}
	if err != nil {
		return "", writeError("create", path, err)
	}
	return path, nil
}

// List is what the share has in it, by the names that it has on the disk; nil
// while that is not known.
func (s *Sink) List() (*Listing, error) {
	s.mu.RLock()
	content, rules, started := s.content, s.rules, s.claimed || s.final != ""
	s.mu.RUnlock()
	if content == nil {
		return nil, nil
	}
	if !started {
		rules = systemRules()
	}
	return content.list(rules, s.config.Name)
}

// Have counts the bytes of the wanted files that are here and verified. It never
// waits.
func (s *Sink) Have() int64 { return s.have.Load() }

// Done counts the verified bytes of each file, in the order of the Listing; nil
// while nothing is known. It looks at every piece.
func (s *Sink) Done() []int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.content == nil {
		return nil
	}
	done := make([]int64, len(s.content.entries)+1)
	l := &s.content.layout
	if s.placed == nil && s.ledger != nil {
		for _, piece := range s.ledger.present() {
			offset, length := l.piece(piece)
			for span := range l.spans(offset, length) {
				if span.file != noFile {
					done[span.file] += span.length
				}
			}
		}
	}
	var files []int64
	for i, e := range s.content.entries {
		switch {
		case e.dir:
		case s.placed != nil && !e.left:
			files = append(files, e.size)
		default:
			files = append(files, done[i])
		}
	}
	return files
}
