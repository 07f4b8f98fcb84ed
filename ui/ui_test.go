package ui

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/watch"
	"github.com/causeway-app/causeway/ui/look"
)

// engineDouble stands in for the engine where only the window is tested: it
// notes the verbs and answers what a test tells it to.
type engineDouble struct {
	mu         sync.Mutex
	state      watch.Value[engine.State]
	said       []string
	configured []settings.Settings
	contents   engine.Contents
	free       int64
	pieces     []engine.PieceState
	rates      []engine.RateSample
	history    []engine.Finished
	// result is what a test of a relay comes to.
	result netcheck.TURNResult
	err    error
}

func (e *engineDouble) note(verb, about string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = append(e.said, verb+" "+about)
	return e.err
}

func (e *engineDouble) verbs() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.said)
}

func (e *engineDouble) State() *watch.Value[engine.State] { return &e.state }
func (e *engineDouble) Share(_ context.Context, paths []string) (engine.Transfer, error) {
	return engine.Transfer{ID: "shared"}, e.note("share", join(paths))
}
func (e *engineDouble) Receive(_ context.Context, invitation, folder string) (engine.Transfer, error) {
	return engine.Transfer{ID: "received"}, e.note("receive", invitation+folder)
}
func (e *engineDouble) Look(_ context.Context, invitation string) (engine.Transfer, error) {
	return engine.Transfer{ID: "offered"}, e.note("look", invitation)
}
func (e *engineDouble) Accept(_ context.Context, id engine.TransferID, folder string, files []int) error {
	return e.note("accept", fmt.Sprint(id, " ", folder, " ", files))
}
func (e *engineDouble) Contents(context.Context, engine.TransferID) (engine.Contents, error) {
	return e.contents, nil
}
func (e *engineDouble) FreeSpace(context.Context, string) (int64, error) { return e.free, nil }
func (e *engineDouble) Pieces(context.Context, engine.TransferID) ([]engine.PieceState, error) {
	return e.pieces, nil
}
func (e *engineDouble) Rates(context.Context, engine.TransferID) ([]engine.RateSample, error) {
	return e.rates, nil
}
func (e *engineDouble) History(context.Context) ([]engine.Finished, error) { return e.history, nil }
func (e *engineDouble) ForgetHistory(_ context.Context, ids ...engine.TransferID) error {
	return e.note("forget", fmt.Sprint(ids))
}
func (e *engineDouble) TestSTUN(_ context.Context, uri string) (time.Duration, error) {
	return 20 * time.Millisecond, e.note("test", uri)
}
func (e *engineDouble) TestRendezvous(_ context.Context, url string) (time.Duration, error) {
	return 30 * time.Millisecond, e.note("test", url)
}
func (e *engineDouble) Pause(_ context.Context, id engine.TransferID) error {
	return e.note("pause", string(id))
}
func (e *engineDouble) Resume(_ context.Context, id engine.TransferID) error {
	return e.note("resume", string(id))
}
func (e *engineDouble) Remove(_ context.Context, id engine.TransferID) error {
	return e.note("remove", string(id))
}
func (e *engineDouble) AllowRelay(_ context.Context, id engine.TransferID, more int64) error {
	return e.note("allow", string(id)+" "+strconv.FormatInt(more, 10))
}
func (e *engineDouble) DenyRelay(_ context.Context, id engine.TransferID) error {
	return e.note("deny", string(id))
}
func (e *engineDouble) CheckNetwork(context.Context) (netcheck.Report, error) {
	return netcheck.Report{}, e.note("check", "network")
}
func (e *engineDouble) TestRelay(_ context.Context, s settings.TURN, onStage func(netcheck.StageResult)) (netcheck.TURNResult, error) {
	for _, stage := range e.result.Stages {
		onStage(stage)
	}
	return e.result, e.note("test", s.URL+" "+s.Username+s.Secret)
}
func (e *engineDouble) Configure(_ context.Context, s settings.Settings) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.configured = append(e.configured, s)
	}
	return e.err
}

func join(parts []string) string {
	text := ""
	for i, part := range parts {
		if i > 0 {
			text += " | "
		}
		text += part
	}
	return text
}

var errTest = errors.New("the test says no")

// desk is a window with everything around it that a test watches.
type desk struct {
	*Window
	engine *engineDouble
	saved  []settings.Settings
	opened []string
	quits  int
	later  []func()
	app    fyne.App
}

var someSettings = settings.Settings{
	Name: "Ada's laptop", DownloadDir: "/home/ada/Downloads", Policy: path.Auto, LimitUp: 2_500_000, RelayMonth: 10e9, Welcomed: true,
	Rendezvous: []string{"wss://tracker.example.org", "wss://tracker.example.net"},
	STUN:       []string{"stun:stun.example.org:3478"},
	TURN: []settings.TURN{
		{URL: "turn:turn1.example.org:3478?transport=udp", Username: "ada", Password: "one"},
		{URL: "turns:turn2.example.org:443", Secret: "two"},
	},
}

// stage, where it is set, is the program of every desk that is opened: a program
// made anew reads its fonts anew, which costs more than a window.
var stage fyne.App

func newApp(t *testing.T, variant fyne.ThemeVariant) fyne.App {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(fixedTheme{look.Theme(), variant})
	return app
}

// newDesk opens a window in a language, light or dark. Everything runs on the
// test's goroutine.
func newDesk(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
	t.Helper()
	return openDesk(t, language, variant, someSettings, nil)
}

func openDesk(t *testing.T, language string, variant fyne.ThemeVariant, s settings.Settings, warning error) *desk {
	t.Helper()
	d := &desk{engine: &engineDouble{}, app: stage}
	if d.app == nil {
		d.app = newApp(t, variant)
	}
	inline := func(f func()) { f() }
	d.Window = New(Options{
		App: d.app, Engine: d.engine, Words: words.In(language), Settings: s, Warning: warning,
		Save:       func(s settings.Settings) error { d.saved = append(d.saved, s); return nil },
		Do:         inline,
		Start:      inline,
		After:      func(_ time.Duration, f func()) { d.later = append(d.later, f) },
		Quit:       func() { d.quits++ },
		OpenFolder: func(folder string) error { d.opened = append(d.opened, folder); return nil },
	})
	t.Cleanup(func() { d.Stop(); d.window.Close() })
	d.window.Resize(first)
	d.window.Show()
	return d
}

func TestMain(m *testing.M) { m.Run() }

// fixedTheme is light or dark whatever the desktop is.
type fixedTheme struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (t fixedTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return t.Theme.Color(name, t.variant)
}

// The states that the window is shown in.

const invitation = "causeway:1NVTEXAMPLE0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func sending(phase engine.Phase) engine.Transfer {
	return engine.Transfer{
		ID: "s", Name: "Holiday pictures", Direction: engine.Send, Phase: phase, Bytes: 540_000_000, Total: 1_200_000_000,
		Files: 2001, Left: -1, Preparing: -1, Invitation: invitation, Folder: "/home/ada/Pictures",
	}
}

func receiving(phase engine.Phase) engine.Transfer {
	t := sending(phase)
	t.ID, t.Direction, t.Folder = "r", engine.Receive, "/home/ada/Downloads"
	return t
}

func moving(t engine.Transfer, kind path.Kind) engine.Transfer {
	t.Phase, t.Path, t.Rate, t.Left = engine.Transferring, kind, 12_400_000, 3*time.Minute
	return t
}

func peer(transfer engine.TransferID, kind path.Kind) engine.Peer {
	p := engine.Peer{
		Transfer: transfer, ID: "peer-" + string(kind), Name: "Grace's desktop", Client: "Causeway 0.1.0", Path: kind, Lane: path.WebRTC,
		Local: path.Candidate{Type: "host", Address: "192.168.1.2:5000", Protocol: "udp"}, RTT: time.Millisecond,
		Remote: path.Candidate{Type: "host", Address: "192.168.1.20:40000", Protocol: "udp"}, RateOut: 12_400_000, Progress: 0.45,
	}
	switch kind {
	case path.DirectInternet:
		p.Name, p.Remote.Address, p.RTT = "Linus", "203.0.113.5:40000", 24*time.Millisecond
	case path.Relayed:
		p.Name, p.Relay, p.RTT = "Margaret", "turn:turn1.example.org:3478?transport=udp", 41*time.Millisecond
	case path.Connecting:
		p.Name, p.Client, p.RTT, p.RateOut, p.Progress, p.Remote = "", "", 0, 0, 0, path.Candidate{}
	}
	return p
}

func failing(t engine.Transfer, code engine.ProblemCode, subject string) engine.Transfer {
	t.Phase, t.Problem = engine.Failed, &engine.Problem{Code: code, Subject: subject, Err: errTest}
	return t
}

// everything is one state of every kind, for the eye.
func everything() engine.State {
	relayed := moving(sending(""), path.Relayed)
	relayed.ID, relayed.Name, relayed.Files = "x", "Thesis, final version (really).pdf", 1
	complete := receiving(engine.Complete)
	complete.ID, complete.Name, complete.Bytes = "c", "Minutes of the meeting.txt", 1_200_000_000
	waiting := sending(engine.Waiting)
	waiting.ID, waiting.Name = "w", "Letters"
	failed := failing(receiving(""), engine.NoPath, "")
	failed.ID = "f"
	return engine.State{
		Transfers: []engine.Transfer{waiting, failed, complete, relayed, moving(sending(""), path.DirectLAN)},
		Peers: []engine.Peer{peer("s", path.DirectLAN), upgraded(), explained(path.Relayed, strict), peer("s", path.Connecting),
			peer("x", path.Relayed)},
		Network: engine.Network{Rendezvous: []engine.Rendezvous{{URL: "wss://a", Connected: true}, {URL: "wss://b", Err: errTest}}},
	}
}

var variants = map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark}
