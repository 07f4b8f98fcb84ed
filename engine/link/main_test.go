package link

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine/path"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bulk is the size of a transfer that takes a while, in bytes.
func bulk(size int64) int64 {
	if raceDetector || testing.Short() {
		return size / 8
	}
	return size
}

// leaksNothing fails the test if a goroutine is left at its end. Tests that
// use it cannot run in parallel.
func leaksNothing(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		// Find itself waits for about half a second.
		err := goleak.Find()
		for range 4 {
			if err == nil {
				return
			}
			err = goleak.Find()
		}
		t.Error(err)
	})
}

// dialer makes a dialer for one computer of a test.
func dialer(t *testing.T, config Config) *Dialer {
	t.Helper()
	if config.Net == nil {
		config.Loopback = true
	}
	if os.Getenv("LINK_LOG") != "" {
		config.Logger = testLogger(t)
	}
	d, err := NewDialer(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// served is a link with its Serve running.
type served struct {
	*Link
	stop context.CancelFunc
	err  error
	done chan struct{}
}

func serve(t *testing.T, l *Link) *served {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &served{Link: l, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = l.Serve(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-s.done
	})
	return s
}

// ends returns Serve's error, which has to come soon.
func (s *served) ends(t *testing.T, within time.Duration) error {
	t.Helper()
	select {
	case <-s.done:
		return s.err
	case <-time.After(within):
		t.Fatalf("the link has not ended within %s: %+v", within, s.Status().Load())
		return nil
	}
}

// until waits for a status.
func (s *served) until(t *testing.T, what string, ok func(Status) bool) Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	status, err := s.Status().Wait(ctx, func(status Status) bool { return ok(status) || status.Err != nil })
	if err != nil || !ok(status) {
		t.Fatalf("never %s: %+v (%v)", what, status, err)
	}
	return status
}

func isUp(s Status) bool { return s.Up }

// introduce lets two dialers meet: the first one offers.
func introduce(t *testing.T, a, b *Dialer) (*served, *served) {
	t.Helper()
	pending, err := a.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answering, answer, err := b.Answer(t.Context(), pending.Description())
	if err != nil {
		pending.Close()
		t.Fatal(err)
	}
	offering, err := pending.Accept(answer)
	if err != nil {
		pending.Close()
		answering.Close()
		t.Fatal(err)
	}
	return serve(t, offering), serve(t, answering)
}

// linked lets two dialers meet and waits until both are up.
func linked(t *testing.T, a, b *Dialer) (*served, *served) {
	t.Helper()
	left, right := introduce(t, a, b)
	left.until(t, "up", isUp)
	right.until(t, "up", isUp)
	return left, right
}

// joined opens a stream from one end of a link to the other.
func joined(t *testing.T, from, to *served, label string) (*Stream, *Stream) {
	t.Helper()
	out, err := from.Open(label)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case in := <-to.Streams():
		return out, in
	case <-time.After(5 * time.Second):
		t.Fatal("the stream did not arrive")
		return nil, nil
	}
}

// send writes pseudo-random bytes and returns their hash.
func send(w io.Writer, size int64, seed uint64) ([]byte, error) {
	sum := sha256.New()
	_, err := io.Copy(struct{ io.Writer }{w}, io.TeeReader(io.LimitReader(noise(seed), size), sum))
	return sum.Sum(nil), err
}

func noise(seed uint64) io.Reader {
	var key [32]byte
	key[0] = byte(seed)
	return rand.NewChaCha8(key)
}

// fetch reads size bytes and returns their hash.
func fetch(r io.Reader, size int64) ([]byte, error) {
	var sum hash.Hash = sha256.New()
	count, err := io.Copy(sum, io.LimitReader(r, size))
	if err == nil && count < size {
		err = fmt.Errorf("%d bytes instead of %d: %w", count, size, io.ErrUnexpectedEOF)
	}
	return sum.Sum(nil), err
}

// transfer moves bytes over a stream and wants them to arrive unchanged.
func transfer(t *testing.T, out, in *Stream, size int64, seed uint64) {
	t.Helper()
	var group sync.WaitGroup
	var sent, got []byte
	var sendErr, fetchErr error
	group.Go(func() { sent, sendErr = send(out, size, seed) })
	group.Go(func() { got, fetchErr = fetch(in, size) })
	group.Wait()
	if sendErr != nil || fetchErr != nil {
		t.Errorf("transfer: %v, %v", sendErr, fetchErr)
		return
	}
	if string(sent) != string(got) {
		t.Error("what arrived is not what was sent")
	}
}

// direct is the status of two processes on one computer.
func direct(s Status) bool { return s.Up && s.Path == path.DirectLAN }

// replaceFingerprint puts another certificate's fingerprint into an SDP.
func replaceFingerprint(sdp string, identity Identity) string {
	var digits []string
	for _, b := range identity {
		digits = append(digits, fmt.Sprintf("%02X", b))
	}
	return regexp.MustCompile(`a=fingerprint:[^\r]*`).
		ReplaceAllString(sdp, "a=fingerprint:sha-256 "+strings.Join(digits, ":"))
}
