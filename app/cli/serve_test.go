package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

// certificate writes a self-signed certificate and its key.
func certificate(t *testing.T, names ...string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// announced is what "serve --json" with these flags prints first, without the
// ports.
func announced(t *testing.T, s serveCommand) servingReport {
	t.Helper()
	config, err := s.config()
	if err != nil {
		t.Fatal(err)
	}
	server, err := rendezvous.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var out bytes.Buffer
	s.JSON = true
	if err := s.announce(&console{out: &out}, server, certificateName(config.TLS)); err != nil {
		t.Fatal(err)
	}
	var report servingReport
	fields := struct {
		Rendezvous *[]string
		STUN       *[]string
		TURN       *[]string
	}{&report.Rendezvous, &report.STUN, &report.TURN}
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, list := range []*[]string{&report.Rendezvous, &report.STUN, &report.TURN} {
		if *list == nil {
			t.Errorf("a list is null: %s", out.String())
		}
		for i, url := range *list {
			address, transport, _ := strings.Cut(url, "?")
			(*list)[i] = address[:strings.LastIndexByte(address, ':')] + strings.TrimSuffix("?"+transport, "?")
		}
	}
	return report
}

func TestServePrintsWhereOthersReachIt(t *testing.T) {
	cert, key := certificate(t, "*.example.org", "relay.example.org")
	bare, bareKey := certificate(t, "*.example.org")
	users := []string{"me:password:with:colons"}
	for _, c := range []struct {
		name    string
		command serveCommand
		want    string
	}{
		{"as it listens", serveCommand{Listen: "127.0.0.1:0", TURNListen: "127.0.0.1:0", User: users},
			"ws://127.0.0.1 stun:127.0.0.1 turn:127.0.0.1?transport=udp turn:127.0.0.1?transport=tcp"},
		{"without users", serveCommand{Listen: "127.0.0.1:0", TURNListen: "127.0.0.1:0"},
			"ws://127.0.0.1 stun:127.0.0.1"},
		{"the public address", serveCommand{Listen: ":0", TURNListen: ":0", User: users, PublicIP: []netip.Addr{netip.MustParseAddr("203.0.113.5")}},
			"ws://203.0.113.5 stun:203.0.113.5 turn:203.0.113.5?transport=udp turn:203.0.113.5?transport=tcp"},
		{"the certificate's name", serveCommand{Listen: "127.0.0.1:0", TURNListen: "127.0.0.1:0", Secret: "s", TLSCert: cert, TLSKey: key},
			"wss://relay.example.org stun:127.0.0.1 turn:127.0.0.1?transport=udp turn:127.0.0.1?transport=tcp turns:relay.example.org?transport=tcp"},
		{"no TURN", serveCommand{Listen: "127.0.0.1:0", TURNListen: "off"}, "ws://127.0.0.1"},
		{"TLS where it is wanted", serveCommand{Listen: "off", TURNListen: "127.0.0.1:0", TLSListen: "[::1]:0", Secret: "s", TLSCert: bare, TLSKey: bareKey},
			"stun:127.0.0.1 turn:127.0.0.1?transport=udp turn:127.0.0.1?transport=tcp turns:[::1]?transport=tcp"},
		{"no rendezvous", serveCommand{Listen: "off", TURNListen: "127.0.0.1:0"}, "stun:127.0.0.1"},
	} {
		report := announced(t, c.command)
		got := strings.Join(append(append(report.Rendezvous, report.STUN...), report.TURN...), " ")
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestCountersAddUpAllUsers(t *testing.T) {
	got := newCountersReport(rendezvous.Counters{Connections: 1, Rooms: 2, Peers: 3, Users: map[string]rendezvous.UserCounters{
		"a": {Allocations: 1, Traffic: rendezvous.Traffic{BytesIn: 10, BytesOut: 20}},
		"b": {Allocations: 2, Traffic: rendezvous.Traffic{BytesIn: 3}},
	}})
	want := countersReport{Event: "counters", Connections: 1, Rooms: 2, Peers: 3, Allocations: 3, BytesRelayed: 33}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// served is what "serve" with these arguments asks of the server.
func served(t *testing.T, arguments ...string) (rendezvous.Config, error) {
	t.Helper()
	var line commandLine
	parser, err := kong.New(&line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve", "--user", "me:password"}, arguments...)); err != nil {
		return rendezvous.Config{}, err
	}
	return line.Serve.config()
}

func TestRatesOfTheRelayAreInBytesASecond(t *testing.T) {
	config, err := served(t, "--rate", "10M", "--user-rate", "1.5Mi")
	if err != nil || config.Turn.Rate != 10_000_000 || config.Turn.UserRate != 3<<19 {
		t.Errorf("%+v, %v", config.Turn, err)
	}
	if config, err = served(t); err != nil || config.Turn.Rate != 0 || config.Turn.UserRate != 0 {
		t.Errorf("without flags: %+v, %v", config.Turn, err)
	}
	for _, text := range []string{"fast", "-1", "10 Mb"} {
		if _, err := served(t, "--rate="+text); err == nil || !strings.Contains(err.Error(), "--rate") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestASecondPublicAddressIsThatOfTheAlternate(t *testing.T) {
	one, two, six := netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("203.0.113.2"), netip.MustParseAddr("2001:db8::1")
	config, err := served(t, "--turn-listen=10.0.0.1:3478", "--alternate=10.0.0.2", "--public-ip=203.0.113.1", "--public-ip=2001:db8::1", "--public-ip=203.0.113.2")
	if err != nil || config.Turn.Alternate != netip.MustParseAddr("10.0.0.2") || config.Turn.AlternatePublic != two ||
		!slices.Equal(config.Turn.PublicIPs, []netip.Addr{one, six}) {
		t.Errorf("%+v, %v", config.Turn, err)
	}
	config, err = served(t, "--public-ip=203.0.113.1", "--public-ip=203.0.113.2")
	if err != nil || config.Turn.AlternatePublic.IsValid() || len(config.Turn.PublicIPs) != 2 {
		t.Errorf("without an alternate address: %+v, %v", config.Turn, err)
	}
}

func TestRelayPortsAreARange(t *testing.T) {
	for text, want := range map[string]relayPorts{
		"49152-49407": {Min: 49152, Max: 49407}, "5000-5000": {Min: 5000, Max: 5000}, "1-65535": {Min: 1, Max: 65535},
	} {
		config, err := served(t, "--relay-ports", text)
		if err != nil || config.Turn.RelayPorts != rendezvous.PortRange(want) {
			t.Errorf("%s: the server relays as %+v, %v", text, config.Turn, err)
		}
	}
	for _, text := range []string{"", "-", "5000", "5000-", "-5000", "5001-5000", "0-10", "1-65536", "a-b", "1-2-3", " 1-2"} {
		var ports relayPorts
		if err := ports.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, ports)
		}
	}
}
