package link

import (
	"bytes"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// logged is a log that a test reads.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// hostPorts are the UDP ports of the host candidates of a description.
func hostPorts(t *testing.T, sdp string) (ports []int) {
	t.Helper()
	for line := range strings.Lines(sdp) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "a=candidate:") || len(words) < 8 || words[7] != "host" || !strings.EqualFold(words[2], "udp") {
			continue
		}
		port, err := strconv.Atoi(words[5])
		if err != nil {
			t.Fatalf("candidate %q", line)
		}
		ports = append(ports, port)
	}
	if len(ports) == 0 {
		t.Fatalf("no host candidates in %q", sdp)
	}
	return ports
}

func offerOf(t *testing.T, d *Dialer) *Pending {
	t.Helper()
	pending, err := d.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pending.Close)
	return pending
}

func TestDirectCandidatesHaveThePortsOfTheRange(t *testing.T) {
	t.Parallel()
	const least, most = 47100, 47199
	inRange := dialer(t, Config{PortMin: least, PortMax: most})
	for _, port := range hostPorts(t, offerOf(t, inRange).Description().SDP) {
		if port < least || port > most {
			t.Errorf("a candidate has port %d", port)
		}
	}
	left, right := linked(t, inRange, dialer(t, Config{}))
	out, in := joined(t, left, right, "ports")
	transfer(t, out, in, 1<<20, 1)

	// Links that are made from now on follow the settings.
	if err := inRange.Configure(Config{Loopback: true, PortMin: least + 200, PortMax: most + 200}); err != nil {
		t.Fatal(err)
	}
	for _, port := range hostPorts(t, offerOf(t, inRange).Description().SDP) {
		if port < least+200 || port > most+200 {
			t.Errorf("after the change a candidate has port %d", port)
		}
	}
}

func TestALinkIsMadeAlsoWhereNoPortOfTheRangeIsFree(t *testing.T) {
	t.Parallel()
	taken, err := net.ListenUDP("udp", nil) // on all addresses
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := uint16(taken.LocalAddr().(*net.UDPAddr).Port)
	var log logged
	narrow := dialer(t, Config{PortMin: port, PortMax: port, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	left, right := linked(t, narrow, dialer(t, Config{}))
	out, in := joined(t, left, right, "ports")
	transfer(t, out, in, 1<<20, 1)
	if !strings.Contains(log.String(), "no UDP port of the range is free") {
		t.Errorf("nobody is told: %s", log.String())
	}
}
