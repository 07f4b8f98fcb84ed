package swarm_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/causeway-app/causeway/engine/swarm"
)

// zeros is a storage of zero bytes that takes no room.
type zeros struct{ complete bool }

func (z zeros) OpenTorrent(_ context.Context, info *metainfo.Info, _ metainfo.Hash) (storage.TorrentImpl, error) {
	done := make([]atomic.Bool, info.NumPieces())
	return storage.TorrentImpl{Piece: func(p metainfo.Piece) storage.PieceImpl {
		return &zeroPiece{&done[p.Index()], z.complete}
	}}, nil
}

type zeroPiece struct {
	done    *atomic.Bool
	seeding bool
}

func (p *zeroPiece) ReadAt(b []byte, _ int64) (int, error)  { clear(b); return len(b), nil }
func (p *zeroPiece) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }
func (p *zeroPiece) MarkComplete() error                    { p.done.Store(true); return nil }
func (p *zeroPiece) MarkNotComplete() error                 { p.done.Store(false); return nil }
func (p *zeroPiece) Completion() storage.Completion {
	return storage.Completion{Ok: true, Complete: p.seeding || p.done.Load()}
}

// resident is what the Go runtime holds of the computer's memory.
func resident() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

func TestAGigabyteTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the process.
	if testing.Short() {
		t.Skip("moves a gigabyte")
	}
	const piece, pieces = 1 << 20, 1 << 10
	sum := sha1.Sum(make([]byte, piece))
	info := bencode.MustMarshal(metainfo.Info{Name: "zeros", Length: piece * pieces, PieceLength: piece, Pieces: bytes.Repeat(sum[:], pieces)})
	hash := swarm.InfoHash(info)
	sender := add(t, newSwarm(t, swarm.Config{}), swarm.Spec{InfoHash: hash, Info: info, Storage: zeros{complete: true}})
	receiver := add(t, newSwarm(t, swarm.Config{}), swarm.Spec{InfoHash: hash, Storage: zeros{}})
	debug.FreeOSMemory()
	before, most := resident(), uint64(0)
	start := time.Now()
	connect(t, sender, receiver)
	for !receiver.Progress().Complete {
		if time.Since(start) > time.Minute {
			t.Fatalf("after a minute: %+v", receiver.Progress())
		}
		most = max(most, resident())
		time.Sleep(5 * time.Millisecond)
	}
	most -= min(most, before) // earlier tests count for themselves
	t.Logf("%d MB for both ends at %.0f MB/s", most>>20, piece*pieces/1e6/time.Since(start).Seconds())
	if most > 200<<20 {
		t.Errorf("both ends took %d MB", most>>20)
	}
}
