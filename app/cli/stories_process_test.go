//go:build acceptance

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProcessFolderArrivesByteForByte(t *testing.T) {
	large := size(t, 1<<30)
	shared := filepath.Join(t.TempDir(), "Ferien 旅行 🚢")
	makeTree(t, shared, 2000, large)
	s := serve(t)
	to := t.TempDir()
	begun := time.Now()
	sender, invitation := s.send(t, "sender", shared, t.TempDir(), "--once")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the invitation took %v; it must not wait for the files to be read", took)
	}
	receiver := s.receive(t, "receiver", invitation, to, t.TempDir())
	first := receiver.until(arrival, "receive a byte", func(l line) bool { return len(l.Peers) > 0 && l.Peers[0].BytesIn > 0 })
	receiver.ends(5*time.Minute, 0)
	took := time.Since(first.Time)
	sender.ends(5*time.Second, 0)

	sameTree(t, shared, filepath.Join(to, filepath.Base(shared)))
	last := receiver.last()
	if got := last.Transfers[0]; got.Phase != "complete" || got.Bytes != got.Total || got.Total < large {
		t.Errorf("the receiver's last state is %+v", got)
	}
	for _, p := range []*process{sender, receiver} {
		other := mostly(t, p)
		if other.Path != "direct-lan" || other.Lane != "webrtc" || other.Relay != "" || other.BytesRelayed != 0 {
			t.Errorf("%s says its peer goes %+v, want direct-lan by webrtc", p.name, other)
		}
		if !strings.HasPrefix(other.Client, "Causeway") || other.Local.Address == "" || other.Remote.Address == "" {
			t.Errorf("%s says of its peer %+v", p.name, other)
		}
		if peak := p.peakMemory(); peak > 250_000_000 {
			t.Errorf("%s took %d MB of memory, want at most 250", p.name, peak/1_000_000)
		}
	}
	t.Logf("%d MB in %v, %.1f MB/s; memory: sender %d MB, receiver %d MB", last.Transfers[0].Total/1e6, took.Round(time.Millisecond),
		float64(last.Transfers[0].Total)/1e6/took.Seconds(), sender.peakMemory()/1e6, receiver.peakMemory()/1e6)
}

func TestProcessSeveralPathsArriveInOneFolder(t *testing.T) {
	folder := t.TempDir()
	makeTree(t, filepath.Join(folder, "one"), 3, 100_000)
	makeFile(t, filepath.Join(folder, "two.bin"), 300_000, 9)
	s := serve(t)
	sender := start(t, "sender", append([]string{"send", "--once", filepath.Join(folder, "one"), filepath.Join(folder, "two.bin")},
		s.flags(t.TempDir())...)...)
	to := t.TempDir()
	receiver := s.receive(t, "receiver", invitationOf(t, sender), to, t.TempDir())
	receiver.ends(arrival, 0)
	sender.ends(5*time.Second, 0)
	sameTree(t, folder, filepath.Join(to, receiver.last().Transfers[0].Name))
}

func TestProcessNothingIsOverwritten(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "notes.txt")
	makeFile(t, shared, 200_000, 3)
	to := t.TempDir()
	makeFile(t, filepath.Join(to, "notes.txt"), 10, 4)
	s := serve(t)
	_, invitation := s.send(t, "sender", shared, t.TempDir())
	s.receive(t, "receiver", invitation, to, t.TempDir()).ends(arrival, 0)
	if kept := entries(t, to)["notes.txt"]; kept.Size() != 10 {
		t.Errorf("the file that was there has now %d bytes", kept.Size())
	}
	if !sameFile(t, shared, filepath.Join(to, "notes (2).txt")) {
		t.Error("notes (2).txt has other bytes")
	}
}

func TestProcessTwoOnOneNetworkNeedNoServer(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "film.bin")
	makeFile(t, shared, 20_000_000, 3)
	to := t.TempDir()
	// A rendezvous that nobody answers at, so that only the sender's own is left.
	nowhere := []string{"--json", "--rendezvous", "ws://127.0.0.1:9", "--stun", "stun:127.0.0.1:9"}
	sender := start(t, "sender", append([]string{"send", "--once", shared, "--state", t.TempDir()}, nowhere...)...)
	receiver := start(t, "receiver", append([]string{"receive", invitationOf(t, sender), "--to", to, "--state", t.TempDir()}, nowhere...)...)
	receiver.ends(arrival, 0)
	sender.ends(5*time.Second, 0)
	if !sameFile(t, shared, filepath.Join(to, "film.bin")) {
		t.Error("film.bin has other bytes")
	}
}

// A process shares one thing, so this is one share; that a second one between
// the same two needs no rendezvous either is shown by
// TestTheRendezvousIsNotNeededAfterMeeting of package engine.
func TestProcessRendezvousIsNotNeededAfterMeeting(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "film.bin")
	makeFile(t, shared, size(t, 120<<20), 5)
	to := t.TempDir()
	s := serve(t)
	sender, invitation := s.send(t, "sender", shared, t.TempDir())
	receiver := s.receive(t, "receiver", invitation, to, t.TempDir(), "--limit-down", "15M", "--stay")
	reached(receiver, 0.3)
	s.kill()
	for _, p := range []*process{sender, receiver} {
		needsNoRendezvous(t, p.name, p.last())
	}
	killed := time.Now()
	at := receiver.last().Transfers[0]
	if at.Bytes > at.Total*6/10 {
		t.Fatalf("the rendezvous was killed too late: %d of %d bytes were there", at.Bytes, at.Total)
	}
	receiver.until(arrival, "complete", func(l line) bool { return l.Transfers[0].Phase == "complete" })
	for _, p := range []*process{sender, receiver} {
		for _, state := range p.every() {
			if state.Time.After(killed) {
				needsNoRendezvous(t, p.name, state)
			}
		}
	}
	t.Logf("after Ctrl-C: sender gone in %v, receiver in %v", sender.interrupt(), receiver.interrupt())
	if !sameFile(t, shared, filepath.Join(to, "film.bin")) {
		t.Error("film.bin has other bytes")
	}
}

// needsNoRendezvous fails unless there are peers and each signals by itself.
func needsNoRendezvous(t *testing.T, name string, state line) {
	t.Helper()
	if len(state.Peers) == 0 {
		t.Errorf("%s has no peer without the rendezvous", name)
	}
	for _, peer := range state.Peers {
		if peer.RendezvousNeeded {
			t.Errorf("%s says that peer %s needs a rendezvous", name, peer.ID)
		}
	}
}

func TestProcessReceiversHelpEachOther(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "album")
	makeTree(t, shared, 50, size(t, 40<<20))
	s := serve(t)
	sender, invitation := s.send(t, "sender", shared, t.TempDir(), "--limit-up", "12M")
	folders := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	var early []*process
	for i := range folders {
		early = append(early, s.receive(t, fmt.Sprintf("receiver %d", i+1), invitation, folders[i], t.TempDir(), "--stay"))
	}
	leaver := s.receive(t, "leaver", invitation, t.TempDir(), t.TempDir(), "--limit-down", "1M")
	for _, p := range early {
		p.until(arrival, "complete", func(l line) bool { return l.Transfers[0].Phase == "complete" })
	}
	out, total := int64(0), early[0].last().Transfers[0].Total
	for _, p := range early {
		for _, peer := range p.last().Peers {
			out += peer.BytesOut
		}
	}
	if out == 0 {
		t.Error("the receivers gave each other nothing")
	}
	t.Logf("of %d MB each, receivers gave one another %.1f MB", total/1e6, float64(out)/1e6)
	// The sender leaves, and so does a receiver that was still fetching.
	sender.interrupt()
	leaver.interrupt()
	late := s.receive(t, "late receiver", invitation, t.TempDir(), t.TempDir())
	late.ends(arrival, 0)
	for i, p := range early {
		p.interrupt()
		sameTree(t, shared, filepath.Join(folders[i], "album"))
	}
	lateFolder := late.command.Args[slices.Index(late.command.Args, "--to")+1]
	sameTree(t, shared, filepath.Join(lateFolder, "album"))
}

func TestProcessReceiverWaitsForASenderWhoComesLater(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "later.bin")
	makeFile(t, shared, 500_000, 8)
	s := serve(t)
	state, to := t.TempDir(), t.TempDir()
	sender, invitation := s.send(t, "sender", shared, state)
	sender.interrupt()
	receiver := s.receive(t, "receiver", invitation, to, t.TempDir())
	receiver.until(arrival, "say that it waits", func(l line) bool {
		return len(l.Transfers) == 1 && l.Transfers[0].Phase == "waiting" && l.Transfers[0].Problem == nil
	})
	again, second := s.send(t, "sender again", shared, state, "--once")
	if second != invitation {
		t.Errorf("the same file has another invitation the second time")
	}
	receiver.ends(arrival, 0)
	again.ends(5*time.Second, 0)
}

func TestProcessPlainOutput(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "plain.bin")
	makeFile(t, shared, 5_000_000, 8)
	s := serve(t)
	to := t.TempDir()
	common := []string{"--no-lan", "--rendezvous", s.rendezvous, "--stun", s.stun, "--state"}
	sender := start(t, "sender", append([]string{"send", "--once", shared}, append(common, t.TempDir())...)...)
	invitation := sender.firstLine(20 * time.Second)
	receiver := start(t, "receiver", append([]string{"receive", invitation, "--to", to}, append(common, t.TempDir())...)...)
	receiver.ends(arrival, 0)
	sender.ends(5*time.Second, 0)
	if !strings.HasPrefix(invitation, "causeway:") || strings.TrimSpace(sender.tail(99)) != invitation {
		t.Errorf("send's stdout is not the invitation alone:\n%s", sender.tail(99))
	}
	if got, want := receiver.tail(99), filepath.Join(to, "plain.bin"); got != want {
		t.Errorf("receive's stdout is %q, want where the share is: %q", got, want)
	}
	for _, words := range []string{"plain.bin", "direct, same network", "complete and verified"} {
		if !strings.Contains(receiver.stderr.String(), words) {
			t.Errorf("receive did not tell a human %q:\n%s", words, receiver.stderr.String())
		}
	}
	if strings.ContainsAny(receiver.stderr.String(), "\r\x1b") {
		t.Error("receive redraws lines although stderr is no terminal")
	}
}

func TestProcessSendsAgainWhatChanged(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "draft.txt")
	makeFile(t, shared, 1000, 1)
	s := serve(t)
	state := t.TempDir()
	first, invitation := s.send(t, "sender", shared, state)
	first.until(arrival, "be ready", func(l line) bool { return l.Transfers[0].Phase == "waiting" })
	first.interrupt()
	makeFile(t, shared, 2000, 2)
	if err := os.Chtimes(shared, time.Now(), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, second := s.send(t, "sender again", shared, state)
	to := t.TempDir()
	s.receive(t, "receiver", second, to, t.TempDir()).ends(arrival, 0)
	if got := entries(t, to)["draft.txt"]; got.Size() != 2000 {
		t.Errorf("what arrived has %d bytes, want the 2000 of the new draft", got.Size())
	}
	t.Logf("a changed file keeps its invitation: %v", second == invitation)
}
