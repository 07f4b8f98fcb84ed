package swarm

import (
	"context"
	"log/slog"
	"net"
	"sync"

	analog "github.com/anacrolix/log"
	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/metainfo"
	pp "github.com/anacrolix/torrent/peer_protocol"
	"github.com/anacrolix/torrent/storage"
	"golang.org/x/time/rate"
)

const (
	// maxPeers is how many connections a torrent keeps; over it, the library
	// drops the least useful one.
	maxPeers = 250
	// maxUnverified bounds what is fetched ahead of hashing, and with it the
	// memory, over all torrents.
	maxUnverified = 32 << 20
	// peerIDPrefix names the program to BitTorrent clients (BEP 20).
	peerIDPrefix = "-CW0001-"
)

// clientConfig switches off everything by which the library would find, dial
// or accept peers itself.
func clientConfig(config Config, up *rate.Limiter) *torrent.ClientConfig {
	c := torrent.NewDefaultClientConfig()
	c.DisableTCP, c.DisableUTP = true, true
	c.NoDHT, c.DisablePEX, c.DisableTrackers = true, true, true
	c.DisableWebtorrent, c.DisableWebseeds = true, true
	c.NoDefaultPortForwarding = true
	c.DialForPeerConns = false
	c.ListenPort = 0

	c.Seed = true
	// A leecher, and a client that is out of download tokens, would otherwise
	// close connections as soon as it has accepted them.
	c.AlwaysWantConns = true
	// Two peers that have everything stay in each other's list.
	c.DropMutuallyCompletePeers = false
	c.EstablishedConnsPerTorrent = maxPeers
	// Every lane encrypts already.
	c.HeaderObfuscationPolicy = torrent.HeaderObfuscationPolicy{Preferred: false, RequirePreferred: true}
	c.Extensions = ownExtensions
	c.Bep20 = peerIDPrefix
	c.ExtendedHandshakeClientVersion = config.Client

	// The library panics on a request larger than the limiter's burst, and a
	// nil limiter could not be changed later.
	c.UploadRateLimiter = up
	// Downloads are limited in conn, where a close ends the wait; the library
	// would sleep it out.
	c.DownloadRateLimiter = nil
	c.MaxUnverifiedBytes = maxUnverified
	c.PieceHashersPerTorrent = 2
	c.DefaultStorage = noStorage{}

	handler := quieter{config.Logger.Handler()}
	c.Slogger = slog.New(handler)
	c.Logger = analog.NewLogger().WithDefaultLevel(analog.Debug).WithFilterLevel(analog.Warning)
	c.Logger.SetHandlers(analog.SlogHandlerAsHandler{SlogHandler: handler})

	// The only extension besides the handshake: BEP 9. The library's own list
	// has hole punching too, which would spread synthetic addresses.
	extensions := &torrent.LocalLtepProtocolMap{Index: []pp.ExtensionName{pp.ExtensionNameMetadata}, NumBuiltin: 1}
	c.Callbacks.PeerConnAdded = append(c.Callbacks.PeerConnAdded, func(pc *torrent.PeerConn) {
		pc.LocalLtepProtocolMap = extensions
	})
	return c
}

// noStorage is the client's default storage, which no torrent uses; the
// library's own would make a database.
type noStorage struct{}

func (noStorage) OpenTorrent(context.Context, *metainfo.Info, metainfo.Hash) (storage.TorrentImpl, error) {
	return storage.TorrentImpl{}, ErrStorage
}

// listener hands connections to the library's client.
type listener struct {
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newListener() *listener {
	return &listener{queue: make(chan net.Conn), done: make(chan struct{})}
}

// Accept fails only after close; until then the library would call it again
// and again without a pause.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) close() { l.once.Do(func() { close(l.done) }) }

func (l *listener) Addr() net.Addr { return nowhere{} }

// nowhere is an address without a port, which the library would tell peers.
type nowhere struct{}

func (nowhere) Network() string { return network }
func (nowhere) String() string  { return "causeway" }

// quieter passes the library's log on, one level lower: what is an error to it
// is a warning here, and what peers do wrong is of interest to a debugger only.
type quieter struct{ handler slog.Handler }

func lower(level slog.Level) slog.Level { return level - 4 }

func (q quieter) Enabled(ctx context.Context, level slog.Level) bool {
	return q.handler.Enabled(ctx, lower(level))
}

func (q quieter) Handle(ctx context.Context, record slog.Record) error {
	record.Level = lower(record.Level)
	return q.handler.Handle(ctx, record)
}

func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{q.handler.WithAttrs(attrs)}
}

func (q quieter) WithGroup(name string) slog.Handler {
	return quieter{q.handler.WithGroup(name)}
}
