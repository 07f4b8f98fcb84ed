//go:build acceptance || lab

package main_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// arrival is how long the tests wait for what takes seconds on a quiet machine.
const arrival = 90 * time.Second

// server is a running "causeway-cli serve".
type server struct {
	*process
	rendezvous, stun string
	turn             []string
}

// serveReport is what "serve --json" prints.
type serveReport struct {
	Event       string   `json:"event"`
	Rendezvous  []string `json:"rendezvous"`
	STUN        []string `json:"stun"`
	TURN        []string `json:"turn"`
	Allocations int64    `json:"allocations"`
	Relayed     int64    `json:"bytes_relayed"`
}

// serve starts a rendezvous, STUN and TURN server on free ports of loopback.
func serve(t *testing.T, arguments ...string) server {
	t.Helper()
	s := server{process: start(t, "serve", append([]string{"serve", "--json",
		"--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0"}, arguments...)...)}
	var report serveReport
	if err := json.Unmarshal([]byte(s.firstLine(20*time.Second)), &report); err != nil {
		t.Fatalf("serve's first line: %v", err)
	}
	if len(report.Rendezvous) != 1 || len(report.STUN) != 1 {
		t.Fatalf("serve has these addresses: %+v", report)
	}
	s.rendezvous, s.stun, s.turn = report.Rendezvous[0], report.STUN[0], report.TURN
	return s
}

// counters returns the newest counters that serve printed.
func (s server) counters() serveReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest serveReport
	for _, text := range s.out {
		var report serveReport
		if json.Unmarshal([]byte(text), &report) == nil && report.Event == "counters" {
			newest = report
		}
	}
	return newest
}

// flags are what every send and receive of a test has: JSON, servers of the
// test's own only, and a state folder that outlives the process.
func (s server) flags(state string, more ...string) []string {
	return append([]string{"--json", "--no-lan", "--state", state,
		"--rendezvous", s.rendezvous, "--stun", s.stun}, more...)
}

// send starts sharing a path and returns the invitation too.
func (s server) send(t *testing.T, name, path, state string, more ...string) (*process, string) {
	t.Helper()
	p := start(t, name, append([]string{"send", path}, s.flags(state, more...)...)...)
	return p, invitationOf(t, p)
}

func invitationOf(t *testing.T, p *process) string {
	t.Helper()
	var first line
	if err := json.Unmarshal([]byte(p.firstLine(20*time.Second)), &first); err != nil {
		t.Fatalf("the first line of send: %v", err)
	}
	if first.Event != "invitation" || !strings.HasPrefix(first.Invitation, "causeway:") || first.Time.IsZero() {
		t.Fatalf("the first line of send is %+v", first)
	}
	return first.Invitation
}

// receive starts fetching into a folder.
func (s server) receive(t *testing.T, name, invitation, to, state string, more ...string) *process {
	t.Helper()
	return start(t, name, append([]string{"receive", invitation, "--to", to}, s.flags(state, more...)...)...)
}

// reached waits until a part of the bytes is there.
func reached(p *process, part float64) line {
	p.t.Helper()
	return p.until(arrival, fmt.Sprintf("have %.0f %%", part*100), func(l line) bool {
		return len(l.Transfers) == 1 && l.Transfers[0].Total > 0 && l.Transfers[0].Phase != "preparing" &&
			float64(l.Transfers[0].Bytes) >= part*float64(l.Transfers[0].Total)
	})
}

// mostly returns the longest-lived peer of a process: the last one it printed.
func mostly(t *testing.T, p *process) peer {
	t.Helper()
	for _, state := range slices.Backward(p.every()) {
		for _, peer := range state.Peers {
			if peer.Path != "connecting" {
				return peer
			}
		}
	}
	t.Fatalf("%s never had a peer", p.name)
	return peer{}
}
