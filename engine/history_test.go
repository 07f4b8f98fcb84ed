package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
)

func named(name string) setting {
	return func(c *engine.Config) { c.Settings.Name = name }
}

// history is what a computer has finished.
func (c *computer) history() []engine.Finished {
	c.t.Helper()
	all, err := c.History(c.t.Context())
	if err != nil {
		c.t.Fatalf("History: %v", err)
	}
	return all
}

// untilHistory follows the State, as the window does, until the history fits.
func (c *computer) untilHistory(what string, fits func([]engine.Finished) bool) []engine.Finished {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for seen := -1; ; {
		state, err := c.State().Wait(ctx, func(s engine.State) bool { return s.History != seen })
		if err != nil {
			c.t.Fatalf("waiting until %s: %+v", what, state.Transfers)
		}
		seen = state.History
		if all := c.history(); fits(all) {
			return all
		}
	}
}

func has(count int) func([]engine.Finished) bool {
	return func(all []engine.Finished) bool { return len(all) == count }
}

func problemOf(c *computer, code engine.ProblemCode) bool {
	return slices.ContainsFunc(c.State().Load().Problems, func(p engine.Problem) bool { return p.Code == code })
}

func TestWhatWasFinishedStaysInTheHistoryWhenItIsRemoved(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna := startComputer(t, meetingAt(url), stateIn(state), named("Anna's desk"))
	ben := startComputer(t, meetingAt(url), named("Ben's laptop"))
	if known := anna.history(); len(known) != 0 {
		t.Errorf("a new history has %+v", known)
	}
	const size = 2 * megabyte
	folder := writeTree(t, "work", map[string]int{"a": size - 10, "b": 10})
	sent := anna.share(folder)
	ben.receive(sent.Invitation)
	done := ben.untilPhase(sent.ID, engine.Complete)

	here := ben.untilHistory("it has what came", has(1))[0]
	if here.Direction != engine.Receive || here.Name != "work" || here.Files != 2 || here.Total != size || here.LANBytes < size ||
		here.RelayedBytes != 0 || here.InternetBytes != 0 || here.Receivers != 0 || here.Placed != done.Placed ||
		!slices.Equal(here.Peers, []string{"Anna's desk"}) || !here.Finished.Equal(done.Finished) || !here.Began.Equal(done.Added) {
		t.Errorf("Ben's history says %+v of %+v", here, done)
	}
	there := anna.untilHistory("it has what went", has(1))[0]
	if there.Direction != engine.Send || there.Receivers != 1 || there.Placed != folder || there.LANBytes < size || !slices.Equal(there.Peers, []string{"Ben's laptop"}) {
		t.Errorf("Anna's history says %+v", there)
	}
	if err := ben.Remove(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	if left := ben.history(); len(left) != 1 || left[0].ID != sent.ID {
		t.Errorf("after the transfer was removed: %+v", left)
	}

	anna.stop()
	again := startComputer(t, meetingAt(url), stateIn(state), named("Anna's desk"), restoring)
	if kept := again.history(); len(kept) != 1 || !kept[0].Finished.Equal(there.Finished) {
		t.Errorf("after a restart: %+v", kept)
	}
	cleo := startComputer(t, meetingAt(url), named("Cleo's phone"))
	cleo.receive(sent.Invitation)
	both := again.untilHistory("it has the second receiver", func(all []engine.Finished) bool { return len(all) == 1 && all[0].Receivers == 2 })[0]
	if !slices.Equal(both.Peers, []string{"Ben's laptop", "Cleo's phone"}) || both.LANBytes < 2*size || !both.Finished.After(there.Finished) {
		t.Errorf("with two receivers: %+v", both)
	}
	cleo.stop()
	back := startComputer(t, meetingAt(url), stateIn(cleo.state), restoring)
	back.untilPhase(sent.ID, engine.Complete)
	if kept := back.history(); len(kept) != 1 || kept[0].Finished.Before(both.Finished.Add(-time.Minute)) {
		t.Errorf("what was complete before a restart is in the history as %+v", kept)
	}
}

// finishes lets a file of that name come from one computer to the other.
func finishes(t *testing.T, from, to *computer, name string) engine.TransferID {
	t.Helper()
	sent := from.share(writeTree(t, name, map[string]int{"a": 1000}))
	to.receive(sent.Invitation)
	to.untilPhase(sent.ID, engine.Complete)
	return sent.ID
}

func TestTheHistoryOfTwoProcessesIsOneAndCanBeForgotten(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna := startComputer(t, meetingAt(url))
	window, terminal := startComputer(t, meetingAt(url), stateIn(state)), startComputer(t, meetingAt(url), stateIn(state))
	first := finishes(t, anna, window, "first")
	window.untilHistory("it has the first", has(1))
	second := finishes(t, anna, terminal, "second")
	third := finishes(t, anna, window, "third")
	for _, c := range []*computer{window, terminal} {
		all := c.untilHistory("it has all", has(3))
		if all[0].ID != third || all[1].ID != second || all[2].ID != first {
			t.Errorf("the newest is not first: %+v", all)
		}
	}
	seen := window.State().Load().History
	if err := terminal.ForgetHistory(t.Context(), first, "unknown"); err != nil {
		t.Fatal(err)
	}
	window.until(third, "it is told that the other process has forgotten", func(engine.Transfer, []engine.Peer) bool {
		return window.State().Load().History > seen
	})
	if left := window.history(); len(left) != 2 {
		t.Errorf("the other process has forgotten one, and here are %+v", left)
	}
	if err := window.ForgetHistory(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := window.history(); len(left) != 0 {
		t.Errorf("all was forgotten but %+v", left)
	}
	if placed, _ := window.State().Load().Transfer(third); placed.Placed == "" {
		t.Error("the transfer was forgotten with its history")
	} else if _, err := os.Stat(placed.Placed); err != nil {
		t.Errorf("forgetting touched a file: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(state, "history.json")); err != nil || strings.Contains(string(text), "first") {
		t.Errorf("the file still says %s, %v", text, err)
	}
}

func TestADamagedHistoryIsSetAsideAndNothingElseIsLost(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url), stateIn(state))
	old := finishes(t, anna, ben, "old")
	ben.untilHistory("it has the old one", has(1))
	ben.stop()
	if err := os.WriteFile(filepath.Join(state, "history.json"), []byte(`{"version":1,"finished":[{`), 0o600); err != nil {
		t.Fatal(err)
	}
	again := startComputer(t, meetingAt(url), stateIn(state), restoring)
	again.untilPhase(old, engine.Complete)
	id := finishes(t, anna, again, "new")
	all := again.untilHistory("it has the new one", has(1))
	if all[0].ID != id {
		t.Errorf("the history is %+v", all)
	}
	if !problemOf(again, engine.HistoryNotSaved) {
		t.Errorf("nobody is told: %+v", again.State().Load().Problems)
	}
	if aside, _ := filepath.Glob(filepath.Join(state, "history.json.damaged-*")); len(aside) != 1 {
		t.Errorf("the damaged file lies in %q", aside)
	}
}

func TestAHistoryThatCannotBeKeptIsToldAndKeptLater(t *testing.T) {
	t.Parallel()
	url, _ := startRendezvous(t)
	state := t.TempDir()
	anna, ben := startComputer(t, meetingAt(url)), startComputer(t, meetingAt(url), stateIn(state))
	inTheWay := filepath.Join(state, "history.json")
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	id := finishes(t, anna, ben, "work")
	ben.until(id, "the problem is told", func(engine.Transfer, []engine.Peer) bool { return problemOf(ben, engine.HistoryNotSaved) })
	if err := ben.ForgetHistory(t.Context()); !isProblem(err, engine.HistoryNotSaved) {
		t.Errorf("forgetting what cannot be read: %v", err)
	}
	if _, err := ben.History(t.Context()); err == nil {
		t.Error("a history that cannot be read is shown")
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	ben.until(id, "the problem is over", func(engine.Transfer, []engine.Peer) bool { return !problemOf(ben, engine.HistoryNotSaved) })
	if all := ben.history(); len(all) != 1 || all[0].ID != id {
		t.Errorf("kept later: %+v", all)
	}
	ben.stop()
	if _, err := ben.History(t.Context()); !errors.Is(err, engine.ErrStopped) {
		t.Errorf("after the end: %v", err)
	}
}
