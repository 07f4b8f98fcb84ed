//go:build lab

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// budgetSlack is by how much relayed bytes may miss a limit.
const budgetSlack = 1_000_000

// asked waits until relayed bytes wait at a limit.
func asked(p *process, limit string) line {
	p.t.Helper()
	return p.until(arrival, "ask about relayed bytes", func(l line) bool {
		return len(l.Transfers) == 1 && l.Transfers[0].RelayQuestion != nil && l.Transfers[0].RelayQuestion.Limit == limit
	})
}

// TestNATRelayedTransferStopsAtItsLimit is about two networks between which only
// a relay works, and a receiver who allows it 5 MB.
func TestNATRelayedTransferStopsAtItsLimit(t *testing.T) {
	t.Parallel()
	const allowed, shared = 5_000_000, 12 << 20
	w := newWorld(t, lab.Options{})
	relay := w.relay("relay")
	alice, bob := w.net.Home("alice", lab.SymmetricRandom), w.net.Home("bob", lab.SymmetricRandom)
	film, to, state := filepath.Join(t.TempDir(), "film.bin"), t.TempDir(), t.TempDir()
	makeFile(t, film, shared, 5)
	_, invitation := w.send(alice, film)
	receive := func(more ...string) *process {
		return startOn(t, bob, append([]string{"receive", invitation, "--to", to}, w.flags(state, more...)...)...)
	}
	r := receive("--relay-transfer", "5M")
	question := asked(r, "transfer").Transfers[0]
	since := time.Now()
	if q := question.RelayQuestion; q.Allowed != allowed || q.Used > allowed+budgetSlack || q.Used < allowed-budgetSlack {
		t.Errorf("the question is %+v, want about %d bytes", q, allowed)
	}
	if question.Phase != "transferring" || question.Problem != nil {
		t.Errorf("the transfer with a question is %+v", question)
	}
	r.ends(2*time.Minute, 3)
	waited := time.Since(since)
	last := r.last().Transfers[0]
	if last.RelayedBytes > allowed+budgetSlack || last.RelayQuestion == nil {
		t.Errorf("in the end %d bytes were relayed, and the question is %+v", last.RelayedBytes, last.RelayQuestion)
	}
	if waited < 55*time.Second || waited > 75*time.Second {
		t.Errorf("it waited %v for a direct path, want a minute", waited)
	}
	const said = "Your limit of relayed bytes for one transfer is reached, and there is no direct path."
	if text := r.stderr.String(); !strings.Contains(text, said) {
		t.Errorf("stderr is %q", text)
	}
	counted := relay.counters().Relayed
	t.Logf("figure: limit of 5 MB a transfer: the question after %d bytes (%+.2f MB), %d when it ended with 3 after %.0f s; the relay counted %d bytes of payload",
		question.RelayQuestion.Used, float64(question.RelayQuestion.Used-allowed)/1e6, last.RelayedBytes, waited.Seconds(), counted)
	t.Logf("figure: limit of 5 MB a transfer: stderr says: %s", strings.TrimSpace(r.stderr.String()))
	if counted > allowed+budgetSlack*3/2 { // headers of DTLS and SCTP, and checks
		t.Errorf("the relay has carried %d bytes", counted)
	}
	again := receive("--relay-transfer", "5M")
	if stopped := asked(again, "transfer").Transfers[0]; stopped.RelayedBytes > last.RelayedBytes+budgetSlack/4 {
		t.Errorf("run again, it took %d bytes more", stopped.RelayedBytes-last.RelayedBytes)
	} else {
		t.Logf("figure: limit of 5 MB a transfer: run again, it took %d bytes more", stopped.RelayedBytes-last.RelayedBytes)
	}
	again.interrupt()
	receive("--relay-transfer", "40M").ends(arrival, 0)
	if !sameFile(t, film, filepath.Join(to, "film.bin")) {
		t.Error("film.bin has other bytes")
	}
}

// TestNATLimitedTransferGoesOnDirectly has a direct path open while relayed
// bytes wait at their limit.
func TestNATLimitedTransferGoesOnDirectly(t *testing.T) {
	t.Parallel()
	const allowed, shared = 5_000_000, 16 << 20
	w := newWorld(t, lab.Options{})
	relay := w.relay("relay")
	alice, bob := w.net.Home("alice", lab.PortRestricted), w.net.Home("bob", lab.PortRestricted)
	w.net.Cut(alice, bob)
	film, to := filepath.Join(t.TempDir(), "film.bin"), t.TempDir()
	makeFile(t, film, shared, 5)
	_, invitation := w.send(alice, film)
	r := w.receive(bob, invitation, to, "--relay-transfer", "5M")
	held := asked(r, "transfer")
	time.Sleep(2 * time.Second)
	if now := r.last().Transfers[0]; now.RelayedBytes > held.Transfers[0].RelayedBytes+budgetSlack/4 {
		t.Errorf("while it waited %d relayed bytes became %d", held.Transfers[0].RelayedBytes, now.RelayedBytes)
	}
	opened := time.Now()
	w.net.Join(alice, bob)
	direct := r.until(arrival, "go directly", func(l line) bool {
		return l.Time.After(opened) && len(l.Peers) == 1 && directPeer(l.Peers[0])
	})
	goes := r.until(arrival, "receive more", func(l line) bool {
		return l.Time.After(direct.Time) && l.Transfers[0].Bytes > direct.Transfers[0].Bytes
	})
	r.ends(arrival, 0)
	if !sameFile(t, film, filepath.Join(to, "film.bin")) {
		t.Error("film.bin has other bytes")
	}
	last := r.last().Transfers[0]
	t.Logf("figure: limit of 5 MB, a direct path opens: taken after %.1f s, bytes go on after %.1f s; %.2f MB of %.1f were relayed, the relay counted %.2f MB",
		direct.Time.Sub(opened).Seconds(), goes.Time.Sub(opened).Seconds(), float64(last.RelayedBytes)/1e6, shared/1e6, float64(relay.counters().Relayed)/1e6)
	if last.RelayedBytes > allowed+budgetSlack || last.RelayQuestion != nil || goes.Transfers[0].RelayQuestion != nil {
		t.Errorf("%d bytes were relayed, and the question is %+v", last.RelayedBytes, last.RelayQuestion)
	}
	if took := goes.Time.Sub(opened); took > 10*time.Second {
		t.Errorf("it went on after %v", took)
	}
}

// TestNATMonthOfRelayedBytesOutlivesItsProcess has the receiver's own relay
// counted over a kill, an interruption and a third run, which stops at the
// month's limit.
func TestNATMonthOfRelayedBytesOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	const allowed, shared, rate = 20_000_000, 40 << 20, 1_000_000
	w := newWorld(t, lab.Options{})
	alice, bob := w.net.Home("alice", lab.SymmetricRandom), w.net.Home("bob", lab.SymmetricRandom)
	film, to, state := filepath.Join(t.TempDir(), "film.bin"), t.TempDir(), t.TempDir()
	makeFile(t, film, shared, 5)
	_, invitation := w.send(alice, film) // has no relay
	relay := w.relay("relay")
	receive := func() *process {
		return startOn(t, bob, append([]string{"receive", invitation, "--to", to},
			w.flags(state, "--relay-month", "20M", "--limit-down", "1M")...)...)
	}
	month := func(when string) (file, served int64) {
		time.Sleep(1100 * time.Millisecond) // the relay prints once a second
		file, counters := countedIn(t, state), relay.wire()
		t.Logf("figure: month's count %s: relayed.json has %d bytes, the relay itself %d (%+.1f %%)", when, file, counters,
			100*(float64(file)/float64(counters)-1))
		return file, counters
	}
	first := receive()
	reached(first, 0.15)
	first.kill()
	file, served := month("after kill -9")
	// A killed process has not written its last two seconds.
	if file > served*102/100 || file < served-3*rate {
		t.Errorf("relayed.json has %d bytes of %d", file, served)
	}
	lost := served - file
	second := receive()
	reached(second, 0.25)
	second.interrupt()
	file, served = month("after an interruption")
	if file+lost > served*102/100 || file+lost < served*98/100 {
		t.Errorf("relayed.json has %d bytes of %d, %d of which the killed process has not counted", file, served, lost)
	}
	third := receive()
	question := asked(third, "month").Transfers[0].RelayQuestion
	if question.Allowed != allowed || question.Used < file || question.Used > allowed+budgetSlack {
		t.Errorf("the question is %+v after %d bytes", question, file)
	}
	third.interrupt()
	file, served = month("at the limit of 20 MB")
	if file+lost > served*102/100 || file+lost < served*98/100 || served > allowed+lost+budgetSlack {
		t.Errorf("relayed.json has %d bytes of %d, %d of which the killed process has not counted", file, served, lost)
	}
	t.Logf("figure: month's limit of 20 MB: the question after %d bytes, the relay counted %+.2f MB more than the limit", question.Used, float64(served-allowed)/1e6)
}

// countedIn sums up relayed.json.
func countedIn(t *testing.T, state string) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(state, "state", "relayed.json"))
	var content struct {
		Months map[string]struct{ Relays map[string]int64 }
	}
	if err == nil {
		err = json.Unmarshal(text, &content)
	}
	if err != nil || len(content.Months) != 1 {
		t.Fatalf("relayed.json is %s: %v", text, err)
	}
	sum := int64(0)
	for _, counted := range content.Months {
		for _, bytes := range counted.Relays {
			sum += bytes
		}
	}
	return sum
}
