package netcheck

import (
	"context"
	"crypto/md5"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

// coturn runs a real coturn until the test ends, and returns its URL by UDP.
func coturn(t *testing.T, arguments ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server of its own")
	}
	program, err := exec.LookPath("turnserver")
	if err != nil {
		t.Skip("coturn is not installed here")
	}
	_, port, _ := net.SplitHostPort(freePort(t))
	folder := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, program, append([]string{
		"-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--listening-port=" + port,
		"--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls", "--simple-log",
		"--userdb=" + filepath.Join(folder, "users.db"), "--pidfile=" + filepath.Join(folder, "pid"),
		"--log-file=" + filepath.Join(folder, "log"), "--no-stdout-log",
	}, arguments...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(folder, "log"))
			t.Logf("coturn said:\n%s", log[max(0, len(log)-4000):])
		}
	})
	url := "turn:127.0.0.1:" + port
	eventually(t, "coturn answers by TCP", func() bool {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	if slices.Contains(arguments, "--no-udp") {
		return url
	}
	at := netip.MustParseAddrPort("127.0.0.1:" + port)
	eventually(t, "coturn answers by UDP", func() bool {
		p, err := newProber(at.Addr())
		if err != nil {
			return false
		}
		defer p.close()
		return p.see(t.Context(), at, 0, pace{100 * time.Millisecond}).err == nil
	})
	return url
}

func TestCoturnThatWorks(t *testing.T) {
	t.Parallel()
	url := coturn(t, "--lt-cred-mech", "--user=ann:right", "--realm=test.example")
	for _, transport := range []string{"udp", "tcp"} {
		result := TestTURN(t.Context(), Server{URL: url + "?transport=" + transport, Username: "ann", Password: "right"}, Options{Throughput: briefly})
		all := []Stage{Resolve, Connect, Allocate, Permission, Channel, Echo, Throughput, Release}
		if result.Failure != nil || !slices.Equal(stages(result), all) || result.Rate < 1<<20 {
			t.Errorf("%s: failure %+v, stages %v, %d bytes/s", transport, result.Failure, stages(result), result.Rate)
		}
		t.Logf("%s: %.1f MB/s, round trip %v", transport, float64(result.Rate)/1e6, result.RTT)
	}
}

func TestCoturnWithCredentialsThatItDoesNotTake(t *testing.T) {
	t.Parallel()
	// The key of another realm, as coturn keeps it after its realm was changed.
	key := md5.Sum([]byte("bob:old.example:right"))
	mailed := md5.Sum([]byte("eve@old.example:old.example:right"))
	url := coturn(t, "--lt-cred-mech", "--realm=new.example", "--user=ann:right",
		fmt.Sprintf("--user=bob:0x%x", key), fmt.Sprintf("--user=eve@old.example:0x%x", mailed))
	for _, test := range []struct {
		story    string
		server   Server
		reason   Reason
		expected string
		proven   bool
	}{
		{"wrong password", Server{Username: "ann", Password: "wrong"}, WrongPassword, "", false},
		{"unknown user", Server{Username: "nobody", Password: "right"}, WrongPassword, "", false},
		{"wrong realm, which nobody can know of", Server{Username: "bob", Password: "right"}, WrongPassword, "", false},
		{"wrong realm, known and proven", Server{Username: "bob", Password: "right", Realm: "old.example"}, WrongRealm, "old.example", true},
		{"wrong realm, known", Server{Username: "ann", Password: "wrong", Realm: "old.example"}, WrongRealm, "old.example", false},
		{"wrong realm, in the username", Server{Username: "eve@old.example", Password: "right"}, WrongRealm, "old.example", true},
		{"right realm, wrong password", Server{Username: "ann", Password: "wrong", Realm: "new.example"}, WrongPassword, "", false},
	} {
		test.server.URL = url
		result := TestTURN(t.Context(), test.server, Options{})
		f := failed(t, result, Allocate, test.reason, 401)
		if f.Realm != "new.example" || f.Expected != test.expected || f.Proven != test.proven {
			t.Errorf("%s: realm %q, expected %q, proven %v", test.story, f.Realm, f.Expected, f.Proven)
		}
	}
}

func TestCoturnWithTimeLimitedCredentials(t *testing.T) {
	t.Parallel()
	url := coturn(t, "--use-auth-secret", "--static-auth-secret="+secret, "--realm=test.example")
	server := func(secret string, until time.Duration) Server {
		username, password := rendezvous.TimeLimited(secret, "ann", time.Now().Add(until))
		return Server{URL: url, Username: username, Password: password}
	}
	if result := TestTURN(t.Context(), server(secret, time.Hour), Options{Throughput: skipped}); result.Failure != nil {
		t.Errorf("good for an hour: %+v", result.Failure)
	}
	f := failed(t, TestTURN(t.Context(), server(secret, -time.Hour), Options{}), Allocate, Expired, 401)
	if ago := time.Since(f.Expired); ago < 59*time.Minute || ago > 61*time.Minute {
		t.Errorf("expired %v ago", ago)
	}
	failed(t, TestTURN(t.Context(), server("another", time.Hour), Options{}), Allocate, WrongPassword, 401)
}

func TestCoturnWithAQuotaThatIsReached(t *testing.T) {
	t.Parallel()
	url := coturn(t, "--lt-cred-mech", "--user=ann:right", "--realm=test.example", "--user-quota=1")
	ours := Server{URL: url, Username: "ann", Password: "right"}
	if result := TestTURN(t.Context(), ours, Options{Throughput: briefly}); result.Failure != nil {
		t.Fatalf("with one allocation: %+v", result.Failure)
	}
	var holding *trial
	eventually(t, "coturn forgets the allocation that was given back", func() bool {
		holding = newTrial(ours, Options{short: true})
		opened := holding.open(t.Context())
		if !opened {
			holding.close()
		}
		return opened
	})
	failed(t, TestTURN(t.Context(), ours, Options{}), Allocate, QuotaReached, 486)
	holding.finish(true)
	holding.close()
}

func TestCoturnByTCPOnly(t *testing.T) {
	t.Parallel()
	url := coturn(t, "--lt-cred-mech", "--user=ann:right", "--realm=test.example", "--no-udp")
	ann := Server{URL: url, Username: "ann", Password: "right"}
	failed(t, TestTURN(t.Context(), ann, Options{}), Connect, TCPOnly, 0)
	ann.URL += "?transport=tcp"
	if result := TestTURN(t.Context(), ann, Options{Throughput: skipped}); result.Failure != nil {
		t.Errorf("by TCP: %+v", result.Failure)
	}
}

func TestCoturnThatRelaysToNobodyHere(t *testing.T) {
	t.Parallel()
	url := coturn(t, "--lt-cred-mech", "--user=ann:right", "--realm=test.example", "--denied-peer-ip=127.0.0.1")
	failed(t, TestTURN(t.Context(), Server{URL: url, Username: "ann", Password: "right"}, Options{}), Permission, Forbidden, 403)
}

func TestCoturnThatIsNoRelay(t *testing.T) {
	t.Parallel()
	url := coturn(t, "--stun-only", "--realm=test.example")
	result := TestTURN(t.Context(), Server{URL: url, Username: "ann", Password: "right"}, Options{})
	f := result.Failure
	if f == nil || f.Reason != NotTURN || f.Stage != Allocate {
		t.Errorf("got %+v, want %s at %s", f, NotTURN, Allocate)
	}
}

func TestCoturnWithTwoAddressesTellsTheFilter(t *testing.T) {
	t.Parallel()
	// Nothing filters between the loopback addresses of one computer.
	url := coturn(t, "--listening-ip=127.0.0.2", "--stun-only")
	report := Check(t.Context(), Config{STUN: []string{"stun" + url[len("turn"):]}})
	if report.UDP != Open || report.NAT || report.Mapping != EndpointIndependent || report.Filtering != EndpointIndependent {
		t.Errorf("found %+v, %+v", report.Findings, report.STUN)
	}
}
