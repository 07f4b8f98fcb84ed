package ui

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
)

// finding is one thing that a check of the network has found.
type finding struct {
	name, value string
	mark        mark
	// command is what the user can type in a terminal to mend it.
	command string
}

// permits is what the settings permit of what findings speak of.
type permits struct {
	// mapping tells that the router may be asked for ports, where policy does not
	// make that useless.
	mapping bool
	policy  path.Policy
}

// findings puts a report into words; nil is one that is not there yet.
func findings(w *words.Words, r *netcheck.Report, may permits) []finding {
	if r == nil {
		r = &netcheck.Report{}
		all := describe(w, r, may)
		for i := range all {
			all[i].value, all[i].mark = w.Say("check.not-yet", nil), unknown
		}
		return all
	}
	return describe(w, r, may)
}

func describe(w *words.Words, r *netcheck.Report, may permits) []finding {
	found := []finding{
		udpFinding(w, r), version4(w, r), version6(w, r), routerFinding(w, r), mappingFinding(w, r, may),
		carrierFinding(w, r), bufferFinding(w, r.Buffers),
	}
	for _, server := range r.STUN {
		if server.Err != nil {
			found = append(found, stunFinding(w, server, r.UDP))
		}
	}
	if r.Captive != "" {
		found = append(found, captiveFinding(w, r.Captive))
	}
	if r.Proxy != "" {
		found = append(found, finding{name: w.Say("check.proxy", nil), value: r.Proxy})
	}
	return found
}

func udpFinding(w *words.Words, r *netcheck.Report) finding {
	f := finding{name: w.Say("check.udp", nil)}
	switch r.UDP {
	case netcheck.Open:
		f.value, f.mark = w.Say("check.udp-open", nil), good
	case netcheck.Blocked:
		f.value, f.mark = w.Say("check.udp-blocked", nil), bad
	default:
		f.value = w.Say("check.unknown", nil)
	}
	return f
}

func version4(w *words.Words, r *netcheck.Report) finding {
	switch {
	case r.IPv4:
		return finding{name: "IPv4", value: reached(w, r.Public4), mark: good}
	case r.VersionsKnown():
		return finding{name: "IPv4", value: w.Say("check.version-no", nil), mark: fair}
	default:
		return finding{name: "IPv4", value: w.Say("check.unknown", nil)}
	}
}

// version6 calls the lack of IPv6 nothing bad: it is only one way less.
func version6(w *words.Words, r *netcheck.Report) finding {
	switch {
	case r.IPv6:
		return finding{name: "IPv6", value: reached(w, r.Public6), mark: good}
	case r.VersionsKnown():
		return finding{name: "IPv6", value: w.Say("check.version-no", nil)}
	default:
		return finding{name: "IPv6", value: w.Say("check.unknown", nil)}
	}
}

func reached(w *words.Words, public netip.Addr) string {
	if !public.IsValid() {
		return w.Say("check.version-yes", nil)
	}
	return w.Say("check.version-as", map[string]string{"Address": public.String()})
}

func routerFinding(w *words.Words, r *netcheck.Report) finding {
	f := finding{name: w.Say("check.router", nil)}
	switch {
	case r.UDP != netcheck.Open || !r.IPv4:
		f.value = w.Say("check.unknown", nil)
	case !r.NAT:
		f.value, f.mark = w.Say("check.router-none", nil), good
	case r.Mapping == netcheck.EndpointIndependent:
		f.value, f.mark = w.Say("check.router-usual", nil), good
	case r.Mapping == "":
		f.value = w.Say("check.unknown", nil)
	case r.PortStep != 0:
		f.value, f.mark = w.Say("check.router-steps", nil), fair
	default:
		f.value, f.mark = w.Say("check.router-strict", nil), fair
	}
	return f
}

// protocols are the names that people know port mapping by.
var protocols = map[portmap.Protocol]string{portmap.PCP: "PCP", portmap.NATPMP: "NAT-PMP", portmap.UPnP: "UPnP"}

func mappingFinding(w *words.Words, r *netcheck.Report, may permits) finding {
	f := finding{name: w.Say("check.mapping", nil)}
	switch router := r.Router; {
	case !may.mapping:
		f.value = w.Say("check.mapping-off", nil)
	case may.policy == path.LANOnly || may.policy == path.RelayOnly:
		// Nobody from outside may come, so the router is not asked.
		f.value = w.Say("check.mapping-unasked", map[string]string{"Policy": w.Say("policy-title."+string(may.policy), nil)})
	case r.PortMapping != "" && router.External.IsValid():
		f.value, f.mark = w.Say("check.mapping-at", map[string]string{"Protocol": protocols[r.PortMapping], "Address": router.External.String()}), good
	case r.PortMapping != "":
		f.value, f.mark = w.Say("check.mapping-by", map[string]string{"Protocol": protocols[r.PortMapping]}), good
	case router.Searched && r.CarrierNAT:
		f.value = w.Say("check.mapping-useless", nil) // whatever the user does at home
	case errors.Is(router.Err, portmap.ErrRefused):
		f.value, f.mark = w.Say("check.mapping-refused", nil), fair
	case router.Searched:
		f.value, f.mark = w.Say("check.mapping-none", nil), fair
	default:
		f.value = w.Say("check.mapping-searching", nil)
	}
	return f
}

func carrierFinding(w *words.Words, r *netcheck.Report) finding {
	f := finding{name: w.Say("check.carrier", nil), value: w.Say("check.unknown", nil)}
	switch {
	case r.CarrierNAT:
		f.value, f.mark = w.Say("check.carrier-found", nil), fair
	case r.UDP == netcheck.Open && r.IPv4:
		f.value, f.mark = w.Say("check.carrier-none", nil), good
	}
	return f
}

// captiveFinding is of a page that was found. Where there is none nothing is
// said: often nobody has looked.
func captiveFinding(w *words.Words, address string) finding {
	return finding{
		name: w.Say("check.captive", nil), mark: bad,
		value: w.Say("check.captive-found", map[string]string{"Address": address}),
	}
}

// stunFinding is of a STUN server that fails. Where UDP is blocked its address
// need not be wrong.
func stunFinding(w *words.Words, server netcheck.STUNResult, udp netcheck.Reach) finding {
	name := map[string]string{"Server": stunName(server.URL)}
	f := finding{name: w.Say("check.stun", nil), value: w.Say("check.stun-failed", name), mark: fair}
	var unknownName *net.DNSError
	if udp == netcheck.Blocked && !errors.As(server.Err, &unknownName) && !errors.Is(server.Err, netcheck.ErrURL) {
		f.value = w.Say("check.stun-silent", name)
	}
	return f
}

// stunName is what people know a STUN server by: its host, and the port where
// it is not the usual one.
func stunName(uri string) string {
	name := strings.TrimPrefix(uri, "stun:")
	if host, port, err := net.SplitHostPort(name); err == nil && port == "3478" {
		return host
	}
	return name
}

func bufferFinding(w *words.Words, b netcheck.Buffers) finding {
	f := finding{name: w.Say("check.buffers", nil), value: w.Say("check.unknown", nil)}
	least := min(b.Receive, b.Send)
	switch {
	case least <= 0:
	case least >= b.Wanted:
		f.value, f.mark = words.Bytes(int64(least)), good
	default:
		f.value, f.mark = w.Say("check.buffers-short", map[string]string{
			"Size": words.Bytes(int64(least)), "Wanted": words.Bytes(int64(b.Wanted)),
		}), fair
		f.command = b.Remedy
	}
	return f
}
