//go:build lab

package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
	"github.com/causeway-app/causeway/engine/lab/portservice"
)

// What netcheck prints with --json, written down a second time on purpose.
type (
	checkup struct {
		Event, Verdict          string
		Took                    float64 `json:"took_ms"`
		Usable                  bool
		UDP, Mapping, Filtering string
		IPv4, IPv6, NAT         bool
		Public4                 string `json:"public_ipv4"`
		Public6                 string `json:"public_ipv6"`
		PortStep                int    `json:"port_step"`
		CarrierNAT              bool   `json:"carrier_nat"`
		PortMapping             string `json:"port_mapping"`
		Router                  struct{ Gateway, External, Error string }
		Captive                 string
		Relay                   bool
		STUN                    []struct{ URL, Mapped, Error string }
		TURN                    []trial
		Buffers                 struct{ Wanted, Receive, Send int }
	}
	trial struct {
		URL    string
		RTT    float64 `json:"rtt_ms"`
		Rate   int64
		Used   int64 `json:"bytes_used"`
		Stages []struct {
			Stage string
			Took  float64 `json:"took_ms"`
			OK    bool
		}
		Failure *struct {
			Stage, Reason, Realm, Text, Detail string
			Code                               int
			Expected                           string `json:"expected_realm"`
		}
	}
)

// netcheckOn checks the network of a computer of the lab.
func netcheckOn(t *testing.T, host *lab.Host, more ...string) (found checkup, code int) {
	t.Helper()
	p := startOn(t, host, append([]string{"netcheck", "--json", "--state", t.TempDir()}, more...)...)
	code = p.wait(arrival)
	if err := json.Unmarshal([]byte(p.tail(1)), &found); err != nil || found.Event != "netcheck" {
		t.Fatalf("netcheck printed %q: %v\n%s", p.tail(5), err, p.stderr.String())
	}
	return found, code
}

// netcheckTextOn is the same for people.
func netcheckTextOn(t *testing.T, host *lab.Host, more ...string) string {
	t.Helper()
	p := startOn(t, host, append([]string{"netcheck", "--state", t.TempDir()}, more...)...)
	p.wait(arrival)
	return p.tail(1 << 10)
}

// observers are a rendezvous and two STUN servers, the first of which has two
// addresses (RFC 5780).
type observers struct {
	net   *lab.Lab
	flags []string
}

// with is their flags and more.
func (o observers) with(more ...string) []string { return slices.Concat(o.flags, more) }

// embeddedObservers are of "causeway-cli serve", by IPv4 and IPv6.
func embeddedObservers(t *testing.T, net *lab.Lab) observers {
	t.Helper()
	first := net.Server("observer", lab.TwoIPv4)
	meet := serveOn(t, first, "--alternate", first.SecondIP4().String())
	second := serveOn(t, net.Server("second observer"))
	six := net.Server("observer by IPv6")
	third := serveSix(t, six)
	return observers{net, []string{"--rendezvous", meet.rendezvous, "--stun", meet.stun, "--stun", second.stun, "--stun", third}}
}

// serveSix is "causeway-cli serve" by IPv6 alone.
func serveSix(t *testing.T, host *lab.Host) (stun string) {
	t.Helper()
	p := startOn(t, host, "serve", "--json", "--listen", "off", "--turn-listen", net.JoinHostPort(host.IP6().String(), "3478"))
	var report serveReport
	if err := json.Unmarshal([]byte(p.firstLine(20*time.Second)), &report); err != nil || len(report.STUN) != 1 {
		t.Fatalf("serve's first line: %v, %+v", err, report)
	}
	return report.STUN[0]
}

// coturnObservers are coturn's STUN.
func coturnObservers(t *testing.T, net *lab.Lab) observers {
	t.Helper()
	needCoturn(t)
	meet := serveOn(t, net.Server("meet"))
	first := net.Server("observer", lab.TwoIPv4)
	at := coturnOn(t, first, "--stun-only", "--listening-ip="+first.SecondIP4().String())
	second := coturnOn(t, net.Server("second observer"), "--stun-only")
	return observers{net, []string{"--rendezvous", meet.rendezvous, "--stun", "stun:" + at, "--stun", "stun:" + second}}
}

// expected is what a check ought to find behind a kind of router, without a
// service that maps ports.
func expected(k lab.Kind) checkup {
	if blocks(k) {
		return checkup{UDP: "blocked", IPv4: true, Verdict: "no-udp"}
	}
	filter := lab.EndpointIndependentFiltering
	for _, nat := range k {
		filter = max(filter, nat.Filtering)
	}
	want := checkup{
		UDP: "open", IPv4: true, NAT: mapping(k) > lab.NoMapping,
		Mapping: map[lab.Mapping]string{
			lab.NoMapping: "endpoint-independent", lab.EndpointIndependentMapping: "endpoint-independent",
			lab.AddressDependentMapping: "address-dependent", lab.AddressAndPortDependentMapping: "address-and-port-dependent",
		}[mapping(k)],
		Filtering: map[lab.Filtering]string{
			lab.EndpointIndependentFiltering: "endpoint-independent", lab.AddressDependentFiltering: "address-dependent",
			lab.AddressAndPortDependentFiltering: "address-and-port-dependent",
		}[filter],
		// Without the router's word only a computer that has a carrier's
		// address knows of its NAT.
		CarrierNAT: k[len(k)-1].Carrier && k[0].Mapping == lab.NoMapping,
	}
	if sequential(k) {
		want.PortStep = 1
	}
	switch {
	case !want.NAT:
		want.Verdict = "reachable"
	case want.Mapping == "endpoint-independent":
		want.Verdict = "usual"
	default:
		want.Verdict = "strict"
	}
	return want
}

// differs lists the findings that are not those expected.
func (c checkup) differs(want checkup) []string {
	var all []string
	compare := func(name string, found, want any) {
		if found != want {
			all = append(all, fmt.Sprintf("%s is %v, want %v", name, found, want))
		}
	}
	compare("udp", c.UDP, want.UDP)
	compare("ipv4", c.IPv4, want.IPv4)
	compare("ipv6", c.IPv6, want.IPv6)
	compare("nat", c.NAT, want.NAT)
	compare("mapping", c.Mapping, want.Mapping)
	compare("filtering", c.Filtering, want.Filtering)
	compare("port_step", c.PortStep, want.PortStep)
	compare("carrier_nat", c.CarrierNAT, want.CarrierNAT)
	compare("port_mapping", c.PortMapping, want.PortMapping)
	compare("verdict", c.Verdict, want.Verdict)
	return all
}

// row is a check in a table.
func (c checkup) row(kind string) string {
	return fmt.Sprintf("%-28s udp %-8s mapping %-26s filtering %-26s step %d  nat %-5v carrier %-5v ipv6 %-5v ports %-7s %-9s %.1f s",
		kind, c.UDP, c.Mapping, c.Filtering, c.PortStep, c.NAT, c.CarrierNAT, c.IPv6, c.PortMapping, c.Verdict, c.Took/1000)
}

// checksAtOnce bounds checks that go on at the same time: a processor that is
// late looks like a filter.
const checksAtOnce = 6

// TestNATNetcheckNamesEachKind compares what netcheck finds with what the
// routers do, as seen by our STUN servers and by coturn's.
func TestNATNetcheckNamesEachKind(t *testing.T) {
	t.Parallel()
	for _, by := range []struct {
		name string
		make func(*testing.T, *lab.Lab) observers
	}{{"embedded STUN", embeddedObservers}, {"coturn", coturnObservers}} {
		t.Run(by.name, func(t *testing.T) {
			t.Parallel()
			o := by.make(t, lab.New(t, lab.Options{}))
			kinds := lab.Kinds()
			rows, places := make([]string, len(kinds)), make(chan struct{}, checksAtOnce)
			var all sync.WaitGroup
			for i, kind := range kinds {
				home := o.net.Home(fmt.Sprint("home ", i), kind...)
				places <- struct{}{}
				all.Go(func() {
					defer func() { <-places }()
					t.Run(kind.String(), func(t *testing.T) {
						found, code := netcheckOn(t, home, o.with("--no-port-mapping")...)
						rows[i] = found.row(kind.String())
						for _, wrong := range found.differs(expected(kind)) {
							t.Error(wrong)
						}
						if want := map[bool]int{true: 1}[blocks(kind)]; code != want || found.Usable != (want == 0) {
							t.Errorf("it ended with %d, usable is %v, want %d", code, found.Usable, want)
						}
						if found.UDP == "open" && found.Public4 != home.OutsideIP4().String() {
							t.Errorf("it is seen as %s, which is %s", found.Public4, home.OutsideIP4())
						}
					})
				})
			}
			all.Wait()
			for _, row := range rows {
				t.Logf("figure: netcheck, %s: %s", by.name, row)
			}
		})
	}
}

// TestNATNetcheckWithPortMapping finds each protocol, and a carrier's NAT by
// what the router says of its own address.
func TestNATNetcheckWithPortMapping(t *testing.T) {
	t.Parallel()
	o := embeddedObservers(t, lab.New(t, lab.Options{}))
	for _, protocol := range []struct {
		name string
		portservice.Options
	}{
		{"pcp", portservice.Options{PCP: true}},
		{"nat-pmp", portservice.Options{NATPMP: true}},
		{"upnp", portservice.Options{IGD: 1}},
	} {
		for _, behind := range []lab.Kind{{lab.PortRestricted}, {lab.SymmetricRandom}, lab.Carrier(lab.PortRestricted)} {
			kind := slices.Clone(behind)
			kind[0] = withPorts(t, kind[0], protocol.Options)
			name := fmt.Sprintf("%s with %s", kind, protocol.name)
			home := o.net.Home(name, kind...)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				found, _ := netcheckOn(t, home, o.flags...)
				t.Logf("figure: netcheck: %s", found.row(name))
				want := expected(behind)
				want.PortMapping, want.CarrierNAT = protocol.name, len(kind) > 1
				if !want.CarrierNAT {
					want.Verdict = "mapped"
				}
				for _, wrong := range found.differs(want) {
					t.Error(wrong)
				}
				router := home.Routers()[0]
				if found.Router.External != router.Outside().String() || found.Router.Gateway != router.Inside().String() {
					t.Errorf("the router is %+v, want %s, outside %s", found.Router, router.Inside(), router.Outside())
				}
			})
		}
	}
}

// withPorts is a router of that kind with a service of its own that maps ports.
func withPorts(t *testing.T, nat lab.NAT, options portservice.Options) lab.NAT {
	t.Helper()
	service, err := portservice.New(options)
	if err != nil {
		t.Fatal(err)
	}
	nat.Ports = service
	return nat
}

func TestNATNetcheckByIPv6(t *testing.T) {
	t.Parallel()
	o := embeddedObservers(t, lab.New(t, lab.Options{}))
	both := lab.PortRestricted
	both.IPv6 = true
	for _, test := range []struct {
		nat  lab.NAT
		want checkup
	}{
		{lab.IPv6Only, checkup{UDP: "open", IPv6: true, Verdict: "reachable"}},
		{both, checkup{UDP: "open", IPv4: true, IPv6: true, NAT: true, Mapping: "endpoint-independent",
			Filtering: "address-and-port-dependent", Verdict: "usual"}},
	} {
		name := fmt.Sprintf("%s, IPv4 %v", test.nat.Name, !test.nat.NoIPv4)
		home := o.net.Home(name, test.nat)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, code := netcheckOn(t, home, o.with("--no-port-mapping")...)
			t.Logf("figure: netcheck: %s", found.row(name))
			for _, wrong := range found.differs(test.want) {
				t.Error(wrong)
			}
			if code != 0 || found.Public6 != home.IP6().String() {
				t.Errorf("it ended with %d; it is seen as %s and is %s", code, found.Public6, home.IP6())
			}
		})
	}
}

// TestNATNetcheckForPeople reads the lines that matter.
func TestNATNetcheckForPeople(t *testing.T) {
	t.Parallel()
	w := &world{t: t, net: lab.New(t, lab.Options{})}
	o := embeddedObservers(t, w.net)
	w.relay("relay")
	mapped := func() lab.NAT { return withPorts(t, lab.SymmetricRandom, portservice.Options{IGD: 2}) }
	for _, test := range []struct {
		name  string
		kind  lab.Kind
		lines []string
	}{
		{"open", lab.Kind{lab.Open}, []string{
			"Your network: Reachable directly: no router is in the way, so direct works with nearly everybody.",
			"UDP             passes",
			"Router          no address translation; lets everybody in at it",
			"Port mapping    no",
		}},
		{"firewall", lab.Kind{lab.Firewall}, []string{
			"Your network: Reachable directly: no router is in the way, so direct works with nearly everybody.",
			"Router          no address translation; lets in who was written to, from that port only",
		}},
		{"port-restricted", lab.Kind{lab.PortRestricted}, []string{
			"Your network: Home router, direct works with most people.",
			"IPv6            no",
			"Router          the same port for every destination; lets in who was written to, from that port only",
		}},
		{"address-symmetric", lab.Kind{lab.AddressSymmetric}, []string{
			"Your network: Strict router: a relay is needed for some people.",
			"Router          another port for each address; lets in who was written to",
		}},
		{"symmetric sequential", lab.Kind{lab.SymmetricSequential}, []string{
			"Your network: Strict router: a relay is needed for some people.",
			"Router          another port for each destination; lets in who was written to, from that port only; the next ports can be foretold (every 1)",
		}},
		{"mapped", lab.Kind{mapped()}, []string{
			"Your network: Home router that maps ports, direct works with nearly everybody.",
			"Port mapping    UPnP, outside address ",
		}},
		{"carrier", lab.Carrier(mapped()), []string{
			"Your network: Strict router: a relay is needed for some people.",
			"Carrier NAT     yes: the provider translates addresses once more, so mapped ports open nothing",
		}},
		{"udp blocked", lab.Kind{lab.UDPBlocked}, []string{
			"Your network: UDP is blocked: only a relay by TCP or TLS works.",
			"UDP             blocked",
			"IPv4            yes",
			"Router          not known",
			"  ✗ Connect: This network lets no UDP out, so ",
		}},
	} {
		home := w.net.Home("home of "+test.name, test.kind...)
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			flags := o.with("--throughput", "200ms")
			for _, server := range w.turn {
				flags = append(flags, "--turn", server)
			}
			text := netcheckTextOn(t, home, flags...)
			t.Logf("%s:\n%s", test.name, text)
			for _, line := range append(test.lines, "  ✓ Throughput ", "  ✓ Release ") {
				if !strings.Contains("\n"+text, "\n"+line) {
					t.Errorf("no line begins with %q", line)
				}
			}
		})
	}
}

// TestNATNetcheckInACaptiveNetwork asks for a page that answers 204, from a
// network whose portal answers in its place.
func TestNATNetcheckInACaptiveNetwork(t *testing.T) {
	t.Parallel()
	internet := lab.New(t, lab.Options{})
	o := embeddedObservers(t, internet)
	const portal = "http://portal.example/login?from=here"
	for _, test := range []struct {
		name, captive, verdict string
		code                   int
		answer                 http.HandlerFunc
	}{
		{"asks for nothing", "", "usual", 0, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }},
		{"leads to a login", portal, "login-page", 1, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, portal, http.StatusFound)
		}},
		{"shows a page of its own", "itself", "login-page", 1, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "Please log in.")
		}},
	} {
		page := servePage(t, internet.Server(test.name), test.answer)
		home := internet.Home("home where it "+test.name, lab.PortRestricted)
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found, code := netcheckOn(t, home, o.with("--no-port-mapping", "--captive", page)...)
			want := strings.Replace(test.captive, "itself", page, 1)
			if found.Captive != want || found.Verdict != test.verdict || code != test.code {
				t.Errorf("the login page is %q, want %q; the verdict %s, want %s; it ended with %d, want %d",
					found.Captive, want, found.Verdict, test.verdict, code, test.code)
			}
			t.Logf("figure: netcheck in a network that %s: verdict %s, page %q, after %.1f s", test.name, found.Verdict, found.Captive, found.Took/1000)
			text := netcheckTextOn(t, home, o.with("--no-port-mapping", "--captive", page)...)
			if said := "Your network: This network wants a login first: open a web page, then check again."; strings.HasPrefix(text, said) != (code != 0) {
				t.Errorf("it begins with:\n%s", text)
			}
		})
	}
}

// servePage answers web requests on a computer of the lab and returns the URL.
func servePage(t *testing.T, host *lab.Host, answer http.Handler) string {
	t.Helper()
	at := netip.AddrPortFrom(host.IP4(), 80)
	var listener net.Listener
	if err := host.Do(func() (err error) {
		listener, err = net.Listen("tcp", at.String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	server, ended := &http.Server{Handler: answer}, make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return "http://" + host.IP4().String() + "/generate_204"
}
