// causeway is Causeway's window. Only this package imports fyne.io/fyne/v2/app,
// and with it OpenGL and C.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	crashed := keepCrashes(filepath.Dir(locations.LogFile))
	saved, trouble := settings.Load(locations)
	log := openLog(locations.LogFile, saved.LogLevel)
	defer log.close()
	if trouble != nil {
		log.logger.Warn("not all settings can be used", "error", trouble)
	}
	chosen, err := line.override(saved)
	if wrong := settings.FieldErrors(err); len(wrong) > 0 {
		err := errors.New("--" + wrong[0].Explain())
		fmt.Fprintln(os.Stderr, "causeway:", err)
		return showFailure(speak, &engine.Problem{Code: engine.BadSetting, Subject: "--" + wrong[0].Field, Err: err})
	}
	p := newProgram(line, locations, first, log, saved, chosen)
	p.crashed = crashed
	if problem := settingsProblem(locations, chosen, trouble); problem != nil {
		p.warning = problem
	}
	return p.run()
}

// settingsProblem is what the user must know of the settings file: what Load
// or Save said, and what of the settings is wrong. It is nil while all is well;
// a relay whose password is not at hand is no mistake.
func settingsProblem(locations settings.Locations, s settings.Settings, err error) *engine.Problem {
	wrong := slices.DeleteFunc(settings.FieldErrors(settings.Validate(s)), func(e *settings.FieldError) bool { return e.Locked(s) })
	switch {
	case errors.Is(err, settings.ErrBroken):
		return &engine.Problem{Code: engine.SettingsBroken, Subject: locations.BrokenFile(), Err: err}
	case len(wrong) > 0:
		return &engine.Problem{Code: engine.SettingsWrong, Subject: locations.SettingsFile, Err: errors.New(wrong[0].Explain())}
	case errors.Is(err, settings.ErrNewer):
		return &engine.Problem{Code: engine.SettingsNewer, Subject: locations.SettingsFile, Err: err}
	case err == nil, errors.Is(err, settings.ErrSecrets), settings.FieldErrors(err) != nil:
		return nil
	default:
		return &engine.Problem{Code: engine.SettingsBroken, Subject: locations.SettingsFile, Err: err}
	}
}

// language is what the user wants to read, the dearest first: asked for by a flag,
// and then chosen in the settings.
func language(asked ...string) []string {
	wanted := append(slices.DeleteFunc(slices.Clone(asked), func(tag string) bool { return tag == "" }), words.FromEnvironment())
	if len(wanted) == 1 && wanted[0] == "" {
		wanted = append(wanted, lang.SystemLocale().String()) // not on POSIX systems
	}
	return wanted
}
