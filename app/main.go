// causeway is Causeway's window. Only this package imports fyne.io/fyne/v2/app,
// and with it OpenGL and C.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"fyne.io/fyne/v2/lang"
	"github.com/alecthomas/kong"

	"github.com/causeway-app/causeway/app/instance"
	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/settings"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

const description = `Send files straight from one computer to another.

Drop files on the window and give the invitation to somebody. A second start
hands its files and invitations to the window that is open.`

// run is the whole program; it returns the exit code: 0, 1 when it cannot
// work, 2 for a command line that makes no sense.
func run(arguments []string) int {
	var line commandLine
	exited := -1
	parser, err := kong.New(&line, kong.Name("causeway"), kong.Description(description),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		panic(err) // the grammar is wrong; a test parses it
	}
	_, err = parser.Parse(arguments)
	switch {
	case exited >= 0:
		return exited
	case err != nil:
		fmt.Fprintln(os.Stderr, "causeway:", err)
		return 2
	case line.Version:
		fmt.Println("causeway", assets.Version)
		return 0
	}
	return start(line)
}

// start claims the state folder and opens the window, or hands over to the
// window that has it.
func start(line commandLine) int {
	locations := line.locations()
	speak := words.In(language(line.Language)...)
	first, err := instance.Claim(locations.StateDir, absolute(line.Arguments))
	switch {
	case errors.Is(err, instance.ErrHandedOver):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "causeway:", err)
		return showFailure(speak, &engine.Problem{Code: engine.StateInUse, Subject: locations.StateDir, Err: err})
	}
	defer first.Release()
	logger, closing := openLog(locations.LogFile)
	defer closing()
	saved, err := settings.Load(locations)
	if err != nil {
		logger.Warn("not all settings can be used", "error", err)
	}
	chosen, err := line.override(saved)
	if err != nil {
		fmt.Fprintln(os.Stderr, "causeway:", err)
		return showFailure(speak, &engine.Problem{Code: engine.BadSetting, Subject: badSubject(err), Err: err})
	}
	return newProgram(line, locations, first, speak, logger, saved, chosen).run()
}

// badSubject names the setting that is wrong.
func badSubject(err error) string {
	if wrong := settings.FieldErrors(err); len(wrong) > 0 {
		return wrong[0].Field
	}
	return "command line"
}

// language is what the user wants to read, the dearest first.
func language(asked string) []string {
	wanted := []string{asked, words.FromEnvironment()}
	if wanted[0] == "" && wanted[1] == "" {
		wanted = append(wanted, lang.SystemLocale().String()) // not on POSIX systems
	}
	return wanted
}

// maxLog is how long a log may be when the program starts; what is longer is
// set aside, in the place of what was set aside before.
const maxLog = 4 << 20

// openLog opens the log, and beside it the file that the runtime writes a crash
// to. Without a log the program works as well.
func openLog(name string) (*slog.Logger, func()) {
	if os.MkdirAll(filepath.Dir(name), 0o700) != nil {
		return slog.New(slog.DiscardHandler), func() {}
	}
	var to io.Writer = io.Discard
	closing := func() {}
	if file, err := openAppending(name); err == nil {
		to = file
		closing = func() { file.Close() }
	}
	if crash, err := openAppending(filepath.Join(filepath.Dir(name), "crash.log")); err == nil {
		debug.SetCrashOutput(crash, debug.CrashOptions{}) // duplicates the handle
		crash.Close()
	}
	return slog.New(slog.NewTextHandler(to, nil)), closing
}

func openAppending(name string) (*os.File, error) {
	if info, err := os.Stat(name); err == nil && info.Size() > maxLog {
		os.Rename(name, name+".old")
	}
	return os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
