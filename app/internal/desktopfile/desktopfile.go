// Package desktopfile writes the desktop entries of XDG desktops (Desktop Entry
// Specification), and files that desktops read in general.
package desktopfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Quote quotes an argument of an Exec key (section "The Exec key"). The whole
// key has to go through Value as well.
func Quote(argument string) string {
	argument = strings.ReplaceAll(argument, "%", "%%")
	if argument != "" && !strings.ContainsAny(argument, " \t\n\"'\\><~|&;$*?#()`") {
		return argument
	}
	return `"` + strings.NewReplacer(`"`, `\"`, "`", "\\`", "$", `\$`, `\`, `\\`).Replace(argument) + `"`
}

// Value escapes a string value.
func Value(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text)
}

// Write puts a file in its place as a whole, with the folders above it, and says
// whether it had to: whoever watches the file is not woken for nothing.
func Write(name, content string) (changed bool, err error) {
	if present, err := os.ReadFile(name); err == nil && string(present) == content {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return false, err
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return false, err
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err == nil, err
}
