package netcheck

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
	"github.com/causeway-app/causeway/engine/watch"
)

// hasty is for servers of which the test knows that they are silent.
var hasty = pace{50 * time.Millisecond, 100 * time.Millisecond, 150 * time.Millisecond}

func mustAddrPort(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

func TestEverythingThatAnswersIsCheckedInLessThanHalfASecond(t *testing.T) {
	server := embedded(t, ann())
	nat := &fakeNAT{mapping: EndpointIndependent, filtering: AddressAndPortDependent, next: scattered()}
	first, second := serveSTUN(t, nat, 2, 0, 2, 3), serveSTUN(t, nat, 0, 0, 4)
	var mu sync.Mutex
	told := map[string][]Stage{}
	var servers []Server
	for _, url := range server.TurnURLs() {
		servers = append(servers, Server{URL: url, Username: "ann", Password: "right"})
	}
	report := Check(t.Context(), Config{
		STUN: []string{first.url(), second.url()}, TURN: servers, Throughput: briefly, Policy: path.Auto,
		OnStage: func(url string, s StageResult) {
			if !mu.TryLock() {
				t.Error("two goroutines call at the same time")
				return
			}
			defer mu.Unlock()
			told[url] = append(told[url], s.Stage)
		},
	})
	if limit := 500*time.Millisecond + time.Duration(len(servers))*briefly; report.Took > limit {
		t.Errorf("took %v, want at most %v", report.Took, limit)
	}
	if report.UDP != Open || !report.IPv4 || !report.Relay || report.Filtering != AddressAndPortDependent || report.Policy != path.Auto {
		t.Errorf("found %+v", report.Findings)
	}
	for _, r := range report.TURN {
		if r.Failure != nil || r.Rate == 0 || len(told[r.URL]) != 8 {
			t.Errorf("%s: failure %+v, rate %d, told %v", r.URL, r.Failure, r.Rate, told[r.URL])
		}
	}
	if since := time.Since(report.At); since < 0 || since > time.Minute {
		t.Errorf("checked %v ago", since)
	}
	eventually(t, "every allocation is given back", func() bool { return server.Counters().Users["ann"].Allocations == 0 })
}

func TestDeadServersDoNotHoldACheckUp(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for silence")
	}
	t.Parallel()
	dead := hole(t)
	report := Check(t.Context(), Config{
		STUN: []string{"stun:" + strings.TrimSuffix(strings.TrimPrefix(dead, "turn:"), "?transport=udp"), "stun:nowhere.invalid"},
		TURN: []Server{{URL: dead, Username: "ann", Password: "right"}, {URL: "turn:nowhere.invalid", Username: "ann", Password: "right"}},
	})
	if report.Took > 8*time.Second {
		t.Errorf("took %v", report.Took)
	}
	if report.UDP != "" || report.IPv4 || report.Relay || report.Verdict() != Offline {
		t.Errorf("found %+v, %s", report.Findings, report.Verdict())
	}
	if report.STUN[0].Err == nil || report.STUN[1].Err == nil {
		t.Errorf("dead STUN servers: %+v", report.STUN)
	}
	if r := report.TURN[0].Failure; r == nil || r.Reason != Unreachable {
		t.Errorf("the dead one: %+v", r)
	}
	if r := report.TURN[1].Failure; r == nil || r.Reason != NameUnknown {
		t.Errorf("the nameless one: %+v", r)
	}
}

func TestUDPIsBlockedWhereOnlyTCPGetsAnAnswer(t *testing.T) {
	t.Parallel()
	server := embedded(t, ann())
	silent := strings.TrimPrefix(hole(t), "turn:")
	plain, _, _ := strings.Cut(silent, "?")
	report := Check(t.Context(), Config{
		STUN: []string{"stun:" + plain}, Throughput: skipped, patience: hasty,
		TURN: []Server{
			{URL: "turn:" + silent, Username: "ann", Password: "right"},
			{URL: server.TurnURLs()[1], Username: "ann", Password: "right"},
		},
	})
	if report.UDP != Blocked || !report.IPv4 || !report.Relay || report.Verdict() != NoUDP {
		t.Errorf("found %+v, %s", report.Findings, report.Verdict())
	}
	f := failed(t, report.TURN[0], Connect, UDPBlocked, 0)
	if report.TURN[1].Failure != nil {
		t.Errorf("by TCP: %+v", report.TURN[1].Failure)
	}
	if f == nil || report.Took > 8*time.Second {
		t.Errorf("took %v", report.Took)
	}
}

func TestARendezvousShowsThatOnlyUDPIsBlocked(t *testing.T) {
	t.Parallel()
	tracker := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(tracker.Close)
	plain, _, _ := strings.Cut(strings.TrimPrefix(hole(t), "turn:"), "?")
	report := Check(t.Context(), Config{STUN: []string{"stun:" + plain}, Rendezvous: []string{strings.Replace(tracker.URL, "http", "ws", 1)}, patience: hasty})
	if report.UDP != Blocked || !report.IPv4 {
		t.Errorf("found %+v", report.Findings)
	}
}

func TestAClosedPortIsNoBlockedNetwork(t *testing.T) {
	server := embedded(t, ann())
	closed := freePort(t)
	report := Check(t.Context(), Config{Throughput: skipped, patience: hasty, TURN: []Server{
		{URL: "turn:" + closed, Username: "ann", Password: "right"},
		{URL: server.TurnURLs()[1], Username: "ann", Password: "right"},
	}})
	if report.UDP == Blocked || report.TURN[0].Failure == nil || report.TURN[0].Failure.Reason != ConnectionClosed {
		t.Errorf("found %+v, failure %+v", report.Findings, report.TURN[0].Failure)
	}
}

func TestWhatThePolicyForbidsIsNotAsked(t *testing.T) {
	nat := &fakeNAT{transparent: true, filtering: EndpointIndependent}
	stunServer := serveSTUN(t, nat, 0, 0, 2)
	server := embedded(t, ann())
	config := Config{
		STUN: []string{stunServer.url()}, Throughput: skipped,
		TURN: []Server{{URL: server.TurnURLs()[1], Username: "ann", Password: "right"}},
	}
	asked := func() int {
		stunServer.mu.Lock()
		defer stunServer.mu.Unlock()
		return len(stunServer.seen)
	}
	config.Policy = path.LANOnly
	if report := Check(t.Context(), config); asked() != 0 || len(report.TURN) != 0 || report.Verdict() != NotAsked {
		t.Errorf("same network only: %d requests, %+v", asked(), report)
	}
	config.Policy = path.RelayOnly
	if report := Check(t.Context(), config); asked() != 0 || len(report.TURN) != 1 || !report.Relay {
		t.Errorf("relay only: %d requests, %+v", asked(), report)
	}
	config.Policy = path.Auto
	if Check(t.Context(), config); asked() == 0 {
		t.Error("automatic: the STUN server was not asked")
	}
}

func TestWhoHidesBehindRelaysShowsItselfAtNoAddressThatTheseName(t *testing.T) {
	nat := &fakeNAT{transparent: true, filtering: EndpointIndependent}
	stunServer := serveSTUN(t, nat, 2, 0, 2, 3)
	config := Config{Throughput: skipped, patience: hasty, TURN: []Server{
		{URL: "turn:" + strings.TrimPrefix(stunServer.url(), "stun:"), Username: "ann", Password: "right"},
	}}
	elsewhere := func() (count int) {
		nat.mu.Lock()
		defer nat.mu.Unlock()
		for _, destinations := range nat.sent {
			for _, to := range destinations {
				if "stun:"+to.String() != stunServer.url() {
					count++
				}
			}
		}
		return count
	}
	config.Policy = path.RelayOnly
	if report := Check(t.Context(), config); elsewhere() != 0 || report.Filtering != "" || report.UDP != Open {
		t.Errorf("%d requests went elsewhere; %+v", elsewhere(), report.Findings)
	}
	config.Policy = path.Auto
	if report := Check(t.Context(), config); elsewhere() == 0 || report.Filtering != EndpointIndependent {
		t.Errorf("automatic: %d requests went elsewhere; %+v", elsewhere(), report.Findings)
	}
}

func TestTheRouterTellsOfPortMappingAndOfACarriersNAT(t *testing.T) {
	nat := &fakeNAT{mapping: EndpointIndependent, filtering: AddressAndPortDependent, next: scattered()}
	urls := []string{serveSTUN(t, nat, 0, 0, 2).url(), serveSTUN(t, nat, 0, 0, 3).url()}
	for _, test := range []struct {
		external string
		carrier  bool
		verdict  Verdict
	}{
		{outside.String(), false, Mapped},
		{"198.51.100.7", true, Usual},
		{"100.64.3.4", true, Usual},
		{"192.168.0.2", true, Usual},
		{"", false, Mapped},
	} {
		status := portmap.Status{Searched: true, Protocol: portmap.UPnP}
		if test.external != "" {
			status.External = netip.MustParseAddr(test.external)
		}
		router := watch.NewValue(portmap.Status{})
		time.AfterFunc(10*time.Millisecond, func() { router.Set(status) })
		report := Check(t.Context(), Config{STUN: urls, Router: router})
		if report.PortMapping != portmap.UPnP || report.CarrierNAT != test.carrier || report.Verdict() != test.verdict || report.Router != status {
			t.Errorf("%s: %+v, %s", test.external, report.Findings, report.Verdict())
		}
	}
}

func TestACaptiveNetworkIsSeenByItsAnswer(t *testing.T) {
	for _, test := range []struct {
		name    string
		answer  http.HandlerFunc
		captive func(asked string) string
	}{
		{"free", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, func(string) string { return "" }},
		{"led to a login", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.hotel.example/?room=1", http.StatusFound)
		}, func(string) string { return "https://login.hotel.example/?room=1" }},
		{"answered with a login", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<form>")) }, func(asked string) string { return asked }},
	} {
		server := httptest.NewServer(test.answer)
		report := Check(t.Context(), Config{Captive: server.URL + "/generate_204"})
		if want := test.captive(server.URL + "/generate_204"); report.Captive != want || (want != "") != (report.Verdict() == LoginPage) {
			t.Errorf("%s: %q, want %q, verdict %s", test.name, report.Captive, want, report.Verdict())
		}
		server.Close()
	}
	if report := Check(t.Context(), Config{Captive: "http://" + freePort(t)}); report.Captive != "" {
		t.Errorf("nobody answers: %q", report.Captive)
	}
}

func TestTheProxyOfTheEnvironmentIsNamedWithoutItsPassword(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTPS_PROXY", "http://ann:hidden@proxy.office.example:3128")
	if got := Check(t.Context(), Config{}).Proxy; got != "http://proxy.office.example:3128" {
		t.Errorf("got %q", got)
	}
	t.Setenv("HTTPS_PROXY", "")
	if got := Check(t.Context(), Config{}).Proxy; got != "" {
		t.Errorf("got %q", got)
	}
}

func TestBuffersThatTheSystemCutsDownHaveARemedy(t *testing.T) {
	found := measureBuffers()
	if found.Wanted != 4<<20 || found.Receive < 0 || found.Send < 0 {
		t.Errorf("found %+v", found)
	}
	if (found.Remedy != "") != (found.short() && buffersRemedy != "") {
		t.Errorf("found %+v", found)
	}
	t.Logf("%+v", found)
	for _, b := range []Buffers{{Wanted: 4, Receive: 1, Send: 4}, {Wanted: 4, Receive: 4, Send: 1}} {
		if !b.short() {
			t.Errorf("%+v is enough", b)
		}
	}
	for _, b := range []Buffers{{Wanted: 4, Receive: 4, Send: 5}, {Wanted: 4}} {
		if b.short() {
			t.Errorf("%+v is too small", b)
		}
	}
}

func TestIPv6IsFoundWhereAServerAnswersByIt(t *testing.T) {
	server := serveStubV6(t)
	report := Check(t.Context(), Config{STUN: []string{server}})
	if !report.IPv6 || report.IPv4 || report.UDP != Open || !report.Public6.Is6() {
		t.Errorf("found %+v, seen as %v", report.Findings, report.Public6)
	}
}

// serveStubV6 is a STUN server on the IPv6 loopback.
func serveStubV6(t testing.TB) string {
	t.Helper()
	socket, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Skipf("this computer has no IPv6: %v", err)
	}
	s := &stub{socket: socket, answer: func(*stun.Message) (stun.MessageClass, []stun.Setter) {
		return stun.ClassSuccessResponse, []stun.Setter{&stun.XORMappedAddress{IP: net.ParseIP("2001:db8::7"), Port: 9}}
	}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve()
	}()
	t.Cleanup(func() {
		_ = socket.Close()
		<-done
	})
	return "stun:" + socket.LocalAddr().String()
}
