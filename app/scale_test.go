//go:build window

package main

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/app/internal/screen"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/watch"
	"github.com/causeway-app/causeway/ui"
)

// The benchmark of a window with much in it runs the real toolkit in a process
// of its own: the test binary, started once more with this variable, whose
// value says what changes.
const crowdVariable = "CAUSEWAY_TEST_CROWD"

const (
	crowdTransfers, crowdPeers = 500, 200
	crowdFiles, crowdPieces    = 100_000, 20_000
	updates                    = 10 // a second
)

// What changes in the window, and the most that it may cost, in percent of one
// core.
var crowds = []struct {
	name string
	most float64
}{{"idle", 2}, {"folded", 15}, {"expanded", 15}}

// BenchmarkCrowdedWindow prints what the window costs under software rendering
// with 500 transfers, 200 peers in one and 100,000 files in it: while nothing
// changes, and while nothing but numbers do, ten times a second, with the rows
// folded and with the crowded one expanded.
func BenchmarkCrowdedWindow(b *testing.B) {
	for _, crowd := range crowds {
		b.Run(crowd.name, func(b *testing.B) {
			for range b.N {
				measureCrowd(b, crowd.name, crowd.most)
			}
		})
	}
}

func measureCrowd(b *testing.B, name string, most float64) {
	server, err := screen.StartServer(windowWidth, windowHeight)
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	home := b.TempDir()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), crowdVariable+"="+name, "DISPLAY="+server.Display, "HOME="+home, "XDG_CONFIG_HOME="+home,
		"LANG=en_US.UTF-8", "LC_ALL=en_US.UTF-8", "FYNE_THEME=light", "FYNE_SCALE=1", "FYNE_PLATFORM=x11", "WAYLAND_DISPLAY=")
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { command.Process.Kill(); command.Wait() }()
	desk, err := screen.Open(server.Display)
	if err != nil {
		b.Fatal(err)
	}
	defer desk.Close()
	window, err := desk.Find(crowdTitle, patience)
	if err != nil {
		b.Fatal(err)
	}
	if err := window.MoveTo(0, 0); err != nil {
		b.Fatal(err)
	}
	time.Sleep(2 * time.Second) // until everything has been drawn once
	if name == "expanded" {
		if err := window.Click(firstRow.X, firstRow.Y); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(2 * time.Second)
	const watched = 10 * time.Second
	before, began := cpuTime(b, command.Process.Pid), time.Now()
	time.Sleep(watched)
	used := cpuTime(b, command.Process.Pid) - before
	part := 100 * float64(used) / float64(time.Since(began))
	picture, err := window.Photograph()
	if err != nil {
		b.Fatal(err)
	}
	keep(b, picture, "crowd-"+name)
	b.ReportMetric(part, "%core")
	b.ReportMetric(0, "ns/op")
	verdict := "within"
	if part > most {
		verdict = "over"
	}
	b.Logf("figure: %s, %d transfers, %d peers, %d updates a second of which it paints 5: %.1f %% of one core, %s the wanted %.0f %%",
		name, crowdTransfers, crowdPeers, updates, part, verdict, most)
}

// firstRow is where the name of the first transfer is.
var firstRow = image.Pt(300, 185)

// keep keeps a picture among the artefacts.
func keep(b *testing.B, picture image.Image, name string) {
	b.Helper()
	folder := os.Getenv("CAUSEWAY_ARTEFACTS")
	if folder == "" {
		folder = filepath.Join("..", "artefacts")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(filepath.Join(folder, name+".png"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, picture); err != nil {
		b.Fatal(err)
	}
}

// cpuTime is what a process has used of all cores together (proc(5), fields 14
// and 15, of 100 ticks a second).
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := int64(0)
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

const crowdTitle = "Causeway with a crowd"

// crowd is an engine that has much to show and does nothing.
type crowd struct {
	ui.Engine
	state  watch.Value[engine.State]
	pieces []engine.PieceState
}

func (c *crowd) State() *watch.Value[engine.State] { return &c.state }

func (c *crowd) Pieces(context.Context, engine.TransferID) ([]engine.PieceState, error) {
	return c.pieces, nil
}

func (c *crowd) Rates(context.Context, engine.TransferID) ([]engine.RateSample, error) {
	samples := make([]engine.RateSample, 60)
	for i := range samples {
		samples[i] = engine.RateSample{Direct: rand.Int64N(12e6), Relayed: rand.Int64N(2e6)}
	}
	return samples, nil
}

func (c *crowd) Configure(context.Context, settings.Settings) error { return nil }

// showCrowd is the process with the window. It ends when it is killed.
func showCrowd(what string) {
	c := &crowd{pieces: make([]engine.PieceState, crowdPieces)}
	for i := range c.pieces {
		c.pieces[i] = engine.PieceState(rand.IntN(3))
	}
	c.state.Set(crowdState(0))
	chosen := settings.Default()
	chosen.Welcomed = true
	window := ui.New(ui.Options{
		App: newApp(), Engine: c, Words: words.In("en"), Title: crowdTitle, Settings: chosen,
		Save: func(settings.Settings) error { return nil },
		Do:   fyne.DoAndWait, Start: func(f func()) { go f() }, Quit: func() { os.Exit(0) },
	})
	fyne.CurrentApp().Lifecycle().SetOnStarted(func() {
		go window.Follow(context.Background())
		if what != "idle" {
			go func() {
				for round := 1; ; round++ {
					time.Sleep(time.Second / updates)
					c.state.Set(crowdState(round))
				}
			}()
		}
	})
	window.Show()
	fyne.CurrentApp().Run()
}

// crowdState is what the engine shows; from round to round nothing but numbers
// change, those of every transfer and every peer.
func crowdState(round int) engine.State {
	var s engine.State
	for i := range crowdTransfers {
		t := engine.Transfer{
			ID: engine.TransferID(strconv.Itoa(i)), Name: fmt.Sprintf("Share number %d", i), Direction: engine.Send, Phase: engine.Transferring,
			Bytes: int64(round+i) * 1e6, Total: 4e12, Files: crowdFiles, Chosen: crowdFiles, Rate: int64(10e6 + 1e4*(round%37)),
			Left: time.Hour, Path: path.DirectLAN, Preparing: -1, Invitation: "causeway:0415m6xvq", Folder: "/home/ada",
		}
		s.Transfers = append(s.Transfers, t)
	}
	last := s.Transfers[crowdTransfers-1].ID
	for i := range crowdPeers {
		kind := path.DirectLAN
		relay := ""
		if i%3 == 2 {
			kind, relay = path.Relayed, "turn:turn1.example.org:3478?transport=udp"
		}
		s.Peers = append(s.Peers, engine.Peer{
			Transfer: last, ID: strconv.Itoa(i), Name: fmt.Sprintf("Computer %d", i), Client: "Causeway", Path: kind, Lane: path.WebRTC, Relay: relay,
			Remote: path.Candidate{Type: "host", Address: "192.168.1.20:40000", Protocol: "udp"}, RTT: time.Duration(20+round%5) * time.Millisecond,
			BytesOut: int64(round) * 1e5, RateOut: int64(1e5 + 1e3*(round%17)), Progress: float64(round%1000) / 1000,
		})
	}
	return s
}
