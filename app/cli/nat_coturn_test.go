//go:build lab

package main_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// needCoturn skips a test where coturn is not installed, unless the lab, and
// all that belongs to it, has to be there.
func needCoturn(t *testing.T) {
	t.Helper()
	for _, name := range []string{"turnserver", "/usr/bin/turnserver", "/usr/local/bin/turnserver"} {
		if _, err := exec.LookPath(name); err == nil {
			return
		}
	}
	const missing = "coturn is not installed here (Debian: apt-get install coturn)"
	if os.Getenv(lab.RequireVariable) != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// coturn adds a relay that is not ours, by UDP and TCP, and its addresses to
// those that peers use. It wants long-term credentials (RFC 8489 9.2).
func (w *world) coturn(name string, more ...string) {
	w.t.Helper()
	needCoturn(w.t)
	at := coturnOn(w.t, w.net.Server(name), append([]string{"--lt-cred-mech", "--user=" + turnUser + ":" + turnPassword}, more...)...)
	for _, transport := range []string{"udp", "tcp"} {
		uri := fmt.Sprintf("turn:%s?transport=%s", at, transport)
		w.turn = append(w.turn, strings.Join([]string{uri, turnUser, turnPassword}, ","))
	}
}

// coturnOn runs coturn on a computer and returns its address. Whom it lets in
// is for more to say.
func coturnOn(t *testing.T, host *lab.Host, more ...string) (at string) {
	t.Helper()
	folder := t.TempDir()
	log := filepath.Join(folder, "log")
	server := host.Command(context.Background(), "turnserver", append([]string{"-n", "-m", "1",
		"--listening-ip=" + host.IP4().String(), "--relay-ip=" + host.IP4().String(), "--listening-port=3478",
		"--realm=coturn.example",
		"--no-tls", "--no-dtls", "--no-cli", "--simple-log", "--no-stdout-log", "--log-file=" + log,
		"--userdb=" + filepath.Join(folder, "users.db"), "--pidfile=" + filepath.Join(folder, "pid")}, more...)...)
	if err := server.Start(); err != nil {
		t.Fatalf("starting coturn: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
		if t.Failed() {
			said, _ := os.ReadFile(log)
			t.Logf("the last that coturn said:\n%s", said[max(0, len(said)-4000):])
		}
	})
	at = net.JoinHostPort(host.IP4().String(), "3478")
	for begun := time.Now(); host.Do(func() error { return dials(at) }) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("coturn does not listen on %s", at)
		}
	}
	return at
}

// dials tries to connect to a TCP port.
func dials(at string) error {
	conn, err := net.DialTimeout("tcp", at, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}
