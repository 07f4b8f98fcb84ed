package link

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

// A relay's candidate that arrives before the direct ones is used at once, and
// left for a direct path without a byte lost.
func TestARelayedLinkMovesToADirectPath(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	cable := newWire(t)
	cable.cut.Store(true)
	a, b := linked(t,
		dialer(t, Config{Net: cable, Loopback: true, Servers: []Server{credentials(server.udp)}}),
		dialer(t, Config{}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	out, in := joined(t, a, b, "x")
	sent, stop := make(chan []byte, 1), make(chan struct{})
	go func() {
		sum, source := sha256.New(), noise(1)
		for stopping := false; !stopping; {
			select {
			case <-stop:
				stopping = true // after one more
			case <-time.After(20 * time.Millisecond):
			}
			_, _ = io.CopyN(io.MultiWriter(out, sum), source, 512<<10)
		}
		_ = out.Close()
		sent <- sum.Sum(nil)
	}()
	got := make(chan []byte, 1)
	go func() {
		sum := sha256.New()
		_, _ = io.Copy(sum, in)
		got <- sum.Sum(nil)
	}()
	cable.cut.Store(false)
	began := time.Now()
	a.until(t, "direct", direct)
	b.until(t, "direct", direct)
	t.Logf("direct after %s", time.Since(began))
	close(stop)
	if !bytes.Equal(<-sent, <-got) {
		t.Error("what arrived is not what was sent")
	}
	ledger := a.Status().Load().Ledger
	if ledger[0].Path != path.Relayed || ledger[0].Out == 0 || out.Relayed() == 0 || out.Relayed() == out.Out() {
		t.Errorf("relayed %d of %d bytes; ledger %+v", out.Relayed(), out.Out(), ledger)
	}
}
