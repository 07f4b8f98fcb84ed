package swarm

import (
	"context"
	"io"

	g "github.com/anacrolix/generics"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
)

// watchedStorage tells the torrent when a finished piece cannot be recorded:
// the library only logs it and counts the piece as complete.
type watchedStorage struct {
	storage.ClientImpl
	torrent *Torrent
}

func (s watchedStorage) OpenTorrent(ctx context.Context, info *metainfo.Info, hash metainfo.Hash) (storage.TorrentImpl, error) {
	inner, err := s.ClientImpl.OpenTorrent(ctx, info, hash)
	if err != nil {
		return inner, err
	}
	wrap := func(p storage.PieceImpl, length int64) storage.PieceImpl {
		return watchedPiece{p, s.torrent, length}
	}
	if piece := inner.Piece; piece != nil {
		inner.Piece = func(p metainfo.Piece) storage.PieceImpl { return wrap(piece(p), p.Length()) }
	}
	if piece := inner.PieceWithHash; piece != nil {
		inner.PieceWithHash = func(p metainfo.Piece, hash g.Option[[]byte]) storage.PieceImpl {
			return wrap(piece(p, hash), p.Length())
		}
	}
	return inner, nil
}

type watchedPiece struct {
	storage.PieceImpl
	torrent *Torrent
	length  int64
}

// writeError is a write that failed before the Start with this number. The
// library tells of it on a goroutine of its own, maybe after the next Start,
// which has made it a matter of the past: the chunk is asked for again.
type writeError struct {
	start uint64
	error
}

func (e writeError) Unwrap() error { return e.error }

func (p watchedPiece) WriteAt(b []byte, off int64) (int, error) {
	start := p.torrent.starts.Load()
	n, err := p.PieceImpl.WriteAt(b, off)
	if err != nil {
		err = writeError{start, err}
	}
	return n, err
}

func (p watchedPiece) MarkComplete() error {
	err := p.PieceImpl.MarkComplete()
	if err != nil {
		p.torrent.storageFailed(err)
	}
	return err
}

// WriteTo keeps what the storage may offer for hashing.
func (p watchedPiece) WriteTo(w io.Writer) (int64, error) {
	if from, ok := p.PieceImpl.(io.WriterTo); ok {
		return from.WriteTo(w)
	}
	// CopyN, because a piece that is cut short is a fault of the disk and not
	// of the peers who sent it.
	return io.CopyN(w, io.NewSectionReader(p.PieceImpl, 0, p.length), p.length)
}
