package swarm_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine/swarm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pieceLength = 64 << 10

// share is what a sender has.
type share struct {
	data []byte
	info []byte
	hash [20]byte
}

// newShare makes size random bytes and the info of a single file with them.
func newShare(size int, change ...func(*metainfo.Info)) share {
	data := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	random.Read(data)
	info := metainfo.Info{Name: "holiday.tar", Length: int64(size), PieceLength: pieceLength}
	for at := 0; at < size; at += pieceLength {
		sum := sha1.Sum(data[at:min(size, at+pieceLength)])
		info.Pieces = append(info.Pieces, sum[:]...)
	}
	for _, f := range change {
		f(&info)
	}
	encoded := bencode.MustMarshal(info)
	return share{data: data, info: encoded, hash: swarm.InfoHash(encoded)}
}

// memory is a storage that forgets everything with the process.
type memory struct {
	mu       sync.Mutex
	data     []byte
	complete []bool
	opened   int
	closed   int
	full     error // what writing says
	unmarked error // what recording a piece says
	seeding  bool
}

func empty() *memory { return &memory{} }

// holding is a storage that has everything already.
func holding(s share) *memory { return &memory{data: bytes.Clone(s.data), seeding: true} }

func (m *memory) OpenTorrent(_ context.Context, info *metainfo.Info, _ metainfo.Hash) (storage.TorrentImpl, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened++
	if !m.seeding {
		m.data = make([]byte, info.TotalLength())
	}
	m.complete = make([]bool, info.NumPieces())
	for i := range m.complete {
		m.complete[i] = m.seeding
	}
	return storage.TorrentImpl{
		Piece: func(p metainfo.Piece) storage.PieceImpl { return &memoryPiece{m, p.Offset(), p.Index()} },
		Close: func() error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.closed++
			return nil
		},
	}, nil
}

func (m *memory) bytes() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.data)
}

type memoryPiece struct {
	m      *memory
	offset int64
	index  int
}

func (p *memoryPiece) ReadAt(b []byte, at int64) (int, error) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	return bytes.NewReader(p.m.data).ReadAt(b, p.offset+at)
}

func (p *memoryPiece) WriteAt(b []byte, at int64) (int, error) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.full != nil {
		return 0, p.m.full
	}
	return copy(p.m.data[p.offset+at:], b), nil
}

func (p *memoryPiece) mark(complete bool) error {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.unmarked != nil {
		return p.m.unmarked
	}
	p.m.complete[p.index] = complete
	return nil
}

func (p *memoryPiece) MarkComplete() error    { return p.mark(true) }
func (p *memoryPiece) MarkNotComplete() error { return p.mark(false) }

func (p *memoryPiece) Completion() storage.Completion {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	return storage.Completion{Ok: true, Complete: p.m.complete[p.index]}
}

func newSwarm(t testing.TB, config swarm.Config) *swarm.Swarm {
	t.Helper()
	s, err := swarm.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// seed offers a share from a swarm of its own.
func seed(t testing.TB, s share, config swarm.Config) *swarm.Torrent {
	t.Helper()
	return add(t, newSwarm(t, config), swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
}

// fetch wants a share, of which only the info-hash is known, into m.
func fetch(t testing.TB, s share, m *memory, config swarm.Config) *swarm.Torrent {
	t.Helper()
	return add(t, newSwarm(t, config), swarm.Spec{InfoHash: s.hash, Storage: m})
}

func add(t testing.TB, s *swarm.Swarm, spec swarm.Spec) *swarm.Torrent {
	t.Helper()
	torrent, err := s.Add(spec)
	if err != nil {
		t.Fatal(err)
	}
	torrent.Start()
	return torrent
}

var peers struct {
	sync.Mutex
	n uint16
}

// someone is the address of a peer that nobody has met yet.
func someone() netip.AddrPort {
	peers.Lock()
	defer peers.Unlock()
	peers.n++
	return netip.MustParseAddrPort(fmt.Sprintf("[fd57::%x]:%d", peers.n, 1000+peers.n))
}

// wire is a connection of two ends.
func wire(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// meeting is two torrents that were connected.
type meeting struct {
	a, b           netip.AddrPort // who a and b are
	aEnded, bEnded chan error
	cut            func()
}

func connect(t testing.TB, a, b *swarm.Torrent) meeting {
	t.Helper()
	left, right := wire(t)
	m := meeting{a: someone(), b: someone(), aEnded: make(chan error, 2), bEnded: make(chan error, 2)}
	m.cut = func() { left.Close() }
	a.Attach(left, m.b, func(err error) { m.aEnded <- err })
	b.Attach(right, m.a, func(err error) { m.bEnded <- err })
	return m
}

const patience = 20 * time.Second

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v and still not: %s", patience, what)
		}
	}
}

func complete(torrents ...*swarm.Torrent) func() bool {
	return func() bool {
		for _, torrent := range torrents {
			if !torrent.Progress().Complete {
				return false
			}
		}
		return true
	}
}

// reason returns why a connection ended.
func reason(t testing.TB, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatal("the connection did not end")
		return nil
	}
}

func wantReason(t testing.TB, ended <-chan error, want error) {
	t.Helper()
	if got := reason(t, ended); !errors.Is(got, want) {
		t.Errorf("the connection ended because of %v; want %v", got, want)
	}
}
