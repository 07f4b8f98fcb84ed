package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

// relayHere runs a relay on this computer until the test ends.
func relayHere(t *testing.T) *rendezvous.Server {
	t.Helper()
	server, err := rendezvous.New(rendezvous.Config{Turn: &rendezvous.TurnConfig{
		Listen: "127.0.0.1:0", Users: map[string]string{"ann": "right"}, AllowPrivatePeers: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return server
}

// checked runs the command and returns its output and exit code.
func checked(t *testing.T, n netcheckCommand) (out string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := &console{out: &stdout, err: &stderr, width: func() int { return 0 }}
	n.State, n.NoPortMapping = t.TempDir(), true
	code = c.fail(n.Run(t.Context(), c, slog.New(slog.DiscardHandler)))
	if strings.Contains(stdout.String()+stderr.String(), "right") {
		t.Errorf("a password is printed:\n%s%s", stdout.String(), stderr.String())
	}
	return stdout.String(), code
}

func TestANetworkCheckForPeople(t *testing.T) {
	server := relayHere(t)
	stun := "stun:" + server.TurnAddr().String()
	out, code := checked(t, netcheckCommand{
		STUN: []string{stun}, TURN: []string{server.TurnURLs()[0] + ",ann,right"}, Throughput: 100 * time.Millisecond,
	})
	if code != exitDone || !strings.HasPrefix(out, "Your network: ") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
	for _, want := range []string{"UDP ", "IPv4 ", "IPv6 ", "Router ", "Port mapping ", "Socket buffers ", "✓ Find the name", "✓ Connect", "✓ Release", "MB/s through the relay"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	out, code = checked(t, netcheckCommand{
		STUN: []string{stun}, TURN: []string{server.TurnURLs()[1] + ",ann,mistaken"},
	})
	if code != exitFailed || !strings.Contains(out, "✗ Allocate: 127.0.0.1") || !strings.Contains(out, "(401)") || !strings.Contains(out, "check both") {
		t.Errorf("wrong password: exit code %d, output:\n%s", code, out)
	}
}

func TestANetworkCheckForScripts(t *testing.T) {
	server := relayHere(t)
	out, code := checked(t, netcheckCommand{
		STUN: []string{"stun:" + server.TurnAddr().String()}, JSON: true,
		TURN: []string{server.TurnURLs()[0] + ",ann@old.example,mistaken"},
	})
	var report checkReport
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&struct {
		Time any `json:"time"`
		*withoutTime
	}{withoutTime: (*withoutTime)(&report)}); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if strings.Count(out, "\n") != 1 || code != exitFailed || report.Event != "netcheck" || report.Usable || report.UDP != netcheck.Open {
		t.Errorf("exit code %d, output %s", code, out)
	}
	if f := report.TURN[0].Failure; f == nil || f.Reason != netcheck.WrongRealm || f.Realm != "causeway" || f.Expected != "old.example" || f.Code != 401 || f.Text == "" {
		t.Errorf("failure %+v", report.TURN[0].Failure)
	}
	if strings.Contains(out, "null,") && !strings.Contains(out, `"failure":null`) || strings.Contains(out, `:null`) {
		t.Errorf("a list is null in %s", out)
	}
}

// withoutTime is a report whose time is text.
type withoutTime checkReport

func TestFlagsOfTheCheckThatCannotBeMeant(t *testing.T) {
	for _, n := range []netcheckCommand{
		{Captive: "https://example.org/"}, {Captive: "example.org"}, {Throughput: -time.Second}, {Throughput: time.Hour},
		{STUN: []string{"http://x"}}, {TURN: []string{"turn:x"}}, {Policy: "none"},
	} {
		n.State = t.TempDir()
		_, err := n.config(io.Discard)
		var usage *exit
		if !errors.As(err, &usage) || usage.Code != exitUsage {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

func TestTheSizeOfSocketBuffers(t *testing.T) {
	remedy := "sudo sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304"
	for _, test := range []struct {
		found netcheck.Buffers
		want  string
	}{
		{netcheck.Buffers{Wanted: 4 << 20, Receive: 4 << 20, Send: 4 << 20}, "4096 KiB"},
		{netcheck.Buffers{Wanted: 4 << 20, Receive: 212992, Send: 4 << 20, Remedy: remedy},
			"208 KiB of 4096 KiB, which makes transfers slower than they could be. To lift the limit: " + remedy},
		{netcheck.Buffers{Wanted: 4 << 20, Receive: 212992, Send: 212992},
			"208 KiB of 4096 KiB, which makes transfers slower than they could be"},
		{netcheck.Buffers{Wanted: 4 << 20}, "not known"},
	} {
		text := describe(netcheck.Report{Buffers: test.found})
		if line := "Socket buffers  " + test.want + "\n"; !strings.Contains(text, "\n"+line) {
			t.Errorf("no line %q in:\n%s", line, text)
		}
		t.Logf("figure: socket buffers of %d and %d bytes: %s", test.found.Receive, test.found.Send, test.want)
	}
}

func TestAnIPVersionThatNobodyTriedIsNotKnown(t *testing.T) {
	asked := []netcheck.STUNResult{{}}
	for name, test := range map[string]struct {
		report netcheck.Report
		want   []string
	}{
		"nothing asked": {netcheck.Report{}, []string{"IPv4            not known\n", "IPv6            not known\n"}},
		"a relay by TCP": {netcheck.Report{TURN: []netcheck.TURNResult{{}}, Findings: netcheck.Findings{IPv4: true}},
			[]string{"IPv4            yes\n", "IPv6            not known\n"}},
		"offline": {netcheck.Report{STUN: asked}, []string{"IPv4            no\n", "IPv6            no\n"}},
		"IPv4 alone": {netcheck.Report{STUN: asked, Findings: netcheck.Findings{UDP: netcheck.Open, IPv4: true}},
			[]string{"IPv4            yes\n", "IPv6            no\n"}},
	} {
		text := describe(test.report)
		for _, line := range test.want {
			if !strings.Contains(text, line) {
				t.Errorf("%s: no line %q in:\n%s", name, line, text)
			}
		}
	}
}

func TestWhatIsUsable(t *testing.T) {
	works := netcheck.STUNResult{RTT: 1}
	broken := netcheck.TURNResult{Failure: &netcheck.Failure{Reason: netcheck.Expired}}
	for _, test := range []struct {
		name   string
		report netcheck.Report
		want   bool
	}{
		{"direct", netcheck.Report{STUN: []netcheck.STUNResult{works}, Findings: netcheck.Findings{UDP: netcheck.Open, IPv4: true}}, true},
		{"a relay that is broken", netcheck.Report{STUN: []netcheck.STUNResult{works}, TURN: []netcheck.TURNResult{broken}, Findings: netcheck.Findings{UDP: netcheck.Open, IPv4: true}}, false},
		{"blocked", netcheck.Report{STUN: []netcheck.STUNResult{{}}, Findings: netcheck.Findings{UDP: netcheck.Blocked, IPv4: true}}, false},
		{"blocked, with a relay", netcheck.Report{STUN: []netcheck.STUNResult{{}}, Findings: netcheck.Findings{UDP: netcheck.Blocked, IPv4: true, Relay: true}}, true},
		{"offline", netcheck.Report{STUN: []netcheck.STUNResult{{}}}, false},
		{"a login page", netcheck.Report{Captive: "http://x", STUN: []netcheck.STUNResult{works}, Findings: netcheck.Findings{UDP: netcheck.Open, IPv4: true}}, false},
		{"nothing asked", netcheck.Report{}, true},
	} {
		if got := usable(test.report); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestTheContractNamesEveryFieldOfTheCheck(t *testing.T) {
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "\n## netcheck\n")
	if !found {
		t.Fatal("README.md has no section netcheck")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, match := range regexp.MustCompile("`([a-z0-9_-]+)`").FindAllStringSubmatch(section, -1) {
		named = append(named, match[1])
	}
	var look func(reflect.Type)
	look = func(kind reflect.Type) {
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
			kind = kind.Elem()
		}
		if kind.Kind() != reflect.Struct || kind == reflect.TypeFor[timestamp]() {
			return
		}
		for i := range kind.NumField() {
			if name := kind.Field(i).Tag.Get("json"); !slices.Contains(named, name) {
				t.Errorf("README.md does not name %s", name)
			}
			look(kind.Field(i).Type)
		}
	}
	look(reflect.TypeFor[checkReport]())
	for _, name := range reasonsOf(t) {
		if !slices.Contains(named, name) {
			t.Errorf("README.md does not name the reason %s", name)
		}
	}
}

// reasonsOf are the reasons, stages and verdicts that netcheck has.
func reasonsOf(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range []string{"report.go", "verdict.go"} {
		content, err := os.ReadFile("../../engine/netcheck/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^\t\w+ +(?:Reason|Stage|Verdict) += "([^"]+)"`).FindAllStringSubmatch(string(content), -1) {
			names = append(names, match[1])
		}
	}
	if len(names) < 30 {
		t.Fatalf("netcheck has only %v", names)
	}
	return names
}
