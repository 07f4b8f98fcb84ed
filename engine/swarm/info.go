package swarm

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
)

// The limits of an info. They keep a hostile sender from exhausting memory and
// every sum within 63 bits.
const (
	// maxInfoSize is what the library accepts as well.
	maxInfoSize    = 16 << 20
	maxPieceLength = 16 << 20
	// maxPieces still fits into a bitfield of the longest message.
	maxPieces = 8 * (maxMessage - 1)
	maxFiles  = 500_000
	maxTotal  = int64(maxPieces) * maxPieceLength
	sha1Size  = 20
)

// InfoHash returns the SHA-1 of a bencoded info (BEP 3).
func InfoHash(info []byte) [20]byte { return sha1.Sum(info) }

// checkInfo refuses an info that cannot be trusted to the library and a
// storage. Its errors are ErrBadInfo.
func checkInfo(encoded []byte) error {
	if len(encoded) > maxInfoSize {
		return fmt.Errorf("%w: %d bytes are more than %d", ErrBadInfo, len(encoded), maxInfoSize)
	}
	// Each file takes more bytes than this; counted before it costs memory.
	if n := bytes.Count(encoded, []byte("4:path")); n > 2*maxFiles {
		return fmt.Errorf("%w: more than %d files", ErrBadInfo, maxFiles)
	}
	var info metainfo.Info
	if err := decode(encoded, &info); err != nil {
		return fmt.Errorf("%w: %w", ErrBadInfo, err)
	}
	if reason := flaw(&info); reason != "" {
		return fmt.Errorf("%w: %s", ErrBadInfo, reason)
	}
	return nil
}

// flaw says what is wrong with an info; empty if nothing is.
func flaw(info *metainfo.Info) string {
	switch {
	case info.MetaVersion > 1 || len(info.FileTree.Dir) > 0:
		return "BitTorrent v2 is not supported"
	case info.PieceLength <= 0 || info.PieceLength > maxPieceLength:
		return fmt.Sprintf("piece length %d is not in 1..%d", info.PieceLength, maxPieceLength)
	case len(info.Pieces)%sha1Size != 0:
		return "piece hashes are cut off"
	case len(info.Pieces)/sha1Size > maxPieces:
		return fmt.Sprintf("more than %d pieces", maxPieces)
	case len(info.Files) > maxFiles:
		return fmt.Sprintf("more than %d files", maxFiles)
	case len(info.Files) > 0 && info.Length != 0:
		return "both a length and files"
	}
	total := info.Length
	if total < 0 || total > maxTotal {
		return fmt.Sprintf("length %d", total)
	}
	for i := range info.Files {
		file := &info.Files[i]
		if file.Length < 0 || file.Length > maxTotal-total {
			return fmt.Sprintf("length %d of file %d", file.Length, i)
		}
		if len(file.BestPath()) == 0 {
			return fmt.Sprintf("file %d has no name", i)
		}
		total += file.Length
	}
	if pieces := (total + info.PieceLength - 1) / info.PieceLength; pieces != int64(len(info.Pieces)/sha1Size) {
		return fmt.Sprintf("%d piece hashes for %d pieces", len(info.Pieces)/sha1Size, pieces)
	}
	// A request is numbered by 32 bits in the library.
	if chunks := (info.PieceLength + chunkSize - 1) / chunkSize; chunks*int64(len(info.Pieces)/sha1Size) >= math.MaxUint32 {
		return "too many chunks"
	}
	return ""
}

// decode is bencode.Unmarshal for bytes of strangers: the decoder passes
// runtime errors on as panics.
func decode(encoded []byte, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("bencode: %v", r)
		}
	}()
	return bencode.Unmarshal(encoded, into)
}
