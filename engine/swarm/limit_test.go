package swarm_test

import (
	"testing"
	"time"

	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/swarm"
)

// rateOf measures how fast bytes come in. Verified bytes would do it in steps.
func rateOf(receiver *swarm.Torrent, over time.Duration) float64 {
	in := func() (n int64) {
		for _, peer := range receiver.Peers() {
			n += peer.In
		}
		return n
	}
	before, start := in(), time.Now()
	time.Sleep(over)
	return float64(in()-before) / time.Since(start).Seconds()
}

func TestLimitsActOnARunningTransferAtOnce(t *testing.T) {
	t.Parallel()
	const low, high = 128 << 10, 1 << 20 // far apart, and slow enough for a busy computer
	for name, limits := range map[string]struct {
		from, to func(rate int64) (up, down int64)
	}{
		"the receiver's": {
			from: func(int64) (int64, int64) { return 0, 0 },
			to:   func(rate int64) (int64, int64) { return 0, rate },
		},
		"the sender's": {
			from: func(rate int64) (int64, int64) { return rate, 0 },
			to:   func(int64) (int64, int64) { return 0, 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShare(256 * pieceLength) // 16 MiB
			from, to := newSwarm(t, swarm.Config{}), newSwarm(t, swarm.Config{})
			limit := func(rate int64) { from.Limit(limits.from(rate)); to.Limit(limits.to(rate)) }
			limit(low)
			sender := add(t, from, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
			receiver := add(t, to, swarm.Spec{InfoHash: s.hash, Storage: empty()})
			connect(t, sender, receiver)
			eventually(t, "it moves", func() bool { return receiver.Progress().Have > 0 })
			if got := rateOf(receiver, 2*time.Second); got < low/4 || got > 1.5*low {
				t.Errorf("at a limit of %d it is %.0f", low, got)
			}
			limit(high)
			if got := rateOf(receiver, 2*time.Second); got < 2*low || got > 1.5*high {
				t.Errorf("at a limit of %d it is %.0f", high, got)
			}
			limit(16) // a request of 16 KiB would take a quarter of an hour
			time.Sleep(100 * time.Millisecond)
			limit(0)
			start := time.Now()
			eventually(t, "complete", complete(receiver))
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("without a limit it took %v more", took)
			}
		})
	}
}

func TestALimitDoesNotKeepASmallTransferWaiting(t *testing.T) {
	t.Parallel()
	s := newShare(1000)
	start := time.Now()
	receiver := fetch(t, s, empty(), swarm.Config{Down: 100 << 10, Up: 1})
	connect(t, seed(t, s, swarm.Config{Up: 100 << 10}), receiver)
	eventually(t, "complete", complete(receiver))
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a kilobyte took %v", took)
	}
}

// BenchmarkTransfer tells what the BitTorrent layer carries over loopback.
func BenchmarkTransfer(b *testing.B) {
	s := newShare(1024 * pieceLength)
	b.SetBytes(int64(len(s.data)))
	for b.Loop() {
		sender, receiver := seed(b, s, swarm.Config{}), fetch(b, s, empty(), swarm.Config{})
		connect(b, sender, receiver)
		eventually(b, "complete", complete(receiver))
		sender.Drop()
		receiver.Drop()
	}
}

// BenchmarkProgress asks a torrent of 100,000 pieces for its progress.
func BenchmarkProgress(b *testing.B) {
	const pieces = 100_000
	s := newShare(pieces, func(i *metainfo.Info) { i.PieceLength, i.Pieces = 1, make([]byte, 20*pieces) })
	sender := seed(b, s, swarm.Config{})
	eventually(b, "complete", complete(sender))
	for b.Loop() {
		sender.Progress()
	}
}
