//go:build acceptance

package main_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/store"
)

// kills is how often a process is killed in a row.
const kills = 10

// soon is a random moment of a transfer.
func soon() time.Duration { return time.Duration(rand.Int64N(int64(700 * time.Millisecond))) }

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
	makeTree(t, shared, 200, size(t, 150<<20))
	s := serve(t)
	sender, invitation := s.send(t, "sender", shared, t.TempDir())
	to, state := t.TempDir(), t.TempDir()
	stored, pieces := 0, 1
	for range kills {
		receiver := s.receive(t, "receiver", invitation, to, state, "--limit-down", "8M")
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
	t.Logf("%d kills: %d MB shared, %.1f MB sent (%.1f MB lost in flight and in unfinished pieces)", kills, total/1e6,
		float64(sent)/1e6, float64(sent-total)/1e6)
}

func TestProcessKilledSenderGoesOn(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "album")
	makeTree(t, shared, 200, size(t, 150<<20))
	s := serve(t)
	state, to := t.TempDir(), t.TempDir()
	sender, invitation := s.send(t, "sender", shared, state)
	receivers := t.TempDir()
	receiver := s.receive(t, "receiver", invitation, to, receivers, "--limit-down", "12M")
	for range kills {
		from := reached(receiver, 0).Transfers[0].Bytes
		if newest := receiver.last().Transfers; len(newest) > 0 {
			from = newest[0].Bytes
		}
		receiver.until(arrival, "fetch something", func(l line) bool { return l.Transfers[0].Bytes > from })
		time.Sleep(soon())
		sender.kill()
		var again string
		if sender, again = s.send(t, "sender", shared, state); again != invitation {
			t.Fatal("the sender has another invitation after a kill")
		}
	}
	receiver.ends(2*arrival, 0)
	sameTree(t, shared, filepath.Join(to, "album"))
	finishedOnce(t, receivers)
}
