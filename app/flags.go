package main

import (
	"net/url"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/engine/settings"
)

// commandLine is the grammar of causeway. Its flags are those of causeway-cli,
// where both have them, and hold for one run only.
type commandLine struct {
	Arguments []string `arg:"" optional:"" name:"item" help:"Files and folders to share, and invitations to receive."`

	settings.Override
	State       string `placeholder:"DIR" help:"Folder for all state and settings of this run."`
	DownloadDir string `placeholder:"DIR" help:"Where shares arrive."`
	NoLAN       bool   `name:"no-lan" help:"Keep this computer's address out of invitations, and no rendezvous of its own."`
	Title       string `placeholder:"TEXT" help:"Title of the window."`
	Hidden      bool   `help:"Start with the icon in the tray alone, where the desktop shows one."`
	Language    string `placeholder:"TAG" help:"Language of the window: en or zh, instead of the desktop's."`
	Version     bool   `help:"Print the version."`
}

// locations is where this run's files live.
func (c *commandLine) locations() settings.Locations {
	if c.State != "" {
		return settings.LocationsIn(c.State)
	}
	return settings.DefaultLocations()
}

// override returns s with the flags that were given over it. Its error is about
// a flag.
func (c *commandLine) override(s settings.Settings) (settings.Settings, error) {
	if c.DownloadDir != "" {
		folder, err := filepath.Abs(c.DownloadDir)
		if err != nil {
			return s, &settings.FieldError{Field: "download-dir", Value: c.DownloadDir, Err: err}
		}
		s.DownloadDir = folder
	}
	return c.Apply(s)
}

// kept returns the settings to save when the user has edited what the flags
// made of the saved ones: a flag holds for one run, so a field that still has
// the flag's value keeps the saved one.
func kept(saved, run, edited settings.Settings) settings.Settings {
	keep := edited
	from, flagged, to := reflect.ValueOf(saved), reflect.ValueOf(run), reflect.ValueOf(&keep).Elem()
	for i := range to.NumField() {
		if reflect.DeepEqual(to.Field(i).Interface(), flagged.Field(i).Interface()) {
			to.Field(i).Set(from.Field(i))
		}
	}
	return keep
}

// absolute makes arguments mean the same in another working folder: paths
// become absolute, file: links become paths, invitations stay.
func absolute(arguments []string) []string {
	var all []string
	for _, argument := range arguments {
		if link, err := url.Parse(argument); err == nil && link.Scheme == "file" {
			argument = filepath.FromSlash(link.Path)
		}
		if !strings.HasPrefix(strings.ToLower(argument), assets.Scheme) {
			if full, err := filepath.Abs(argument); err == nil {
				argument = full
			}
		}
		all = append(all, argument)
	}
	return all
}
