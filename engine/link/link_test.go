package link

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

func testLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestTwoComputersMeetAndMoveBytesBothWays(t *testing.T) {
	leaksNothing(t)
	size := bulk(64 << 20)
	anna, bert := dialer(t, Config{}), dialer(t, Config{})
	a, b := linked(t, anna, bert)
	if a.Remote() != bert.Identity() || b.Remote() != anna.Identity() {
		t.Fatal("the ends do not know each other")
	}
	for _, end := range []*served{a, b} {
		status := end.until(t, "direct", direct)
		if status.RendezvousNeeded || status.Lane != path.WebRTC || status.Relay != "" || status.Since.IsZero() {
			t.Errorf("status %+v", status)
		}
	}

	first, firstEnd := joined(t, a, b, "one")
	second, secondEnd := joined(t, b, a, "two")
	if firstEnd.Label() != "one" || secondEnd.Label() != "two" {
		t.Errorf("labels %q and %q", firstEnd.Label(), secondEnd.Label())
	}
	var group sync.WaitGroup
	began := time.Now()
	group.Go(func() { transfer(t, first, firstEnd, size, 1) })
	group.Go(func() { transfer(t, second, secondEnd, size, 2) })
	group.Wait()
	t.Logf("%.0f MB/s each way", float64(size)/time.Since(began).Seconds()/1e6)

	if first.Out() != size || firstEnd.In() != size || second.Out() != size || secondEnd.In() != size {
		t.Errorf("counted %d, %d, %d, %d", first.Out(), firstEnd.In(), second.Out(), secondEnd.In())
	}
	if first.Relayed() != 0 {
		t.Errorf("%d bytes relayed on a direct path", first.Relayed())
	}
	entry := a.until(t, "in the ledger", func(s Status) bool {
		return len(s.Ledger) > 0 && s.Ledger[0].In == size && s.Ledger[0].Out == size && s.Ledger[0].WireOut > size
	}).Ledger[0]
	if entry.Path != path.DirectLAN || entry.Since.IsZero() || !entry.Until.IsZero() {
		t.Errorf("ledger entry %+v", entry)
	}
	if status := a.until(t, "measured", func(s Status) bool { return s.RTT > 0 }); status.RTT > 5*time.Second {
		t.Errorf("round trip %s", status.RTT)
	}
}

func TestControlMessagesArriveInOrderAlsoThoseFromBeforeTheLinkIsUp(t *testing.T) {
	leaksNothing(t)
	a, b := introduce(t, dialer(t, Config{}), dialer(t, Config{}))
	const count = 100
	for i := range count {
		if err := a.Send(bytes.Repeat([]byte{byte(i)}, 1+i*600)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range count {
		select {
		case message := <-b.Messages():
			if len(message) != 1+i*600 || message[0] != byte(i) {
				t.Fatalf("message %d: %d bytes of %d", i, len(message), message[0])
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("message %d does not arrive", i)
		}
	}
	if err := a.Send(make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a message too large: %v", err)
	}
}

func TestAPeerThatCloses(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	out, in := joined(t, a, b, "x")
	began := time.Now()
	a.Close()
	a.Close()
	if err := a.ends(t, 500*time.Millisecond); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if err := b.ends(t, 2*time.Second); !errors.Is(err, ErrPeerClosed) || !errors.Is(err, ErrLost) {
		t.Errorf("the other end: %v", err)
	}
	t.Logf("both ended after %s", time.Since(began))
	if _, err := out.Write([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("writing afterwards: %v", err)
	}
	if _, err := in.Read(make([]byte, 1)); err == nil {
		t.Error("reading afterwards works")
	}
	if err := a.Send(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("sending afterwards: %v", err)
	}
	if _, err := a.Open("y"); !errors.Is(err, ErrClosed) {
		t.Errorf("opening afterwards: %v", err)
	}
	status := b.Status().Load()
	if status.Up || status.Err == nil || !status.RendezvousNeeded || status.Ledger[0].Until.IsZero() {
		t.Errorf("last status %+v", status)
	}
}

func TestTwentyLinksLeaveNothingBehind(t *testing.T) {
	leaksNothing(t)
	anna, bert := dialer(t, Config{}), dialer(t, Config{})
	for i := range 20 {
		a, b := linked(t, anna, bert)
		out, _ := joined(t, a, b, "x")
		if _, err := out.Write(make([]byte, 100<<10)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if i%2 == 0 {
			a.stop()
			if err := a.ends(t, time.Second); !errors.Is(err, context.Canceled) {
				t.Errorf("Serve: %v", err)
			}
		} else {
			a.Close()
			_ = a.ends(t, time.Second)
		}
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("the end took %s", took)
		}
		_ = b.ends(t, 3*time.Second)
	}
}

func TestOffersAndAnswersThatComeToNothingLeaveNothingBehind(t *testing.T) {
	leaksNothing(t)
	anna, bert := dialer(t, Config{}), dialer(t, Config{})
	for range 3 {
		pending, err := anna.Offer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		abandoned, _, err := bert.Answer(t.Context(), pending.Description())
		if err != nil {
			t.Fatal(err)
		}
		abandoned.Close()
		if err := abandoned.Serve(t.Context()); err != nil {
			t.Errorf("serving a closed link: %v", err)
		}
		pending.Close()
		pending.Close()
		if _, err := pending.Accept(Description{}); !errors.Is(err, ErrClosed) {
			t.Errorf("accepting a closed offer: %v", err)
		}
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := anna.Offer(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("offering for nobody: %v", err)
	}
}

func TestAnAnswerThatNobodyAcceptsEndsWithNoPathAndSaysWhatWasTried(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 7 s")
	}
	// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
	t.Parallel()
	pending, err := dialer(t, Config{}).Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := dialer(t, Config{}).Answer(t.Context(), pending.Description())
	if err != nil {
		t.Fatal(err)
	}
	pending.Close()
	err = serve(t, l).ends(t, 15*time.Second)
	if !errors.Is(err, ErrNoPath) || !strings.Contains(err.Error(), "host") {
		t.Errorf("got %v", err)
	}
}

func TestAPeerWithAnotherCertificateIsRefused(t *testing.T) {
	leaksNothing(t)
	anna, bert, mallory := dialer(t, Config{}), dialer(t, Config{}), dialer(t, Config{})
	pending, err := anna.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, answer, err := bert.Answer(t.Context(), pending.Description())
	if err != nil {
		t.Fatal(err)
	}
	b := serve(t, l)

	lie := answer
	lie.Identity = mallory.Identity()
	if _, err := pending.Accept(lie); !errors.Is(err, ErrIdentity) {
		t.Errorf("a claimed identity that is not the certificate's: %v", err)
	}
	// Mallory's name and fingerprint, but Bert answers.
	lie.SDP = replaceFingerprint(answer.SDP, mallory.Identity())
	accepted, err := pending.Accept(lie)
	if err != nil {
		t.Fatal(err)
	}
	a := serve(t, accepted)
	if err := a.ends(t, 10*time.Second); !errors.Is(err, ErrHandshake) {
		t.Errorf("the wrong certificate: %v", err)
	}
	if err := b.ends(t, 20*time.Second); err == nil {
		t.Error("the other end got a link")
	}
}

func TestARefusedIdentityIsSaidAlsoWhenTheCloseIsSeenFirst(t *testing.T) {
	leaksNothing(t)
	for _, proven := range []bool{false, true} {
		pending, err := dialer(t, Config{}).Offer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l, _, err := dialer(t, Config{}).Answer(t.Context(), pending.Description())
		if err != nil {
			t.Fatal(err)
		}
		pending.Close()
		s := serve(t, l)
		if err := s.peer.Close(); err != nil { // as pion does when a handshake fails
			t.Fatal(err)
		}
		select {
		case <-s.done:
			t.Fatalf("ended before DTLS had: %v", s.err)
		case <-time.After(100 * time.Millisecond):
		}
		s.judged(proven)
		want := map[bool]error{false: ErrHandshake, true: ErrPeerClosed}[proven]
		if err := s.ends(t, 5*time.Second); !errors.Is(err, want) {
			t.Errorf("identity proven: %t, the end: %v", proven, err)
		}
	}
}
