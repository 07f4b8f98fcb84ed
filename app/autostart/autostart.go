// Package autostart has the desktop start a program when the user logs in.
package autostart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/causeway-app/causeway/app/internal/desktopfile"
)

// ErrUnsupported means that it is not known how this system does it.
var ErrUnsupported = errors.New("autostart: not supported on this system")

// Entry is what to start. One with the same ID replaces the other.
type Entry struct {
	// ID is in reverse-DNS form.
	ID string
	// Name is shown where the desktop lists what it starts.
	Name string
	// Program is an absolute path; Arguments follow it.
	Program   string
	Arguments []string
}

// Set has the entry started at login, or no longer. It may be called again with
// the same, and takes no effect on what runs now.
func Set(e Entry, on bool) error {
	if err := set(e, on); err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}

// setFile writes a file that the desktop reads at login, or removes it.
func setFile(name, content string, on bool) error {
	if !on {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	_, err := desktopfile.Write(name, content)
	return err
}
