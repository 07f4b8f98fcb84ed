//go:build acceptance

package main_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProcessRelayCarriesEveryByteAndIsReleased(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "film.bin")
	makeFile(t, shared, 20<<20, 5)
	s := serve(t, "--user", "me:password", "--allow-private-peers")
	if len(s.turn) == 0 {
		t.Fatal("serve has no TURN address")
	}
	relay := s.turn[0]
	relayed := []string{"--policy", "relay", "--turn", relay + ",me,password"}
	sender, invitation := s.send(t, "sender", shared, t.TempDir(), relayed...)
	to := t.TempDir()
	receiver := s.receive(t, "receiver", invitation, to, t.TempDir(), append(relayed, "--limit-down", "4M", "--stay")...)
	reached(receiver, 0.3)
	s.poll(10*time.Second, "count allocations", func() bool {
		return strings.Contains(strings.Join(s.out, "\n"), `"allocations":`)
	})
	if live := s.counters(); live.Allocations == 0 {
		t.Errorf("while bytes are relayed, serve counts %+v", live)
	}
	receiver.until(arrival, "complete", func(l line) bool { return l.Transfers[0].Phase == "complete" })
	for _, p := range []*process{sender, receiver} {
		peer := mostly(t, p)
		if peer.Path != "relayed" || peer.BytesRelayed == 0 || peer.BytesRelayed != peer.BytesIn+peer.BytesOut {
			t.Errorf("%s says its peer goes %+v, want all of it relayed", p.name, peer)
		}
		if want := strings.SplitN(relay, "?", 2)[0]; !strings.HasPrefix(peer.Relay, want) {
			t.Errorf("%s names the relay %q, want %q", p.name, peer.Relay, want)
		}
		for _, state := range p.every() {
			for _, peer := range state.Peers {
				if peer.Path != "relayed" && peer.Path != "connecting" {
					t.Fatalf("%s used the path %s in spite of its policy", p.name, peer.Path)
				}
			}
		}
	}
	t.Logf("sender gone in %v, receiver in %v", sender.interrupt(), receiver.interrupt())
	deadline := time.Now().Add(3 * time.Second)
	for s.counters().Allocations != 0 {
		if time.Now().After(deadline) {
			t.Fatalf("allocations are left at the server: %+v\n%s", s.counters(), s.tail(5))
		}
		time.Sleep(50 * time.Millisecond)
	}
	if final := s.counters(); final.Relayed < 20<<20 {
		t.Errorf("serve counted %d relayed bytes of at least %d", final.Relayed, 20<<20)
	}
	if !sameFile(t, shared, filepath.Join(to, "film.bin")) {
		t.Error("film.bin has other bytes")
	}
}

func TestProcessRelayByTimeLimitedCredentials(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "a.bin")
	makeFile(t, shared, 3<<20, 5)
	s := serve(t, "--secret", "of the house", "--allow-private-peers")
	relayed := []string{"--policy", "relay", "--turn-secret", s.turn[0] + ",of the house"}
	_, invitation := s.send(t, "sender", shared, t.TempDir(), relayed...)
	receiver := s.receive(t, "receiver", invitation, t.TempDir(), t.TempDir(), relayed...)
	receiver.ends(arrival, 0)
	if peer := mostly(t, receiver); peer.Path != "relayed" || peer.BytesRelayed == 0 {
		t.Errorf("the receiver says its peer goes %+v", peer)
	}
}

func TestProcessWrongTURNPasswordLeavesDirectPathsAlone(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "a.bin")
	makeFile(t, shared, 1<<20, 5)
	s := serve(t, "--user", "me:password", "--allow-private-peers")
	wrong := []string{"--turn", s.turn[0] + ",me,wrong"}
	_, invitation := s.send(t, "sender", shared, t.TempDir(), wrong...)
	receiver := s.receive(t, "receiver", invitation, t.TempDir(), t.TempDir(), wrong...)
	receiver.ends(arrival, 0)
	if peer := mostly(t, receiver); peer.Path != "direct-lan" {
		t.Errorf("the receiver says its peer goes %+v", peer)
	}
}
