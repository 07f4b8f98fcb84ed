package link

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// victim is somebody whose address a hostile peer gives for its own.
type victim struct {
	conn *net.UDPConn
	done chan struct{}

	mu     sync.Mutex
	counts map[string]int // packets by sender
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{conn: conn, done: make(chan struct{}), counts: map[string]int{}}
	go func() {
		defer close(v.done)
		buffer := make([]byte, 2048)
		for {
			_, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			v.mu.Lock()
			v.counts[from.String()]++
			v.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-v.done
	})
	return v
}

// candidates are lines that give the victim's address for the peer's, as each
// kind that the peer could call it.
func (v *victim) candidates() []string {
	var lines []string
	for i := range candidateLimit {
		lines = append(lines, fmt.Sprintf("%d 1 udp %d 127.0.0.1 %d typ srflx raddr 0.0.0.0 rport 0",
			i, 1694498815-i, v.conn.LocalAddr().(*net.UDPAddr).Port))
	}
	return lines
}

// most is what one of our sockets has sent to the victim, and how many did.
func (v *victim) most() (packets, sockets int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, count := range v.counts {
		packets = max(packets, count)
	}
	return packets, len(v.counts)
}

// victimLimit is how many packets one of our sockets sends at most to an address
// that never answers, in a link that finds no path: every 50 ms for 400 ms,
// every 200 ms up to 3 s, then every 500 ms, and pion's every 200 ms. Each has
// about 110 bytes: less than 10 a second in all.
const victimLimit = 70

func TestAHostilePeerCannotMakeUsFloodAnybody(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 7 s")
	}
	t.Parallel()
	v := newVictim(t)
	pending, err := dialer(t, Config{}).Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hostile, answer, err := dialer(t, Config{}).Answer(t.Context(), pending.Description())
	if err != nil {
		t.Fatal(err)
	}
	hostile.Close()
	<-hostile.Done()
	var frame strings.Builder
	for line := range strings.Lines(answer.SDP) {
		if !strings.HasPrefix(line, "a=candidate:") {
			frame.WriteString(line)
		}
	}
	for _, line := range v.candidates() {
		frame.WriteString("a=candidate:" + line + "\r\n")
	}
	answer.SDP = frame.String()
	l, err := pending.Accept(answer)
	if err != nil {
		t.Fatal(err)
	}
	if err := serve(t, l).ends(t, pathLimit+2*time.Second); !errors.Is(err, ErrNoPath) {
		t.Errorf("got %v", err)
	}
	packets, sockets := v.most()
	t.Logf("%d packets from each of %d sockets in %s", packets, sockets, pathLimit)
	if packets == 0 || packets > victimLimit {
		t.Errorf("%d packets went to an address that never answers, at most %d may", packets, victimLimit)
	}
}

func TestAHostilePeerCannotMakeAWorkingLinkFloodAnybody(t *testing.T) {
	leaksNothing(t)
	v := newVictim(t)
	a, b := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	for _, line := range v.candidates() {
		b.signal(signal{Candidate: line})
	}
	out, in := joined(t, a, b, "x")
	transfer(t, out, in, bulk(16<<20), 1)
	time.Sleep(time.Second) // so much may come in that time, and no more
	packets, sockets := v.most()
	t.Logf("%d packets from each of %d sockets", packets, sockets)
	if packets > 10 {
		t.Errorf("%d packets went to an address that nobody needs", packets)
	}
}
