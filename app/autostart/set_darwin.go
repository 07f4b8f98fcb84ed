package autostart

import (
	"os"
	"path/filepath"
)

// set leaves loading the agent to the next login: RunAtLoad would start the
// program once more now.
func set(e Entry, on bool) error {
	home, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	return setFile(filepath.Join(home, "Library", "LaunchAgents", e.ID+".plist"), launchAgent(e), on)
}
