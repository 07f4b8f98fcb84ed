package netcheck

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

const (
	secret = "kept between the server and those who hand out credentials"
	// briefly is a throughput stage that is no longer than a test needs.
	briefly = 100 * time.Millisecond
	// skipped leaves that stage out.
	skipped = -1
)

// embedded runs Causeway's own relay until the test ends.
func embedded(t testing.TB, config rendezvous.TurnConfig) *rendezvous.Server {
	t.Helper()
	config.Listen = "127.0.0.1:0"
	config.AllowPrivatePeers = true
	return embeddedWith(t, rendezvous.Config{Turn: &config})
}

func embeddedWith(t testing.TB, config rendezvous.Config) *rendezvous.Server {
	t.Helper()
	server, err := rendezvous.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return server
}

func ann() rendezvous.TurnConfig {
	return rendezvous.TurnConfig{Users: map[string]string{"ann": "right"}}
}

// certificate is a server's, and what trusts it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// failed checks a result's failure, and that the stages before it succeeded.
func failed(t *testing.T, result TURNResult, stage Stage, reason Reason, code int) *Failure {
	t.Helper()
	f := result.Failure
	if f == nil || f.Stage != stage || f.Reason != reason || f.Code != code || f.Err == nil {
		t.Fatalf("%s: failure %+v, want %s at %s with code %d", result.URL, f, reason, stage, code)
	}
	last := result.Stages[len(result.Stages)-1]
	if last.Stage != stage || last.Failure != f {
		t.Errorf("%s: the last stage is %+v, want %s with the failure", result.URL, last, stage)
	}
	for _, s := range result.Stages[:len(result.Stages)-1] {
		if s.Failure != nil {
			t.Errorf("%s: an earlier stage failed too: %+v", result.URL, s)
		}
	}
	return f
}

func stages(result TURNResult) []Stage {
	var names []Stage
	for _, s := range result.Stages {
		names = append(names, s.Stage)
	}
	return names
}

func TestARelayThatWorksPassesEveryStageByEveryTransport(t *testing.T) {
	certified, pool := certificate(t)
	turns := ann()
	turns.Listen, turns.AllowPrivatePeers = "127.0.0.1:0", true
	server := embeddedWith(t, rendezvous.Config{Turn: &turns, TLS: certified})
	for _, url := range server.TurnURLs() {
		t.Run(url, func(t *testing.T) {
			before := server.Counters().Users["ann"]
			var told []Stage
			result := TestTURN(t.Context(), Server{URL: url, Username: "ann", Password: "right"}, Options{
				Throughput: briefly, roots: pool, OnStage: func(s StageResult) { told = append(told, s.Stage) },
			})
			all := []Stage{Resolve, Connect, Allocate, Permission, Channel, Echo, Throughput, Release}
			if result.Failure != nil || !slices.Equal(stages(result), all) || !slices.Equal(told, all) {
				t.Fatalf("failure %+v, stages %v, told %v", result.Failure, stages(result), told)
			}
			if result.RTT <= 0 || result.RTT > time.Second || result.Rate < 1<<20 {
				t.Errorf("round trip %v, %d bytes/s", result.RTT, result.Rate)
			}
			t.Logf("%.1f MB/s, round trip %v, %d bytes used", float64(result.Rate)/1e6, result.RTT, result.BytesUsed)
			// What the relay had from us, and we from it, but for what is lost there.
			after := server.Counters().Users["ann"]
			carried := int64(after.BytesIn - before.BytesIn + after.BytesOut - before.BytesOut)
			if result.BytesUsed < carried*95/100 || result.BytesUsed > carried*105/100+1<<14 {
				t.Errorf("%d bytes used, and the relay has carried %d in and out", result.BytesUsed, carried)
			}
			eventually(t, "both allocations are given back", func() bool { return server.Counters().Users["ann"].Allocations == 0 })
		})
	}
}

func TestAServersTimeBeginsWithItsTurn(t *testing.T) {
	server := embedded(t, ann())
	const others = 400 * time.Millisecond
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	time.AfterFunc(others, func() { <-turn })
	result := TestTURN(t.Context(), Server{URL: server.TurnURLs()[0], Username: "ann", Password: "right"},
		Options{Throughput: briefly, turn: turn})
	if result.Failure != nil {
		t.Fatal(result.Failure)
	}
	for _, s := range result.Stages {
		if s.Stage == Throughput && s.Took >= others-briefly/2 {
			t.Errorf("the throughput took %v, with the wait for others", s.Took)
		}
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestARelayByDTLS(t *testing.T) {
	certified, pool := certificate(t)
	listener, err := dtls.ListenWithOptions("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)},
		dtls.WithCertificates(certified.Certificates[0]), dtls.WithLoggerFactory(silence))
	if err != nil {
		t.Fatal(err)
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test", LoggerFactory: silence,
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, "right"), true
		},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: listener,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{
				RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1",
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	url := "turns:" + listener.Addr().String() + "?transport=udp"
	result := TestTURN(t.Context(), Server{URL: url, Username: "ann", Password: "right"}, Options{Throughput: briefly, roots: pool})
	if result.Failure != nil || result.Rate == 0 {
		t.Errorf("failure %+v, rate %d", result.Failure, result.Rate)
	}
}

func TestCredentialsThatTheServerDoesNotTake(t *testing.T) {
	turns := ann()
	turns.Secret = secret
	server := embedded(t, turns)
	over, password := rendezvous.TimeLimited(secret, "bob", time.Now().Add(-time.Minute))
	later, _ := rendezvous.TimeLimited("another secret", "bob", time.Now().Add(time.Hour))
	for _, test := range []struct {
		story, username, password string
		reason                    Reason
		code                      int
	}{
		{"wrong password", "ann", "wrong", WrongPassword, 401},
		{"unknown user", "nobody", "right", WrongPassword, 401},
		{"expired", over, password, Expired, 401},
		{"another secret", later, "made of it", WrongPassword, 401},
		{"a name of another realm", "ann@elsewhere.example", "right", WrongRealm, 401},
		{"no password", "ann", "", NoCredentials, 0},
		{"no username", "", "right", NoCredentials, 0},
	} {
		for _, url := range server.TurnURLs() {
			t.Run(test.story+" "+url, func(t *testing.T) {
				result := TestTURN(t.Context(), Server{URL: url, Username: test.username, Password: test.password}, Options{})
				f := failed(t, result, Allocate, test.reason, test.code)
				if f.Realm != "causeway" {
					t.Errorf("the realm that the server announced is %q", f.Realm)
				}
				if strings.Contains(f.Error(), "wrong") || test.password != "" && strings.Contains(f.Error(), test.password) {
					t.Errorf("the failure tells the password: %v", f)
				}
				if (f.Reason == Expired) == f.Expired.IsZero() {
					t.Errorf("expired at %v", f.Expired)
				}
				if want := map[bool]string{true: "elsewhere.example"}[f.Reason == WrongRealm]; f.Expected != want || f.Proven {
					t.Errorf("expected realm %q, proven %v", f.Expected, f.Proven)
				}
			})
		}
	}
}

func TestAQuotaThatIsReached(t *testing.T) {
	turns := ann()
	turns.AllocationsPerUser = 1
	server := embedded(t, turns)
	ours := Server{URL: server.TurnURLs()[0], Username: "ann", Password: "right"}
	// One allocation is enough: it sends to itself.
	result := TestTURN(t.Context(), ours, Options{Throughput: briefly})
	if result.Failure != nil || result.Rate == 0 {
		t.Fatalf("with one allocation: %+v", result)
	}
	eventually(t, "the allocation is given back", func() bool { return server.Counters().Users["ann"].Allocations == 0 })
	holding := newTrial(ours, Options{short: true})
	if !holding.open(t.Context()) {
		t.Fatal(holding.result.Failure)
	}
	failed(t, TestTURN(t.Context(), ours, Options{}), Allocate, QuotaReached, 486)
	holding.finish(true)
	holding.close()
	if last := holding.result.Stages[len(holding.result.Stages)-1]; last.Stage != Release || last.Failure != nil {
		t.Errorf("the release went %+v", last)
	}
}

func TestServersThatCannotBeReached(t *testing.T) {
	closed := freePort(t)
	for _, test := range []struct {
		story, url string
		stage      Stage
		reason     Reason
	}{
		{"no such name", "turn:nowhere.invalid:3478", Resolve, NameUnknown},
		{"no URL", "turn://x:y", Resolve, NameUnknown},
		{"nobody listens by UDP", "turn:" + closed + "?transport=udp", Connect, ConnectionClosed},
		{"nobody listens by TCP", "turn:" + closed + "?transport=tcp", Connect, ConnectionClosed},
		{"nobody listens by TLS", "turns:" + closed + "?transport=tcp", Connect, ConnectionClosed},
	} {
		t.Run(test.story, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			result := TestTURN(t.Context(), Server{URL: test.url, Username: "ann", Password: "right"}, Options{})
			f := failed(t, result, test.stage, test.reason, 0)
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("took %v: %v", took, f)
			}
		})
	}
}

// freePort is an address at which nobody listens, by UDP or TCP.
func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestARelayWithACertificateThatNobodyTrusts(t *testing.T) {
	certified, _ := certificate(t)
	turns := ann()
	turns.Listen = "127.0.0.1:0"
	server := embeddedWith(t, rendezvous.Config{Turn: &turns, TLS: certified})
	url := server.TurnURLs()[2]
	f := failed(t, TestTURN(t.Context(), Server{URL: url, Username: "ann", Password: "right"}, Options{}), Connect, Certificate, 0)
	if f.Err == nil {
		t.Error("nothing says what is wrong with it")
	}
	// TLS to the port of plain TURN.
	plain := "turns:" + server.TurnAddr().String() + "?transport=tcp"
	failed(t, TestTURN(t.Context(), Server{URL: plain, Username: "ann", Password: "right"}, Options{}), Connect, NotTURN, 0)
}

func TestMeasureIsShortAndGivesBackWhatItTook(t *testing.T) {
	t.Parallel()
	server := embedded(t, ann())
	silent := hole(t)
	servers := []Server{
		{URL: server.TurnURLs()[0], Username: "ann", Password: "right"},
		{URL: silent, Username: "ann", Password: "right"},
		{URL: server.TurnURLs()[1], Username: "ann", Password: "right"},
		{URL: server.TurnURLs()[0], Username: "ann", Password: "wrong"},
	}
	began := time.Now()
	results := Measure(t.Context(), servers)
	if took := time.Since(began); took > 2500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	for i, want := range []Reason{"", Unreachable, "", WrongPassword} {
		if results[i].URL != servers[i].URL {
			t.Fatalf("result %d is of %s", i, results[i].URL)
		}
		if got := results[i].Failure; (got == nil) != (want == "") || got != nil && got.Reason != want {
			t.Errorf("%s: %+v, want %q", results[i].URL, got, want)
		}
	}
	if want := []Stage{Resolve, Connect, Allocate, Release}; !slices.Equal(stages(results[0]), want) || results[0].RTT <= 0 {
		t.Errorf("stages %v, round trip %v", stages(results[0]), results[0].RTT)
	}
	// Nothing is left, even for a moment: Measure has waited for the answer.
	if left := server.Counters().Users["ann"].Allocations; left != 0 {
		t.Errorf("%d allocations are left", left)
	}
}

// hole is the URL of a UDP port that swallows everything.
func hole(t testing.TB) string {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return "turn:" + socket.LocalAddr().String() + "?transport=udp"
}

func TestAServerThatAnswersByTCPAlone(t *testing.T) {
	t.Parallel()
	server := embedded(t, ann())
	swallow, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer swallow.Close()
	port := swallow.LocalAddr().(*net.UDPAddr).Port
	forward(t, "127.0.0.1:"+strconv.Itoa(port), server.TurnAddr().String())
	result := TestTURN(t.Context(), Server{URL: "turn:127.0.0.1:" + strconv.Itoa(port), Username: "ann", Password: "right"}, Options{patience: hasty})
	failed(t, result, Connect, TCPOnly, 0)
}

// forward passes TCP connections on until the test ends.
func forward(t testing.TB, from, to string) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = out.(*net.TCPConn).ReadFrom(in); _ = out.Close() }()
			go func() { _, _ = in.(*net.TCPConn).ReadFrom(out); _ = in.Close() }()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
}

func TestATestThatIsToldToEndDoesSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, stop)
	began := time.Now()
	result := TestTURN(ctx, Server{URL: hole(t), Username: "ann", Password: "right"}, Options{})
	if took := time.Since(began); took > time.Second || result.Failure == nil || !errors.Is(result.Failure.Err, context.Canceled) {
		t.Errorf("took %v, failure %+v", took, result.Failure)
	}
}

func TestTheEmbeddedServerTellsHowTheNATFilters(t *testing.T) {
	turns := ann()
	turns.Alternate = netip.MustParseAddr("127.0.0.2")
	server := embedded(t, turns)
	report := Check(t.Context(), Config{STUN: []string{"stun:" + server.TurnAddr().String()}})
	// Nothing filters between the loopback addresses of one computer.
	if report.Mapping != EndpointIndependent || report.Filtering != EndpointIndependent || report.NAT {
		t.Errorf("found %+v, %+v", report.Findings, report.STUN)
	}
}
