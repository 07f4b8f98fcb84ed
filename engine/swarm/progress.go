package swarm

import (
	"net/netip"

	"github.com/anacrolix/torrent"
)

// Progress is how far a torrent is on this computer.
type Progress struct {
	// Have counts verified bytes, of Total; both 0 while the info is unknown.
	// Where not every piece is wanted, they count those that are.
	Have, Total int64
	// PiecesHave counts verified pieces, of Pieces that are wanted.
	PiecesHave, Pieces int
	// Complete means that every byte that is wanted is here and verified.
	Complete bool
	// Started is false before Start, after Stop, and after the storage failed.
	Started bool
	// Peers counts connections, those included that still wait for the info.
	Peers int
}

// Progress returns how far the torrent is. It takes microseconds, however many
// pieces there are.
func (t *Torrent) Progress() Progress {
	t.mu.Lock()
	p := Progress{Total: t.length, Pieces: t.wants, Started: t.started, Peers: len(t.conns)}
	inner, open, regular, last, pieces := t.inner, t.open, t.regular, t.last, t.pieces
	t.mu.Unlock()
	if !open {
		return p
	}
	p.PiecesHave = inner.Stats().PiecesComplete
	p.Complete = p.PiecesHave == p.Pieces
	switch {
	case p.Complete:
		p.Have = p.Total
	case p.PiecesHave > 0:
		p.Have = int64(p.PiecesHave) * regular
		if inner.PieceState(pieces - 1).Complete {
			p.Have += last - regular
		}
	}
	return p
}

// PeerProgress is what is known of one peer in one torrent.
type PeerProgress struct {
	// Pieces is how many pieces the peer says it has, and Fraction the part of
	// the torrent that is, from 0 to 1.
	Pieces   int
	Fraction float64
	// In counts bytes from the peer that were missing here, Out bytes of
	// pieces sent to it.
	In, Out int64
	// BadPieces counts pieces with bytes from this peer that failed the check.
	BadPieces int64
	// Client is the program the peer says it is; at most 64 characters of
	// whatever the peer likes.
	Client string
}

// Peers returns what is known of each peer, by the address it was attached
// with. A peer that still waits for the info has none of it.
func (t *Torrent) Peers() map[netip.AddrPort]PeerProgress {
	t.mu.Lock()
	peers := make(map[netip.AddrPort]PeerProgress, len(t.conns))
	for c := range t.conns {
		peers[c.peer.AddrPort] = PeerProgress{}
	}
	inner, open, pieces := t.inner, t.open, t.pieces
	t.mu.Unlock()
	if !open {
		return peers
	}
	for _, pc := range inner.PeerConns() {
		at, ok := pc.RemoteAddr.(address)
		if !ok {
			continue
		}
		p := peerProgress(pc, pieces)
		if earlier, twice := peers[at.AddrPort]; twice {
			p.Pieces = max(p.Pieces, earlier.Pieces)
			p.Fraction = max(p.Fraction, earlier.Fraction)
			p.In, p.Out = p.In+earlier.In, p.Out+earlier.Out
			p.BadPieces += earlier.BadPieces
		}
		peers[at.AddrPort] = p
	}
	return peers
}

func peerProgress(pc *torrent.PeerConn, pieces int) PeerProgress {
	stats := pc.Stats()
	p := PeerProgress{
		Pieces:    stats.RemotePieceCount,
		Fraction:  1,
		In:        stats.BytesReadUsefulData.Int64(),
		Out:       stats.BytesWrittenData.Int64(),
		BadPieces: stats.PiecesDirtiedBad.Int64(),
	}
	if pieces > 0 {
		p.Fraction = min(1, float64(p.Pieces)/float64(pieces))
	}
	if client, ok := pc.PeerClientName.Load().(string); ok {
		p.Client = truncate(client, 64)
	}
	return p
}

func truncate(text string, most int) string {
	n := 0
	for i := range text {
		if n == most {
			return text[:i]
		}
		n++
	}
	return text
}
