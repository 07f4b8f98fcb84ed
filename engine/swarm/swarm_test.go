package swarm_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/swarm"
)

func TestAReceiverWhoKnowsTheInfoHashAloneFetchesEverything(t *testing.T) {
	t.Parallel()
	s := newShare(3*pieceLength + 777)
	m := empty()
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, m, swarm.Config{})
	if p := receiver.Progress(); p.Complete || p.Total != 0 {
		t.Errorf("before anybody came: %+v", p)
	}
	connect(t, sender, receiver)
	eventually(t, "complete", complete(receiver))
	if !bytes.Equal(m.bytes(), s.data) {
		t.Error("other bytes arrived")
	}
	select {
	case <-receiver.GotInfo():
	default:
		t.Error("complete, yet GotInfo is open")
	}
	if info, ok := receiver.Info(); !ok || !bytes.Equal(info, s.info) {
		t.Error("the info is another one")
	}
	want := swarm.Progress{Have: int64(len(s.data)), Total: int64(len(s.data)), PiecesHave: 4, Pieces: 4, Complete: true, Started: true, Peers: 1}
	if p := receiver.Progress(); p != want {
		t.Errorf("progress is %+v, want %+v", p, want)
	}
}

func TestAReceiverServesTheNextOneAfterTheSenderHasLeft(t *testing.T) {
	t.Parallel()
	s := newShare(20 * pieceLength)
	first, second := empty(), empty()
	sender := seed(t, s, swarm.Config{})
	early, late := fetch(t, s, first, swarm.Config{}), fetch(t, s, second, swarm.Config{})
	connect(t, sender, early)
	eventually(t, "the first receiver has everything", complete(early))
	sender.Drop()
	connect(t, late, early)
	eventually(t, "the second receiver has everything", complete(late))
	if !bytes.Equal(second.bytes(), s.data) {
		t.Error("other bytes arrived")
	}
}

func TestTwoReceiversWhoMetBeforeTheSenderCameBothFinish(t *testing.T) {
	t.Parallel()
	s := newShare(40 * pieceLength)
	early, late := fetch(t, s, empty(), swarm.Config{}), fetch(t, s, empty(), swarm.Config{})
	connect(t, early, late)
	eventually(t, "both are connected", func() bool { return early.Progress().Peers == 1 && late.Progress().Peers == 1 })
	// late never meets the sender: info and pieces come by way of early.
	connect(t, seed(t, s, swarm.Config{}), early)
	eventually(t, "both have everything", complete(early, late))
}

func TestTheSenderSeesHowFarEachReceiverIs(t *testing.T) {
	t.Parallel()
	s := newShare(64 * pieceLength)
	sender, slow := seed(t, s, swarm.Config{}), fetch(t, s, empty(), swarm.Config{Down: 256 << 10})
	fast := fetch(t, s, empty(), swarm.Config{Client: "Causeway 9.8.7"})
	toSlow, toFast := connect(t, sender, slow), connect(t, sender, fast)
	seen := map[string]bool{}
	eventually(t, "the fast one is at 100 % and the slow one somewhere between", func() bool {
		at := sender.Peers()
		if f := at[toSlow.b].Fraction; f > 0 && f < 1 {
			seen["partial"] = true
		}
		return seen["partial"] && at[toFast.b].Fraction == 1
	})
	got := sender.Peers()[toFast.b]
	if got.Pieces != 64 || got.Client != "Causeway 9.8.7" || got.Out < int64(len(s.data)) {
		t.Errorf("the sender knows of the fast receiver: %+v", got)
	}
	if from := fast.Peers()[toFast.a]; from.In != int64(len(s.data)) || from.Fraction != 1 {
		t.Errorf("the receiver knows of the sender: %+v", from)
	}
}

func TestTwoPeersWhoHaveEverythingStayConnected(t *testing.T) {
	t.Parallel()
	s := newShare(5 * pieceLength)
	a, b := seed(t, s, swarm.Config{}), seed(t, s, swarm.Config{})
	m := connect(t, a, b)
	eventually(t, "each sees that the other has everything", func() bool {
		return a.Peers()[m.b].Fraction == 1 && b.Peers()[m.a].Fraction == 1
	})
	select {
	case err := <-m.aEnded:
		t.Errorf("parted: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
}

func TestNothingMovesBeforeStartAndAfterStop(t *testing.T) {
	t.Parallel()
	s := newShare(128 * pieceLength)
	sender := seed(t, s, swarm.Config{})
	swarmOfReceiver := newSwarm(t, swarm.Config{Down: 1 << 20})
	receiver, err := swarmOfReceiver.Add(swarm.Spec{InfoHash: s.hash, Storage: empty()})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, sender, receiver)
	<-receiver.GotInfo() // the info may be had in any case
	time.Sleep(100 * time.Millisecond)
	if p := receiver.Progress(); p.Have != 0 || p.Started {
		t.Fatalf("before Start: %+v", p)
	}
	receiver.Start()
	eventually(t, "some pieces are there", func() bool { return receiver.Progress().PiecesHave > 2 })
	receiver.Stop()
	time.Sleep(500 * time.Millisecond) // what is under way arrives
	before := receiver.Progress()
	time.Sleep(300 * time.Millisecond)
	if now := receiver.Progress(); now.Have != before.Have || now.Complete || now.Peers != 1 {
		t.Errorf("after Stop: %+v, then %+v", before, now)
	}
	swarmOfReceiver.Limit(0, 0)
	receiver.Start()
	eventually(t, "complete after all", complete(receiver))
}

func TestAStoppedSenderServesNothingUntilItGoesOn(t *testing.T) {
	t.Parallel()
	s := newShare(10 * pieceLength)
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, empty(), swarm.Config{})
	sender.Stop()
	connect(t, sender, receiver)
	<-receiver.GotInfo()
	time.Sleep(200 * time.Millisecond)
	if p := receiver.Progress(); p.Have != 0 {
		t.Errorf("fetched from a stopped sender: %+v", p)
	}
	sender.Start()
	eventually(t, "complete", complete(receiver))
}

func TestAnEmptyShareIsCompleteAtOnce(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]share{
		"one empty file":  newShare(0),
		"two empty files": newShare(0, func(i *metainfo.Info) { i.Files = []metainfo.FileInfo{{Path: []string{"a"}}, {Path: []string{"b"}}} }),
	} {
		t.Run(name, func(t *testing.T) {
			sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, empty(), swarm.Config{})
			m := connect(t, sender, receiver)
			eventually(t, "both are complete", complete(sender, receiver))
			eventually(t, "the sender sees it", func() bool { return sender.Peers()[m.b].Fraction == 1 })
		})
	}
}

func TestAPrivateTorrentIsTransferredLikeAnyOther(t *testing.T) {
	t.Parallel()
	yes := true
	s := newShare(3*pieceLength, func(i *metainfo.Info) { i.Private = &yes })
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, empty(), swarm.Config{})
	connect(t, sender, receiver)
	eventually(t, "complete", complete(receiver))
}

func TestChangedWakesAtEachStep(t *testing.T) {
	t.Parallel()
	s := newShare(6 * pieceLength)
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, empty(), swarm.Config{})
	connect(t, sender, receiver)
	deadline := time.After(patience)
	for {
		changed := receiver.Changed()
		if receiver.Progress().Complete {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no wake-up at %+v", receiver.Progress())
		}
	}
}

func TestTwentyMeetingsEndAndTheTransferGoesOn(t *testing.T) {
	t.Parallel()
	s := newShare(100 * pieceLength)
	m := empty()
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, m, swarm.Config{Down: 4 << 20})
	for range 20 {
		meeting := connect(t, sender, receiver)
		time.Sleep(30 * time.Millisecond)
		meeting.cut()
		reason(t, meeting.aEnded)
		reason(t, meeting.bEnded)
		select {
		case err := <-meeting.aEnded:
			t.Fatalf("closed was called twice, then with %v", err)
		default:
		}
	}
	if sender.Progress().Peers != 0 || receiver.Progress().Peers != 0 {
		t.Error("ended connections are still listed")
	}
	connect(t, sender, receiver)
	eventually(t, "complete", complete(receiver))
	if !bytes.Equal(m.bytes(), s.data) {
		t.Error("other bytes arrived")
	}
}

func TestCloseEndsEverythingAtOnce(t *testing.T) {
	// Not parallel: it counts goroutines.
	before := runtime.NumGoroutine()
	s := newShare(200 * pieceLength)
	from, err := swarm.New(swarm.Config{Up: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	to, err := swarm.New(swarm.Config{Down: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	m := empty()
	sender := add(t, from, swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: holding(s)})
	receiver := add(t, to, swarm.Spec{InfoHash: s.hash, Storage: m})
	meeting := connect(t, sender, receiver)
	<-receiver.GotInfo()
	silent, _ := wire(t)
	receiver.Attach(silent, someone(), nil) // its peer never says a word
	time.Sleep(100 * time.Millisecond)      // in the middle of it, both wait for their limits
	start := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := to.Serve(ctx); err != nil {
		t.Error(err)
	}
	from.Close()
	if took := time.Since(start); took > 500*time.Millisecond {
		t.Errorf("closing took %v", took)
	}
	wantReason(t, meeting.bEnded, swarm.ErrClosed)
	reason(t, meeting.aEnded)
	if m.closed != 1 {
		t.Errorf("the storage was closed %d times", m.closed)
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	if _, err := to.Add(swarm.Spec{InfoHash: s.hash, Storage: m}); !errors.Is(err, swarm.ErrClosed) {
		t.Errorf("adding to a closed swarm: %v", err)
	}
	late, _ := wire(t)
	ended := make(chan error, 1)
	receiver.Attach(late, someone(), func(err error) { ended <- err })
	wantReason(t, ended, swarm.ErrClosed)
}

func TestASwarmOpensNoSocket(t *testing.T) {
	// Not parallel: it counts sockets.
	sockets := func() (n int) {
		links, err := filepath.Glob("/proc/self/fd/*")
		if err != nil || len(links) == 0 {
			t.Skip("this system does not tell open files")
		}
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:") {
				n++
			}
		}
		return n
	}
	before := sockets()
	s := newShare(pieceLength)
	seed(t, s, swarm.Config{})
	if now := sockets(); now != before {
		t.Errorf("%d sockets more", now-before)
	}
}

func TestADroppedTorrentCanBeAddedAgain(t *testing.T) {
	t.Parallel()
	s := newShare(4 * pieceLength)
	sw := newSwarm(t, swarm.Config{})
	m := holding(s)
	spec := swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: m}
	first := add(t, sw, spec)
	if _, err := sw.Add(spec); !errors.Is(err, swarm.ErrDuplicate) {
		t.Errorf("added twice: %v", err)
	}
	receiver := fetch(t, s, empty(), swarm.Config{})
	meeting := connect(t, first, receiver)
	eventually(t, "complete", complete(receiver))
	first.Drop()
	first.Drop()
	if m.closed != 1 {
		t.Errorf("the storage was closed %d times", m.closed)
	}
	wantReason(t, meeting.aEnded, swarm.ErrClosed)
	again := add(t, sw, spec)
	connect(t, again, receiver)
	eventually(t, "connected again", func() bool { return again.Progress().Peers == 1 })
}

func TestAFullDiskStopsTheFetchingAndARetryGoesOn(t *testing.T) {
	t.Parallel()
	s := newShare(8 * pieceLength)
	noRoom := errors.New("no space left on device")
	m := empty()
	m.full = noRoom
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, m, swarm.Config{})
	first := connect(t, sender, receiver)
	eventually(t, "it is said", func() bool { return receiver.Err() != nil })
	if err := receiver.Err(); !errors.Is(err, swarm.ErrStorage) || !errors.Is(err, noRoom) {
		t.Errorf("said: %v", err)
	}
	eventually(t, "it stops", func() bool { return !receiver.Progress().Started })
	m.mu.Lock()
	m.full = nil
	m.mu.Unlock()
	<-first.bEnded
	receiver.Start()
	connect(t, sender, receiver)
	eventually(t, "complete", complete(receiver))
	if receiver.Err() != nil {
		t.Errorf("still said: %v", receiver.Err())
	}
}

func TestAPieceThatCannotBeRecordedIsSaid(t *testing.T) {
	t.Parallel()
	s := newShare(2 * pieceLength)
	m := empty()
	m.unmarked = errors.New("journal: input/output error")
	sender, receiver := seed(t, s, swarm.Config{}), fetch(t, s, m, swarm.Config{})
	connect(t, sender, receiver)
	eventually(t, "it is said", func() bool { return errors.Is(receiver.Err(), m.unmarked) })
}
