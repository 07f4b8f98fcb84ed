package autostart

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

func set(e Entry, on bool) error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	if on {
		return key.SetStringValue(e.ID, commandLine(e))
	}
	if err := key.DeleteValue(e.ID); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}
