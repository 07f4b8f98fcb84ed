//go:build lab

package main_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine/lab"
)

// builtVariable names the folder of the program that the outer of the two
// processes of lab.Main has built.
const builtVariable = "CAUSEWAY_TEST_BUILT"

func TestMain(m *testing.M) {
	if os.Getenv("CAUSEWAY_TEST_CLI") == "" {
		buildProgram()
		os.Setenv("CAUSEWAY_TEST_CLI", program)
		os.Setenv(builtVariable, filepath.Dir(program))
	}
	program = os.Getenv("CAUSEWAY_TEST_CLI")
	lab.Main(m, goleak.Cleanup(func(code int) {
		if built := os.Getenv(builtVariable); built != "" {
			os.RemoveAll(built)
		}
		os.Exit(code)
	}))
}

// The credentials of every relay in these tests.
const turnUser, turnPassword = "me", "password"

// world is a small internet with a rendezvous, STUN servers and perhaps relays.
type world struct {
	t   *testing.T
	net *lab.Lab
	// meet has the rendezvous, the first STUN server and the embedded relay.
	meet server
	stun []string
	// turn are the values of --turn.
	turn []string
}

// serveOn starts "causeway-cli serve" on a server of the lab.
func serveOn(t *testing.T, host *lab.Host, more ...string) server {
	t.Helper()
	ip := host.IP4().String()
	s := server{process: startOn(t, host, append([]string{"serve", "--json",
		"--listen", net.JoinHostPort(ip, "8000"), "--turn-listen", net.JoinHostPort(ip, "3478")}, more...)...)}
	var report serveReport
	if err := json.Unmarshal([]byte(s.firstLine(20*time.Second)), &report); err != nil {
		t.Fatalf("serve's first line: %v", err)
	}
	if len(report.Rendezvous) != 1 || len(report.STUN) == 0 { // with --alternate there are two
		t.Fatalf("serve has these addresses: %+v", report)
	}
	s.rendezvous, s.stun, s.turn = report.Rendezvous[0], report.STUN[0], report.TURN
	return s
}

// startOn runs causeway-cli on a computer of the lab.
func startOn(t *testing.T, host *lab.Host, arguments ...string) *process {
	t.Helper()
	return startCommand(t, host.Name(), host.Command(context.Background(), program, arguments...))
}

// newWorld makes an internet with a rendezvous and two STUN servers, and no
// relay.
func newWorld(t *testing.T, o lab.Options) *world {
	t.Helper()
	w := &world{t: t, net: lab.New(t, o)}
	w.meet = serveOn(t, w.net.Server("meet"))
	second := serveOn(t, w.net.Server("stun"))
	w.stun = []string{w.meet.stun, second.stun}
	return w
}

// relay adds an embedded relay, and its addresses to those that peers use.
func (w *world) relay(name string, more ...string) server {
	w.t.Helper()
	return w.relayOn(w.net.Server(name), more...)
}

// relayOn is relay, on a server that the test has made.
func (w *world) relayOn(host *lab.Host, more ...string) server {
	w.t.Helper()
	s := serveOn(w.t, host, append([]string{"--user", turnUser + ":" + turnPassword}, more...)...)
	if len(s.turn) == 0 {
		w.t.Fatalf("%s has no TURN address", host.Name())
	}
	for _, uri := range s.turn {
		w.turn = append(w.turn, strings.Join([]string{uri, turnUser, turnPassword}, ","))
	}
	return s
}

// flags are what every send and receive in the world has.
func (w *world) flags(state string, more ...string) []string {
	flags := []string{"--json", "--no-lan", "--state", state, "--rendezvous", w.meet.rendezvous}
	for _, uri := range w.stun {
		flags = append(flags, "--stun", uri)
	}
	for _, server := range w.turn {
		flags = append(flags, "--turn", server)
	}
	return append(flags, more...)
}

// send starts sharing a path at a computer and returns the invitation too.
func (w *world) send(host *lab.Host, path string, more ...string) (*process, string) {
	w.t.Helper()
	p := startOn(w.t, host, append([]string{"send", path}, w.flags(w.t.TempDir(), more...)...)...)
	return p, invitationOf(w.t, p)
}

// receive starts fetching at a computer.
func (w *world) receive(host *lab.Host, invitation, to string, more ...string) *process {
	w.t.Helper()
	return startOn(w.t, host, append([]string{"receive", invitation, "--to", to}, w.flags(w.t.TempDir(), more...)...)...)
}
