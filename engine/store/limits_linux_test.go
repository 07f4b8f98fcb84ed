package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"

	"github.com/causeway-app/causeway/engine/store"
)

func init() {
	children["full disk"] = fullDiskInChild
	children["many files"] = manyFilesInChild
	children["unreadable"] = unreadableInChild
}

// child runs a task in a process of its own and fails the test with what the
// child says. A child that says "skip" skips the test.
func child(t *testing.T, task string, attr *syscall.SysProcAttr, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), childTask+"="+task)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if reason, skip := strings.CutPrefix(string(out), "skip "); skip {
		t.Skip(reason)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func check(ok bool, format string, args ...any) {
	if !ok {
		must(fmt.Errorf(format, args...))
	}
}

// newShare hashes a folder in a child, which has no testing.TB.
func newShare(dir string) share {
	m, err := store.Scan(context.Background(), []string{dir})
	must(err)
	encoded, err := m.Hash(context.Background(), nil)
	must(err)
	var info metainfo.Info
	must(bencode.Unmarshal(encoded, &info))
	return share{m, &info, metainfo.HashBytes(encoded), store.NewSource(m)}
}

func TestAFullDiskIsSaidAndTheDownloadGoesOnWhenThereIsRoomAgain(t *testing.T) {
	t.Parallel()
	id := os.Getuid()
	child(t, "full disk", &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}, t.TempDir())
}

func fullDiskInChild() {
	dir := os.Args[1]
	disk, root := filepath.Join(dir, "disk"), filepath.Join(dir, "share")
	must(os.MkdirAll(disk, 0o700))
	must(os.MkdirAll(root, 0o700))
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		fmt.Printf("skip a tmpfs cannot be mounted here: %v", err)
		return
	}
	for i := range 15 {
		must(os.WriteFile(filepath.Join(root, fmt.Sprint(i)), randomBytes(uint64(i), 100_000), 0o600))
	}
	filler := filepath.Join(disk, "filler")
	must(os.WriteFile(filler, make([]byte, 1<<20), 0o600))
	s := newShare(root)
	config := store.SinkConfig{Dir: filepath.Join(disk, "downloads"), Journal: filepath.Join(dir, "journal")}
	config.Free = func(string) (int64, error) { return 2 << 20, nil } // others fill the disk only then
	sink, err := store.OpenSink(config)
	must(err)
	o, err := tryOpen(sink, s)
	must(err)
	from, err := tryOpen(s.source, s)
	must(err)
	before, err := store.Free(disk)
	must(err)
	check(before > 0 && before <= 1<<20, "%d bytes free", before)

	_, err = o.fetchAll(from)
	check(errors.Is(err, store.ErrDiskFull), "writing to a full disk: %v", err)
	check(pathOf(err) != "", "no path in %v", err)
	_, err = o.fetchAll(from) // again and again
	check(errors.Is(err, store.ErrDiskFull), "writing to a full disk: %v", err)
	select {
	case err := <-sink.Problems():
		check(errors.Is(err, store.ErrDiskFull), "reported %v", err)
	case <-time.After(5 * time.Second):
		check(false, "not reported")
	}
	select {
	case err := <-sink.Problems():
		check(false, "reported twice: %v", err)
	default:
	}

	must(os.Remove(filler))
	_, err = o.fetchAll(from)
	must(err)
	path, err := sink.Finish(context.Background())
	must(err)
	must(sink.Close())
	for i := range 15 {
		b, err := os.ReadFile(filepath.Join(path, fmt.Sprint(i)))
		must(err)
		check(bytes.Equal(b, randomBytes(uint64(i), 100_000)), "file %d differs", i)
	}
	j, err := store.ReadJournal(config.Journal)
	must(err)
	check(len(j.Refetched()) == 0, "fetched again: %v", j.Refetched())
}

func TestTwentyThousandFilesNeedFewHandles(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	child(t, "many files", nil, t.TempDir())
}

func manyFilesInChild() {
	must(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 256, Max: 256}))
	dir := os.Args[1]
	root := filepath.Join(dir, "share")
	const count = 20_000
	content := func(i int) []byte { return fmt.Appendf(nil, "file %d %s", i, strings.Repeat("x", i%90)) }
	for i := range count {
		if i < 100 {
			must(os.MkdirAll(filepath.Join(root, fmt.Sprint(i)), 0o700))
		}
		must(os.WriteFile(filepath.Join(root, fmt.Sprint(i%100), fmt.Sprint(i)), content(i), 0o600))
	}
	s := newShare(root)
	sink, err := store.OpenSink(store.SinkConfig{Dir: filepath.Join(dir, "in"), Journal: filepath.Join(dir, "journal")})
	must(err)
	o, err := tryOpen(sink, s)
	must(err)
	from, err := tryOpen(s.source, s)
	must(err)
	_, err = o.fetchAll(from)
	must(err)
	entries, err := os.ReadDir("/proc/self/fd")
	must(err)
	check(len(entries) <= 220, "%d handles open", len(entries))
	path, err := sink.Finish(context.Background())
	must(err)
	for i := range s.info.NumPieces() {
		right, err := o.verify(i)
		check(right && err == nil, "served from the final place: %v", err)
	}
	must(sink.Close())
	for i := range count {
		b, err := os.ReadFile(filepath.Join(path, fmt.Sprint(i%100), fmt.Sprint(i)))
		must(err)
		check(bytes.Equal(b, content(i)), "file %d differs", i)
	}
}

func TestAFileThatCannotBeReadIsNamedBeforeAnythingIsHashed(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		// Root reads everything: look as somebody else.
		dir, err := os.MkdirTemp("", "unreadable")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		os.Chmod(dir, 0o777)
		child(t, "unreadable", nil, dir)
		return
	}
	child(t, "unreadable", nil, t.TempDir())
}

func unreadableInChild() {
	dir := os.Args[1]
	if os.Getuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			fmt.Printf("skip root cannot become anybody else here: %v", err)
			return
		}
	}
	root := filepath.Join(dir, "share")
	must(os.MkdirAll(filepath.Join(root, "closed"), 0o700))
	secret := filepath.Join(root, "secret")
	must(os.WriteFile(filepath.Join(root, "a"), []byte("a"), 0o600))
	must(os.WriteFile(secret, []byte("s"), 0))
	_, err := store.Scan(context.Background(), []string{root})
	check(errors.Is(err, store.ErrUnreadable) && pathOf(err) == secret, "a file: %v", err)
	must(os.Remove(secret))
	must(os.Chmod(filepath.Join(root, "closed"), 0))
	_, err = store.Scan(context.Background(), []string{root})
	check(errors.Is(err, store.ErrUnreadable) && pathOf(err) == filepath.Join(root, "closed"), "a folder: %v", err)

	// A download folder that cannot be written to.
	must(os.Chmod(filepath.Join(root, "closed"), 0o500))
	s := newShare(root)
	sink, err := store.OpenSink(store.SinkConfig{Dir: filepath.Join(root, "closed"), Journal: filepath.Join(dir, "journal")})
	must(err)
	_, err = tryOpen(sink, s)
	check(errors.Is(err, store.ErrCannotWrite) && errors.Is(err, os.ErrPermission), "download folder: %v", err)
	must(sink.Close())
	must(os.Chmod(filepath.Join(root, "closed"), 0o700))
}

func TestPipesAndSocketsAreSkippedAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	root := tree{"x": []byte("x")}.write(t, t.TempDir())
	pipe := filepath.Join(root, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	m := scan(t, root)
	if len(m.Files) != 1 || len(m.Skipped) != 1 || m.Skipped[0] != (store.Skipped{Source: pipe, Reason: store.SkipSpecial}) {
		t.Errorf("files %v, skipped %v", m.Files, m.Skipped)
	}
}

func TestNamesThatLinuxAllowsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	files := tree{}
	for _, name := range []string{"a:b", "what?", `back\slash`, "CON", "trailing.", "trailing ", "README", "readme", "*", "\u00e9", "e\u0301", strings.Repeat("語", 85)} {
		files[name] = []byte(name)
	}
	s := hashShare(t, files.write(t, filepath.Join(t.TempDir(), `odd: "name"`)))
	d := newDownload(t)
	d.receive(t, s)
	wantTree(t, d.dir, prefixed(`odd: "name"/`, files))
}
