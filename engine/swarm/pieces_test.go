package swarm_test

import (
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/swarm"
)

func tally(pieces []swarm.Piece, state swarm.Piece) (n int) {
	for _, p := range pieces {
		if p == state {
			n++
		}
	}
	return n
}

func TestPiecesTellWhatIsHereAndWhatThePeerHas(t *testing.T) {
	s := newShare(8*pieceLength + 10)
	seeder, leecher := newSwarm(t, swarm.Config{}), newSwarm(t, swarm.Config{})
	wanted := []bool{true, true, true, true, true, false, false, false, false}
	from := add(t, seeder, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
	to := add(t, leecher, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: empty(), Wanted: wanted})
	if all := from.Pieces(); tally(all, swarm.PieceHere) != 9 {
		t.Errorf("the seeder has %v", all)
	}
	if none := to.Pieces(); tally(none, swarm.PieceMissing) != 5 || tally(none, swarm.PieceUnwanted) != 4 {
		t.Errorf("before anything came: %v", none)
	}
	if unknown := from.PeerPieces(someone()); unknown != nil {
		t.Errorf("of a peer that is not there: %v", unknown)
	}
	connect(t, from, to)
	eventually(t, "what is wanted is here", func() bool { return to.Progress().Complete })
	if some := to.Pieces(); tally(some, swarm.PieceHere) != 5 || tally(some, swarm.PieceUnwanted) != 4 {
		t.Errorf("in the end: %v", some)
	}
	eventually(t, "the seeder knows what the peer has", func() bool {
		for peer := range from.Peers() {
			return tally(from.PeerPieces(peer), swarm.PieceHere) == 5
		}
		return false
	})
	for peer := range to.Peers() {
		if all := to.PeerPieces(peer); tally(all, swarm.PieceHere) != 9 {
			t.Errorf("the leecher sees that the seeder has %v", all)
		}
	}
}

// largeTorrent is one of 100,000 pieces, of which nothing is here.
func largeTorrent(t testing.TB) *swarm.Torrent {
	const pieces = 100_000
	info := metainfo.Info{Name: "large", PieceLength: 1 << 20, Length: pieces << 20, Pieces: make([]byte, 20*pieces)}
	encoded := bencode.MustMarshal(info)
	torrent, err := newSwarm(t, swarm.Config{}).Add(swarm.Spec{
		InfoHash: swarm.InfoHash(encoded), Info: encoded, Storage: zeros{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return torrent
}

func BenchmarkPiecesOfALargeTorrent(b *testing.B) {
	torrent := largeTorrent(b)
	longest := time.Duration(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { // as the owner of an engine, meanwhile
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				began := time.Now()
				torrent.Progress()
				longest = max(longest, time.Since(began))
			}
		}
	}()
	for b.Loop() {
		if len(torrent.Pieces()) != 100_000 {
			b.Fatal("pieces are missing")
		}
	}
	close(stop)
	<-done
	b.ReportMetric(float64(longest.Microseconds()), "µs-longest-progress")
}
