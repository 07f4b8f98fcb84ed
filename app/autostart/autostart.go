// Package autostart has the desktop start a program when the user logs in.
package autostart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	if present, err := os.ReadFile(name); err == nil && string(present) == content {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}
