package link

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/causeway-app/causeway/engine/path"
)

func TestRenominationsAreRecognised(t *testing.T) {
	t.Parallel()
	build := func(setters ...stun.Setter) []byte {
		m, err := stun.Build(append([]stun.Setter{stun.BindingRequest, stun.TransactionID}, setters...)...)
		if err != nil {
			t.Fatal(err)
		}
		return m.Raw
	}
	renomination := build(ice.UseCandidate(), ice.Nomination(7), stun.Fingerprint)
	for name, test := range map[string]struct {
		packet []byte
		want   bool
	}{
		"renomination":    {renomination, true},
		"through a relay": {append([]byte{0x40, 0, 0, byte(len(renomination))}, renomination...), true},
		"nomination":      {build(ice.UseCandidate(), stun.Fingerprint), false},
		"ping":            {build(stun.Fingerprint), false},
		"data":            {append([]byte{23}, renomination...), false},
		"relayed data":    {append([]byte{0x40, 0, 0, 100, 23}, renomination...), false},
		"short":           {[]byte{0, 1}, false},
		"short relayed":   {make([]byte, 21), false},
	} {
		if got := isRenomination(test.packet); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

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
