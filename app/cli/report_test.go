package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// at is the moment of every line in these tests.
func at() time.Time {
	return time.Date(2026, 11, 21, 1, 2, 3, 40_000_000, time.FixedZone("", 3600))
}

// refused is what a TURN server says to wrong credentials.
func refused() *netcheck.Failure {
	return &netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401, Realm: "north", Err: errors.New("no entry")}
}

func TestInvitationLine(t *testing.T) {
	var out bytes.Buffer
	r := &reporter{out: &out, now: at}
	if err := r.invitation("causeway:abc&<def>"); err != nil {
		t.Fatal(err)
	}
	want := `{"time":"2026-11-21T00:02:03.040Z","event":"invitation","invitation":"causeway:abc&<def>"}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

func TestStateLineOmitsNothing(t *testing.T) {
	var out bytes.Buffer
	r := &reporter{out: &out, now: at}
	if err := r.state(engine.State{}); err != nil {
		t.Fatal(err)
	}
	want := `{"time":"2026-11-21T00:02:03.040Z","event":"state","transfers":[],"peers":[],"relays":[]}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
	out.Reset()
	if err := r.state(engine.State{Transfers: []engine.Transfer{{}}, Peers: []engine.Peer{{}}}); err != nil {
		t.Fatal(err)
	}
	want = `{"time":"2026-11-21T00:02:03.040Z","event":"state","transfers":[` +
		`{"id":"","name":"","direction":"","phase":"","bytes":0,"total":0,"rate":0,"problem":null,` +
		`"relayed_bytes":0,"relay_denied":false,"relay_question":null}],"peers":[` +
		`{"transfer":"","id":"","client":"","path":"","lane":"","relay":"","local":{"type":"","address":"","protocol":""},` +
		`"remote":{"type":"","address":"","protocol":""},"rtt_ms":0,"bytes_in":0,"bytes_out":0,"bytes_relayed":0,` +
		`"progress":0,"rate_in":0,"rate_out":0,"rendezvous_needed":false,"opening":"",` +
		`"explanation":{"path":"","forecast":false,"opening":"","own":[],"theirs":[],"remedies":[],"why":""},"relays":[],"paths":[]}],"relays":[]}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

func TestStateLineCarriesEveryField(t *testing.T) {
	var out bytes.Buffer
	r := &reporter{out: &out, now: at}
	err := r.state(engine.State{
		Transfers: []engine.Transfer{{
			ID: "t1", Name: "photos", Direction: engine.Receive, Phase: engine.Failed, Bytes: 1, Total: 2, Rate: 3,
			Problem: &engine.Problem{Code: engine.DiskFull, Subject: "/home", Err: errors.New("no space left on device"),
				Explanation: &netcheck.Explanation{Path: path.Connecting, Own: []netcheck.Cause{netcheck.UDPStopped}}},
			RelayedBytes: 9, RelayDenied: true, Question: &engine.RelayQuestion{Limit: engine.MonthLimit, Used: 11, Allowed: 12},
		}},
		Peers: []engine.Peer{{
			Transfer: "t1", ID: "p1", Client: "Causeway 0.1.0", Path: path.Relayed, Lane: path.WebRTC,
			Relay: "turn:relay.example:3478?transport=udp",
			Local: path.Candidate{Type: path.RelayedType, Address: "192.0.2.1:5", Protocol: "udp"},
			RTT:   1500 * time.Microsecond, BytesIn: 4, BytesOut: 5, BytesRelayed: 9, Progress: 0.25, RateIn: 6, RateOut: 7,
			RendezvousNeeded: true, Opening: link.OwnMapping,
			Explanation: netcheck.Explanation{Path: path.Relayed, Own: []netcheck.Cause{netcheck.PolicyRelay}, Remedies: []netcheck.Remedy{netcheck.OtherPolicyOwn}},
			Relays:      []link.RelayUse{{Server: "turn:relay.example", In: 1, Out: 2, Since: at(), Released: at()}},
			Paths: []link.Entry{
				{Path: path.Relayed, Relay: "turn:relay.example", Since: at(), Until: at(), In: 3, Out: 4},
				{Path: path.DirectLAN, Since: at(), In: 5},
			},
		}},
		Network: engine.Network{Relays: []engine.Relay{
			{URL: "turn:near.example", RTT: 1500 * time.Microsecond}, {URL: "turn:relay.example", Failure: refused()},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"time":"2026-11-21T00:02:03.040Z","event":"state","transfers":[` +
		`{"id":"t1","name":"photos","direction":"receive","phase":"failed","bytes":1,"total":2,"rate":3,` +
		`"problem":{"code":"disk-full","detail":"/home: no space left on device",` +
		`"explanation":{"path":"connecting","forecast":false,"opening":"","own":["udp-blocked"],"theirs":[],"remedies":[],"why":"` +
		why(netcheck.Explanation{Path: path.Connecting, Own: []netcheck.Cause{netcheck.UDPStopped}}) + `"}},` +
		`"relayed_bytes":9,"relay_denied":true,"relay_question":{"limit":"month","used":11,"allowed":12}}],"peers":[` +
		`{"transfer":"t1","id":"p1","client":"Causeway 0.1.0","path":"relayed","lane":"webrtc",` +
		`"relay":"turn:relay.example:3478?transport=udp","local":{"type":"relay","address":"192.0.2.1:5","protocol":"udp"},` +
		`"remote":{"type":"","address":"","protocol":""},"rtt_ms":1.5,"bytes_in":4,"bytes_out":5,"bytes_relayed":9,` +
		`"progress":0.25,"rate_in":6,"rate_out":7,"rendezvous_needed":true,"opening":"own-mapping",` +
		`"explanation":{"path":"relayed","forecast":false,"opening":"","own":["policy-relay"],"theirs":[],"remedies":["other-policy-own"],"why":"` +
		why(netcheck.Explanation{Path: path.Relayed, Own: []netcheck.Cause{netcheck.PolicyRelay}, Remedies: []netcheck.Remedy{netcheck.OtherPolicyOwn}}) + `"},` +
		`"relays":[{"server":"turn:relay.example","in":1,"out":2,"since":"2026-11-21T00:02:03.040Z","released":"2026-11-21T00:02:03.040Z"}],` +
		`"paths":[{"path":"relayed","relay":"turn:relay.example","since":"2026-11-21T00:02:03.040Z","until":"2026-11-21T00:02:03.040Z","in":3,"out":4},` +
		`{"path":"direct-lan","relay":"","since":"2026-11-21T00:02:03.040Z","until":null,"in":5,"out":0}]}],` +
		`"relays":[{"url":"turn:near.example","rtt_ms":1.5,"failure":null},{"url":"turn:relay.example","rtt_ms":0,"failure":` +
		`{"stage":"allocate","reason":"unauthorized","code":401,"realm":"north","expected_realm":"","text":"` +
		serverSentence("turn:relay.example", refused()) + `","detail":"no entry"}}]}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

func TestStatesThatLookAlikeArePrintedOnce(t *testing.T) {
	var out bytes.Buffer
	r := &reporter{out: &out, now: time.Now}
	for _, files := range []int{1, 2, 3} { // which the contract does not show
		if err := r.state(engine.State{Transfers: []engine.Transfer{{ID: "t", Files: files}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.state(engine.State{Transfers: []engine.Transfer{{ID: "t", Bytes: 1}}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for _, line := range lines {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
