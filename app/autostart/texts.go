package autostart

import (
	"encoding/xml"
	"strings"

	"github.com/causeway-app/causeway/app/internal/desktopfile"
)

// desktopEntry is the file in the autostart folder of XDG desktops (Desktop
// Application Autostart Specification).
func desktopEntry(e Entry) string {
	command := desktopfile.Quote(e.Program)
	for _, argument := range e.Arguments {
		command += " " + desktopfile.Quote(argument)
	}
	return "[Desktop Entry]\n" +
		"Type=Application\n" +
		"Name=" + desktopfile.Value(e.Name) + "\n" +
		"Exec=" + desktopfile.Value(command) + "\n" +
		"Icon=" + desktopfile.Value(e.ID) + "\n" +
		"Terminal=false\n" +
		"X-GNOME-Autostart-enabled=true\n"
}

// commandLine is a command line as Windows programs take it apart.
func commandLine(e Entry) string {
	parts := []string{quoteWindows(e.Program)}
	for _, argument := range e.Arguments {
		parts = append(parts, quoteWindows(argument))
	}
	return strings.Join(parts, " ")
}

// quoteWindows quotes an argument: backslashes mean themselves unless a quotation
// mark follows.
func quoteWindows(argument string) string {
	if argument != "" && !strings.ContainsAny(argument, " \t\"") {
		return argument
	}
	var quoted strings.Builder
	quoted.WriteByte('"')
	slashes := 0
	for _, letter := range argument {
		switch letter {
		case '\\':
			slashes++
		case '"':
			quoted.WriteString(strings.Repeat(`\`, slashes+1)) // each of them, and the mark, is escaped
			slashes = 0
		default:
			slashes = 0
		}
		quoted.WriteRune(letter)
	}
	quoted.WriteString(strings.Repeat(`\`, slashes))
	quoted.WriteByte('"')
	return quoted.String()
}

// launchAgent is the property list of a launchd agent of macOS.
func launchAgent(e Entry) string {
	var text strings.Builder
	text.WriteString(xml.Header +
		`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n" +
		"<plist version=\"1.0\">\n<dict>\n\t<key>Label</key>\n\t<string>")
	xml.EscapeText(&text, []byte(e.ID)) // into memory, which never fails
	text.WriteString("</string>\n\t<key>ProgramArguments</key>\n\t<array>\n")
	for _, part := range append([]string{e.Program}, e.Arguments...) {
		text.WriteString("\t\t<string>")
		xml.EscapeText(&text, []byte(part))
		text.WriteString("</string>\n")
	}
	text.WriteString("\t</array>\n\t<key>RunAtLoad</key>\n\t<true/>\n\t<key>ProcessType</key>\n\t<string>Interactive</string>\n</dict>\n</plist>\n")
	return text.String()
}
