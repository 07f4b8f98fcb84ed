package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
)

// Source is a torrent storage that reads the files of a Manifest where they
// are. It never writes, renames, truncates or chmods them, and maps none into
// memory. All pieces count as complete: they were hashed from these very files.
// A file that has changed since, or is gone, is not served; it is reported once
// through Problems, and served again when it is as it was. Its methods are safe
// for concurrent use.
type Source struct {
	manifest *Manifest
	problems *problems
}

// NewSource returns a Source of the files in m.
func NewSource(m *Manifest) *Source {
	return &Source{manifest: m, problems: newProblems(nil)}
}

// Problems delivers an ErrChanged, ErrMissing or ErrUnreadable for each file
// that cannot be served. It is never closed.
func (s *Source) Problems() <-chan error { return s.problems.channel }

// OpenTorrent implements storage.ClientImpl. The info must be that of the
// manifest.
func (s *Source) OpenTorrent(_ context.Context, info *metainfo.Info, _ metainfo.Hash) (storage.TorrentImpl, error) {
	content, err := readInfo(info)
	if err != nil {
		return storage.TorrentImpl{}, err
	}
	if err := s.matches(content); err != nil {
		return storage.TorrentImpl{}, err
	}
	reader := newInPlace(content.layout, s.manifest.placedFiles(), s.problems)
	return storage.TorrentImpl{
		Piece: func(p metainfo.Piece) storage.PieceImpl {
			return sourcePiece{reader, p.Offset()}
		},
		Close: func() error {
			reader.close()
			return nil
		},
	}, nil
}

// matches makes sure that the files are those of the info, in their order.
func (s *Source) matches(c *content) error {
	m := s.manifest
	if c.name != m.Name || c.single != m.Single || len(c.entries) != len(m.Files)+len(m.EmptyDirs) {
		return fmt.Errorf("%w: %s", ErrMismatch, c.name)
	}
	for i, f := range m.Files {
		e := c.entries[i]
		if e.dir || e.size != f.Size || !slices.Equal(e.path, f.Path) {
			return fmt.Errorf("%w: %s", ErrMismatch, f.Source)
		}
	}
	return nil
}

func (m *Manifest) placedFiles() []placedFile {
	files := make([]placedFile, len(m.Files))
	for i, f := range m.Files {
		files[i] = placedFile{path: f.Source, size: f.Size, modTime: f.ModTime}
	}
	return files
}

// sourcePiece is a piece that is read in place.
type sourcePiece struct {
	reader *inPlace
	start  int64
}

func (p sourcePiece) ReadAt(b []byte, offset int64) (int, error) {
	return p.reader.readAt(b, p.start+offset)
}

func (p sourcePiece) WriteAt([]byte, int64) (int, error) { return 0, ErrReadOnly }

func (p sourcePiece) MarkComplete() error { return nil }

// MarkNotComplete does nothing: a file that differs is refused when it is read,
// and fetching it back from others would overwrite the user's work.
func (p sourcePiece) MarkNotComplete() error { return nil }

func (p sourcePiece) Completion() storage.Completion {
	return storage.Completion{Ok: true, Complete: true}
}
