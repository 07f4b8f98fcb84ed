//go:build acceptance

package main_test

import (
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/store"
)

// rounds is how often a process is killed in its first moments, and then once
// more in the middle of the transfer.
const rounds = 10

// before is a random moment before a limit.
func before(limit time.Duration) time.Duration { return time.Duration(rand.Int64N(int64(limit))) }

// newborn is a moment of a process that has not had a byte of the share yet: it
// reads its settings, opens its state, meets.
func newborn() time.Duration { return before(300 * time.Millisecond) }

// soon is a moment of a transfer that goes on.
func soon() time.Duration { return before(700 * time.Millisecond) }

// taking is a limit with which so many bytes take that time, whatever
// CAUSEWAY_TEST_SIZE is, so that no transfer ends before the last kill.
func taking(bytes int64, d time.Duration) string {
	return strconv.FormatInt(int64(float64(bytes)/d.Seconds()), 10)
}

// readJournal reads the journal of the one transfer in a state folder.
func readJournal(t *testing.T, state string) (store.Journal, bool) {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(state, "state", "transfers", "*", "pieces"))
	if err != nil || len(journals) > 1 {
		t.Fatalf("the journals in %s: %v, %v", state, journals, err)
	}
	if len(journals) == 0 {
		return store.Journal{}, false
	}
	journal, err := store.ReadJournal(journals[0])
	if err != nil {
		t.Fatal(err)
	}
	return journal, true
}

// finishedOnce fails when a piece was fetched again after it had been verified,
// or when pieces are missing.
func finishedOnce(t *testing.T, state string) {
	t.Helper()
	journal, found := readJournal(t, state)
	if !found {
		t.Fatalf("%s has no journal", state)
	}
	if again := journal.Refetched(); len(again) > 0 {
		t.Errorf("%d finished pieces were fetched again: %v", len(again), again)
	}
	if journal.Stored() != journal.Pieces {
		t.Errorf("the journal has %d of %d pieces", journal.Stored(), journal.Pieces)
	}
	t.Logf("journal: %d pieces, %d records", journal.Pieces, len(journal.Records))
}

func TestProcessKilledReceiverGoesOn(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "album")
	large := size(t, 150<<20)
	makeTree(t, shared, 200, large)
	s := serve(t)
	sender, invitation := s.send(t, "sender", shared, t.TempDir())
	to, state := t.TempDir(), t.TempDir()
	stored, pieces := 0, 1
	for range rounds {
		early := s.receive(t, "newborn receiver", invitation, to, state)
		time.Sleep(newborn())
		early.kill()
		receiver := s.receive(t, "receiver", invitation, to, state, "--limit-down", taking(large, 20*time.Second))
		begun := receiver.until(arrival, "have something", func(l line) bool { return l.Transfers[0].Bytes > 0 }).Transfers[0]
		// The last piece may be shorter than the others.
		if least := int64(stored-1) * begun.Total / int64(pieces); begun.Bytes < least {
			t.Errorf("after a kill the receiver has %d bytes, and stored %d before", begun.Bytes, least)
		}
		receiver.until(arrival, "fetch something", func(l line) bool { return l.Transfers[0].Bytes > begun.Bytes })
		time.Sleep(soon())
		receiver.kill()
		if journal, found := readJournal(t, state); found {
			stored, pieces = journal.Stored(), journal.Pieces
		}
	}
	if stored >= pieces {
		t.Fatal("everything had arrived before the last kill, so the test shows less than it should")
	}
	last := s.receive(t, "receiver", invitation, to, state)
	last.ends(2*arrival, 0)
	sameTree(t, shared, filepath.Join(to, "album"))
	finishedOnce(t, state)
	var sent int64
	most := map[string]int64{}
	for _, state := range sender.every() {
		for _, peer := range state.Peers {
			most[peer.ID] = max(most[peer.ID], peer.BytesOut)
		}
	}
	for _, bytes := range most {
		sent += bytes
	}
	total := last.last().Transfers[0].Total
	t.Logf("%d kills: %d MB shared, %.1f MB sent (%.1f MB lost in flight and in unfinished pieces)", 2*rounds, total/1e6,
		float64(sent)/1e6, float64(sent-total)/1e6)
}

func TestProcessKilledSenderGoesOn(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "album")
	large := size(t, 150<<20)
	makeTree(t, shared, 200, large)
	s := serve(t)
	state, to := t.TempDir(), t.TempDir()
	sender, invitation := s.send(t, "sender", shared, state)
	receivers := t.TempDir()
	receiver := s.receive(t, "receiver", invitation, to, receivers, "--limit-down", taking(large, 13*time.Second))
	for range rounds {
		from := reached(receiver, 0).Transfers[0].Bytes
		if newest := receiver.last().Transfers; len(newest) > 0 {
			from = newest[0].Bytes
		}
		receiver.until(arrival, "fetch something", func(l line) bool { return l.Transfers[0].Bytes > from })
		time.Sleep(soon())
		sender.kill()
		early := start(t, "newborn sender", append([]string{"send", shared}, s.flags(state)...)...)
		time.Sleep(newborn())
		early.kill()
		var again string
		if sender, again = s.send(t, "sender", shared, state); again != invitation {
			t.Fatal("the sender has another invitation after a kill")
		}
	}
	receiver.ends(2*arrival, 0)
	sameTree(t, shared, filepath.Join(to, "album"))
	finishedOnce(t, receivers)
}

func TestProcessSenderKilledWhileHashingGoesOn(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "album")
	makeTree(t, shared, 200, size(t, 300<<20))
	s := serve(t)
	// What is hashed stays known, so each round has a state folder of its own.
	share := func(state string) (sender *process, invitation string, hashing time.Duration) {
		sender, invitation = s.send(t, "sender", shared, state)
		begun := time.Now()
		sender.until(arrival, "be ready", func(l line) bool { return l.Transfers[0].Phase == "waiting" })
		return sender, invitation, time.Since(begun)
	}
	undisturbed, _, hashing := share(t.TempDir())
	undisturbed.kill()
	within := 0
	for round := range rounds {
		state := t.TempDir()
		killed, invitation := s.send(t, "killed sender", shared, state)
		// Ever earlier, because how long the hashing took is seen a tenth of a
		// second late.
		time.Sleep(before(hashing * time.Duration(rounds-round) / rounds))
		killed.kill()
		// What has been hashed is written at the end of the hashing.
		if hashed, _ := filepath.Glob(filepath.Join(state, "state", "transfers", "*", "info")); len(hashed) == 0 {
			within++
		}
		sender, again, _ := share(state)
		if hashed, _ := filepath.Glob(filepath.Join(state, "state", "transfers", "*", "info")); len(hashed) != 1 {
			t.Fatalf("a ready sender has written %v", hashed)
		}
		if again != invitation {
			t.Fatal("the sender has another invitation after a kill")
		}
		if hashed := sender.last().Transfers[0]; hashed.Problem != nil {
			t.Errorf("after a kill the sender has the problem %+v", hashed.Problem)
		}
		if round < rounds-1 {
			sender.kill()
			continue
		}
		to := t.TempDir()
		s.receive(t, "receiver", invitation, to, t.TempDir()).ends(2*arrival, 0)
		sameTree(t, shared, filepath.Join(to, "album"))
	}
	if within == 0 {
		t.Error("every kill came after the hashing, so the test shows nothing")
	}
	t.Logf("hashing takes %v; %d of %d kills came within", hashing, within, rounds)
}
