package ui

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// report is what is known of the way to a peer, as a text to be pasted into a
// mail or a public issue: nothing of the share, nobody's name, no credential,
// and of addresses the first half alone unless they are wanted in full.
func report(w *words.Words, p engine.Peer, policy path.Policy, now time.Time, full bool) string {
	address, server := maskedAddress, maskedHost
	if full {
		address, server = fullAddress, withoutUser
	}
	var text strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%s\n", w.Say("report.line", map[string]string{"Label": label, "Value": value}))
		}
	}
	line(w.Say("report.version", nil), facts(assets.Name+" "+assets.Version, runtime.GOOS+"/"+runtime.GOARCH))
	line(w.Say("report.time", nil), now.Format("2006-01-02 15:04:05 -07:00"))
	line(w.Say("report.path", nil), pathName(w, p.Path))
	line(w.Say("report.why", nil), explain(w, p.Explanation))
	if policy != "" {
		line(w.Say("report.policy", nil), w.Say("policy."+string(policy), nil))
	}
	line(w.Say("report.rates", nil), words.Rate(p.RateIn)+" ↓ "+words.Rate(p.RateOut)+" ↑")
	for _, known := range peerFacts(w, p, now, address, server) {
		line(known.label, strings.ReplaceAll(known.value, "\n", between))
	}
	if len(p.Relays) > 0 {
		fmt.Fprintf(&text, "\n%s\n", w.Say("report.relays", nil))
	}
	for _, use := range p.Relays {
		fmt.Fprintf(&text, "  %s\n", facts(relayName(use.Server, server), words.Bytes(use.In)+" ↓ "+words.Bytes(use.Out)+" ↑",
			span(use.Since, use.Released)))
	}
	if len(p.Timeline) > 0 {
		fmt.Fprintf(&text, "\n%s\n", w.Say("drawer.timeline", nil))
	}
	for _, m := range moments(w, p.Timeline, server) {
		fmt.Fprintf(&text, "  %s  %s\n", m.at.In(now.Location()).Format("15:04:05.0"), m.text)
	}
	return text.String()
}

// span is "14:02:05 – 14:02:07", with an open end while it lasts.
func span(from, until time.Time) string {
	if from.IsZero() {
		return ""
	}
	end := ""
	if !until.IsZero() {
		end = until.Local().Format(time.TimeOnly)
	}
	return strings.TrimSpace(from.Local().Format(time.TimeOnly) + " – " + end)
}

// masked stands for what a report does not tell.
const masked = "x"

// maskedAddress keeps the first half of an IP address, without the port:
// "203.0.x.x", "2001:db8::x". Of what is no address nothing is kept.
func maskedAddress(text string) string {
	host, _, err := net.SplitHostPort(text)
	if err != nil {
		host = strings.Trim(text, "[]")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return masked
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		bytes := ip.As4()
		return strconv.Itoa(int(bytes[0])) + "." + strconv.Itoa(int(bytes[1])) + "." + masked + "." + masked
	}
	// The first 32 bits tell the provider, the next 32 already the customer.
	prefix, err := ip.Prefix(32)
	if err != nil {
		return masked
	}
	return strings.TrimSuffix(prefix.Addr().String(), "::") + "::" + masked
}

func fullAddress(text string) string { return text }

// maskedHost keeps the name of a server, and of one that is known by its address
// only the first half.
func maskedHost(name string) string {
	name = withoutUser(name)
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		host, port = strings.Trim(name, "[]"), ""
	}
	if _, err := netip.ParseAddr(host); err == nil {
		host = maskedAddress(host)
	}
	if port != "" {
		host += ":" + port
	}
	return host
}

// withoutUser drops what somebody may have written before a server's name
// (RFC 7065 has no user there, RFC 3986 has).
func withoutUser(name string) string { return name[strings.LastIndex(name, "@")+1:] }
