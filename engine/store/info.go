package store

import (
	"fmt"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
)

// The attributes of BEP 47, and what Causeway makes of them.
const (
	attrExecutable = "x"
	attrPadding    = "p"
	attrLink       = "l"
	// attrDirectory marks an empty folder, which a v1 torrent cannot hold
	// otherwise: padding of no length to programs that do not know the "d".
	attrDirectory = "pd"
	// attrSingle, on the info, says that the share is its only file although
	// there is a file list. It is needed for an empty file.
	attrSingle = "s"
)

const (
	minPieceLength = 64 << 10
	// usualPieceLength is the largest unless the share is so large that the
	// hashes would not fit into the info.
	usualPieceLength = 4 << 20
	maxPieceLength   = 64 << 20
	hashLength       = 20
	// maxHashes is the size up to which pieces stay at usualPieceLength.
	maxHashes = 8 << 20
	// maxInfo is what BitTorrent programs accept from a peer (16 MiB).
	maxInfo = 16 << 20
)

// choosePieceLength returns the length of the pieces of a share, in bytes.
func choosePieceLength(total int64) int64 {
	length := metainfo.ChoosePieceLengthEx(metainfo.ChoosePieceLengthOpts{
		TotalLength: total, MinPieceSize: minPieceLength, MaxPieceSize: usualPieceLength})
	for length < maxPieceLength && total/length*hashLength > maxHashes {
		length *= 2
	}
	return length
}

// describe makes the info dictionary, all but the hashes. Shares without a byte
// get one byte of padding, because a torrent without pieces has nothing that a
// peer could have or miss.
func (m *Manifest) describe() (*metainfo.Info, error) {
	private := true
	// Trackers use "source" to tell apart torrents of the same files.
	info := &metainfo.Info{Name: m.Name, Private: &private, Source: m.Salt}
	total := m.Total
	switch {
	case m.Single && total > 0:
		info.Length = total
		info.Attr = m.Files[0].attr()
	default:
		m.describeFiles(info)
		if total == 0 {
			total = 1
			info.Files = append(info.Files, metainfo.FileInfo{
				Length: 1, Path: []string{".pad", "1"},
				ExtendedFileAttrs: metainfo.ExtendedFileAttrs{Attr: attrPadding},
			})
		}
	}
	info.PieceLength = choosePieceLength(total)
	pieces := (total + info.PieceLength - 1) / info.PieceLength
	if bare, err := bencode.Marshal(info); err != nil {
		return nil, fmt.Errorf("store: info: %w", err)
	} else if size := int64(len(bare)) + pieces*hashLength; size > maxInfo {
		return nil, fmt.Errorf("%w: their description takes %d bytes", ErrTooLarge, size)
	}
	info.Pieces = make([]byte, pieces*hashLength)
	return info, nil
}

func (m *Manifest) describeFiles(info *metainfo.Info) {
	if m.Single {
		info.Attr = attrSingle
	}
	for _, f := range m.Files {
		info.Files = append(info.Files, metainfo.FileInfo{
			Length: f.Size, Path: f.Path,
			ExtendedFileAttrs: metainfo.ExtendedFileAttrs{Attr: f.attr()},
		})
	}
	for _, dir := range m.EmptyDirs {
		info.Files = append(info.Files, metainfo.FileInfo{
			Path: dir, ExtendedFileAttrs: metainfo.ExtendedFileAttrs{Attr: attrDirectory},
		})
	}
}

func (f File) attr() string {
	if f.Executable {
		return attrExecutable
	}
	return ""
}
