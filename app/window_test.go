//go:build window

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-app/causeway/app/internal/screen"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

// The colours of the light theme by which the test sees what the window shows.
var (
	primary  = color.RGBA{0x0B, 0x6A, 0x85, 0xFF}
	finished = color.RGBA{0x1B, 0x7F, 0x4B, 0xFF}
	track    = color.RGBA{0xE1, 0xE7, 0xEB, 0xFF}
)

// Where the box for an invitation is in a new window.
var invitationBox = image.Pt(700, 98)

const (
	windowWidth, windowHeight = 980, 640
	patience                  = 30 * time.Second
)

var built = sync.OnceValues(func() (string, error) {
	if program := os.Getenv("CAUSEWAY_APP"); program != "" {
		return filepath.Abs(program)
	}
	folder, err := os.MkdirTemp("", "causeway-window")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "causeway")
	// Without the tag migrated_fynedo, so that Fyne tells of calls from a wrong
	// goroutine.
	command := exec.Command("go", "build", "-tags", "nosqlite,no_emoji", "-o", program, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=1")
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the window: %w\n%s", err, said)
	}
	return program, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv("CAUSEWAY_APP") == "" {
		if program, err := built(); err == nil {
			os.RemoveAll(filepath.Dir(program))
		}
	}
	os.Exit(code)
}

// desktop is a screen with a rendezvous within reach.
type desktop struct {
	server     *screen.Server
	screen     *screen.Screen
	rendezvous string
	photos     string
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	server, err := screen.StartServer(2*windowWidth+10, windowHeight+10)
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
	d := &desktop{server: server, screen: opened, rendezvous: startRendezvous(t), photos: os.Getenv("CAUSEWAY_ARTEFACTS")}
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

// start opens a window at a place from the left.
func (d *desktop) start(t *testing.T, title string, left int, flags ...string) *running {
	t.Helper()
	home := t.TempDir()
	must(t, os.Mkdir(filepath.Join(home, ".cache"), 0o700))
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
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	arguments = append([]string{"--state", filepath.Join(home, "state"), "--download-dir", filepath.Join(home, "Downloads"),
		"--no-lan", "--rendezvous", d.rendezvous, "--stun", "stun:127.0.0.1:9"}, arguments...)
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "DISPLAY="+d.server.Display, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_CACHE_HOME="+filepath.Join(home, ".cache"),
		"LANG=en_US.UTF-8", "LC_ALL=en_US.UTF-8", "FYNE_THEME=light", "FYNE_SCALE=1", "FYNE_PLATFORM=x11", "WAYLAND_DISPLAY=")
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

// see waits until the window shows something, and keeps a picture where it
// never does.
func (r *running) see(t *testing.T, what string, patience time.Duration, shown func(image.Image) bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		picture, err := r.Photograph()
		if err != nil {
			t.Fatal(err)
		}
		if shown(picture) {
			return
		}
		if time.Now().After(deadline) {
			r.photograph(t, "failed-"+strings.ReplaceAll(r.title+"-"+what, " ", "-"))
			t.Fatalf("%s does not show %s", r.title, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
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

// block finds the topmost filled rectangle of a colour that is at least that
// large.
func block(picture image.Image, ink color.RGBA, width, height int) (image.Rectangle, bool) {
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			right := runEnd(picture, ink, x, y)
			if right-x < width {
				x = right
				continue
			}
			bottom := y
			for bottom < bounds.Max.Y && runEnd(picture, ink, x, bottom)-x >= width {
				bottom++
			}
			if bottom-y >= height {
				return image.Rect(x, y, right, bottom), true
			}
			x = right
		}
	}
	return image.Rectangle{}, false
}

// runEnd is where a run of a colour ends that begins at x, y.
func runEnd(picture image.Image, ink color.RGBA, x, y int) int {
	for x < picture.Bounds().Max.X && alike(picture.At(x, y), ink) {
		x++
	}
	return x
}

func alike(c color.Color, ink color.RGBA) bool {
	r, g, b, _ := c.RGBA()
	near := func(have uint32, want uint8) bool {
		difference := int(have>>8) - int(want)
		return difference >= -3 && difference <= 3
	}
	return near(r, ink.R) && near(g, ink.G) && near(b, ink.B)
}

// barAt is how full the topmost progress bar is; false if none is seen.
func barAt(picture image.Image) (float64, bool) {
	empty, found := block(picture, track, 40, 4)
	if !found {
		return 0, false
	}
	middle := (empty.Min.Y + empty.Max.Y) / 2
	left := empty.Min.X
	for left > 0 && !alike(picture.At(left-1, middle), color.RGBA{255, 255, 255, 255}) {
		left--
	}
	return float64(empty.Min.X-left) / float64(empty.Max.X-left), true
}

func TestWindowToWindow(t *testing.T) {
	d := newDesktop(t)
	holiday := makeFolder(t)
	sender := d.start(t, "Causeway of Ada", 0, "--limit-up", "3M")
	receiver := d.start(t, "Causeway of Grace", windowWidth+10)
	time.Sleep(300 * time.Millisecond)
	sender.photograph(t, "1-empty")

	// Ada drops a folder and copies the invitation.
	must(t, sender.Drop(holiday))
	var button image.Rectangle
	sender.see(t, "the button that copies", patience, func(picture image.Image) (found bool) {
		button, found = block(picture, primary, 80, 5)
		return found && button.Dy() < 40
	})
	sender.photograph(t, "2-dropped")
	middle := button.Min.Add(button.Max).Div(2)
	must(t, sender.Click(middle.X, button.Min.Y+3))
	invitation := d.clipboard(t, "causeway:")
	sender.photograph(t, "3-copied")

	// Grace types it and presses Enter.
	must(t, receiver.Focus())
	must(t, receiver.Click(invitationBox.X, invitationBox.Y))
	must(t, d.screen.Type(invitation))
	must(t, d.screen.Press(screen.Return))
	receiver.see(t, "half of the bar", patience, func(picture image.Image) bool {
		part, found := barAt(picture)
		return found && part > 0.45 && part < 0.9
	})
	sender.photograph(t, "4-half-sending")
	receiver.photograph(t, "4-half-receiving")

	// Grace closes the window, is asked, and keeps going.
	must(t, receiver.Close())
	receiver.see(t, "the question", 5*time.Second, func(picture image.Image) bool {
		keep, found := block(picture, primary, 60, 5)
		return found && keep.Min.Y > 250
	})
	receiver.photograph(t, "5-asks")
	must(t, d.screen.Press(' '))

	// All is there.
	complete := func(picture image.Image) bool {
		_, found := block(picture, finished, 400, 3)
		return found
	}
	receiver.see(t, "a full bar", time.Minute, complete)
	sender.see(t, "a full bar", 10*time.Second, complete)
	time.Sleep(200 * time.Millisecond)
	sender.photograph(t, "6-sent")
	receiver.photograph(t, "6-received")
	sameTree(t, holiday, filepath.Join(receiver.downloads, filepath.Base(holiday)))

	// A second start hands its file to the open window.
	letter := filepath.Join(t.TempDir(), "letter.txt")
	must(t, os.WriteFile(letter, []byte("Dear Grace"), 0o600))
	second := d.program(t, sender.home, letter)
	if said, err := second.CombinedOutput(); err != nil {
		t.Errorf("the second start: %v\n%s", err, said)
	}
	must(t, sender.Focus())
	d.copies(t, invitation)
	sender.photograph(t, "7-two-shares")

	receiver.within(t, time.Second, receiver.Close)
	sender.within(t, time.Second, func() error { return sender.command.Process.Signal(syscall.SIGTERM) })
}

// A window that is told to end while bytes move ends as fast.
func TestAWindowThatIsSendingEndsWhenTold(t *testing.T) {
	d := newDesktop(t)
	holiday := makeFolder(t)
	sender := d.start(t, "Causeway of Ada", 0, "--limit-up", "1M", holiday)
	must(t, sender.Focus())
	receiver := d.start(t, "Causeway of Grace", windowWidth+10)
	must(t, sender.Focus())
	invitation := d.copies(t, "")
	if said, err := d.program(t, receiver.home, invitation).CombinedOutput(); err != nil {
		t.Errorf("handing over the invitation: %v\n%s", err, said)
	}
	receiver.see(t, "a bar that grows", patience, func(picture image.Image) bool {
		part, found := barAt(picture)
		return found && part > 0.02
	})
	sender.within(t, time.Second, func() error { return sender.command.Process.Signal(syscall.SIGTERM) })
	receiver.within(t, time.Second, func() error { return receiver.command.Process.Signal(os.Interrupt) })
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
