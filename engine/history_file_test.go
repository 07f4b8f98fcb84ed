package engine

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

func entryAt(n int) Finished {
	return Finished{ID: TransferID(fmt.Sprintf("%06d", n)), Direction: Send, Finished: time.Unix(int64(n), 0)}
}

func added(n int) []historyChange {
	entry := entryAt(n)
	return []historyChange{{entry: &entry}}
}

func TestTheHistoryKeepsTheNewestTenThousand(t *testing.T) {
	t.Parallel()
	file := &historyFile{t.TempDir()}
	var changes []historyChange
	for n := range historyMost + 5 {
		changes = append(changes, added(n)...)
	}
	if err := file.apply(changes[:historyMost]); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := file.apply(changes[historyMost:]); err != nil {
		t.Fatal(err)
	}
	t.Logf("a change of a full history took %s", time.Since(began))
	all, err := file.load()
	if err != nil || len(all) != historyMost || all[0].ID != entryAt(historyMost+4).ID || all[len(all)-1].ID != entryAt(5).ID {
		t.Errorf("%d are kept, from %v to %v: %v", len(all), all[0].ID, all[len(all)-1].ID, err)
	}
}

func TestProcessesThatFinishAtTheSameTimeLoseNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var processes sync.WaitGroup
	for process := range 4 {
		processes.Go(func() {
			for n := range 5 {
				if err := (&historyFile{folder}).apply(added(process*100 + n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	processes.Wait()
	if all, err := (&historyFile{folder}).load(); err != nil || len(all) != 20 {
		t.Errorf("%d are kept: %v", len(all), err)
	}
}

func TestAHistoryThatSomebodyHasEdited(t *testing.T) {
	t.Parallel()
	file := &historyFile{t.TempDir()}
	text := `{"version":1,"finished":[{"id":"a","direction":"send"},{"id":"b","direction":"send","total":-5},` +
		`{"id":"","direction":"send"},{"id":"c","direction":"up"},{"id":"d","direction":"receive","peers":null}]}`
	if err := os.WriteFile(file.path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := file.load(); err != nil || len(all) != 2 {
		t.Errorf("read %+v, %v", all, err)
	}
	newer := `{"version":2,"finished":"who knows"}`
	if err := os.WriteFile(file.path(), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.apply(added(1)); err == nil {
		t.Error("a history of a newer version is overwritten")
	}
	if kept, _ := os.ReadFile(file.path()); string(kept) != newer {
		t.Errorf("it is now %s", kept)
	}
}
