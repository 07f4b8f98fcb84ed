package ui

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
	"github.com/causeway-app/causeway/ui/look"
)

// The networks that the page is shown with.

const remedy = "sudo sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304"

// home is a report of a usual home network.
func home() *netcheck.Report {
	return &netcheck.Report{
		At: time.Date(2026, 11, 21, 14, 2, 7, 0, time.Local), Took: 1200 * time.Millisecond,
		Findings: netcheck.Findings{
			UDP: netcheck.Open, IPv4: true, IPv6: true, NAT: true, Mapping: netcheck.EndpointIndependent,
			Filtering: netcheck.AddressAndPortDependent, PortMapping: portmap.UPnP, Relay: true,
		},
		Public4: netip.MustParseAddr("203.0.113.5"), Public6: netip.MustParseAddr("2001:db8::5"),
		Router:  portmap.Status{Searched: true, Protocol: portmap.UPnP, External: netip.MustParseAddr("203.0.113.5")},
		STUN:    []netcheck.STUNResult{{URL: "stun:stun.example.org:3478", RTT: 20 * time.Millisecond}},
		Buffers: netcheck.Buffers{Wanted: 4 << 20, Receive: 4 << 20, Send: 4 << 20},
	}
}

// hotel is a report of a network that makes nothing easy.
func hotel() *netcheck.Report {
	r := home()
	r.IPv6, r.Mapping, r.PortMapping, r.CarrierNAT = false, netcheck.AddressAndPortDependent, "", true
	r.Public6, r.Router = netip.Addr{}, portmap.Status{Searched: true, Err: portmap.ErrNoRouter}
	r.Buffers.Receive, r.Buffers.Send, r.Buffers.Remedy = 208<<10, 208<<10, remedy
	return r
}

// walled is a report of a network that blocks UDP and wants a login.
func walled() *netcheck.Report {
	r := hotel()
	r.Findings = netcheck.Findings{UDP: netcheck.Blocked, IPv4: true}
	r.Captive, r.Proxy = "http://login.hotel.example/welcome?to=everybody", "http://proxy.hotel.example:3128"
	r.Router = portmap.Status{Searched: true, Err: portmap.ErrRefused}
	r.STUN[0] = netcheck.STUNResult{URL: r.STUN[0].URL, Err: errTest}
	return r
}

// halfServed is a home one of whose STUN servers is dead, and another misspelt.
func halfServed() *netcheck.Report {
	r := home()
	r.STUN = append(r.STUN, netcheck.STUNResult{URL: "stun:stun2.example.org:3478", Err: errTest},
		netcheck.STUNResult{URL: "stun:sutn.example.org:19302", Err: &net.DNSError{IsNotFound: true}})
	return r
}

// someLook is when relays were looked at.
var someLook = time.Date(2026, 11, 21, 14, 2, 7, 0, time.Local)

func network(check *netcheck.Report) engine.Network {
	refused := &netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401, Realm: "example.org", Err: errTest}
	n := engine.Network{
		Check: check,
		Relays: []engine.Relay{
			{URL: "turn:turn1.example.org:3478?transport=udp", RTT: 41 * time.Millisecond, Tested: someLook, MonthBytes: 1_200_000_000, Links: 2},
			{URL: "turns:turn2.example.org:443", Tested: someLook, Failure: refused},
		},
		Usage:    monthOf(1_200_000_000, 10_000_000_000),
		Forecast: netcheck.Explanation{Path: path.DirectInternet, Forecast: true},
	}
	if check != nil && (check.UDP == netcheck.Blocked || check.Mapping == netcheck.AddressAndPortDependent) {
		n.Forecast = strict
		n.Forecast.Forecast = true
	}
	return n
}

// networkDesk is a window that shows the network page, all of it.
func networkDesk(t *testing.T, n engine.Network) *desk {
	t.Helper()
	return networkDeskIn(t, "en", theme.VariantLight, n)
}

func networkDeskIn(t *testing.T, language string, variant fyne.ThemeVariant, n engine.Network) *desk {
	t.Helper()
	mapping := someSettings
	mapping.PortMapping, mapping.Serve = true, someServe
	d := openDesk(t, language, variant, mapping, nil)
	d.now = func() time.Time { return time.Date(2026, 11, 21, 14, 3, 0, 0, time.Local) }
	d.window.Resize(fyne.NewSize(980, 1500))
	d.show(engine.State{Network: n})
	d.goTo(networkAt)
	return d
}

// reads is every text that can be seen on the page.
func (d *desk) reads() string { return strings.Join(seen(d.network.content), "\n") }

// seen are the texts of what is visible within an object.
func seen(o fyne.CanvasObject) (texts []string) {
	if !o.Visible() {
		return nil
	}
	if text, ok := o.(interface{ Text() string }); ok {
		return []string{text.Text()}
	}
	var parts []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		parts = o.Objects
	case fyne.Widget:
		parts = test.WidgetRenderer(o).Objects()
	}
	for _, part := range parts {
		texts = append(texts, seen(part)...)
	}
	return texts
}

func (d *desk) wantReads(t *testing.T, parts ...string) {
	t.Helper()
	text := d.reads()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("nowhere stands %q in:\n%s", part, text)
		}
	}
}

func TestTheNetworkPageSaysWhatTheNetworkAllows(t *testing.T) {
	for name, c := range map[string]struct {
		report *netcheck.Report
		says   []string
	}{
		"before the first check": {nil, []string{"Looking at your network…", "Not looked at yet"}},
		"a home": {home(), []string{
			"Home router that maps ports, direct works with nearly everybody.", "A direct path is likely.", "Checked at 14:02:07, in 1.2 s",
			"Passes to the internet and back", "Reaches the internet as 203.0.113.5", "Reaches the internet as 2001:db8::5",
			"Usual: the same port for every destination", "By UPnP, at 203.0.113.5",
		}},
		"a hotel": {hotel(), []string{
			"Strict router: a relay is needed for some people.", "A relay will be needed: your network changes ports",
			"Strict: another port for each destination", "would not help behind the provider's router", "Your provider puts a second router", "213 kB of 4.2 MB", remedy,
		}},
		"a wall": {walled(), []string{
			"This network wants a login first: open a web page", "Blocked. Only a relay by TCP or TLS", "http://login.hotel.example/welcome",
			"http://proxy.hotel.example:3128", "The router refuses",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			networkDesk(t, network(c.report)).wantReads(t, c.says...)
		})
	}
}

func TestOnlyALoginPageThatWasFoundIsToldOf(t *testing.T) {
	d := networkDesk(t, network(home()))
	if text := d.reads(); strings.Contains(text, "Login page") {
		t.Errorf("a login page is told of that nobody looked for:\n%s", text)
	}
	d.show(engine.State{Network: network(walled())})
	d.wantReads(t, "Login page", "http://login.hotel.example/welcome")
}

func TestEachSTUNServerThatFailsHasALine(t *testing.T) {
	d := networkDesk(t, network(halfServed()))
	d.wantReads(t, "stun2.example.org does not answer. Check its address", "sutn.example.org:19302 does not answer. Check its address")
	if text := d.reads(); strings.Contains(text, "stun.example.org does") {
		t.Errorf("the server that works is said to fail:\n%s", text)
	}
	d.show(engine.State{Network: network(walled())})
	d.wantReads(t, "stun.example.org does not answer, as UDP is blocked")
	misspelt := walled()
	misspelt.STUN[0].Err = &net.DNSError{IsNotFound: true}
	d.show(engine.State{Network: network(misspelt)})
	d.wantReads(t, "stun.example.org does not answer. Check its address")
	d.show(engine.State{Network: network(home())})
	for _, line := range d.network.check.findings {
		if line.content.Visible() && strings.Contains(line.value.Text(), "does not answer") {
			t.Errorf("a server is said to fail that works again: %s", line.value.Text())
		}
	}
}

func TestAnIPVersionThatNobodyTriedIsNotKnown(t *testing.T) {
	relay := netcheck.TURNResult{URL: "turn:turn1.example.org:3478?transport=tcp"}
	for name, c := range map[string]struct {
		report       netcheck.Report
		want4, want6 string
	}{
		"same network only":   {netcheck.Report{}, "Not known", "Not known"},
		"only a relay by TCP": {netcheck.Report{TURN: []netcheck.TURNResult{relay}, Findings: netcheck.Findings{IPv4: true}}, "Reaches the internet", "Not known"},
		"offline":             {netcheck.Report{STUN: []netcheck.STUNResult{{Err: errTest}}}, "Does not reach the internet", "Does not reach the internet"},
		"IPv4 alone": {netcheck.Report{STUN: []netcheck.STUNResult{{}}, Findings: netcheck.Findings{UDP: netcheck.Open, IPv4: true}},
			"Reaches the internet", "Does not reach the internet"},
	} {
		d := networkDesk(t, network(&c.report))
		for _, line := range d.network.check.findings {
			if f := line.finding; f.name == "IPv4" && f.value != c.want4 || f.name == "IPv6" && f.value != c.want6 {
				t.Errorf("%s: %s: %s", name, f.name, f.value)
			}
		}
	}
}

func TestFindingsAreMarkedByShapeAndNotByColourAlone(t *testing.T) {
	seen := map[fyne.Resource]mark{}
	for m, face := range marks() {
		if other, found := seen[face.icon]; found {
			t.Errorf("%v and %v have the same shape", m, other)
		}
		seen[face.icon] = m
	}
	d := networkDesk(t, network(hotel()))
	var got []mark
	for _, line := range d.network.check.findings {
		got = append(got, line.finding.mark)
	}
	want := []mark{good, good, unknown, fair, unknown, fair, fair}
	if !slices.Equal(got, want) {
		t.Errorf("the marks are %v, want %v", got, want)
	}
}

func TestTheRemedyIsCopied(t *testing.T) {
	d := networkDesk(t, network(hotel()))
	line := d.network.check.findings[len(d.network.check.findings)-1]
	for _, o := range test.LaidOutObjects(line.remedy) {
		if b, ok := o.(fyne.Tappable); ok {
			b.Tapped(nil)
		}
	}
	if got := d.app.Clipboard().Content(); got != remedy {
		t.Errorf("the clipboard has %q", got)
	}
	d.show(engine.State{Network: network(home())})
	if line.remedy.Visible() {
		t.Error("a remedy is shown that nobody needs any more")
	}
}

func TestTheNetworkIsCheckedAgainOnRequest(t *testing.T) {
	d := networkDesk(t, network(home()))
	var later func()
	d.start = func(f func()) { later = f }
	tap(d.button(t, "Check again"))
	d.button(t, "Checking…")
	d.network.check.check() // an impatient user
	later()
	d.wantVerbs(t, "check network")
	d.button(t, "Check again")
	d.engine.err = errTest
	d.start = func(f func()) { f() }
	tap(d.button(t, "Check again"))
	if !d.notice.content.Visible() || d.network.check.checking {
		t.Error("a check that failed is not told of")
	}
}

func TestRelaysSayHowTheyDo(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.wantReads(t, "turn1.example.org", "Works · 41 ms · UDP · carries 2 connections now · 1.2 GB this month · looked at today 14:02",
		"turn2.example.org:443", "Cannot be used · TLS", "refuses the credentials (401)",
		"Direct 96 %, 28.8 GB · relayed 4 %, 1.2 GB", "1.2 GB of 10.0 GB that relays may carry",
		"relays will have carried 1.7 GB by the end of the month")
	none := network(home())
	none.Relays, none.Usage = nil, engine.RelayUsage{}
	d.show(engine.State{Network: none})
	d.wantReads(t, "No relay is set up.", "Nothing has been sent or received yet", "No limit for relays.")
}

func TestARelayIsAddedWithoutLeavingTheNetworkPage(t *testing.T) {
	n := network(hotel())
	d := networkDesk(t, n)
	d.window.Resize(minimum)
	tap(d.network.adding)
	editor := d.settings.turn.editor
	editor.url.entry.SetText("turn:turn3.example.org")
	editor.user.entry.SetText("ada")
	editor.password.entry.SetText("three")
	editor.submit()
	if got := d.latest(t).TURN; len(got) != 3 || got[2].URL != "turn:turn3.example.org" {
		t.Fatalf("the relays are %+v", got)
	}
	if d.here != networkAt || !d.network.content.Visible() || d.settings.content.Visible() {
		t.Error("the user is led away from the page")
	}
	n.Relays = append(slices.Clone(n.Relays), engine.Relay{URL: "turn:turn3.example.org", RTT: 21 * time.Millisecond, Tested: someLook})
	d.show(engine.State{Network: n})
	line, scroll := d.network.relays[2].content, d.network.scroll
	at := d.app.Driver().AbsolutePositionForObject(line).Y - d.app.Driver().AbsolutePositionForObject(scroll).Y
	if at < 0 || at+line.Size().Height > scroll.Size().Height {
		t.Errorf("the new relay is at %v of %v, where nobody sees it", at, scroll.Size().Height)
	}
	scroll.ScrollToTop()
	d.show(engine.State{Network: network(home())})
	d.show(engine.State{Network: n})
	if scroll.Offset.Y > 0 {
		t.Error("the page scrolls where nobody has added anything")
	}
}

func TestFindingsStayWhileTheNetworkIsCheckedAgain(t *testing.T) {
	d := networkDesk(t, network(home()))
	again := network(home())
	again.Checking = true
	d.show(engine.State{Network: again})
	d.wantReads(t, "Passes to the internet and back", "checking again…")
	if strings.Contains(d.reads(), "Not looked at yet") {
		t.Error("what was found is gone")
	}
	d.show(engine.State{Network: network(home())})
	if strings.Contains(d.reads(), "checking again") {
		t.Error("the check seems to go on")
	}
}

func TestATestSaysWhatItTookOfTheRelaysTraffic(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.engine.result = results(nil)
	d.engine.result.BytesUsed = 33_000_000
	tap(d.network.relays[0].test)
	d.wantReads(t, "12.4 MB/s · 70 ms · used 33.0 MB of its traffic")
	d.engine.result = results(&netcheck.Failure{Stage: netcheck.Echo, Reason: netcheck.EchoLost, Err: errTest})
	d.engine.result.BytesUsed = 2_000
	tap(d.network.relays[0].test)
	d.wantReads(t, "60 ms · used 2.0 kB of its traffic")
}

func results(failure *netcheck.Failure) netcheck.TURNResult {
	r := netcheck.TURNResult{URL: "turn:turn1.example.org:3478?transport=udp", Failure: failure}
	for i, stage := range stages {
		s := netcheck.StageResult{Stage: stage, Took: time.Duration(i+1) * 10 * time.Millisecond}
		if failure != nil && stage == failure.Stage {
			s.Failure = failure
		}
		if r.Stages = append(r.Stages, s); s.Failure != nil {
			return r
		}
	}
	r.RTT, r.Rate = 41*time.Millisecond, 12_400_000
	return r
}

func TestATestOfARelayUnfoldsStageByStage(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.engine.result = results(nil)
	var shown []int
	d.do = func(f func()) {
		f()
		shown = append(shown, len(d.network.relays[0].stages.lines))
	}
	tap(d.network.relays[0].test)
	d.wantVerbs(t, "test turn:turn1.example.org:3478?transport=udp ada")
	if want := []int{2, 3, 4, 5, 6, 7, 8, 8, 8}; !slices.Equal(shown, want) {
		t.Errorf("the stages unfold as %v, want %v", shown, want)
	}
	d.wantReads(t, "Find the name", "10 ms", "Throughput", "12.4 MB/s · 70 ms", "Release")
	if strings.Contains(d.reads(), "under way") || d.network.relays[0].test.Disabled() {
		t.Error("the test seems to go on")
	}
	tap(d.network.relays[0].fold)
	if d.network.relays[0].stages.content.Visible() {
		t.Error("the stages cannot be folded away")
	}
}

func TestAFailedStageSaysWhatToDo(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.engine.result = results(&netcheck.Failure{Stage: netcheck.Connect, Reason: netcheck.UDPBlocked, Err: errTest})
	tap(d.network.relays[0].test)
	d.wantReads(t, "Add the same relay with ?transport=tcp")
	if text := d.reads(); strings.Contains(text, "Allocate") || strings.Contains(text, "under way") {
		t.Errorf("stages are shown that were not tried:\n%s", text)
	}
	d.show(engine.State{Network: network(hotel())})
	if len(d.network.relays[0].stages.lines) != 2 {
		t.Error("a new state takes the result away")
	}
}

func TestATestThatCannotBeginIsToldOf(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.engine.err = errTest
	tap(d.network.relays[0].test)
	if !d.notice.content.Visible() || d.network.relays[0].stages.content.Visible() {
		t.Error("nothing says that the test did not begin")
	}
}

func TestTheNetworkPageRestsWhileAnotherIsOpen(t *testing.T) {
	d := networkDesk(t, network(home()))
	d.goTo(transfersAt)
	d.show(engine.State{Network: network(hotel())})
	if d.network.network.Check.CarrierNAT {
		t.Error("a page that nobody sees is drawn")
	}
	d.goTo(networkAt)
	d.wantReads(t, "Your provider puts a second router")
}

func TestTheNetworkPageHasRoomForItsWords(t *testing.T) {
	for _, size := range []fyne.Size{minimum, first, fyne.NewSize(1600, 1000)} {
		d := networkDesk(t, network(walled()))
		d.window.Resize(size)
		d.engine.result = results(&netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401, Realm: "example.org"})
		tap(d.network.relays[0].test)
		for _, o := range test.LaidOutObjects(d.network.content) {
			text, isText := o.(*look.Paragraph)
			if isText && text.Visible() && text.Text() != "" && o.Size().Height+0.5 < o.MinSize().Height {
				t.Errorf("at %v a %T has %v and needs %v", size, o, o.Size(), o.MinSize())
			}
		}
	}
}
