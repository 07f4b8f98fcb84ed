package engine_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// computer is a running engine with folders of its own.
type computer struct {
	*engine.Engine
	t         *testing.T
	state     string
	downloads string
	settings  settings.Settings // that it was started with
	stop      func()            // ends the engine and fails the test if that takes a second
}

type setting func(*engine.Config)

func meetingAt(urls ...string) setting {
	return func(c *engine.Config) { c.Settings.Rendezvous, c.NoLAN = urls, true }
}

func onlyLAN(c *engine.Config) { c.Settings.Rendezvous = nil }

func downLimit(bytesPerSecond int64) setting {
	return func(c *engine.Config) { c.Settings.LimitDown = bytesPerSecond }
}

func stateIn(folder string) setting {
	return func(c *engine.Config) { c.StateDir = folder }
}

func restoring(c *engine.Config) { c.Restore = true }

func startComputer(t *testing.T, options ...setting) *computer {
	t.Helper()
	c := &computer{t: t, downloads: t.TempDir()}
	config := engine.Config{
		Settings: settings.Default(), StateDir: t.TempDir(), Client: "Causeway test", Logger: testLog(t),
	}
	config.Settings.Name = "computer of " + t.Name()
	config.Settings.STUN, config.Settings.DownloadDir = nil, c.downloads
	config.Settings.PortMapping = false // this computer's own router has no part in tests
	for _, option := range options {
		option(&config)
	}
	c.state, c.settings = config.StateDir, config.Settings
	var err error
	if c.Engine, err = engine.New(config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(ctx) }()
	stopped := false
	c.stop = func() {
		if stopped {
			return
		}
		stopped = true
		told := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if took := time.Since(told); took > time.Second {
			t.Errorf("the engine took %v to end", took)
		}
	}
	t.Cleanup(c.stop)
	return c
}

// testLog writes to the test's log with CAUSEWAY_TEST_LOG=1; a test's log of
// every message would hide what failed.
func testLog(t *testing.T) *slog.Logger {
	if os.Getenv("CAUSEWAY_TEST_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})).With("test", t.Name())
}

func startRendezvous(t *testing.T) (url string, stop func()) {
	t.Helper()
	server, err := rendezvous.New(rendezvous.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(ctx)
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return "ws://" + server.TrackerAddr().String(), stop
}

// share offers paths and returns the transfer.
func (c *computer) share(paths ...string) engine.Transfer {
	c.t.Helper()
	shared, err := c.Share(c.t.Context(), paths)
	if err != nil {
		c.t.Fatalf("Share: %v", err)
	}
	return shared
}

func (c *computer) receive(invitation string) engine.Transfer {
	c.t.Helper()
	received, err := c.Receive(c.t.Context(), invitation, "")
	if err != nil {
		c.t.Fatalf("Receive: %v", err)
	}
	return received
}

// until waits for a state of the transfer that fits, and returns it.
func (c *computer) until(id engine.TransferID, what string, fits func(engine.Transfer, []engine.Peer) bool) engine.Transfer {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 60*time.Second)
	defer cancel()
	state, err := c.State().Wait(ctx, func(s engine.State) bool {
		shown, ok := s.Transfer(id)
		return ok && fits(shown, s.PeersOf(id))
	})
	shown, _ := state.Transfer(id)
	if err != nil {
		c.t.Fatalf("waiting until %s: %+v\npeers: %+v\nnetwork: %+v", what, shown, state.PeersOf(id), state.Network)
	}
	return shown
}

func (c *computer) untilPhase(id engine.TransferID, phase engine.Phase) engine.Transfer {
	c.t.Helper()
	return c.until(id, "the transfer is "+string(phase), func(t engine.Transfer, _ []engine.Peer) bool { return t.Phase == phase })
}

func direct(_ engine.Transfer, peers []engine.Peer) bool {
	return len(peers) > 0 && peers[0].Path == path.DirectLAN && !peers[0].RendezvousNeeded
}

// writeTree makes files of the given sizes below a new folder.
func writeTree(t *testing.T, name string, files map[string]int) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), name)
	random := rand.NewChaCha8([32]byte{byte(len(files))})
	for file, size := range files {
		at := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		content := make([]byte, size)
		random.Read(content)
		if err := os.WriteFile(at, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// sameTree fails the test unless both folders hold the same names and bytes.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	list := func(root string) map[string][]byte {
		found := map[string][]byte{}
		err := filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, _ := filepath.Rel(root, at)
			if entry.IsDir() {
				found[name+"/"] = nil
				return nil
			}
			content, err := os.ReadFile(at)
			found[name] = content
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	wanted, have := list(want), list(got)
	for name, content := range wanted {
		if found, ok := have[name]; !ok || !bytes.Equal(content, found) {
			t.Errorf("%s: arrived %v, %d of %d bytes", name, ok, len(found), len(content))
		}
	}
	for name := range have {
		if _, ok := wanted[name]; !ok {
			t.Errorf("%s was never shared", name)
		}
	}
}
