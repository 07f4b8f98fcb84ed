package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/netcheck"
)

// describe is a report for people: one sentence on top, then what was found, and
// then each server with what to do about it.
func describe(r netcheck.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, english.Say("netcheck.your-network", map[string]string{"Verdict": english.Say("verdict."+string(r.Verdict()), nil)}))
	fmt.Fprintln(&b)
	for _, row := range networkRows(r) {
		fmt.Fprintf(&b, "%-15s %s\n", row[0], printable(row[1]))
	}
	for _, server := range r.STUN {
		fmt.Fprintf(&b, "\n%s\n  %s\n", printable(server.URL), stunLine(server))
	}
	for _, server := range r.TURN {
		fmt.Fprintf(&b, "\n%s\n", printable(server.URL))
		for _, line := range turnLines(server) {
			fmt.Fprintf(&b, "  %s\n", printable(line))
		}
	}
	return b.String()
}

// networkRows are pairs of what was looked at and what was found.
func networkRows(r netcheck.Report) [][2]string {
	rows := [][2]string{
		{english.Say("netcheck.udp", nil), reach(r.UDP)},
		{english.Say("netcheck.ipv4", nil), version(r, r.IPv4, r.Public4)},
		{english.Say("netcheck.ipv6", nil), version(r, r.IPv6, r.Public6)},
		{english.Say("netcheck.router", nil), router(r)},
		{english.Say("netcheck.port-mapping", nil), portMapping(r)},
	}
	if r.CarrierNAT {
		rows = append(rows, [2]string{english.Say("netcheck.carrier", nil), english.Say("netcheck.carrier-means", nil)})
	}
	if r.Captive != "" {
		rows = append(rows, [2]string{english.Say("netcheck.captive", nil), r.Captive})
	}
	if r.Proxy != "" {
		rows = append(rows, [2]string{english.Say("netcheck.proxy", nil), english.Say("netcheck.proxy-means", map[string]string{"Proxy": r.Proxy})})
	}
	return append(rows, [2]string{english.Say("netcheck.buffers", nil), buffers(r.Buffers)})
}

func reach(r netcheck.Reach) string {
	switch r {
	case netcheck.Open:
		return english.Say("netcheck.open", nil)
	case netcheck.Blocked:
		return english.Say("netcheck.blocked", nil)
	default:
		return english.Say("netcheck.unknown", nil)
	}
}

func version(r netcheck.Report, works bool, public netip.Addr) string {
	switch {
	case public.IsValid():
		return english.Say("netcheck.yes-as", map[string]string{"Address": public.String()})
	case works:
		return english.Say("netcheck.yes", nil)
	case r.VersionsKnown():
		return english.Say("netcheck.no", nil)
	default:
		return english.Say("netcheck.unknown", nil)
	}
}

// router says how the NAT or firewall behaves, as far as that is known.
func router(r netcheck.Report) string {
	var known []string
	switch {
	case r.UDP != netcheck.Open || !r.IPv4:
	case !r.NAT:
		known = append(known, english.Say("netcheck.no-nat", nil))
	case r.Mapping != "":
		known = append(known, english.Say("mapping."+string(r.Mapping), nil))
	}
	if r.Filtering != "" {
		known = append(known, english.Say("filtering."+string(r.Filtering), nil))
	}
	if r.PortStep > 0 {
		known = append(known, english.Say("netcheck.port-step", map[string]string{"Step": strconv.Itoa(r.PortStep)}))
	}
	if len(known) == 0 {
		return english.Say("netcheck.unknown", nil)
	}
	return strings.Join(known, "; ")
}

// protocolNames are as their standards write them.
var protocolNames = map[string]string{"pcp": "PCP", "nat-pmp": "NAT-PMP", "upnp": "UPnP"}

func portMapping(r netcheck.Report) string {
	switch {
	case r.PortMapping != "" && r.Router.External.IsValid():
		return english.Say("netcheck.mapped-as", map[string]string{
			"Protocol": protocolNames[string(r.PortMapping)], "Address": r.Router.External.String(),
		})
	case r.PortMapping != "":
		return protocolNames[string(r.PortMapping)]
	case r.Router.Searched:
		return english.Say("netcheck.no", nil)
	default:
		return english.Say("netcheck.unknown", nil)
	}
}

func buffers(b netcheck.Buffers) string {
	size := func(bytes int) string { return strconv.Itoa(bytes>>10) + " KiB" }
	switch {
	case b.Receive == 0 && b.Send == 0:
		return english.Say("netcheck.unknown", nil)
	case b.Receive >= b.Wanted && b.Send >= b.Wanted:
		return size(min(b.Receive, b.Send))
	default:
		return english.Say("netcheck.buffers-short", map[string]string{
			"Size": size(min(b.Receive, b.Send)), "Wanted": size(b.Wanted), "Remedy": b.Remedy,
		})
	}
}

func stunLine(s netcheck.STUNResult) string {
	if s.Err != nil {
		return "✗ " + english.Say("netcheck.stun-failed", map[string]string{"Server": serverName(s.URL), "Detail": s.Err.Error()})
	}
	return "✓ " + english.Say("netcheck.stun-works", map[string]string{"RTT": words.RoundTrip(s.RTT), "Address": s.Mapped.String()})
}

// turnLines are the stages, and what to do where one failed.
func turnLines(r netcheck.TURNResult) []string {
	var lines []string
	for _, s := range r.Stages {
		name := english.Say("stage."+string(s.Stage), nil)
		if s.Failure != nil {
			lines = append(lines, "✗ "+name+": "+serverSentence(r.URL, s.Failure))
			continue
		}
		line := fmt.Sprintf("✓ %-13s %s", name, words.RoundTrip(s.Took))
		if s.Stage == netcheck.Throughput {
			line += ", " + english.Say("netcheck.rate", map[string]string{"Rate": words.Rate(r.Rate), "Used": words.Bytes(r.BytesUsed)})
		}
		lines = append(lines, line)
	}
	if r.RTT > 0 {
		lines = append(lines, english.Say("netcheck.round-trip", map[string]string{"RTT": words.RoundTrip(r.RTT)}))
	}
	return lines
}

// serverSentence says why a server cannot be used and what to do.
func serverSentence(uri string, f *netcheck.Failure) string {
	said := words.ServerFailure{
		Reason: string(f.Reason), Stage: string(f.Stage), Server: serverName(uri), Code: f.Code,
		Realm: f.Realm, Expected: f.Expected, Proven: f.Proven,
	}
	if !f.Expired.IsZero() {
		said.Expired = f.Expired.Local().Format(time.DateTime)
	}
	return english.ServerFailure(said)
}
