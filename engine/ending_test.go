package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
)

// sparseFile is large and takes no room.
func sparseFile(t *testing.T, size int64) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		t.Skip("the file system has no sparse files: ", err)
	}
	return file.Name()
}

// That an engine ends within a second is held by computer.stop.

func TestAnEngineEndsAtOnceWhileItHashes(t *testing.T) {
	t.Parallel()
	anna := startComputer(t, onlyLAN)
	sent := anna.share(sparseFile(t, 64<<30))
	anna.until(sent.ID, "hashing goes on", func(s engine.Transfer, _ []engine.Peer) bool {
		return s.Phase == engine.Preparing && s.Bytes > 0
	})
	anna.stop()
	if _, err := anna.Share(t.Context(), []string{t.TempDir()}); err == nil {
		t.Error("a share after the end")
	}
}

func TestAnEngineEndsAtOnceWithTwentyTransfers(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url), upLimit(megabyte))
	ben := startComputer(t, meetingAt(url))
	var last engine.Transfer
	for i := range 20 {
		last = anna.share(writeTree(t, fmt.Sprint("share ", i), map[string]int{"a": megabyte, "b": 10}))
		ben.receive(last.Invitation)
	}
	ben.until(last.ID, "the last one has met", func(_ engine.Transfer, peers []engine.Peer) bool { return len(peers) > 0 })
	ben.stop()
	anna.stop()
}

func TestAnEngineEndsAtOnceAtAnyMomentOfATransfer(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	anna := startComputer(t, meetingAt(url))
	folder := writeTree(t, "work", map[string]int{"a": megabyte, "b/c": 1000})
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(folder, "b", fmt.Sprint(i)), []byte{byte(i)}, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sent := anna.share(folder)
	state, downloads := t.TempDir(), ""
	for _, moment := range []time.Duration{0, 5, 30, 100, 200, 300, 500} {
		ben := startComputer(t, meetingAt(url), stateIn(state))
		if downloads == "" {
			downloads = ben.downloads
		}
		if _, err := ben.Receive(t.Context(), sent.Invitation, downloads); err != nil {
			t.Fatal(err)
		}
		time.Sleep(moment * time.Millisecond)
		ben.stop()
	}
	ben := startComputer(t, meetingAt(url), stateIn(state), restoring)
	done := ben.untilPhase(sent.ID, engine.Complete)
	sameTree(t, folder, done.Placed)
	if arrived, _ := os.ReadDir(downloads); len(arrived) != 1 {
		t.Errorf("there is more than the share: %v", arrived)
	}
}
