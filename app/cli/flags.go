package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/settings"
)

// transferFlags are the flags of "send" and "receive". What is not given comes
// from the settings file, which the window writes.
type transferFlags struct {
	settings.Override
	State string `type:"path" placeholder:"DIR" help:"Folder for all state of this run."`
	NoLAN bool   `name:"no-lan" help:"Keep this computer's address out of the invitation, and no rendezvous of its own."`
	JSON  bool   `name:"json" help:"Print each change as JSON, one object a line."`
}

// config is what the engine starts with: the settings, and the flags over them.
// What can be done without is only warned of.
func (f *transferFlags) config(warnings io.Writer) (engine.Config, error) {
	locations := settings.DefaultLocations()
	if f.State != "" {
		locations = settings.LocationsIn(f.State)
	}
	chosen, err := settings.Load(locations)
	switch {
	case err == nil, settings.FieldErrors(err) != nil: // flags may replace what is wrong
	case errors.Is(err, settings.ErrSecrets), errors.Is(err, settings.ErrNewer):
		fmt.Fprintf(warnings, "Not all settings can be used: %v.\n", err)
	case errors.Is(err, settings.ErrBroken):
		return engine.Config{}, badUsage("", brokenSettings(locations, err))
	default:
		return engine.Config{}, badUsage("", fmt.Errorf("the settings cannot be used: %w", err))
	}
	chosen, err = f.Apply(chosen)
	if wrong := settings.FieldErrors(err); len(wrong) > 0 {
		return engine.Config{}, badUsage("", errors.New("--"+wrong[0].Explain()))
	}
	chosen.TURN = slices.DeleteFunc(chosen.TURN, func(server settings.TURN) bool {
		locked := server.Password == "" && server.Secret == ""
		if locked {
			fmt.Fprintf(warnings, "%s is left out: its password is not at hand.\n", server.URL)
		}
		return locked
	})
	// A transfer's folder comes from the command line.
	if chosen.DownloadDir, err = os.Getwd(); err != nil {
		return engine.Config{}, fmt.Errorf("finding the current folder: %w", err)
	}
	if wrong := settings.FieldErrors(settings.Validate(chosen)); len(wrong) > 0 {
		return engine.Config{}, badUsage("", fmt.Errorf("the settings file %s: %s", locations.SettingsFile, wrong[0].Explain()))
	}
	return engine.Config{Settings: chosen, StateDir: locations.StateDir, NoLAN: f.NoLAN}, nil
}

// brokenSettings says how to get out of a state in which nobody knows what the
// user has forbidden.
func brokenSettings(locations settings.Locations, err error) error {
	return fmt.Errorf("the settings file cannot be understood and was set aside as %s (%w). Correct it and name it %s again, or delete it to begin anew",
		locations.BrokenFile(), err, locations.SettingsFile)
}
