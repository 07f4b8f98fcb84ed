// Package swarm lets connected peers exchange the pieces of torrents. It is a
// small interface around github.com/anacrolix/torrent, which it alone imports;
// it opens no socket, dials nobody and finds nobody: every connection is handed
// to it. What a peer sends is screened before the library sees it, because a
// panic in the library would end the process.
package swarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/storage"
	"golang.org/x/time/rate"
)

// What ends a connection or a torrent.
var (
	// ErrClosed: the Swarm or the Torrent was closed on this side.
	ErrClosed = errors.New("swarm: closed")
	// ErrDuplicate: the Swarm has a torrent with that info-hash.
	ErrDuplicate = errors.New("swarm: torrent is there already")
	// ErrBanned: the peer sent wrong data, now or earlier.
	ErrBanned = errors.New("swarm: peer is banned")
	// ErrDropped: the library let go of the connection and gave no reason.
	ErrDropped = errors.New("swarm: connection dropped")
	// ErrHandshake: the peer speaks another protocol, wants another torrent, or
	// did not finish its handshake in time.
	ErrHandshake = errors.New("swarm: handshake failed")
	// ErrProtocol: the peer broke the BitTorrent protocol.
	ErrProtocol = errors.New("swarm: protocol violation")
	// ErrMetadata: the peer sent an info that is not the one of the info-hash.
	ErrMetadata = errors.New("swarm: wrong metadata")
	// ErrBadInfo: the torrent's info cannot be used.
	ErrBadInfo = errors.New("swarm: unusable info")
	// ErrStorage: the torrent's storage failed.
	ErrStorage = errors.New("swarm: storage failed")
)

// Config is what a Swarm starts with.
type Config struct {
	// Up and Down limit the traffic of all torrents together, in bytes a
	// second; 0 or less is no limit.
	Up, Down int64
	// Client is the program's name and version, told to peers. Empty means
	// "Causeway".
	Client string
	// Logger gets what the library says, one level lower than it says it.
	// nil is silent.
	Logger *slog.Logger
}

// Swarm exchanges the pieces of any number of torrents. Its methods are safe
// for concurrent use.
type Swarm struct {
	client   *torrent.Client
	listener *listener
	name     string
	log      *slog.Logger
	up       *rate.Limiter // of the library
	down     *limiter
	written  *limiter // uploads, where the library cannot limit them
	limits   limits
	sparing  atomic.Bool // limits.spare

	ctx    context.Context // ends when Close begins
	cancel context.CancelFunc
	tasks  sync.WaitGroup // every goroutine of this package
	close  sync.Once

	mu       sync.Mutex
	closed   bool
	torrents map[[20]byte]*Torrent
	banned   map[netip.Addr]struct{} // by this package; the library keeps its own
}

// New prepares a Swarm. It must be closed, by Close or by Serve.
func New(config Config) (*Swarm, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Client == "" {
		config.Client = "Causeway"
	}
	s := &Swarm{
		listener: newListener(),
		name:     config.Client,
		log:      config.Logger,
		up:       rate.NewLimiter(rate.Inf, burst),
		down:     newLimiter(),
		written:  newLimiter(),
		torrents: map[[20]byte]*Torrent{},
		banned:   map[netip.Addr]struct{}{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	var err error
	if s.client, err = torrent.NewClient(clientConfig(config, s.up)); err != nil {
		s.cancel()
		return nil, fmt.Errorf("swarm: start the client: %w", err)
	}
	// The library appends to its list of listeners without a lock, so this
	// comes before any torrent.
	s.client.AddListener(s.listener)
	s.Limit(config.Up, config.Down)
	return s, nil
}

// Serve closes the Swarm when ctx ends and returns nil once that is done, or
// earlier if Close is called.
func (s *Swarm) Serve(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return s.Close()
}

// Close ends every torrent and every connection, closes the storages, and
// returns when no goroutine is left. Later calls wait for the first one.
func (s *Swarm) Close() error {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.cancel()
		torrents := s.list()
		for _, t := range torrents {
			t.hangUp()
		}
		s.client.Close()
		// Only now: the library spins on a listener that fails while it lives.
		s.listener.close()
		s.tasks.Wait()
	})
	return nil
}

func (s *Swarm) list() []*Torrent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.torrents))
}

// Spec describes a torrent.
type Spec struct {
	// InfoHash is the SHA-1 of the bencoded info (BEP 3).
	InfoHash [20]byte
	// Info is the bencoded info; nil fetches it from peers (BEP 9).
	Info []byte
	// Storage is opened once the info is known and has been checked, and is
	// closed with the torrent.
	Storage storage.ClientImpl
	// Wanted tells, of each piece, whether it is fetched; nil are all. It needs
	// Info. The others count as missing, and for Complete as if there were none.
	Wanted []bool
}

// Add takes a torrent. Nothing moves before Start. Where Info is given, the
// storage is open when Add returns; otherwise GotInfo and Err tell.
func (s *Swarm) Add(spec Spec) (*Torrent, error) {
	if spec.Storage == nil {
		return nil, fmt.Errorf("%w: none given", ErrStorage)
	}
	t := newTorrent(s, spec)
	if spec.Info != nil {
		if InfoHash(spec.Info) != spec.InfoHash {
			return nil, fmt.Errorf("%w: it has another info-hash", ErrBadInfo)
		}
		if err := checkInfo(spec.Info); err != nil {
			return nil, err
		}
	} else if spec.Wanted != nil {
		return nil, fmt.Errorf("%w: pieces are wanted of an unknown info", ErrBadInfo)
	}
	s.mu.Lock()
	switch _, known := s.torrents[spec.InfoHash]; {
	case s.closed:
		s.mu.Unlock()
		return nil, ErrClosed
	case known:
		s.mu.Unlock()
		return nil, ErrDuplicate
	}
	s.torrents[spec.InfoHash] = t
	s.tasks.Add(1) // under the lock, so that Close waits for what follows
	s.mu.Unlock()
	defer s.tasks.Done()
	if spec.Info == nil {
		return t, nil
	}
	t.learn(spec.Info)
	if err := t.Err(); err != nil {
		t.Drop()
		return nil, err
	}
	return t, nil
}

// forget removes t from the list.
func (s *Swarm) forget(t *Torrent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.torrents[t.infoHash] == t {
		delete(s.torrents, t.infoHash)
	}
}

// start runs task on a goroutine that Close waits for, unless it is too late.
func (s *Swarm) start(task func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.tasks.Go(task)
	return true
}

func (s *Swarm) ban(peer netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.banned[peer] = struct{}{}
}

// isBanned reports whether the peer sent wrong data, to this package or to the
// library. It must not be called with the library's lock held.
func (s *Swarm) isBanned(peer netip.Addr) bool {
	s.mu.Lock()
	_, banned := s.banned[peer]
	s.mu.Unlock()
	if banned {
		return true
	}
	for _, ip := range s.client.BadPeerIPs() {
		if at, err := netip.ParseAddr(ip); err == nil && at == peer {
			return true
		}
	}
	return false
}
