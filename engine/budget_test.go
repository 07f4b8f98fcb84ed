package engine

import (
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func carried(month string, bytes int64) map[string]usage {
	return map[string]usage{month: {Relays: map[string]int64{"turn:relay.example:3478": bytes}}}
}

func TestTwoProcessesWithOneStateFolderAddUpWhatRelaysCarried(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var processes sync.WaitGroup
	for range 4 {
		file := &budgetFile{folder}
		processes.Go(func() {
			for range 10 {
				if _, err := file.add(carried("2026-11", 100)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	processes.Wait()
	known, err := (&budgetFile{folder}).load()
	if err != nil || known["2026-11"].relayed() != 4*10*100 {
		t.Errorf("counted %+v, %v", known, err)
	}
}

func TestOldMonthsAreForgottenAndOthersKept(t *testing.T) {
	t.Parallel()
	file := &budgetFile{t.TempDir()}
	for year := 2024; year <= 2025; year++ {
		for month := time.January; month <= time.December; month++ {
			name := time.Date(year, month, 1, 0, 0, 0, 0, time.Local).Format(monthLayout)
			if _, err := file.add(carried(name, 7)); err != nil {
				t.Fatal(err)
			}
		}
	}
	known, err := file.load()
	if err != nil || len(known) != budgetMonths || known["2025-12"].relayed() != 7 || known["2024-12"].relayed() != 7 {
		t.Errorf("kept %v, %v", maps.Keys(known), err)
	}
}

func TestADamagedCountIsSetAsideToldOnceAndBegunAnew(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, content := range []string{"", "{", "[]", `{"version":0}`, `{"version":1,"months":7}`} {
		if err := os.WriteFile(filepath.Join(folder, budgetName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := newBudget(folder)
		if err == nil || len(b.known) > 0 {
			t.Errorf("%q is read as %v, %v", content, b.known, err)
		}
		if known, err := b.file.add(carried("2026-11", 5)); err != nil || known["2026-11"].relayed() != 5 {
			t.Errorf("after %q: %v, %v", content, known, err)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(folder, budgetName+".damaged-*")); len(aside) == 0 {
		t.Error("the damaged file is gone")
	}
}

func TestACountThatCannotBeLowersNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := `{"version":1,"months":{"2026-11":{"relays":{"turn:a":-5000,"turn:b":70},"direct":-1}}}`
	if err := os.WriteFile(filepath.Join(folder, budgetName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := (&budgetFile{folder}).load()
	if err != nil || known["2026-11"].relayed() != 70 || known["2026-11"].Direct != 0 {
		t.Errorf("read %+v, %v", known, err)
	}
}

func TestAGrantIsForTheLimitThatWasAskedAbout(t *testing.T) {
	t.Parallel()
	var none *grant
	if bytes, limited := none.allowance(0); limited {
		t.Errorf("no limit allows %d", bytes)
	}
	if bytes, limited := none.allowance(1000); bytes != 1000 || !limited {
		t.Errorf("a limit allows %d, %v", bytes, limited)
	}
	more := none.extended(1000, 1100, 500) // a little more went than was allowed
	if bytes, limited := more.allowance(1000); bytes != 1600 || !limited {
		t.Errorf("500 more allow %d, %v", bytes, limited)
	}
	again := more.extended(1000, 1400, 500)
	if bytes, _ := again.allowance(1000); bytes != 2100 {
		t.Errorf("500 more again allow %d", bytes)
	}
	if bytes, limited := again.allowance(3000); bytes != 3000 || !limited {
		t.Errorf("a new limit allows %d, %v", bytes, limited)
	}
	if _, limited := again.extended(1000, 2100, 0).allowance(1000); limited {
		t.Error("what was lifted is limited")
	}
}

func TestRelayedBytesStopJustBeforeALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		used, allowed int64
		want          bool
	}{
		{0, 1, true}, {0, 1000, true}, {0, 1 << 20, false}, {15 << 20, 16 << 20, true}, {14 << 20, 16 << 20, false},
		{1<<30 - 5<<20, 1 << 30, false}, {1<<30 - 4<<20, 1 << 30, true},
	} {
		if got := spent(c.used, c.allowed); got != c.want {
			t.Errorf("%d of %d: spent is %v", c.used, c.allowed, got)
		}
	}
}

func TestTwoSpellingsOfARelayAreOne(t *testing.T) {
	t.Parallel()
	if a, b := relayName("turn:relay.example"), relayName("turn:relay.example:3478?transport=udp"); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if a, b := relayName("turn:relay.example"), relayName("turn:relay.example?transport=tcp"); a == b {
		t.Errorf("UDP and TCP are both %s", a)
	}
}

func TestACountWithoutMonthsBeginsFromNothing(t *testing.T) {
	t.Parallel()
	for _, content := range []string{`{"version":1}`, `{"version":1,"months":null}`} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, budgetName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := (&budgetFile{folder}).add(carried("2026-11", 100))
		if err != nil || known["2026-11"].relayed() != 100 {
			t.Errorf("%s: counted %+v, %v", content, known, err)
		}
	}
}
