//go:build linux || freebsd || openbsd || netbsd

package autostart

import (
	"path/filepath"

	"github.com/adrg/xdg"
)

func set(e Entry, on bool) error {
	return setFile(filepath.Join(xdg.ConfigHome, "autostart", e.ID+".desktop"), desktopEntry(e), on)
}
