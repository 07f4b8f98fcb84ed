package main

import (
	"net/netip"
	"time"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

// checkReport is what "netcheck --json" prints. Its fields are a promise, as
// those of the other reports are.
type checkReport struct {
	Time        timestamp          `json:"time"`
	Event       string             `json:"event"` // "netcheck"
	Took        float64            `json:"took_ms"`
	Usable      bool               `json:"usable"`
	Verdict     netcheck.Verdict   `json:"verdict"`
	UDP         netcheck.Reach     `json:"udp"`
	IPv4        bool               `json:"ipv4"`
	IPv6        bool               `json:"ipv6"`
	Public4     string             `json:"public_ipv4"`
	Public6     string             `json:"public_ipv6"`
	NAT         bool               `json:"nat"`
	Mapping     netcheck.Behaviour `json:"mapping"`
	Filtering   netcheck.Behaviour `json:"filtering"`
	PortStep    int                `json:"port_step"`
	CarrierNAT  bool               `json:"carrier_nat"`
	PortMapping portmap.Protocol   `json:"port_mapping"`
	Router      routerReport       `json:"router"`
	Captive     string             `json:"captive"`
	Proxy       string             `json:"proxy"`
	Relay       bool               `json:"relay"`
	Policy      path.Policy        `json:"policy"`
	STUN        []stunReport       `json:"stun"`
	TURN        []turnReport       `json:"turn"`
	Buffers     buffersReport      `json:"buffers"`
}

type routerReport struct {
	Searched bool   `json:"searched"`
	Gateway  string `json:"gateway"`
	External string `json:"external"`
	Error    string `json:"error"`
}

type stunReport struct {
	URL    string  `json:"url"`
	RTT    float64 `json:"rtt_ms"`
	Mapped string  `json:"mapped"`
	Error  string  `json:"error"`
}

type turnReport struct {
	URL       string               `json:"url"`
	RTT       float64              `json:"rtt_ms"`
	Rate      int64                `json:"rate"`
	BytesUsed int64                `json:"bytes_used"`
	Stages    []stageReport        `json:"stages"`
	Failure   *serverFailureReport `json:"failure"`
}

type stageReport struct {
	Stage netcheck.Stage `json:"stage"`
	Took  float64        `json:"took_ms"`
	OK    bool           `json:"ok"`
}

type serverFailureReport struct {
	Stage    netcheck.Stage  `json:"stage"`
	Reason   netcheck.Reason `json:"reason"`
	Code     int             `json:"code"`
	Realm    string          `json:"realm"`
	Expected string          `json:"expected_realm"`
	Text     string          `json:"text"`
	Detail   string          `json:"detail"`
}

type buffersReport struct {
	Wanted  int    `json:"wanted"`
	Receive int    `json:"receive"`
	Send    int    `json:"send"`
	Remedy  string `json:"remedy"`
}

func newCheckReport(r netcheck.Report) checkReport {
	report := checkReport{
		Time: timestamp(r.At), Event: "netcheck", Took: milliseconds(r.Took), Usable: usable(r), Verdict: r.Verdict(),
		UDP: r.UDP, IPv4: r.IPv4, IPv6: r.IPv6, Public4: addressText(r.Public4), Public6: addressText(r.Public6),
		NAT: r.NAT, Mapping: r.Mapping, Filtering: r.Filtering, PortStep: r.PortStep, CarrierNAT: r.CarrierNAT,
		PortMapping: r.PortMapping, Captive: r.Captive, Proxy: r.Proxy, Relay: r.Relay, Policy: r.Policy,
		Router: routerReport{
			Searched: r.Router.Searched, Gateway: addressText(r.Router.Gateway),
			External: addressText(r.Router.External), Error: errorText(r.Router.Err),
		},
		STUN: make([]stunReport, 0, len(r.STUN)), TURN: make([]turnReport, 0, len(r.TURN)),
		Buffers: buffersReport(r.Buffers),
	}
	for _, s := range r.STUN {
		seen := stunReport{URL: s.URL, RTT: milliseconds(s.RTT), Error: errorText(s.Err)}
		if s.Mapped.IsValid() {
			seen.Mapped = s.Mapped.String()
		}
		report.STUN = append(report.STUN, seen)
	}
	for _, s := range r.TURN {
		report.TURN = append(report.TURN, newTURNReport(s))
	}
	return report
}

func newTURNReport(r netcheck.TURNResult) turnReport {
	report := turnReport{
		URL: r.URL, RTT: milliseconds(r.RTT), Rate: r.Rate, BytesUsed: r.BytesUsed,
		Stages: make([]stageReport, 0, len(r.Stages)),
	}
	for _, s := range r.Stages {
		report.Stages = append(report.Stages, stageReport{Stage: s.Stage, Took: milliseconds(s.Took), OK: s.Failure == nil})
	}
	report.Failure = newServerFailureReport(r.URL, r.Failure)
	return report
}

// newServerFailureReport returns nil, which prints as null, where all is well.
func newServerFailureReport(url string, f *netcheck.Failure) *serverFailureReport {
	if f == nil {
		return nil
	}
	return &serverFailureReport{
		Stage: f.Stage, Reason: f.Reason, Code: f.Code, Realm: f.Realm, Expected: f.Expected,
		Text: serverSentence(url, f), Detail: errorText(f.Err),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// addressText is empty where there is no address.
func addressText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

// errorText is empty where all is well.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
