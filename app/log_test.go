package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheLogFollowsTheSettingAtOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state", "causeway.log")
	l := openLog(name, "")
	defer l.close()
	l.logger.Error("nobody wants this")
	if _, err := os.Stat(name); err == nil {
		t.Fatal("without a level there is a log")
	}
	l.setLevel("warn")
	l.logger.Info("too fine")
	l.logger.Warn("wanted")
	l.setLevel("debug")
	l.logger.Debug("the finest")
	l.setLevel("loud")
	l.logger.Error("unknown levels are silent")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]bool{"nobody": false, "too fine": false, "wanted": true, "the finest": true, "unknown": false} {
		if strings.Contains(string(text), what) != want {
			t.Errorf("%q:\n%s", what, text)
		}
	}
}

func TestALongLogIsSetAside(t *testing.T) {
	name := filepath.Join(t.TempDir(), "causeway.log")
	if err := os.WriteFile(name, make([]byte, maxLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	l := openLog(name, "info")
	l.logger.Info("new")
	l.close()
	old, err := os.Stat(name + ".old")
	text, _ := os.ReadFile(name)
	if err != nil || old.Size() != maxLog+1 || !strings.Contains(string(text), "new") || len(text) > 1000 {
		t.Errorf("%v: the log has %d bytes", err, len(text))
	}
}

func TestACrashIsToldOfOnceAndKept(t *testing.T) {
	folder := t.TempDir()
	if got := keepCrashes(folder); got != "" {
		t.Errorf("a first start speaks of %s", got)
	}
	if err := os.WriteFile(filepath.Join(folder, "crash.log"), []byte("panic: oh"), 0o600); err != nil {
		t.Fatal(err)
	}
	told := keepCrashes(folder)
	if text, err := os.ReadFile(told); err != nil || string(text) != "panic: oh" {
		t.Errorf("%s: %v: %s", told, err, text)
	}
	if got := keepCrashes(folder); got != "" {
		t.Errorf("it is told of again: %s", got)
	}
	for i := range 2 * keptCrashes {
		at := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.Local)
		if err := os.WriteFile(filepath.Join(folder, "crash.log"), fmt.Append(nil, i), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(filepath.Join(folder, "crash.log"), at, at)
		keepCrashes(folder)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "crash-*.log"))
	if err != nil || len(kept) > keptCrashes+1 {
		t.Errorf("%v: %q are kept", err, kept)
	}
}
