//go:build lab

package main_test

import (
	"crypto/md5"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/lab"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

// relayKind is a TURN server that netcheck is tried on.
type relayKind struct {
	name, realm string
	// start runs it on a computer; the options are those below.
	start func(t *testing.T, host *lab.Host, o relayOptions)
}

type relayOptions struct {
	secret string // of time-limited credentials; empty: the user of these tests
	quota  int    // 0: the server's own
	// formerly is a realm for which the user "bob" got his password, before
	// the server's was changed.
	formerly string
}

var relayKinds = []relayKind{
	{"embedded", "causeway", func(t *testing.T, host *lab.Host, o relayOptions) {
		var flags []string
		if o.secret != "" {
			flags = append(flags, "--secret", o.secret)
		} else {
			flags = append(flags, "--user", turnUser+":"+turnPassword)
		}
		if o.quota > 0 {
			flags = append(flags, "--quota", fmt.Sprint(o.quota))
		}
		serveOn(t, host, flags...)
	}},
	{"coturn", "coturn.example", func(t *testing.T, host *lab.Host, o relayOptions) {
		needCoturn(t)
		var flags []string
		if o.secret != "" {
			flags = append(flags, "--use-auth-secret", "--static-auth-secret="+o.secret)
		} else {
			flags = append(flags, "--lt-cred-mech", "--user="+turnUser+":"+turnPassword)
		}
		if o.quota > 0 {
			flags = append(flags, fmt.Sprintf("--user-quota=%d", o.quota))
		}
		if o.formerly != "" {
			key := md5.Sum([]byte("bob:" + o.formerly + ":" + turnPassword))
			flags = append(flags, fmt.Sprintf("--user=bob:0x%x", key))
		}
		coturnOn(t, host, flags...)
	}},
}

// wrongSecret is a password or secret that no relay knows.
const wrongSecret = "mistaken"

// tester is somebody behind a router who tests relays.
type tester struct {
	t     *testing.T
	kind  relayKind
	net   *lab.Lab
	flags []string
}

// relayTester makes an internet with a rendezvous and two STUN servers.
func relayTester(t *testing.T, kind relayKind) *tester {
	t.Helper()
	w := newWorld(t, lab.Options{})
	flags := []string{"--no-port-mapping", "--rendezvous", w.meet.rendezvous}
	for _, uri := range w.stun {
		flags = append(flags, "--stun", uri)
	}
	return &tester{t: t, kind: kind, net: w.net, flags: flags}
}

// relay starts a relay and returns its URI by UDP.
func (r *tester) relay(name string, o relayOptions) (host *lab.Host, uri string) {
	r.t.Helper()
	host = r.net.Server(name)
	r.kind.start(r.t, host, o)
	return host, relayURI(host)
}

func relayURI(host *lab.Host) string {
	return "turn:" + net.JoinHostPort(host.IP4().String(), "3478") + "?transport=udp"
}

// test tests one relay from behind a router.
func (r *tester) test(nat lab.NAT, server string, more ...string) trial {
	r.t.Helper()
	home := r.net.Home("home for "+server, nat)
	found, code := netcheckOn(r.t, home, append(append(r.flags, "--turn", server), more...)...)
	if len(found.TURN) != 1 {
		r.t.Fatalf("netcheck tested %+v", found.TURN)
	}
	works := found.TURN[0].Failure == nil
	if found.Relay != works || code == 0 != works {
		r.t.Errorf("relay is %v, and it ended with %d, with the failure %+v", found.Relay, code, found.TURN[0].Failure)
	}
	return found.TURN[0]
}

// fails holds a test to the stage, reason and code of its failure, and prints
// what it says.
func (r *tester) fails(name string, result trial, stage, reason string, code int) {
	r.t.Helper()
	f := result.Failure
	if f == nil {
		r.t.Errorf("%s: nothing failed: %+v", name, result)
		return
	}
	took := 0.0
	for _, s := range result.Stages {
		took += s.Took
	}
	r.t.Logf("figure: TURN test, %s, %s: fails at %s after %.0f ms, %s %d: %s", r.kind.name, name, f.Stage, took, f.Reason, f.Code, f.Text)
	if f.Stage != stage || f.Reason != reason || f.Code != code {
		r.t.Errorf("%s: it failed at %s with %s (%d), want %s with %s (%d); %s", name, f.Stage, f.Reason, f.Code, stage, reason, code, f.Detail)
	}
	if f.Text == "" || strings.Contains(f.Text+f.Detail, wrongSecret) {
		r.t.Errorf("%s: the text is %q, the detail %q", name, f.Text, f.Detail)
	}
	if last := result.Stages[len(result.Stages)-1]; last.OK || last.Stage != stage {
		r.t.Errorf("%s: the last stage is %+v", name, last)
	}
}

// TestNATNetcheckTestsRelays lets each way in which a relay fails happen, to
// our own server and to coturn.
func TestNATNetcheckTestsRelays(t *testing.T) {
	t.Parallel()
	for _, kind := range relayKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for _, story := range []struct {
				name string
				tell func(*tester)
			}{
				{"healthy", healthyRelay}, {"wrong password", wrongPassword}, {"wrong realm", wrongRealm},
				{"expired", expiredCredential}, {"UDP blocked", relayWithoutUDP}, {"TCP only", relayByTCPOnly},
				{"quota", exhaustedQuota},
			} {
				t.Run(story.name, func(t *testing.T) {
					t.Parallel()
					story.tell(relayTester(t, kind))
				})
			}
		})
	}
}

// lineRate is of the way to the internet, in bytes a second: what the test
// takes is bounded, so on a fast way it would not last for 2 s.
const lineRate = 6 << 20

func healthyRelay(r *tester) {
	_, uri := r.relay("relay", relayOptions{})
	slow := lab.PortRestricted
	slow.Line.Rate = lineRate
	for _, transport := range []string{"udp", "tcp"} {
		server := strings.Replace(uri, "=udp", "="+transport, 1) + "," + turnUser + "," + turnPassword
		fast := r.healthy("a fast line, "+transport, r.test(lab.PortRestricted, server))
		if fast.Used > 80<<20 {
			r.t.Errorf("the test used %d bytes, want at most 32 MiB each way and what carries them", fast.Used)
		}
		limited := r.healthy("a line of 6 MiB/s, "+transport, r.test(slow, server))
		if rate := float64(limited.Rate); rate < 0.6*lineRate || rate > 1.02*lineRate {
			r.t.Errorf("it measured %.1f MB/s on a line of %.1f MB/s", rate/1e6, lineRate/1e6)
		}
		if took := limited.Stages[6].Took; took < 1900 || took > 4000 {
			r.t.Errorf("the throughput was measured for %.0f ms, want about 2 s", took)
		}
	}
}

// healthy wants all stages, and prints them.
func (r *tester) healthy(name string, result trial) trial {
	r.t.Helper()
	if result.Failure != nil {
		r.t.Fatalf("%s: %+v", name, *result.Failure)
	}
	var stages []string
	for _, s := range result.Stages {
		stages = append(stages, fmt.Sprintf("%s %.1f ms", s.Stage, s.Took))
	}
	r.t.Logf("figure: TURN test, %s, healthy, %s: %.1f MB/s through it and back, %.1f MB used, round trip %.1f ms; %s", r.kind.name, name,
		float64(result.Rate)/1e6, float64(result.Used)/1e6, result.RTT, strings.Join(stages, ", "))
	if len(result.Stages) != 8 || result.Stages[6].Stage != "throughput" || result.Rate < 1<<20 {
		r.t.Fatalf("%s: %d bytes/s, stages %v", name, result.Rate, stages)
	}
	return result
}

func wrongPassword(r *tester) {
	_, uri := r.relay("relay", relayOptions{})
	r.fails("wrong password", r.test(lab.PortRestricted, uri+","+turnUser+","+wrongSecret), "allocate", "unauthorized", 401)
	r.fails("unknown user", r.test(lab.SymmetricRandom, uri+",nobody,"+turnPassword), "allocate", "unauthorized", 401)
}

func wrongRealm(r *tester) {
	_, uri := r.relay("relay", relayOptions{formerly: "old.example"})
	// Nothing but their name tells that such credentials are of elsewhere.
	result := r.test(lab.PortRestricted, uri+",bob@old.example,"+turnPassword)
	r.fails("wrong realm, by the name", result, "allocate", "wrong-realm", 401)
	r.foreign(result, "The credentials are for the realm")
	result = r.test(lab.PortRestricted, uri+",bob,"+turnPassword, "--realm", "old.example")
	r.fails("wrong realm, by --realm", result, "allocate", "wrong-realm", 401)
	said := "The credentials are for the realm"
	if r.kind.name == "coturn" { // it keeps keys, each of which is for one realm
		said = "The password is right for the realm"
	}
	r.foreign(result, said)
}

// foreign checks what is said of a wrong realm.
func (r *tester) foreign(result trial, said string) {
	r.t.Helper()
	if f := result.Failure; f != nil && (f.Realm != r.kind.realm || f.Expected != "old.example" || !strings.HasPrefix(f.Text, said)) {
		r.t.Errorf("the realm is %q and that of the credentials %q: %s", f.Realm, f.Expected, f.Text)
	}
}

func expiredCredential(r *tester) {
	const secret = "of the house"
	_, uri := r.relay("relay", relayOptions{secret: secret})
	limited := func(secret string, life time.Duration) string {
		user, password := rendezvous.TimeLimited(secret, "ann", time.Now().Add(life))
		return strings.Join([]string{uri, user, password}, ",")
	}
	if result := r.test(lab.PortRestricted, limited(secret, time.Hour), "--throughput", "0"); result.Failure != nil {
		r.t.Errorf("with an hour to go: %+v", result.Failure)
	}
	r.fails("expired an hour ago", r.test(lab.PortRestricted, limited(secret, -time.Hour)), "allocate", "expired", 401)
	r.fails("another secret", r.test(lab.PortRestricted, limited(wrongSecret, time.Hour)), "allocate", "unauthorized", 401)
}

func relayWithoutUDP(r *tester) {
	_, uri := r.relay("relay", relayOptions{})
	server := uri + "," + turnUser + "," + turnPassword
	r.fails("UDP blocked", r.test(lab.UDPBlocked, server), "connect", "udp-blocked", 0)
	refusing := lab.UDPBlocked
	refusing.Answer = true
	r.fails("UDP refused", r.test(refusing, server), "connect", "udp-blocked", 0)
	server = strings.Replace(server, "=udp", "=tcp", 1)
	if result := r.test(lab.UDPBlocked, server, "--throughput", "200ms"); result.Failure != nil {
		r.t.Errorf("by TCP: %+v", result.Failure)
	}
}

func relayByTCPOnly(r *tester) {
	// Its firewall passes no UDP.
	host := r.net.Home("relay", lab.NAT{Name: "no UDP", BlockUDP: true})
	r.kind.start(r.t, host, relayOptions{})
	r.fails("TCP only", r.test(lab.PortRestricted, relayURI(host)+","+turnUser+","+turnPassword), "connect", "tcp-only", 0)
}

func exhaustedQuota(r *tester) {
	const quota = 2
	host, uri := r.relay("relay", relayOptions{quota: quota})
	other := r.net.Home("another computer of the user", lab.PortRestricted)
	for range quota {
		r.hold(other, net.JoinHostPort(host.IP4().String(), "3478"))
	}
	r.fails("quota exhausted", r.test(lab.PortRestricted, uri+","+turnUser+","+turnPassword), "allocate", "quota", 486)
}

// hold keeps an allocation from a computer until the test ends.
func (r *tester) hold(from *lab.Host, at string) {
	r.t.Helper()
	var socket net.PacketConn
	if err := from.Do(func() (err error) {
		socket, err = net.ListenPacket("udp4", "0.0.0.0:0")
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: at, TURNServerAddr: at, Username: turnUser, Password: turnPassword, Conn: socket,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		client.Close()
		_ = socket.Close()
	})
	if err := client.Listen(); err != nil {
		r.t.Fatal(err)
	}
	allocation, err := client.Allocate()
	if err != nil {
		r.t.Fatalf("holding an allocation: %v", err)
	}
	r.t.Cleanup(func() { _ = allocation.Close() })
}

// TestNATNetcheckTestsServersThatAreNotThere needs no relay of any kind.
func TestNATNetcheckTestsServersThatAreNotThere(t *testing.T) {
	t.Parallel()
	r := relayTester(t, relayKind{name: "none"})
	gone := r.net.Server("computer without a relay")
	byUDP := relayURI(gone) + "," + turnUser + "," + turnPassword
	byTCP := strings.Replace(byUDP, "=udp", "=tcp", 1)
	r.fails("server ended, asked by UDP", r.test(lab.PortRestricted, byUDP), "connect", "connection-refused", 0)
	r.fails("server ended, asked by TCP", r.test(lab.PortRestricted, byTCP), "connect", "connection-refused", 0)
	gone.Mute()
	r.fails("computer off, asked by UDP", r.test(lab.PortRestricted, byUDP), "connect", "unreachable", 0)
	r.fails("computer off, asked by TCP", r.test(lab.PortRestricted, byTCP), "connect", "unreachable", 0)
	unknown := "turn:relay.invalid:3478," + turnUser + "," + turnPassword
	r.fails("a name that nobody has", r.test(lab.PortRestricted, unknown), "resolve", "name-unknown", 0)
}
