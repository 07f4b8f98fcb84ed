//go:build lab

package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// authority signs the certificates of a test's servers.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string // of the certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), file: filepath.Join(t.TempDir(), "authority.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate = template
	made := a.sign(template, a.key)
	var err error
	if a.certificate, err = x509.ParseCertificate(made); err != nil {
		t.Fatal(err)
	}
	writePEM(t, a.file, "CERTIFICATE", made)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	a.t.Helper()
	made, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return made
}

func writePEM(t *testing.T, file, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// flags are those by which a server has a certificate for an address.
func (a *authority) flags(ip netip.Addr) []string {
	a.t.Helper()
	key, folder := newKey(a.t), a.t.TempDir()
	made := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: ip.String()}, IPAddresses: []net.IP{ip.AsSlice()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, key)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	certificate, private := filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	writePEM(a.t, certificate, "CERTIFICATE", made)
	writePEM(a.t, private, "PRIVATE KEY", raw)
	return []string{"--tls-cert", certificate, "--tls-key", private}
}

// serveWeb starts "causeway-cli serve" and returns its addresses.
func serveWeb(t *testing.T, host *lab.Host, more ...string) serveReport {
	t.Helper()
	p := startOn(t, host, append([]string{"serve", "--json", "--user", turnUser + ":" + turnPassword}, more...)...)
	var report serveReport
	if err := json.Unmarshal([]byte(p.firstLine(20*time.Second)), &report); err != nil {
		t.Fatalf("serve's first line: %v", err)
	}
	return report
}

// at is an address of a server.
func at(host *lab.Host, port string) string { return net.JoinHostPort(host.IP4().String(), port) }

// webWorld is an internet with servers at the ports of the web.
type webWorld struct {
	*world
	plain, secure          string // the rendezvous at ports 80 and 443
	turn80, tcp443, tls443 string // the relay
}

func newWebWorld(t *testing.T) *webWorld {
	t.Helper()
	trusted := newAuthority(t)
	t.Setenv("SSL_CERT_FILE", trusted.file)
	w := &webWorld{world: &world{t: t, net: lab.New(t, lab.Options{Delay: 5 * time.Millisecond})}}
	meet := w.net.Server("meet")
	w.plain = serveWeb(t, meet, "--listen", at(meet, "80"), "--turn-listen", at(meet, "3478")).Rendezvous[0]
	secured := w.net.Server("secure meet")
	w.secure = serveWeb(t, secured, append(trusted.flags(secured.IP4()), "--listen", at(secured, "443"), "--turn-listen", "off")...).Rendezvous[0]
	w.stun = []string{"stun:" + at(meet, "3478")}
	relay := w.net.Server("relay")
	for _, uri := range serveWeb(t, relay, append(trusted.flags(relay.IP4()), "--listen", "off",
		"--turn-listen", at(relay, "80"), "--turn-tls-listen", at(relay, "443"))...).TURN {
		switch {
		case strings.HasPrefix(uri, "turns:"):
			w.tls443 = uri
		case strings.HasSuffix(uri, "?transport=tcp"):
			w.turn80 = uri
		}
	}
	other := w.net.Server("relay without TLS")
	for _, uri := range serveWeb(t, other, "--listen", "off", "--turn-listen", at(other, "443")).TURN {
		if strings.HasSuffix(uri, "?transport=tcp") {
			w.tcp443 = uri
		}
	}
	if !strings.HasPrefix(w.secure, "wss://") || w.turn80 == "" || w.tcp443 == "" || w.tls443 == "" {
		t.Fatalf("the servers are %+v", w)
	}
	return w
}

// TestNATPortsOfTheWebAreEnough: a network that lets out TCP to ports 80 and 443
// and nothing else finds its peers and is relayed, by TCP and by TLS.
func TestNATPortsOfTheWebAreEnough(t *testing.T) {
	w := newWebWorld(t)
	for _, c := range []struct{ name, rendezvous, relay string }{
		{"TLS on 443", w.secure, w.tls443},
		{"TCP on 80", w.plain, w.turn80},
		{"TCP on 443", w.secure, w.tcp443},
	} {
		for _, kinds := range [][2]lab.NAT{{lab.PortRestricted, lab.WebOnly}, {lab.WebOnly, lab.WebOnly}} {
			t.Run(c.name+", "+kinds[0].Name, func(t *testing.T) {
				here := *w.world
				here.meet.rendezvous, here.turn = c.rendezvous, []string{strings.Join([]string{c.relay, turnUser, turnPassword}, ",")}
				sender, receiver := here.net.Home("sender of "+t.Name(), kinds[0]), here.net.Home("receiver of "+t.Name(), kinds[1])
				a := here.acquaint(t, sender, receiver, "--relay-rate", "0")
				_, took := a.sees(a.receiver, arrival, "be relayed", func(p peer) bool { return p.Path == "relayed" && p.BytesIn > 0 })
				t.Logf("figure: only TCP 80 and 443, %s, sender %s: first byte after %s", c.name, kinds[0].Name, seconds(took))
				for side, said := range a.staysRelayed() {
					uses := slices.ContainsFunc(said.Relays, func(r relayed) bool { return r.Server == c.relay && r.In > 0 && r.Out > 0 })
					if kinds[side].BlockUDP && (said.Relay != c.relay || !uses) {
						t.Errorf("side %d is relayed by %q with %+v, want %s", side, said.Relay, said.Relays, c.relay)
					}
				}
			})
		}
	}
}

// TestNATWrongCertificateIsNamed: a relay whose certificate nobody vouches for,
// or that is for another server, is not used, and both the check and a transfer
// that needs it say why.
func TestNATWrongCertificateIsNamed(t *testing.T) {
	w := newWebWorld(t)
	unknown, elsewhere := w.net.Server("unknown"), w.net.Server("elsewhere")
	vouched := newAuthority(t)
	t.Setenv("SSL_CERT_FILE", vouched.file)
	for name, c := range map[string]struct {
		host        *lab.Host
		certificate []string
	}{
		"unknown authority": {unknown, newAuthority(t).flags(unknown.IP4())},
		"another server's":  {elsewhere, vouched.flags(unknown.IP4())},
	} {
		t.Run(name, func(t *testing.T) {
			found := serveWeb(t, c.host, append(c.certificate, "--listen", "off", "--turn-listen", at(c.host, "80"),
				"--turn-tls-listen", at(c.host, "443"))...).TURN
			uri := found[slices.IndexFunc(found, func(uri string) bool { return strings.HasPrefix(uri, "turns:") })]
			bob := w.net.Home("bob "+name, lab.WebOnly)
			relay := strings.Join([]string{uri, turnUser, turnPassword}, ",")
			check, _ := netcheckOn(t, bob, "--rendezvous", w.plain, "--stun", w.stun[0], "--turn", relay)
			if len(check.TURN) != 1 || check.TURN[0].Failure == nil || check.TURN[0].Failure.Reason != "certificate" ||
				!strings.Contains(check.TURN[0].Failure.Text, "certificate") {
				t.Fatalf("netcheck says %+v", check.TURN)
			}
			t.Logf("netcheck: %s", check.TURN[0].Failure.Text)
			here := *w.world
			here.t, here.meet.rendezvous, here.turn = t, w.plain, []string{relay}
			shared := filepath.Join(t.TempDir(), "a.bin")
			makeFile(t, shared, 1<<20, 5)
			_, invitation := here.send(here.net.Home("alice "+name, lab.PortRestricted), shared)
			r := here.receive(bob, invitation, t.TempDir(), "--policy", "relay")
			r.ends(arrival, 3)
			last := r.last().Transfers[0].Problem
			if last == nil || last.Code != "no-relay" || !strings.Contains(last.Detail, "certificate") || !strings.Contains(last.Detail, at(c.host, "443")) {
				t.Errorf("the receiver's problem is %+v", last)
			}
			t.Logf("receive: %s", strings.TrimSpace(r.stderr.String()))
		})
	}
}
