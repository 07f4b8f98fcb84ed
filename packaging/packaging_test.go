package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The programs are stand-ins here: what a package does with them does not
// depend on what they are.
func madeFrom(t *testing.T, programs string) []string {
	t.Helper()
	for _, name := range []string{"causeway", "causeway-cli"} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\necho "+name+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	made, err := release("..", programs, t.TempDir(), "2026-01-02")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestTheDebianPackageUnpacksToProgramsAndDesktopEntry(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg-deb")
	if err != nil {
		t.Skip("dpkg-deb is not installed")
	}
	for _, file := range madeFrom(t, t.TempDir()) {
		if !strings.HasSuffix(file, ".deb") {
			continue
		}
		says, err := exec.Command(dpkg, "--field", file, "Package", "Version", "Depends").CombinedOutput()
		if err != nil || !strings.Contains(string(says), "Package: causeway\nVersion: 0.1.0\n") {
			t.Errorf("the package says %q, %v", says, err)
		}
		root := t.TempDir()
		if out, err := exec.Command(dpkg, "-x", file, root).CombinedOutput(); err != nil {
			t.Fatalf("unpacking: %v, %s", err, out)
		}
		if out, err := exec.Command(filepath.Join(root, "usr/bin/causeway-cli")).Output(); err != nil || string(out) != "causeway-cli\n" {
			t.Errorf("the installed program says %q, %v", out, err)
		}
		entry, err := os.ReadFile(filepath.Join(root, "usr/share/applications/io.github.causeway_app.Causeway.desktop"))
		if err != nil || !strings.Contains(string(entry), "Exec=causeway %U\n") || !strings.Contains(string(entry), "MimeType=x-scheme-handler/causeway;\n") {
			t.Errorf("the desktop entry is %q, %v", entry, err)
		}
		return
	}
	t.Error("no .deb was made")
}

func TestEachProgramHasAManualPage(t *testing.T) {
	p, err := readProduct("..", "2026-01-02")
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	madeFrom(t, programs)
	tree, err := linuxTree("..", programs, &p)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"causeway", "causeway-cli"} {
		at := slices.IndexFunc(tree, func(e entry) bool { return e.name == "share/man/man1/"+program+".1.gz" })
		if at < 0 {
			t.Errorf("%s has no manual page", program)
			continue
		}
		zip, err := gzip.NewReader(bytes.NewReader(tree[at].content))
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(zip)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(page), "\n")
		name := strings.ReplaceAll(strings.ToUpper(program), "-", `\-`)
		if want := ".TH " + name + ` 1 "2026-01-02" "Causeway 0.1.0" "User Commands"`; head != want {
			t.Errorf("the page of %s begins %s, want %s", program, head, want)
		}
		groff, err := exec.LookPath("groff")
		if err != nil {
			continue // the rest of the page needs somebody who reads roff
		}
		format := exec.Command(groff, "-man", "-Tascii", "-ww", "-z")
		format.Stdin = bytes.NewReader(page)
		if said, err := format.CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("groff says of the page of %s: %s, %v", program, said, err)
		}
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	programs := t.TempDir()
	first, second := madeFrom(t, programs), madeFrom(t, programs)
	for _, one := range first {
		for _, other := range second {
			if filepath.Base(one) != filepath.Base(other) {
				continue
			}
			a, errA := os.ReadFile(one)
			b, errB := os.ReadFile(other)
			if errA != nil || errB != nil || string(a) != string(b) {
				t.Errorf("%s differs between two runs", filepath.Base(one))
			}
		}
	}
}
