package ui

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/settings"
)

// someServe is what the settings say before anybody has served.
var someServe = settings.Serve{TrackerPort: 8000, TURNPort: 3478, RelayMin: 49152, RelayMax: 49407}

// servingStates are what this computer can be for others, with the settings.
func servingStates() map[string]struct {
	serve settings.Serve
	state engine.Serving
} {
	on := someServe
	on.Enabled, on.Username, on.Password = true, "causeway", "T7SLQWJWQZ3Y5DMXAB2C"
	return map[string]struct {
		serve settings.Serve
		state engine.Serving
	}{
		"off":      {someServe, engine.Serving{}},
		"starting": {on, engine.Serving{}},
		"running": {on, engine.Serving{
			Running: true, Rendezvous: []string{"ws://203.0.113.5:8000"}, STUN: []string{"stun:203.0.113.5:3478"},
			TURN: []string{"turn:203.0.113.5:3478?transport=udp", "turn:203.0.113.5:3478?transport=tcp"}, Allocations: 2, Bytes: 1_200_000_000,
		}},
		"failing": {on, engine.Serving{Problem: &engine.Problem{Code: engine.CannotServe, Subject: ":8000", Err: errors.New("address already in use")}}},
	}
}

// serveDesk shows the network page with what this computer is for others.
func serveDesk(t *testing.T, language string, variant fyne.ThemeVariant, name string) *desk {
	t.Helper()
	s := servingStates()[name]
	n := network(home())
	n.Serving = s.state
	d := networkDeskIn(t, language, variant, n)
	d.keeper.taken.Serve, d.keeper.wanted.Serve = s.serve, s.serve
	d.network.refresh()
	d.network.lay()
	return d
}

func TestServingIsStartedWithAGoodPassword(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "off")
	d.wantReads(t, "Be a relay for others", "Off", "goes twice over your internet connection", "TCP 8000, TCP and UDP 3478, UDP 49152 to 49407")
	form := d.network.serving.form
	if len(form.password.text()) != servingPassword || !form.password.entry.Password || form.name.text() != "causeway" {
		t.Errorf("the form begins with %q and %q", form.name.text(), form.password.text())
	}
	if got := form.address.entry.PlaceHolder; got != "203.0.113.5" {
		t.Errorf("the address that was found is not offered: %q", got)
	}
	made := form.password.text()
	tap(d.network.serving.start)
	if len(d.saved) != 1 || !d.saved[0].Serve.Enabled || d.saved[0].Serve.Password != made || d.saved[0].Serve.Username != "causeway" {
		t.Fatalf("saved %+v", d.saved)
	}
	d.wantReads(t, "Starting…")
	if form.content.Visible() {
		t.Error("the form can be edited while it starts")
	}
	if other := newPassword(); other == made {
		t.Error("every password is the same")
	}
}

func TestAFriendGetsATextThatCanBeFollowed(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "running")
	d.wantReads(t, "Running: give the addresses below", "2 connections are relayed now · 1.2 GB relayed since it runs",
		"ws://203.0.113.5:8000", "stun:203.0.113.5:3478", "turn:203.0.113.5:3478?transport=tcp", "T7SLQWJWQZ3Y5DMXAB2C", "TCP and UDP 3478")
	tap(d.button(t, "Copy all"))
	want := `You can meet and relay through my computer with Causeway, while it runs here.

Open Settings, then Network, and add:

Rendezvous: ws://203.0.113.5:8000
STUN server: stun:203.0.113.5:3478
Relay (TURN): turn:203.0.113.5:3478?transport=udp
Relay (TURN): turn:203.0.113.5:3478?transport=tcp

For the relay choose “Username and password”:
Username: causeway
Password: T7SLQWJWQZ3Y5DMXAB2C

Then press Test beside the relay.
`
	if got := d.app.Clipboard().Content(); got != want {
		t.Errorf("the text is\n%s", got)
	}
	tap(d.button(t, "Stop"))
	if d.keeper.taken.Serve.Enabled || d.keeper.taken.Serve.Password == "" {
		t.Errorf("stopping leaves %+v", d.keeper.taken.Serve)
	}
	d.wantReads(t, "Off")
}

func TestServingThatFailsSaysWhyAndLetsItBeMended(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "failing")
	d.wantReads(t, "It cannot run as it is set", ":8000", "address already in use", "choose another port")
	form := d.network.serving.form
	if !form.content.Visible() || !d.network.serving.stop.Visible() {
		t.Error("nothing can be mended")
	}
	form.tracker.entry.SetText("8001")
	form.tracker.commit()
	if d.keeper.taken.Serve.TrackerPort != 8001 || !d.keeper.taken.Serve.Enabled {
		t.Errorf("the engine has %+v", d.keeper.taken.Serve)
	}
	d.show(engine.State{Network: engine.Network{Serving: servingStates()["running"].state}})
	if text := d.reads(); strings.Contains(text, "already in use") {
		t.Error("a problem that is over is told of")
	}
}

func TestWhatIsWrongIsMarkedAtItsField(t *testing.T) {
	for name, c := range map[string]struct {
		of   func(*servingForm) *field
		text string
		want string
	}{
		"no port":         {func(f *servingForm) *field { return f.tracker }, "http", "The port must be a number from 1 to 65535"},
		"port 0":          {func(f *servingForm) *field { return f.turn }, "0", "The port must be a number from 1 to 65535"},
		"a port too high": {func(f *servingForm) *field { return f.relayMin }, "70000", "The port must be a number from 1 to 65535"},
		"taken":           {func(f *servingForm) *field { return f.turn }, "8000", "The rendezvous has this port already"},
		"wrong order":     {func(f *servingForm) *field { return f.relayMax }, "49000", "The last port must not be before the first"},
		"a host name":     {func(f *servingForm) *field { return f.address }, "home.example.org", "Write an IP address, such as 192.0.2.1"},
		"a colon":         {func(f *servingForm) *field { return f.name }, "a:b", "A username has no colon"},
		"no name":         {func(f *servingForm) *field { return f.name }, "", "This must not be empty"},
		"no password":     {func(f *servingForm) *field { return f.password }, "", "This must not be empty"},
		"no rate":         {func(f *servingForm) *field { return f.rate }, "fast", "Write megabytes a second, such as 2.5, or leave it empty for no limit"},
	} {
		t.Run(name, func(t *testing.T) {
			d := serveDesk(t, "en", theme.VariantLight, "off")
			wrong := c.of(d.network.serving.form)
			wrong.entry.SetText(c.text)
			wrong.commit()
			if !wrong.problem.Visible() || wrong.problem.Text() != c.want {
				t.Errorf("the field says %q, want %q", wrong.problem.Text(), c.want)
			}
			tap(d.network.serving.start)
			if len(d.saved) != 0 || d.window.Canvas().Focused() != fyne.Focusable(wrong.entry) {
				t.Errorf("saved %+v; the focus is at %T", d.saved, d.window.Canvas().Focused())
			}
		})
	}
}

func TestAFieldIsKeptBeforeServingBegins(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "off")
	form := d.network.serving.form
	form.address.entry.SetText("198.51.100.7")
	form.address.commit()
	form.rate.entry.SetText("2.5")
	form.rate.commit()
	if s := d.keeper.taken.Serve; s.PublicIP != "198.51.100.7" || s.Rate != 2_500_000 || s.Enabled {
		t.Errorf("kept %+v", s)
	}
}

func TestAPasswordIsShownCopiedAndMadeAnew(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "off")
	form := d.network.serving.form
	made := form.password.text()
	form.turnPassword()
	if form.password.entry.Password {
		t.Error("the password stays hidden")
	}
	form.copyPassword()
	if got := d.app.Clipboard().Content(); got != made {
		t.Errorf("the clipboard has %q", got)
	}
	form.renewPassword()
	if got := d.keeper.taken.Serve.Password; got == made || len(got) != servingPassword {
		t.Errorf("the password is %q", got)
	}
}

func TestWhatWasTypedStaysUntilAllIsRight(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "failing")
	form := d.network.serving.form
	form.address.entry.SetText("home.example.org")
	form.address.commit()
	form.tracker.entry.SetText("8001")
	form.tracker.commit()
	d.show(engine.State{Network: engine.Network{Serving: servingStates()["failing"].state}})
	if form.tracker.text() != "8001" || form.address.text() != "home.example.org" || len(d.saved) != 0 {
		t.Errorf("the fields have %q and %q; saved %+v", form.tracker.text(), form.address.text(), d.saved)
	}
	form.address.entry.SetText("198.51.100.7")
	form.address.commit()
	if s := d.keeper.taken.Serve; s.TrackerPort != 8001 || s.PublicIP != "198.51.100.7" {
		t.Errorf("kept %+v", s)
	}
	d.engine.err = errTest
	form.tracker.entry.SetText("8002")
	form.tracker.commit()
	if form.tracker.text() != "8001" || !d.notice.content.Visible() {
		t.Errorf("what the engine refused stays: %q", form.tracker.text())
	}
}

func TestWhereTheServingPasswordIsKeptIsSaid(t *testing.T) {
	d := serveDesk(t, "en", theme.VariantLight, "off")
	if d.network.serving.form.secrets.Visible() {
		t.Error("a place is named that nobody knows")
	}
	d.Window.secrets = func() (settings.Place, string) { return settings.InFile, "/home/ada/.config/causeway/secrets.json" }
	d.rebuild()
	if got := d.network.serving.form.secrets; !got.Visible() || !strings.Contains(got.Text(), "secrets.json") {
		t.Errorf("said %q", got.Text())
	}
}
