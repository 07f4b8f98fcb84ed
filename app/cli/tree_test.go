//go:build acceptance || lab

package main_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// makeFile writes a file of random bytes that are the same for a seed.
func makeFile(t *testing.T, name string, size int64, seed uint64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	if _, err := io.CopyN(file, rand.NewChaCha8(key), size); err != nil {
		t.Fatal(err)
	}
}

// makeTree writes a folder as people have them: many small files in folders,
// names of many scripts, an empty folder, an empty file, a program, and one
// large file.
func makeTree(t *testing.T, root string, small int, large int64) {
	t.Helper()
	for i := range small {
		name := fmt.Sprintf("photos/%02d/IMG %04d.jpg", i%37, i)
		makeFile(t, filepath.Join(root, name), int64(i*7919%30_000), uint64(i))
	}
	makeFile(t, filepath.Join(root, "large.bin"), large, 0xbeef)
	for i, name := range []string{"旅行/東京 タワー.txt", "Ünïcödé/naïve café.txt", "emoji/🚢 boat.txt",
		"عربي/ملف.txt", "spaces and 'quotes'/a & b #1 100%.txt"} {
		makeFile(t, filepath.Join(root, name), 1000, uint64(50_000+i))
	}
	makeFile(t, filepath.Join(root, "empty file"), 0, 1)
	makeFile(t, filepath.Join(root, "run.sh"), 200, 2)
	if err := os.Chmod(filepath.Join(root, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "empty folder", "deeper"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// sameTree fails unless both folders hold the same names, bytes and modes.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	wanted, found := entries(t, want), entries(t, got)
	for name, info := range wanted {
		other, exists := found[name]
		switch {
		case !exists:
			t.Errorf("%s is missing", name)
		case info.IsDir() != other.IsDir():
			t.Errorf("%s is a folder on one side only", name)
		case info.IsDir():
		case info.Size() != other.Size():
			t.Errorf("%s has %d bytes, want %d", name, other.Size(), info.Size())
		case runtime.GOOS != "windows" && info.Mode()&0o100 != other.Mode()&0o100:
			t.Errorf("%s has mode %v, want %v", name, other.Mode(), info.Mode())
		case !sameFile(t, filepath.Join(want, name), filepath.Join(got, name)):
			t.Errorf("%s has other bytes", name)
		}
	}
	for name := range found {
		if _, exists := wanted[name]; !exists {
			t.Errorf("%s was not shared", name)
		}
	}
}

// entries lists what lies below root.
func entries(t *testing.T, root string) map[string]fs.FileInfo {
	t.Helper()
	list := map[string]fs.FileInfo{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(root, name)
		list[inside] = info
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sameFile compares two files of the same length.
func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	first, err := os.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	left, right := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(first, left)
		m, _ := io.ReadFull(second, right)
		if n != m || !bytes.Equal(left[:n], right[:m]) {
			return false
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return true
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
