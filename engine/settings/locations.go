package settings

import (
	"path/filepath"

	"github.com/adrg/xdg"
)

// folder is what the program's folders are called.
const folder = "causeway"

// Locations are the places where files live. Nothing else composes such paths.
type Locations struct {
	// SettingsFile is what Load reads and Save writes.
	SettingsFile string
	// SecretsFile holds passwords where there is no keyring.
	SecretsFile string
	// StateDir holds what must survive a restart: transfers and identities.
	StateDir string
	// CacheDir holds what can be made again.
	CacheDir string
	// LogFile is where the window logs to.
	LogFile string
	// DownloadDir is where shares arrive by default.
	DownloadDir string
	// OwnSecrets keeps passwords out of the user's keyring.
	OwnSecrets bool
}

// DefaultLocations follows the conventions of the system: the XDG base
// directories on Linux, their counterparts elsewhere.
func DefaultLocations() Locations {
	config := filepath.Join(xdg.ConfigHome, folder)
	state := filepath.Join(xdg.StateHome, folder)
	if state == config { // Windows and macOS have one folder for both
		state = filepath.Join(state, "state")
	}
	return Locations{
		SettingsFile: filepath.Join(config, "settings.json"),
		SecretsFile:  filepath.Join(config, "secrets.json"),
		StateDir:     state,
		CacheDir:     filepath.Join(xdg.CacheHome, folder),
		LogFile:      filepath.Join(state, "causeway.log"),
		DownloadDir:  xdg.UserDirs.Download,
	}
}

// LocationsIn puts everything but downloads into one folder, and uses no
// keyring, so that a run leaves no trace elsewhere. A relative dir is taken
// from the working directory of now.
func LocationsIn(dir string) Locations {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return Locations{
		SettingsFile: filepath.Join(dir, "settings.json"),
		SecretsFile:  filepath.Join(dir, "secrets.json"),
		StateDir:     filepath.Join(dir, "state"),
		CacheDir:     filepath.Join(dir, "cache"),
		LogFile:      filepath.Join(dir, "causeway.log"),
		DownloadDir:  xdg.UserDirs.Download,
		OwnSecrets:   true,
	}
}

// BrokenFile is where Load sets a settings file aside that it cannot read.
func (l Locations) BrokenFile() string { return l.SettingsFile + ".broken" }
