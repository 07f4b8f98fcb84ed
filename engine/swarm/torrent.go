package swarm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/causeway-app/causeway/engine/watch"
)

// Torrent is one torrent of a Swarm. Its methods are safe for concurrent use.
type Torrent struct {
	swarm    *Swarm
	infoHash [20]byte
	storage  storage.ClientImpl
	wanted   []bool // pieces; nil are all

	gotInfo chan struct{} // closed when info is set
	ready   chan struct{} // closed when the library has the torrent, or never will
	changes watch.Value[struct{}]

	fetching atomic.Int32  // peers that are being asked for the info
	starts   atomic.Uint64 // calls of Start

	learning sync.Once // the first right info counts

	mu      sync.Mutex
	info    []byte
	pieces  int   // of the info
	wants   int   // how many of them are wanted
	length  int64 // bytes of the wanted ones
	regular int64 // bytes of a piece
	last    int64 // bytes of the last piece
	err     error
	conns   map[*conn]struct{}
	dropped bool
	started bool
	inner   *torrent.Torrent // nil until the info is known
	open    bool             // inner's storage is open

	// acting is held while inner is told to go or to stop, so that it ends in
	// the state that was asked for last.
	acting sync.Mutex
}

func newTorrent(s *Swarm, spec Spec) *Torrent {
	return &Torrent{
		swarm: s, infoHash: spec.InfoHash, storage: spec.Storage, wanted: spec.Wanted,
		gotInfo: make(chan struct{}), ready: make(chan struct{}),
		conns: map[*conn]struct{}{},
	}
}

// GotInfo is closed when the info is known and has been checked.
func (t *Torrent) GotInfo() <-chan struct{} { return t.gotInfo }

// Info returns the bencoded info, which must not be changed; false while it is
// unknown.
func (t *Torrent) Info() ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.info, t.info != nil
}

// Err is why the torrent cannot go on: ErrBadInfo or ErrStorage; nil while it
// can. After ErrStorage nothing is fetched until Start is called again, and
// peers have to be attached anew.
func (t *Torrent) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Changed returns a channel that is closed when the info is known, a piece is
// complete or bad, a peer comes or goes, or the torrent fails.
func (t *Torrent) Changed() <-chan struct{} {
	_, changed := t.changes.Get()
	return changed
}

func (t *Torrent) notify() { t.changes.Set(struct{}{}) }

// fail notes the first reason why the torrent cannot go on.
func (t *Torrent) fail(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
		t.swarm.log.Debug("torrent failed", "error", err)
	}
	t.mu.Unlock()
	t.notify()
}

// learn takes the info, which has the right hash, and opens the storage. It
// returns when that is done; later calls do nothing.
func (t *Torrent) learn(info []byte) {
	t.learning.Do(func() {
		defer t.notify()
		defer close(t.ready)
		if err := t.setInfo(info); err != nil {
			t.fail(err)
			return
		}
		t.notify()
		if err := t.hatch(info); err != nil {
			t.fail(err)
			return
		}
		t.act()
	})
}

func (t *Torrent) setInfo(encoded []byte) error {
	if err := checkInfo(encoded); err != nil {
		return err
	}
	var info metainfo.Info
	if err := decode(encoded, &info); err != nil {
		return fmt.Errorf("%w: %w", ErrBadInfo, err)
	}
	if t.wanted != nil && len(t.wanted) != info.NumPieces() {
		return fmt.Errorf("%w: it has %d pieces, not %d", ErrBadInfo, info.NumPieces(), len(t.wanted))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.info, t.pieces, t.length, t.regular = encoded, info.NumPieces(), info.TotalLength(), info.PieceLength
	t.last = t.length - int64(max(t.pieces-1, 0))*info.PieceLength
	t.wants = t.pieces
	if t.wanted != nil {
		t.wants = count(t.wanted)
		t.length = int64(t.wants) * t.regular
		if t.pieces > 0 && t.wanted[t.pieces-1] {
			t.length += t.last - t.regular
		}
	}
	close(t.gotInfo)
	return nil
}

// hatch gives the torrent to the library.
func (t *Torrent) hatch(info []byte) error {
	t.mu.Lock()
	if t.dropped {
		t.mu.Unlock()
		return ErrClosed
	}
	inner, fresh := t.swarm.client.AddTorrentOpt(torrent.AddTorrentOpts{
		InfoHash: t.infoHash,
		Storage:  watchedStorage{t.storage, t},
		// Otherwise the library opens it, and looks at every file, while it
		// holds the lock that every peer needs.
		DeferStorageOpen: true,
	})
	if !fresh {
		t.mu.Unlock()
		return ErrDuplicate
	}
	t.inner = inner
	t.mu.Unlock()

	inner.SetOnWriteChunkError(t.storageFailed)
	inner.DisallowDataDownload()
	inner.DisallowDataUpload()
	if err := inner.SetInfoBytes(info); err != nil {
		return fmt.Errorf("%w: %w", ErrBadInfo, err)
	}
	if err := inner.OpenStorage(t.swarm.ctx, nil); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	t.mu.Lock()
	t.open = true
	t.mu.Unlock()
	// After the opening, for that reports every piece.
	changes := inner.SubscribePieceStateChanges()
	if !t.swarm.start(func() { t.follow(inner, changes.Values); changes.Close() }) {
		changes.Close()
	}
	return nil
}

// follow tells of changed pieces until the torrent is closed.
func (t *Torrent) follow(inner *torrent.Torrent, changes <-chan torrent.PieceStateChange) {
	for {
		select {
		case change, ok := <-changes:
			if !ok {
				return
			}
			if !change.Partial && !change.Checking {
				t.notify()
			}
		case <-inner.Closed():
			return
		}
	}
}

// storageFailed stops the fetching: what cannot be written is fetched in vain.
// The connections end too. On those on which requests were cancelled the
// library now and then asks for nothing any more after a retry.
func (t *Torrent) storageFailed(err error) {
	t.mu.Lock()
	if failed, ok := errors.AsType[writeError](err); ok {
		if failed.start < t.starts.Load() {
			t.mu.Unlock()
			return
		}
		err = failed.error
	}
	t.started = false
	err = fmt.Errorf("%w: %w", ErrStorage, err)
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.notify()
	t.act()
	t.disconnect(err)
}

// Start lets pieces be fetched and served, now or once the info is known. It
// clears an ErrStorage, for the disk may have room again.
func (t *Torrent) Start() {
	t.mu.Lock()
	t.starts.Add(1)
	t.started = true
	if t.open {
		t.err = nil
	}
	t.mu.Unlock()
	t.act()
}

// Stop ends the fetching and the serving of pieces. Connections stay.
func (t *Torrent) Stop() {
	t.mu.Lock()
	t.started = false
	t.mu.Unlock()
	t.act()
}

// act tells the library what started says.
func (t *Torrent) act() {
	t.acting.Lock()
	defer t.acting.Unlock()
	t.mu.Lock()
	inner, started := t.inner, t.started
	if !t.open || t.dropped {
		inner = nil
	}
	t.mu.Unlock()
	switch {
	case inner == nil:
	case started:
		inner.AllowDataUpload()
		inner.AllowDataDownload()
		t.download(inner)
	default:
		inner.DisallowDataDownload()
		inner.DisallowDataUpload()
	}
}

// download asks for the wanted pieces.
func (t *Torrent) download(inner *torrent.Torrent) {
	if t.wanted == nil {
		inner.DownloadAll()
		return
	}
	for begin := 0; begin < len(t.wanted); begin++ {
		end := begin
		for end < len(t.wanted) && t.wanted[end] {
			end++
		}
		if end > begin {
			inner.DownloadPieces(begin, end)
			begin = end
		}
	}
}

func count(set []bool) int {
	n := 0
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

// wakeUploads makes senders that wait for a limit look at it again.
func (t *Torrent) wakeUploads() {
	t.acting.Lock()
	defer t.acting.Unlock()
	t.mu.Lock()
	inner := t.inner
	if !t.open || t.dropped || !t.started {
		inner = nil
	}
	t.mu.Unlock()
	if inner != nil {
		inner.DisallowDataUpload()
		inner.AllowDataUpload()
	}
}

// Drop ends the torrent: its connections are closed, then its storage. It
// returns when both are done.
func (t *Torrent) Drop() {
	t.hangUp()
	t.mu.Lock()
	inner := t.inner
	t.mu.Unlock()
	if inner != nil {
		inner.Drop()
		<-t.ready // whoever opens the storage closes it
	}
	t.swarm.forget(t)
	t.notify()
}

// hangUp closes every connection and takes no more.
func (t *Torrent) hangUp() {
	t.mu.Lock()
	t.dropped = true
	t.mu.Unlock()
	t.disconnect(ErrClosed)
}

func (t *Torrent) disconnect(reason error) {
	t.mu.Lock()
	conns := slices.Collect(maps.Keys(t.conns))
	t.mu.Unlock()
	for _, c := range conns {
		c.fail(reason)
		c.Close()
	}
}

func (t *Torrent) isReady() bool {
	select {
	case <-t.ready:
		return true
	default:
		return false
	}
}

func (t *Torrent) isOpen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}

func (t *Torrent) isDropped() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dropped
}
