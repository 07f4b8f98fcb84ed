//go:build window

package main

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// makeFolder makes what somebody might send: 24 MB, names of many scripts,
// an empty file and an empty folder.
func makeFolder(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "Holiday pictures")
	for name, size := range map[string]int{
		"sea.jpg": 9_000_000, "Café/Brücke – 桥.jpg": 8_000_000, "Café/deep/er/video.bin": 7_000_000,
		"empty.txt": 0, "notes (final).md": 1234,
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		content := make([]byte, size)
		rand.Read(content)
		must(t, os.WriteFile(file, content, 0o644))
	}
	must(t, os.MkdirAll(filepath.Join(root, "nothing in it"), 0o755))
	return root
}

// sameTree compares two folders, names and bytes.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	expected, arrived := readTree(t, want), readTree(t, got)
	for name, content := range expected {
		other, found := arrived[name]
		switch {
		case !found:
			t.Errorf("%s has not arrived", name)
		case !bytes.Equal(content, other):
			t.Errorf("%s has arrived with other bytes", name)
		}
	}
	for name := range arrived {
		if _, found := expected[name]; !found {
			t.Errorf("%s was never sent", name)
		}
	}
}

// readTree maps names to contents; a folder has the content "folder".
func readTree(t *testing.T, root string) map[string][]byte {
	t.Helper()
	tree := map[string][]byte{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, name)
		if err != nil || entry.IsDir() {
			tree[below] = []byte("folder")
			return err
		}
		tree[below], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
