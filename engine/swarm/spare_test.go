package swarm_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/swarm"
)

// placed is a connection whose path a test decides on.
type placed struct {
	net.Conn
	near atomic.Bool
}

func (p *placed) SameNetwork() bool { return p.near.Load() }

// connectBy is connect with paths that both sides can ask.
func connectBy(t *testing.T, a, b *swarm.Torrent, near bool) (move func(near bool)) {
	t.Helper()
	left, right := wire(t)
	one, other := &placed{Conn: left}, &placed{Conn: right}
	move = func(near bool) { one.near.Store(near); other.near.Store(near) }
	move(near)
	a.Attach(one, someone(), nil)
	b.Attach(other, someone(), nil)
	return move
}

func TestASenderSparesItsOwnNetworkAndSlowsDownTheRest(t *testing.T) {
	t.Parallel()
	const low = 256 << 10
	s := newShare(256 * pieceLength) // 16 MiB: more than a minute at the limit
	from := newSwarm(t, swarm.Config{Up: low})
	from.SpareSameNetwork(true)
	sender := add(t, from, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
	far, near := fetch(t, s, empty(), swarm.Config{}), fetch(t, s, empty(), swarm.Config{})
	move := connectBy(t, sender, far, false)
	eventually(t, "the far one gets something", func() bool { return far.Progress().Have > 0 })
	connectBy(t, sender, near, true)
	eventually(t, "the near one has all", complete(near))
	if got := rateOf(far, time.Second); got < low/4 || got > 1.5*low {
		t.Errorf("at a limit of %d the far one gets %.0f", low, got)
	}
	if far.Progress().Complete {
		t.Fatal("the far one has all, too")
	}

	move(true) // mid-transfer
	start := time.Now()
	eventually(t, "the far one has come near and has all", complete(far))
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("that took %v", took)
	}
}

func TestAReceiverSparesItsOwnNetworkWhileItIsInIt(t *testing.T) {
	t.Parallel()
	const low = 256 << 10
	s := newShare(256 * pieceLength)
	to := newSwarm(t, swarm.Config{Down: low})
	receiver := add(t, to, swarm.Spec{InfoHash: s.hash, Storage: empty()})
	move := connectBy(t, seed(t, s, swarm.Config{}), receiver, true)
	if got := rateOf(receiver, time.Second); got > 4*low {
		t.Errorf("nobody is to be spared, and it is %.0f", got)
	}
	move(false)
	to.SpareSameNetwork(true)
	if got := rateOf(receiver, time.Second); got < low/4 || got > 2*low {
		t.Errorf("from afar it is %.0f at a limit of %d", got, low)
	}
	move(true)
	eventually(t, "complete", complete(receiver))
}

func TestTheLimitOfUploadsMayBeLiftedWhileTheOwnNetworkIsSpared(t *testing.T) {
	t.Parallel()
	s := newShare(64 * pieceLength)
	from := newSwarm(t, swarm.Config{Up: 16}) // a piece would take an hour
	from.SpareSameNetwork(true)
	sender := add(t, from, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
	receiver := fetch(t, s, empty(), swarm.Config{})
	connectBy(t, sender, receiver, false)
	eventually(t, "they have met", func() bool { return len(receiver.Peers()) == 1 })
	time.Sleep(100 * time.Millisecond)
	if have := receiver.Progress().Have; have > 0 {
		t.Errorf("%d bytes have come at 16 a second", have)
	}
	from.SpareSameNetwork(false) // the library's limit is as low
	time.Sleep(100 * time.Millisecond)
	from.Limit(0, 0)
	eventually(t, "complete", complete(receiver))
}

func TestAConnectionThatWaitsForTheLimitEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := newShare(64 * pieceLength)
	from := newSwarm(t, swarm.Config{Up: 16})
	from.SpareSameNetwork(true)
	sender := add(t, from, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
	receiver := fetch(t, s, empty(), swarm.Config{})
	connectBy(t, sender, receiver, false)
	eventually(t, "they have met", func() bool { return len(receiver.Peers()) == 1 })
	time.Sleep(100 * time.Millisecond)
	start := time.Now()
	from.Close()
	if took := time.Since(start); took > time.Second {
		t.Errorf("closing took %v", took)
	}
}
