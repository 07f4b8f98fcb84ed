package engine_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

func (c *computer) configure(change func(*settings.Settings)) {
	c.t.Helper()
	change(&c.settings)
	if err := c.Configure(c.t.Context(), c.settings); err != nil {
		c.t.Fatal(err)
	}
}

func TestALimitIsNotForTheOwnNetworkWhereTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	const low, size = 32 << 10, 4 * megabyte // two minutes
	sender := startComputer(t, meetingAt(url), func(c *engine.Config) { c.Settings.LimitUp = low })
	receiver := startComputer(t, meetingAt(url), downLimit(low))
	offer := sender.share(writeTree(t, "films", map[string]int{"film.mkv": size}))
	fetched := receiver.receive(offer.Invitation)
	receiver.until(fetched.ID, "the first bytes are there", func(_ engine.Transfer, peers []engine.Peer) bool {
		return len(peers) > 0 && peers[0].BytesIn > 16<<10 && peers[0].Path == path.DirectLAN
	})
	time.Sleep(500 * time.Millisecond)
	if got, _ := receiver.State().Load().Transfer(fetched.ID); got.Bytes > size/2 {
		t.Errorf("%d bytes have come at %d a second", got.Bytes, low)
	}
	sender.configure(func(s *settings.Settings) { s.LimitLAN = false })
	receiver.configure(func(s *settings.Settings) { s.LimitLAN = false })
	start := time.Now()
	receiver.untilPhase(fetched.ID, engine.Complete)
	if took := time.Since(start); took > size/low*time.Second/2 {
		t.Errorf("without the limit it took %v", took)
	}
}

func TestTheOwnNetworkIsSparedWhileAReceiverBehindARelayIsNot(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	relay, _, _ := startTURN(t)
	const low, size = 64 << 10, 4 * megabyte
	sender := startComputer(t, meetingAt(url), func(c *engine.Config) {
		c.Settings.LimitUp, c.Settings.LimitLAN = low, false
	})
	offer := sender.share(writeTree(t, "films", map[string]int{"film.mkv": size}))
	far := startComputer(t, meetingAt(url), relaying(relay))
	far.receive(offer.Invitation)
	far.until(offer.ID, "the first bytes come by the relay", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.RelayedBytes > 0
	})
	start := time.Now()
	near := startComputer(t, meetingAt(url), func(c *engine.Config) { c.Settings.LimitUp = low }) // it shares what it has
	near.receive(offer.Invitation)
	near.untilPhase(offer.ID, engine.Complete)
	took := time.Since(start)
	shown, _ := far.State().Load().Transfer(offer.ID)
	if shown.Phase == engine.Complete || shown.RelayedBytes > int64(2*took.Seconds()+4)*low+2*megabyte {
		t.Errorf("in %v the near one has all, and the far one %d bytes at %d a second", took, shown.RelayedBytes, low)
	}
	t.Logf("near: %d bytes in %v; far: %d bytes", int64(size), took, shown.RelayedBytes)
}

func TestCountersTellWhichWayPayloadWent(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	sender := startComputer(t, meetingAt(url), func(c *engine.Config) { c.Settings.Metrics = address })
	receiver := startComputer(t, meetingAt(url))
	offer := sender.share(writeTree(t, "films", map[string]int{"film.mkv": 2 * megabyte}))
	receiver.receive(offer.Invitation)
	receiver.untilPhase(offer.ID, engine.Complete)
	const sample = `causeway_payload_bytes_total{path="direct-lan",direction="out"} `
	text := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + address + "/metrics")
		if err != nil {
			continue
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		text = string(body)
		_, rest, _ := strings.Cut(text, sample)
		count, _, _ := strings.Cut(rest, "\n")
		if sent, _ := strconv.ParseInt(count, 10, 64); sent >= 2*megabyte {
			return
		}
	}
	t.Errorf("what was sent is not counted:\n%s", text)
}
