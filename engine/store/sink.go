package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
)

// SinkConfig says where a share is received.
type SinkConfig struct {
	// Dir is the download folder; it is made where it does not exist.
	Dir string
	// Journal is a file in the state folder, one for each transfer.
	Journal string
	// Name is used where the share's own name cannot be.
	Name string
	// Chosen are the files that are wanted, as indexes of Listing.Files; nil are
	// all. It must be the same in every run.
	Chosen []int
	// Free measures how many bytes can be written to Dir; nil is Free.
	Free func(dir string) (int64, error)
	// Logger may be nil.
	Logger *slog.Logger
}

// Sink is a torrent storage that receives a share. Everything is written below
// one fresh folder, "name.part", with names that are safe here, and moved to
// its final name by Finish. A journal tells the next run which pieces are on
// the disk. All methods are safe for concurrent use.
type Sink struct {
	config   SinkConfig
	problems *problems

	finishing sync.Mutex // held while Finish runs
	flushing  sync.Mutex // held while verified pieces are being synced

	// mu is held for writing while files change their place, and for reading
	// while they are used.
	mu      sync.RWMutex
	closed  bool
	past    *Journal // of the runs before this one, nil for a new download
	info    *metainfo.Info
	hash    metainfo.Hash
	content *content
	rules   nameRules
	folder  string // the partial folder's name in Dir
	claimed bool   // the partial folder is ours
	final   string // the name in Dir when finished
	ledger  *ledger
	partial *partial // nil before OpenTorrent and when finished
	placed  *inPlace // nil until finished

	failedAt atomic.Pointer[writePlace] // the first write of those that fail now
	have     atomic.Int64               // verified bytes of the wanted files

	timing  sync.Mutex
	timer   *time.Timer
	flushes sync.WaitGroup
}

// OpenSink prepares to receive, or to go on with what the journal tells of. It
// gives ErrMissing when the partial folder, or the finished files, are no longer
// where the journal says, and ErrJournal when it cannot be read.
func OpenSink(config SinkConfig) (*Sink, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, writeError("open", config.Dir, err)
	}
	config.Dir = dir
	s := &Sink{config: config, problems: newProblems(config.Logger)}
	past, err := ReadJournal(config.Journal)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.past = &past
	if err := s.locate(); err != nil {
		return nil, err
	}
	return s, nil
}

// locate finds the files of an earlier run.
func (s *Sink) locate() error {
	if finished, ok := s.past.place(Finished); ok {
		s.final = finished.Name
		return s.mustExist(s.final)
	}
	chosen, ok := s.past.place(FolderChosen)
	if !ok {
		return nil
	}
	s.folder = chosen.Name
	made, ok := s.past.place(FolderMade)
	if !ok {
		return nil
	}
	s.rules, s.claimed = made.rules, true
	if moved, err := s.recoverMove(); moved || err != nil {
		return err
	}
	return s.mustExist(s.folder)
}

// recoverMove finds out whether a move to the final place was done before the
// process ended without saying so.
func (s *Sink) recoverMove() (moved bool, err error) {
	target, ok := s.past.place(TargetChosen)
	if !ok {
		return false, nil
	}
	if _, err := os.Lstat(s.inDir(s.folder, target.Inner)); err == nil {
		return false, nil // still where it was
	}
	if err := s.mustExist(target.Name); err != nil {
		return false, err
	}
	journal, err := openJournal(s.config.Journal, s.past.size)
	if err != nil {
		return false, err
	}
	defer journal.close()
	finished := Record{Kind: Finished, Name: target.Name, Latest: target.Latest}
	if err := journal.append(finished); err != nil {
		return false, err
	}
	if err := journal.sync(); err != nil {
		return false, err
	}
	os.Remove(s.inDir(s.folder)) // of a single file, empty now
	s.past.Records = append(s.past.Records, finished)
	s.past.size = journal.size
	s.final = target.Name
	return true, nil
}

func (s *Sink) inDir(names ...string) string {
	return filepath.Join(append([]string{s.config.Dir}, names...)...)
}

func (s *Sink) mustExist(name string) error {
	if _, err := os.Lstat(s.inDir(name)); err != nil {
		return readError("find", s.inDir(name), err)
	}
	return nil
}

// Problems delivers what keeps the share from being written or served:
// ErrDiskFull, ErrCannotWrite, ErrMissing, ErrChanged, ErrUnreadable. Each is
// told once, and again when it comes back after it was over. It is never closed.
func (s *Sink) Problems() <-chan error { return s.problems.channel }

// Path returns the absolute path of the finished file or folder or, before
// that, of the partial folder; empty while there is neither.
func (s *Sink) Path() (path string, finished bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.final != "":
		return s.inDir(s.final), true
	case s.claimed:
		return s.inDir(s.folder), false
	default:
		return "", false
	}
}

// Journaled returns the number of pieces that the journal says are on the disk.
func (s *Sink) Journaled() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.placed != nil:
		return s.content.layout.wantedPieces()
	case s.ledger != nil:
		_, stores := s.ledger.counts()
		return stores
	case s.past != nil:
		return s.past.Stored()
	default:
		return 0
	}
}

// OpenTorrent implements storage.ClientImpl. It makes the partial folder, or
// opens the one that the journal tells of. A share that cannot be stored safely
// gives ErrBadShare, one that does not fit a *RoomError; then nothing was made.
func (s *Sink) OpenTorrent(_ context.Context, info *metainfo.Info, hash metainfo.Hash) (storage.TorrentImpl, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.openLocked(info, hash); err != nil {
		return storage.TorrentImpl{}, err
	}
	return storage.TorrentImpl{
		Piece: func(p metainfo.Piece) storage.PieceImpl { return sinkPiece{s, p.Index()} },
		Close: s.rest,
	}, nil
}

func (s *Sink) openLocked(info *metainfo.Info, hash metainfo.Hash) error {
	if s.closed {
		return ErrClosed
	}
	if s.content != nil {
		if hash != s.hash {
			return fmt.Errorf("%w: it is of another share", ErrJournal)
		}
		return nil
	}
	content, err := readInfo(info)
	if err == nil && s.config.Chosen != nil {
		err = content.choose(s.config.Chosen)
	}
	if err != nil {
		return err
	}
	encoded, err := bencode.Marshal(info)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadShare, err)
	}
	head := Journal{Version: journalVersion, InfoHash: hash, InfoSum: sha256.Sum256(encoded), Pieces: content.layout.pieces}
	if s.past != nil && (s.past.InfoHash != head.InfoHash || s.past.InfoSum != head.InfoSum || s.past.Pieces != head.Pieces) {
		return fileError(ErrJournal, "open", s.config.Journal, errors.New("it is of another share"))
	}
	if err := s.sameChoice(); err != nil {
		return err
	}
	s.info, s.hash, s.content = info, hash, content
	if err := s.openFiles(head); err != nil {
		s.content = nil
		return err
	}
	return nil
}

// openFiles opens or makes the place of the files.
func (s *Sink) openFiles(head Journal) error {
	if finished, ok := s.past.finished(); ok {
		return s.openPlaced(finished)
	}
	if err := s.checkRoom(); err != nil {
		return err
	}
	journal, resumed, err := s.openFolder(head)
	if err != nil {
		return err
	}
	rest := ""
	names, err := s.entryNames()
	if err == nil {
		rest, err = s.openRest(resumed)
	}
	if err == nil {
		s.partial, err = openPartial(s.inDir(s.folder), &s.content.layout, names, rest)
	}
	if err != nil {
		journal.close()
		if !resumed {
			s.undoFolder()
		}
		return err
	}
	if !resumed {
		s.ledger = newLedger(journal, &s.content.layout, nil, &s.have)
	} else {
		s.ledger = newLedger(journal, &s.content.layout, s.past, &s.have)
		s.doubtMissing(s.partial.survey())
	}
	s.doubtPadding()
	return nil
}

// undoFolder deletes the new folder and journal of a share that cannot be
// received.
func (s *Sink) undoFolder() {
	os.Remove(s.inDir(s.folder))
	os.Remove(s.config.Journal)
	os.Remove(s.config.Journal + restSuffix)
	s.past, s.folder, s.claimed = nil, "", false
}

func (j *Journal) finished() (Record, bool) {
	if j == nil {
		return Record{}, false
	}
	return j.place(Finished)
}

// openPlaced serves a share that an earlier run has finished.
func (s *Sink) openPlaced(finished Record) error {
	if made, ok := s.past.place(FolderMade); ok {
		s.rules = made.rules
	}
	names, err := s.entryNames()
	if err != nil {
		return err
	}
	s.placed = newInPlace(s.content.layout, s.finalFiles(names, finished), s.problems)
	return nil
}

// finalFiles are the share's files where Finish has put them.
func (s *Sink) finalFiles(names []string, finished Record) []placedFile {
	files := make([]placedFile, len(names))
	for i, e := range s.content.entries {
		files[i] = placedFile{path: s.inDir(finished.Name, names[i]), size: e.size, modTime: finished.Latest, latest: true}
		if s.content.single {
			files[i].path = s.inDir(finished.Name)
		}
	}
	if l := &s.content.layout; l.hasRest() {
		files = append(files, placedFile{
			path: s.config.Journal + restSuffix, size: l.restSize, modTime: finished.Latest, latest: true})
	}
	return files
}

// entryNames are the safe names of all files and folders, below the partial one.
func (s *Sink) entryNames() ([]string, error) {
	return s.content.safeNames(s.rules, s.config.Name)
}

// safeNames are the names of all entries. Those that nobody chose have one too,
// so that no choice changes another's.
func (c *content) safeNames(rules nameRules, otherName string) ([]string, error) {
	if c.single {
		return []string{c.safeName(rules, otherName)}, nil
	}
	paths := make([][]string, len(c.entries))
	dirs := make([]bool, len(paths))
	for i, e := range c.entries {
		paths[i], dirs[i] = e.path, e.dir
	}
	return safePaths(rules, paths, dirs)
}

// shareName is the safe name of the finished file or folder, without a number.
func (s *Sink) shareName(rules nameRules) string { return s.content.safeName(rules, s.config.Name) }

// safeName is the share's own name made safe, or other where it has none.
func (c *content) safeName(rules nameRules, other string) string {
	for _, name := range []string{c.name, other} {
		if name != "" && name != metainfo.NoName {
			return rules.safe(name, !c.single)
		}
	}
	return "share"
}

// doubtMissing has pieces looked at again whose files are gone or too short.
func (s *Sink) doubtMissing(sizes []int64) {
	for piece := range s.content.layout.pieces {
		if !s.ledger.has(piece) {
			continue
		}
		offset, length := s.content.layout.piece(piece)
		for span := range s.content.layout.spans(offset, length) {
			if span.file != noFile && sizes[span.file] < span.offset+span.length {
				s.ledger.doubt(piece)
				break
			}
		}
	}
}

// doubtPadding has pieces without a byte of a file looked at: they are zeros,
// which nobody needs to send.
func (s *Sink) doubtPadding() {
	var size int64
	for _, e := range s.content.entries {
		size += e.size
	}
	if size == s.content.layout.total {
		return
	}
	for piece := range s.content.layout.pieces {
		if s.content.layout.wants(piece) && !s.ledger.has(piece) && len(s.partial.filesOf([]int{piece})) == 0 {
			s.ledger.doubt(piece)
		}
	}
}
