package store

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
)

// progressPeriod is the shortest time between two calls of a progress function.
const progressPeriod = 50 * time.Millisecond

// hashBuffer is how much a worker reads at once, in bytes.
const hashBuffer = 512 << 10

// Hash reads all files on all cores and returns the bencoded info dictionary of
// a private v1 torrent of them. progress, which may be nil, is told the bytes
// done from 0 to Total, never by two goroutines at once and at most 20 times a
// second. A file that is not, or does not stay, as it was listed gives
// ErrChanged, ErrMissing or ErrUnreadable.
func (m *Manifest) Hash(ctx context.Context, progress func(done int64)) ([]byte, error) {
	info, err := m.describe()
	if err != nil {
		return nil, err
	}
	content, err := readInfo(info)
	if err != nil {
		return nil, err
	}
	h := &hashing{layout: content.layout, files: m.placedFiles(), handles: newHandles(maxOpenSources), progress: progress}
	defer h.handles.closeAll()
	if err := h.run(ctx, info.Pieces); err != nil {
		return nil, err
	}
	if err := h.checkAgain(ctx); err != nil {
		return nil, err
	}
	h.tell(0, true)
	data, err := bencode.Marshal(info)
	if err != nil {
		return nil, fmt.Errorf("store: info: %w", err)
	}
	return data, nil
}

// hashing is a Hash under way.
type hashing struct {
	layout  layout
	files   []placedFile
	handles *handles
	next    atomic.Int64

	mu       sync.Mutex
	progress func(int64)
	done     int64
	told     time.Time
}

// run hashes all pieces into sums.
func (h *hashing) run(ctx context.Context, sums []byte) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), h.layout.pieces) {
		workers.Go(func() {
			if err := h.work(ctx, sums); err != nil {
				stop(err)
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// work hashes one piece after the other until none is left.
func (h *hashing) work(ctx context.Context, sums []byte) error {
	buffer := make([]byte, min(hashBuffer, h.layout.pieceLength))
	sum := sha1.New()
	for {
		piece := int(h.next.Add(1) - 1)
		if piece >= h.layout.pieces {
			return nil
		}
		sum.Reset()
		offset, length := h.layout.piece(piece)
		for s := range h.layout.spans(offset, length) {
			if err := h.read(ctx, sum, s, buffer); err != nil {
				return err
			}
		}
		sum.Sum(sums[piece*hashLength : piece*hashLength])
	}
}

func (h *hashing) read(ctx context.Context, sum io.Writer, s span, buffer []byte) error {
	if s.file == noFile {
		_, err := sum.Write(make([]byte, s.length))
		return err
	}
	open, err := h.handles.acquire(s.file, func(i int) (*os.File, error) { return openPlaced(&h.files[i]) })
	if err != nil {
		return err
	}
	defer h.handles.release(open)
	for s.length > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := buffer[:min(int64(len(buffer)), s.length)]
		if n, err := open.file.ReadAt(part, s.offset); n < len(part) {
			if err == io.EOF {
				return fileError(ErrChanged, "read", h.files[s.file].path, errNotTheSame)
			}
			return readError("read", h.files[s.file].path, err)
		}
		sum.Write(part)
		s.offset += int64(len(part))
		s.length -= int64(len(part))
		h.tell(int64(len(part)), false)
	}
	return nil
}

// tell counts bytes and shows the count, if it is time.
func (h *hashing) tell(n int64, last bool) {
	if h.progress == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done += n
	if now := time.Now(); last || now.Sub(h.told) >= progressPeriod {
		h.told = now
		h.progress(h.done)
	}
}

// checkAgain finds files that were changed while others were being read.
func (h *hashing) checkAgain(ctx context.Context) error {
	for i := range h.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		file := &h.files[i]
		info, err := os.Stat(file.path)
		if err != nil {
			return readError("read", file.path, err)
		}
		if err := file.check(info); err != nil {
			return err
		}
	}
	return nil
}

// pieceHash returns the hash that a piece must have, if the info has it.
func pieceHash(info *metainfo.Info, piece int) (hash [sha1.Size]byte, ok bool) {
	if len(info.Pieces) < (piece+1)*hashLength {
		return hash, false
	}
	return [sha1.Size]byte(info.Pieces[piece*hashLength:]), true
}
