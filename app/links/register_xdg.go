//go:build linux || freebsd || openbsd || netbsd

package links

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"github.com/causeway-app/causeway/app/internal/desktopfile"
)

// mark is a line of the entries that this package has written; all others are
// somebody's own.
const mark = "X-Registered-By-Itself=true\n"

func register(ctx context.Context, h Handler) error {
	folder := filepath.Join(xdg.DataHome, "applications")
	name := filepath.Join(folder, h.ID+".desktop")
	present, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ours := err == nil && strings.Contains(string(present), mark)
	switch {
	case installed(h.ID):
		if !ours {
			return nil
		}
		// It would stand before that of the package.
		if err := os.Remove(name); err != nil {
			return err
		}
		return makeKnown(ctx, folder, h)
	case err == nil && !ours:
		return nil
	}
	changed, err := desktopfile.Write(name, entry(h))
	if err != nil || !changed {
		return err
	}
	return makeKnown(ctx, folder, h)
}

// installed says whether a package brings the entry.
func installed(id string) bool {
	for _, folder := range xdg.DataDirs {
		if _, err := os.Stat(filepath.Join(folder, "applications", id+".desktop")); err == nil {
			return true
		}
	}
	return false
}

// entry is not shown in menus, where nobody has asked for it.
func entry(h Handler) string {
	return "[Desktop Entry]\n" +
		"Type=Application\n" +
		"Name=" + desktopfile.Value(h.Name) + "\n" +
		"TryExec=" + desktopfile.Value(h.Program) + "\n" +
		"Exec=" + desktopfile.Value(desktopfile.Quote(h.Program)) + " %U\n" +
		"Icon=" + desktopfile.Value(h.ID) + "\n" +
		"MimeType=" + mimeType(h) + ";\n" +
		"NoDisplay=true\n" +
		"Terminal=false\n" +
		"StartupWMClass=" + desktopfile.Value(h.ID) + "\n" +
		mark
}

func mimeType(h Handler) string { return "x-scheme-handler/" + h.Scheme }

// makeKnown rebuilds the desktop's list of what opens what, which is all it
// looks at. Where nothing does that, the user's own list is written to.
func makeKnown(ctx context.Context, folder string, h Handler) error {
	command := exec.CommandContext(ctx, "update-desktop-database", "-q", folder)
	if command.Err != nil {
		command = exec.CommandContext(ctx, "xdg-mime", "default", h.ID+".desktop", mimeType(h))
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(command.Path), err, said)
	}
	return nil
}
