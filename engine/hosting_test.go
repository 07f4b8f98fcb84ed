package engine

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
)

// freePort is a port that neither TCP nor UDP has given to anybody now.
func freePort(t *testing.T) uint16 {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		packets, err := net.ListenPacket("udp", ":"+strconv.Itoa(port))
		listener.Close()
		if err == nil {
			packets.Close()
			return uint16(port)
		}
	}
	t.Fatal("no port is free")
	return 0
}

func serving(t *testing.T) settings.Serve {
	return settings.Serve{
		Enabled: true, TrackerPort: freePort(t), TURNPort: freePort(t), RelayMin: 40000, RelayMax: 60000,
		PublicIP: "127.0.0.1", Username: "guest", Password: "tea",
	}
}

func at(scheme string, ip string, port uint16) string {
	return scheme + ":" + netip.AddrPortFrom(netip.MustParseAddr(ip), port).String()
}

func (b *bench) configure(t *testing.T, change func(*settings.Settings)) {
	t.Helper()
	s := b.owner.settings
	change(&s)
	if err := b.Configure(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func runs(s State) bool { return s.Network.Serving.Running }

// soon polls until something is so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

func listening(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func answers(t *testing.T, address string) {
	t.Helper()
	soon(t, "somebody listens at "+address, func() bool { return listening(address) })
}

func answersNot(t *testing.T, address string) {
	t.Helper()
	soon(t, "nobody listens at "+address, func() bool { return !listening(address) })
}

func loopback(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }

func TestServingOthersIsSwitchedOnAndOffWhileTheProgramRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*settings.Settings) {})
	b.start(t)
	serve := serving(t)
	if now := b.State().Load().Network.Serving; now.Running || now.Problem != nil {
		t.Fatalf("nobody asked for %+v", now)
	}
	b.configure(t, func(s *settings.Settings) { s.Serve = serve })
	now := b.until(t, "it serves", runs).Network.Serving
	tracker, turn := at("ws", "127.0.0.1", serve.TrackerPort), at("turn", "127.0.0.1", serve.TURNPort)
	tracker = "ws://" + tracker[len("ws:"):]
	if !slices.Equal(now.Rendezvous, []string{tracker}) || !slices.Equal(now.STUN, []string{at("stun", "127.0.0.1", serve.TURNPort)}) ||
		!slices.Equal(now.TURN, []string{turn + "?transport=udp", turn + "?transport=tcp"}) {
		t.Errorf("to give away are %+v", now)
	}
	if _, err := b.TestRendezvous(t.Context(), now.Rendezvous[0]); err != nil {
		t.Errorf("the rendezvous: %v", err)
	}
	if _, err := b.TestSTUN(t.Context(), now.STUN[0]); err != nil {
		t.Errorf("STUN: %v", err)
	}
	for _, url := range now.TURN {
		server := netcheck.Server{URL: url, Username: serve.Username, Password: serve.Password}
		if result := netcheck.TestTURN(t.Context(), server, netcheck.Options{Throughput: -1}); result.Failure != nil {
			t.Errorf("%s: %v", url, result.Failure)
		}
	}
	b.until(t, "it tells what was relayed", func(s State) bool { return s.Network.Serving.Bytes > 0 })

	moved := serve
	moved.TrackerPort, moved.Username, moved.Password = freePort(t), "", ""
	b.configure(t, func(s *settings.Settings) { s.Serve = moved })
	now = b.until(t, "it serves elsewhere", func(s State) bool {
		return runs(s) && s.Network.Serving.Rendezvous[0] != tracker
	}).Network.Serving
	if len(now.TURN) > 0 || len(now.STUN) != 1 || now.Bytes != 0 {
		t.Errorf("without an account there is %+v", now)
	}
	answersNot(t, loopback(serve.TrackerPort))
	server := netcheck.Server{URL: turn, Username: serve.Username, Password: serve.Password}
	if result := netcheck.TestTURN(t.Context(), server, netcheck.Options{Throughput: -1}); result.Failure == nil {
		t.Error("it relays for those of before")
	}

	b.configure(t, func(s *settings.Settings) { s.Serve.Enabled = false })
	if now := b.State().Load().Network.Serving; now.Running || len(now.STUN) > 0 {
		t.Errorf("switched off it is %+v", now)
	}
	answersNot(t, loopback(moved.TrackerPort))
	b.configure(t, func(s *settings.Settings) { s.Serve = serve }) // the ports are free at once
	b.until(t, "it serves again", runs)
}

func TestAPortThatIsTakenIsToldAndTriedAgainWithTheNextSettings(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	serve := serving(t)
	serve.TrackerPort = uint16(taken.Addr().(*net.TCPAddr).Port)
	b := newBench(t, func(s *settings.Settings) { s.Serve = serve })
	b.start(t)
	now := b.until(t, "it cannot", func(s State) bool { return s.Network.Serving.Problem != nil }).Network.Serving
	_, port, _ := net.SplitHostPort(now.Problem.Subject)
	if now.Running || now.Problem.Code != CannotServe || port != strconv.Itoa(int(serve.TrackerPort)) || now.Problem.Err == nil {
		t.Errorf("told %+v: %v", now, now.Problem)
	}
	taken.Close()
	b.configure(t, func(s *settings.Settings) { s.Name = "the same, once more" })
	b.until(t, "it serves", runs)
}

func TestTheAddressToGiveAwayIsTheOneThatTheCheckHasFound(t *testing.T) {
	t.Parallel()
	serve := serving(t)
	serve.PublicIP = ""
	b := newBench(t, func(s *settings.Settings) { s.Serve = serve })
	b.report.Public4 = netip.MustParseAddr("203.0.113.7")
	b.start(t)
	want := "ws://203.0.113.7:" + strconv.Itoa(int(serve.TrackerPort))
	found := func(s State) bool { return runs(s) && s.Network.Serving.Rendezvous[0] == want }
	b.until(t, "it is shown", found)

	// A check that finds nothing later interrupts nobody.
	b.mu.Lock()
	b.report.Public4 = netip.Addr{}
	b.mu.Unlock()
	round := b.owner.hosting.service.round
	if _, err := b.CheckNetwork(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := b.State().Load(); !found(now) {
		t.Errorf("after a check without an answer: %+v", now.Network.Serving)
	}
	b.configure(t, func(s *settings.Settings) { s.Name = "another" })
	if b.owner.hosting.service.round != round {
		t.Error("it was started anew")
	}

	b.configure(t, func(s *settings.Settings) { s.Serve.PublicIP = "2001:db8::5" })
	b.until(t, "the user's own is shown, in brackets", func(s State) bool {
		return runs(s) && s.Network.Serving.STUN[0] == "stun:[2001:db8::5]:"+strconv.Itoa(int(serve.TURNPort))
	})
}
