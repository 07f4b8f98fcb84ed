package ui

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/causeway-app/causeway/engine/invite"
)

// pasteAnything takes what is in the clipboard: an invitation, or files.
func (w *Window) pasteAnything() {
	arguments := pasted(w.app.Clipboard().Content())
	if len(arguments) == 0 {
		w.notice.tell(w.words.Say("notice.nothing-pasted", nil))
		return
	}
	w.Open(arguments...)
}

// pasted finds what Open takes in a text: invitations, and files as file
// managers copy them, which is one a line, as paths or as file: URIs.
func pasted(text string) (arguments []string) {
	if text = strings.TrimSpace(text); isInvitation(text) {
		if _, err := invite.Parse(text); err == nil {
			return []string{text} // however a mail has broken it into lines
		}
	}
	for line := range strings.Lines(text) {
		line = strings.Trim(strings.TrimSpace(line), `"'`)
		switch {
		case isInvitation(line):
			arguments = append(arguments, line)
		case strings.HasPrefix(strings.ToLower(line), "file:"):
			if name := fileOf(line); name != "" {
				arguments = append(arguments, name)
			}
		case filepath.IsAbs(line):
			arguments = append(arguments, filepath.Clean(line))
		}
	}
	return arguments
}

// fileOf is the path of a file: URI (RFC 8089); empty where it is of another
// computer, or none.
func fileOf(uri string) string {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Host != "" && parsed.Host != "localhost" {
		return ""
	}
	name := filepath.FromSlash(parsed.Path)
	// file:///C:/x has its drive behind a slash.
	if drive := strings.TrimPrefix(name, string(filepath.Separator)); filepath.VolumeName(drive) != "" {
		name = drive
	}
	if !filepath.IsAbs(name) {
		return ""
	}
	return filepath.Clean(name)
}
