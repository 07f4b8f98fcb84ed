package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestStreamDeadlines(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	out, in := joined(t, a, b, "x")

	began := time.Now()
	_ = in.SetReadDeadline(began.Add(100 * time.Millisecond))
	if _, err := in.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read: %v", err)
	}
	if took := time.Since(began); took < 100*time.Millisecond || took > 2*time.Second {
		t.Errorf("the deadline passed after %s", took)
	}
	var timeout net.Error
	if _, err := in.Read(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a passed deadline: %v", err)
	}

	// Nobody reads, so the writer has to stop.
	_ = out.SetWriteDeadline(time.Now().Add(time.Second))
	written, err := send(out, 200<<20, 3)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("write: %v (%d)", err, len(written))
	}
	if out.Out() > receiveWindow+streamHigh+(1<<20) {
		t.Errorf("%d bytes are under way", out.Out())
	}

	// Lifted deadlines let everything go on, and nothing was lost.
	_ = in.SetDeadline(time.Time{})
	_ = out.SetDeadline(time.Time{})
	before := out.Out()
	var group sync.WaitGroup
	group.Go(func() {
		want := io.MultiReader(io.LimitReader(noise(3), before), strings.NewReader("end"))
		expectSame(t, want, io.LimitReader(in, before+3))
	})
	if _, err := out.Write([]byte("end")); err != nil { // waits for the reader
		t.Error(err)
	}
	group.Wait()

	// Close ends a read that waits.
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = in.Close()
	}()
	if _, err := in.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading a closed stream: %v", err)
	}
}

func TestADeadlineThatComesDuringARead(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	_, in := joined(t, a, b, "x")
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = in.SetReadDeadline(time.Now())
	}()
	if _, err := in.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestSmallBuffersReadLargeMessages(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	out, in := joined(t, a, b, "x")
	const size = 150_000
	go func() { _, _ = send(out, size, 4) }()
	expectSame(t, io.LimitReader(noise(4), size), io.LimitReader(onlySmall{in}, size))
	if address := in.RemoteAddr(); address.Network() != "webrtc" || address.String() != a.own.Address().String() {
		t.Errorf("remote address %s %s", address.Network(), address)
	}
}

func TestAStreamsMessagesFitEveryImplementation(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	out, in := joined(t, a, b, "x")
	// A peer whose description names no limit takes 64 KiB less one byte.
	const size = 1 << 20
	go func() { _, _ = out.Write(make([]byte, size)) }()
	for got := 0; got < size; {
		select {
		case message, ok := <-in.incoming:
			if !ok {
				t.Fatalf("the stream ended: %v", in.failed)
			}
			if len(*message) > 60<<10 {
				t.Fatalf("a message of %d bytes", len(*message))
			}
			got += len(*message)
			buffers.Put(refill(message))
		case <-time.After(10 * time.Second):
			t.Fatalf("%d bytes instead of %d", got, size)
		}
	}
}

// onlySmall reads 68 bytes at a time, as a BitTorrent handshake is read.
type onlySmall struct{ io.Reader }

func (r onlySmall) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 68)]) }

func expectSame(t *testing.T, want, got io.Reader) {
	t.Helper()
	wanted, _ := io.ReadAll(want)
	have, err := io.ReadAll(got)
	if err != nil || !bytes.Equal(wanted, have) {
		t.Errorf("%d bytes instead of the %d that were sent, error %v", len(have), len(wanted), err)
	}
}

func TestClosingAStreamDeliversWhatWasWritten(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	out, in := joined(t, a, b, "x")
	const size = 3 << 20
	if _, err := send(out, size, 5); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	_ = out.Close()
	expectSame(t, io.LimitReader(noise(5), size), in)
	if _, err := out.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing a closed stream: %v", err)
	}
}

func TestBytesForAClosedStreamDoNotBlockTheOthers(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	for range 4 {
		out, in := joined(t, a, b, "refused")
		go func() { _, _ = send(out, 8<<20, 6) }()
		_, _ = io.ReadFull(in, make([]byte, 100))
		_ = in.Close()
	}
	out, in := joined(t, a, b, "wanted")
	transfer(t, out, in, 8<<20, 7)
}

func TestManyStreams(t *testing.T) {
	leaksNothing(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	var streams []*Stream
	for {
		s, err := a.Open("x")
		if errors.Is(err, ErrTooManyStreams) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, s)
	}
	if len(streams) != streamLimit {
		t.Errorf("%d streams", len(streams))
	}
	for i := range streams {
		select {
		case in := <-b.Streams():
			_ = in.Close()
		case <-time.After(10 * time.Second):
			t.Fatalf("stream %d does not arrive", i)
		}
	}
	for _, s := range streams {
		_ = s.Close()
	}
	poll(t, "streams are forgotten", func() bool { return a.streamCount() == 0 && b.streamCount() == 0 })
	if _, err := a.Open(strings.Repeat("x", labelLimit+1)); !errors.Is(err, ErrLabel) {
		t.Errorf("a long label: %v", err)
	}
	if _, err := a.Open("again"); err != nil {
		t.Errorf("after all were closed: %v", err)
	}
}

// poll waits until something is so.
func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
