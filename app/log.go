package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
)

const (
	// maxLog is how long a log may be when it is opened; what is longer is set
	// aside, in the place of what was set aside before.
	maxLog = 4 << 20
	// silent is a level above all that is logged.
	silent = slog.LevelError + 100
)

// logging is the log of the program, whose level changes while it runs. Without
// a file to write to the program works as well.
type logging struct {
	logger *slog.Logger
	level  slog.LevelVar
	file   lateFile
}

// openLog opens a log of a level of the settings. There is no file before
// something is logged.
func openLog(name, level string) *logging {
	l := &logging{file: lateFile{name: name}}
	l.setLevel(level)
	l.logger = slog.New(slog.NewTextHandler(&l.file, &slog.HandlerOptions{Level: &l.level}))
	return l
}

// setLevel takes a level of the settings; empty keeps no log. It may be called
// on any goroutine.
func (l *logging) setLevel(level string) {
	var known slog.Level
	if level == "" || known.UnmarshalText([]byte(level)) != nil {
		known = silent
	}
	l.level.Set(known)
}

func (l *logging) close() { l.file.close() }

// lateFile is a file that is opened for appending with the first byte.
type lateFile struct {
	name string

	mu     sync.Mutex
	file   *os.File
	failed bool
}

// Write is called by slog.
func (f *lateFile) Write(text []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed {
		return len(text), nil
	}
	if f.file == nil {
		file, err := openAppending(f.name)
		if err != nil {
			f.failed = true
			return 0, fmt.Errorf("log: %w", err)
		}
		f.file = file
	}
	return f.file.Write(text)
}

func (f *lateFile) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		f.file.Close()
	}
	f.file, f.failed = nil, true
}

func openAppending(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	if info, err := os.Stat(name); err == nil && info.Size() > maxLog {
		os.Rename(name, name+".old")
	}
	return os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// keepCrashes has the runtime write a crash to a file beside the log, and
// returns where that of an earlier run is, which is told of once; empty for
// none. Nothing of it is sent anywhere.
func keepCrashes(folder string) (earlier string) {
	name := filepath.Join(folder, "crash.log")
	if info, err := os.Stat(name); err == nil && info.Size() > 0 {
		earlier = filepath.Join(folder, "crash-"+info.ModTime().Format("20060102-150405")+".log")
		if os.Rename(name, earlier) != nil {
			earlier = name
		}
		forgetCrashes(folder, earlier)
	}
	if crash, err := openAppending(name); err == nil {
		debug.SetCrashOutput(crash, debug.CrashOptions{}) // duplicates the handle
		crash.Close()
	}
	return earlier
}

// keptCrashes is how many crashes of earlier runs are kept.
const keptCrashes = 5

// forgetCrashes removes the oldest, whose names sort first.
func forgetCrashes(folder, newest string) {
	all, err := fs.Glob(os.DirFS(folder), "crash-*.log")
	if err != nil {
		return
	}
	for len(all) > keptCrashes {
		if oldest := filepath.Join(folder, all[0]); oldest != newest {
			os.Remove(oldest)
		}
		all = all[1:]
	}
}
