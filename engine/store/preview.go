package store

import (
	"context"
	"io"

	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
)

// Preview is the torrent storage of a share of which only the info is wanted. It
// holds nothing, and takes nothing.
type Preview struct{}

// OpenTorrent implements storage.ClientImpl.
func (Preview) OpenTorrent(context.Context, *metainfo.Info, metainfo.Hash) (storage.TorrentImpl, error) {
	return storage.TorrentImpl{
		Piece: func(metainfo.Piece) storage.PieceImpl { return previewPiece{} },
		Close: func() error { return nil },
	}, nil
}

type previewPiece struct{}

func (previewPiece) ReadAt([]byte, int64) (int, error)  { return 0, io.EOF }
func (previewPiece) WriteAt([]byte, int64) (int, error) { return 0, ErrReadOnly }
func (previewPiece) MarkComplete() error                { return ErrReadOnly }
func (previewPiece) MarkNotComplete() error             { return nil }
func (previewPiece) Completion() storage.Completion     { return storage.Completion{Ok: true} }
