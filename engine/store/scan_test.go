package store_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/store"
)

func scan(t *testing.T, paths ...string) *store.Manifest {
	t.Helper()
	m, err := store.Scan(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func insidePaths(m *store.Manifest) (files, dirs []string) {
	for _, f := range m.Files {
		files = append(files, strings.Join(f.Path, "/"))
	}
	for _, d := range m.EmptyDirs {
		dirs = append(dirs, strings.Join(d, "/"))
	}
	return files, dirs
}

func TestAFolderIsListedWithEmptyFilesAndFolders(t *testing.T) {
	t.Parallel()
	root := tree{
		"b.txt": []byte("bee"), "empty": {}, "Ünï/日本.txt": []byte("x"), "Ünï/e\u0301.txt": []byte("yy"),
		"empty folder/": nil, "deep/er/": nil,
	}.write(t, filepath.Join(t.TempDir(), "Holiday 2026"))
	os.Chmod(filepath.Join(root, "b.txt"), 0o755)

	m := scan(t, root)
	files, dirs := insidePaths(m)
	if m.Name != "Holiday 2026" || m.Single || m.Total != 6 {
		t.Errorf("name %q, single %v, total %d", m.Name, m.Single, m.Total)
	}
	if want := []string{"b.txt", "empty", "Ünï/e\u0301.txt", "Ünï/日本.txt"}; !slices.Equal(files, want) {
		t.Errorf("files %q, want %q", files, want)
	}
	if want := []string{"deep/er", "empty folder"}; !slices.Equal(dirs, want) {
		t.Errorf("empty folders %q, want %q", dirs, want)
	}
	if !m.Files[0].Executable || m.Files[1].Executable {
		t.Error("only b.txt is executable")
	}
}

func TestLinksInsideAFolderAreSkippedAndOneGivenDirectlyIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := tree{"x": []byte("x"), "only a link/": nil}.write(t, filepath.Join(dir, "real"))
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "only a link", "secret")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	link := filepath.Join(dir, "shown name")
	os.Symlink(root, link)

	m := scan(t, link)
	files, dirs := insidePaths(m)
	if m.Name != "shown name" || !slices.Equal(files, []string{"x"}) || !slices.Equal(dirs, []string{"only a link"}) {
		t.Errorf("name %q, files %q, empty folders %q", m.Name, files, dirs)
	}
	want := store.Skipped{Source: filepath.Join(root, "only a link", "secret"), Reason: store.SkipLink}
	if !slices.Equal(m.Skipped, []store.Skipped{want}) {
		t.Errorf("skipped %v, want %v", m.Skipped, want)
	}
}

func TestSeveralItemsLieBelowANameMadeOfTheFirst(t *testing.T) {
	t.Parallel()
	dir := tree{"1/photo.jpg": []byte("1"), "2/photo.jpg": []byte("22"), "album/a": []byte("333"), "album/nothing/": nil}.write(t, t.TempDir())
	first := filepath.Join(dir, "1/photo.jpg")
	m := scan(t, first, filepath.Join(dir, "2/photo.jpg"), filepath.Join(dir, "album"), first)
	files, dirs := insidePaths(m)
	if m.Name != "photo + 2 more" || m.Single {
		t.Errorf("name %q, single %v", m.Name, m.Single)
	}
	if want := []string{"photo.jpg", "photo (2).jpg", "album/a"}; !slices.Equal(files, want) {
		t.Errorf("files %q, want %q", files, want)
	}
	if !slices.Equal(dirs, []string{"album/nothing"}) {
		t.Errorf("empty folders %q", dirs)
	}
}

func TestAWrongPathIsNamed(t *testing.T) {
	t.Parallel()
	if _, err := store.Scan(t.Context(), nil); !errors.Is(err, store.ErrNothing) {
		t.Errorf("no paths: %v", err)
	}
	gone := filepath.Join(t.TempDir(), "gone")
	if _, err := store.Scan(t.Context(), []string{gone}); !errors.Is(err, store.ErrMissing) || pathOf(err) != gone {
		t.Errorf("missing path: %v", err)
	}
	if _, err := store.Scan(t.Context(), []string{os.DevNull}); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("a device: %v", err)
	}
}

func TestAManifestSurvivesJSONWithNamesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	m := &store.Manifest{
		Name: "n\xffame", Total: 7, EmptyDirs: [][]string{{"d\xfe", "e"}},
		Files:   []store.File{{Path: []string{"a", "\xc3\x28"}, Source: "/s/\xc3\x28", Size: 7, ModTime: time.Unix(1, 123456789), Executable: true}},
		Skipped: []store.Skipped{{Source: "/x", Reason: store.SkipSpecial}},
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back store.Manifest
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !m.Same(&back) || !back.Same(m) || back.Skipped[0] != m.Skipped[0] || back.Files[0].Path[1] != "\xc3\x28" {
		t.Errorf("%s became %+v", data, back)
	}
}

func TestAChangedFolderIsNotTheSame(t *testing.T) {
	t.Parallel()
	root := tree{"a": []byte("a"), "b": []byte("b")}.write(t, filepath.Join(t.TempDir(), "f"))
	before := scan(t, root)
	if !before.Same(scan(t, root)) {
		t.Error("nothing changed, and it is not the same")
	}
	for story, change := range map[string]func() error{
		"touched": func() error { return os.Chtimes(filepath.Join(root, "a"), time.Time{}, time.Now().Add(time.Hour)) },
		"grown":   func() error { return os.WriteFile(filepath.Join(root, "b"), []byte("bb"), 0o644) },
		"new":     func() error { return os.WriteFile(filepath.Join(root, "c"), nil, 0o644) },
		"folder":  func() error { return os.Mkdir(filepath.Join(root, "d"), 0o755) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		after := scan(t, root)
		if before.Same(after) {
			t.Errorf("%s, and still the same", story)
		}
		before = after
	}
}

func TestAFolderOfTheProgramsOwnIsNotShared(t *testing.T) {
	home := t.TempDir()
	state := filepath.Join(home, "state")
	for _, file := range []string{"letter.txt", "state/secret"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(home, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, file), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := store.Scan(t.Context(), []string{home}, state)
	if err != nil || len(m.Files) != 1 || len(m.EmptyDirs) != 0 {
		t.Errorf("shared: %+v, %v", m, err)
	}
	if len(m.Skipped) != 1 || m.Skipped[0] != (store.Skipped{Source: state, Reason: store.SkipOwn}) {
		t.Errorf("skipped: %+v", m.Skipped)
	}
	if _, err := store.Scan(t.Context(), []string{state}, state); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("the state folder itself: %v", err)
	}
}
