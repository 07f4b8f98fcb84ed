//go:build window

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/app/internal/screen"
	"github.com/causeway-app/causeway/engine/lab"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

const (
	windowWidth, windowHeight = 980, 640
	patience                  = 30 * time.Second
)

// The programs that the tests start, where somebody has built them already.
const (
	windowVariable = "CAUSEWAY_APP"
	serverVariable = "CAUSEWAY_TEST_CLI"
	// builtVariable names the folder of what the tests have built themselves.
	builtVariable = "CAUSEWAY_TEST_BUILT"
)

// TestMain runs the tests in namespaces of their own, where there can be homes
// behind routers. The programs are built before that: to build them modules may
// have to be fetched.
func TestMain(m *testing.M) {
	if what := os.Getenv(crowdVariable); what != "" {
		showCrowd(what)
		return
	}
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Fyne's queue begins with the program, and this one shows no window.
	queue := goleak.IgnoreTopFunction("fyne.io/fyne/v2/internal/async.(*UnboundedChan[...]).processing")
	lab.Main(m, queue, goleak.Cleanup(func(code int) {
		if folder := os.Getenv(builtVariable); folder != "" {
			os.RemoveAll(folder)
		}
		os.Exit(code)
	}))
}

// build builds the programs that nobody has built.
func build() error {
	folder := ""
	for _, program := range []struct{ variable, from, tags, cgo string }{
		// Without the tag migrated_fynedo, so that Fyne tells of calls from a wrong
		// goroutine; with the tag window, so that it tells where everything is.
		{windowVariable, ".", "nosqlite,no_emoji,window", "1"},
		{serverVariable, "./cli", "nosqlite", "0"},
	} {
		if os.Getenv(program.variable) != "" {
			continue
		}
		if folder == "" {
			made, err := os.MkdirTemp("", "causeway-window")
			if err != nil {
				return err
			}
			folder = made
			os.Setenv(builtVariable, folder)
		}
		to := filepath.Join(folder, program.variable)
		command := exec.Command("go", "build", "-tags", program.tags, "-o", to, program.from)
		command.Env = append(os.Environ(), "CGO_ENABLED="+program.cgo)
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", program.from, err, said)
		}
		os.Setenv(program.variable, to)
	}
	return nil
}

// programOf is where a program lies.
func programOf(t *testing.T, variable string) string {
	t.Helper()
	program, err := filepath.Abs(os.Getenv(variable))
	must(t, err)
	return program
}

// desktop is a screen with a rendezvous within reach.
type desktop struct {
	server     *screen.Server
	screen     *screen.Screen
	rendezvous string
	stun       []string
	photos     string
	// scale is how many pixels a unit of the toolkit has.
	scale int
	// wrap runs a program elsewhere; nil runs it here.
	wrap func(*exec.Cmd) *exec.Cmd
}

// newDesktop has room for two windows beside each other.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	return newDesktopOf(t, 2*windowWidth+10, windowHeight+10, 1)
}

// newDesktopOf is a screen of that many pixels.
func newDesktopOf(t *testing.T, width, height, scale int) *desktop {
	t.Helper()
	server, err := screen.StartServer(width, height)
	if errors.Is(err, screen.ErrNoServer) && os.Getenv("CAUSEWAY_REQUIRE_XVFB") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	opened, err := screen.Open(server.Display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	d := &desktop{server: server, screen: opened, rendezvous: startRendezvous(t), stun: []string{"stun:127.0.0.1:9"}, photos: os.Getenv("CAUSEWAY_ARTEFACTS"), scale: scale}
	if d.photos == "" {
		d.photos = filepath.Join("..", "artefacts")
	}
	if err := os.MkdirAll(d.photos, 0o755); err != nil {
		t.Fatal(err)
	}
	return d
}

func startRendezvous(t *testing.T) string {
	t.Helper()
	server, err := rendezvous.New(rendezvous.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return server.TrackerURL()
}

// running is a Causeway with its window.
type running struct {
	*screen.Window
	desktop   *desktop
	title     string
	home      string
	downloads string
	command   *exec.Cmd
	log       bytes.Buffer
	ended     chan struct{}
}

// welcomed are the settings of somebody who has seen the first-run page.
const welcomed = `{"version":1,"welcomed":true,"ask_first":true,"log_level":"info"}`

// start opens a window at a place from the left, for somebody who has used
// Causeway before.
func (d *desktop) start(t *testing.T, title string, left int, flags ...string) *running {
	t.Helper()
	return d.startWith(t, welcomed, title, left, flags...)
}

// startWith opens a window for somebody with a settings file, or without one
// where it is empty.
func (d *desktop) startWith(t *testing.T, settings, title string, left int, flags ...string) *running {
	t.Helper()
	home := homeOf(t, title)
	must(t, os.Mkdir(filepath.Join(home, ".cache"), 0o700))
	if settings != "" {
		must(t, os.Mkdir(filepath.Join(home, "state"), 0o700))
		must(t, os.WriteFile(filepath.Join(home, "state", "settings.json"), []byte(settings), 0o600))
	}
	return d.open(t, home, title, left, flags...)
}

// homeOf is an empty home folder. Its name is short and somebody's, as it stands
// in the pictures.
func homeOf(t *testing.T, title string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(folder)) })
	words := strings.Fields(title)
	home := filepath.Join(folder, strings.ToLower(words[len(words)-1]))
	must(t, os.Mkdir(home, 0o700))
	return home
}

// restart opens the window of somebody again whose first has ended.
func (d *desktop) restart(t *testing.T, ended *running) *running {
	t.Helper()
	return d.open(t, ended.home, ended.title, 0)
}

func (d *desktop) open(t *testing.T, home, title string, left int, flags ...string) *running {
	t.Helper()
	r := &running{desktop: d, title: title, home: home, downloads: filepath.Join(home, "Downloads"), ended: make(chan struct{})}
	r.command = d.program(t, home, append([]string{"--title", title}, flags...)...)
	r.command.Stdout, r.command.Stderr = &r.log, &r.log
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.command.Wait(); close(r.ended) }()
	t.Cleanup(func() {
		r.command.Process.Kill()
		<-r.ended
		r.readLog(t)
	})
	window, err := d.screen.Find(title, patience)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.log.String())
	}
	r.Window = window
	if err := window.MoveTo(left, 0); err != nil {
		t.Fatal(err)
	}
	return r
}

// program is Causeway as started by the user of a home folder.
func (d *desktop) program(t *testing.T, home string, arguments ...string) *exec.Cmd {
	t.Helper()
	arguments = append([]string{"--state", filepath.Join(home, "state"), "--download-dir", filepath.Join(home, "Downloads"),
		"--no-lan", "--rendezvous", d.rendezvous}, arguments...)
	for _, uri := range d.stun {
		arguments = append(arguments, "--stun", uri)
	}
	command := exec.Command(programOf(t, windowVariable), arguments...)
	command.Env = append(os.Environ(), "DISPLAY="+d.server.Display, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_CACHE_HOME="+filepath.Join(home, ".cache"),
		"LANG=en_US.UTF-8", "LC_ALL=en_US.UTF-8", "FYNE_THEME=light", "FYNE_SCALE="+strconv.Itoa(d.scale), "FYNE_PLATFORM=x11", "WAYLAND_DISPLAY=",
		"CAUSEWAY_TEST_LAYOUT="+filepath.Join(home, "layout.json"), "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="+home)
	if d.wrap != nil {
		return d.wrap(command)
	}
	return command
}

// readLog fails the test for what must not be in a log.
func (r *running) readLog(t *testing.T) {
	for _, bad := range []string{"Error in Fyne call thread", "panic:", "DATA RACE"} {
		if strings.Contains(r.log.String(), bad) {
			t.Errorf("%s says %q:\n%s", r.title, bad, r.log.String())
		}
	}
	for _, name := range []string{"crash.log", "causeway.log"} {
		text, err := os.ReadFile(filepath.Join(r.home, "state", name))
		if err == nil && (name == "crash.log" && len(text) > 0 || t.Failed()) {
			t.Logf("%s, %s:\n%s", r.title, name, text)
		}
		if name == "crash.log" && len(text) > 0 {
			t.Errorf("%s has crashed", r.title)
		}
	}
	if t.Failed() {
		t.Logf("%s said:\n%s", r.title, r.log.String())
	}
}

// photograph keeps a picture of the window.
func (r *running) photograph(t *testing.T, name string) image.Image {
	t.Helper()
	picture, err := r.Photograph()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(r.desktop.photos, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
	return picture
}

// within fails the test unless the process ends in time.
func (r *running) within(t *testing.T, limit time.Duration, ending func() error) {
	t.Helper()
	began := time.Now()
	if err := ending(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.ended:
		t.Logf("%s ended after %v", r.title, time.Since(began).Round(time.Millisecond))
		if took := time.Since(began); took > limit {
			t.Errorf("%s took %v to end", r.title, took)
		}
		if code := r.command.ProcessState.ExitCode(); code != 0 {
			t.Errorf("%s ended with %d", r.title, code)
		}
	case <-time.After(10 * limit):
		t.Fatalf("%s does not end", r.title)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clipboard waits until what is copied begins as it should.
func (d *desktop) clipboard(t *testing.T, prefix string) string {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		text, err := d.screen.Clipboard()
		if err == nil && strings.HasPrefix(text, prefix) {
			return text
		}
		if time.Now().After(deadline) {
			t.Fatalf("the clipboard has %q (%v)", text, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// copies presses Ctrl+C in the window that has the keyboard until there is an
// invitation other than the old one.
func (d *desktop) copies(t *testing.T, old string) string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		must(t, d.screen.Press('c', screen.Control))
		time.Sleep(100 * time.Millisecond)
		text, err := d.screen.Clipboard()
		if err == nil && strings.HasPrefix(text, "causeway:") && text != old {
			return text
		}
	}
	t.Fatal("Ctrl+C copies no new invitation")
	return ""
}
