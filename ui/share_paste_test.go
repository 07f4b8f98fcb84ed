package ui

import (
	"runtime"
	"slices"
	"testing"
)

func TestFilesAndInvitationsArePasted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths are written differently")
	}
	for text, want := range map[string][]string{
		"":                         nil,
		"just some text":           nil,
		"\n " + invitation + " \n": {invitation},
		"/home/ada/a file.txt":     {"/home/ada/a file.txt"},
		"\"/home/ada/a file.txt\"": {"/home/ada/a file.txt"},
		"file:///home/ada/a%20file%20%C3%A9.txt\r\nfile://localhost/tmp/b/\r\n": {"/home/ada/a file é.txt", "/tmp/b"},
		"copy\nfile:///home/ada/x":                 {"/home/ada/x"}, // as GNOME copies files
		"file://other.example.org/x":               nil,
		"relative/path\nhttp://x.example.org/file": nil,
	} {
		if got := pasted(text); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestThePasteButtonSharesFilesAndSaysWhereThereAreNone(t *testing.T) {
	d := englishDesk(t)
	d.app.Clipboard().SetContent("a shopping list")
	tap(d.button(t, "Paste"))
	d.wantVerbs(t)
	if got := d.notice.text.Text; got != "The clipboard holds neither an invitation nor files." {
		t.Errorf("it says %q", got)
	}
	d.app.Clipboard().SetContent("file:///home/ada/x\nfile:///home/ada/y")
	tap(d.button(t, "Paste"))
	d.wantVerbs(t, "share /home/ada/x | /home/ada/y")
}
