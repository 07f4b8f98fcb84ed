package portservice

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// get fetches a document from the router.
func get(t *testing.T, at string) []byte {
	t.Helper()
	response, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", at, response.Status, err)
	}
	return body
}

// services are what a description lists, by service type.
func services(t *testing.T, description []byte) map[string]struct{ control, scpd string } {
	t.Helper()
	listed := map[string]struct{ control, scpd string }{}
	decoder := xml.NewDecoder(bytes.NewReader(description))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return listed
		}
		if err != nil {
			t.Fatal(err)
		}
		begin, ok := token.(xml.StartElement)
		if !ok || begin.Name.Local != "service" {
			continue
		}
		var s struct {
			Type    string `xml:"serviceType"`
			Control string `xml:"controlURL"`
			SCPD    string `xml:"SCPDURL"`
		}
		if err := decoder.DecodeElement(&s, &begin); err != nil {
			t.Fatal(err)
		}
		listed[s.Type] = struct{ control, scpd string }{s.Control, s.SCPD}
	}
}

// connection is a router's WANIPConnection as a client finds it.
type connection struct {
	t    *testing.T
	urn  string
	post string // URL of control
}

// find finds the WANIPConnection as a client does: search, description.
func (h *home) find(t *testing.T, version int) connection {
	t.Helper()
	heard := h.newClient(t, 1900).answers(gateway1, 1)
	if len(heard) != 1 {
		t.Fatal("the router does not answer a search")
	}
	at, err := url.Parse(found(t, heard[0]).Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	urn := fmt.Sprintf("urn:schemas-upnp-org:service:WANIPConnection:%d", version)
	listed, ok := services(t, get(t, at.String()))[urn]
	if !ok {
		t.Fatalf("the description has no %s", urn)
	}
	control, err := at.Parse(listed.control)
	if err != nil {
		t.Fatal(err)
	}
	return connection{t, urn, control.String()}
}

// send posts a SOAP request and returns the status and the body.
func (c connection) send(header, body string) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.post, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	request.Header["SOAPACTION"] = []string{header}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != `text/xml; charset="utf-8"` {
		c.t.Errorf("Content-Type %q", got)
	}
	return response.StatusCode, string(answer)
}

// ask calls an action; arguments are name=value.
func (c connection) ask(action string, arguments ...string) (int, string) {
	c.t.Helper()
	var elements strings.Builder
	for _, argument := range arguments {
		name, value, _ := strings.Cut(argument, "=")
		fmt.Fprintf(&elements, "<%s>%s</%s>", name, value, name)
	}
	return c.send(`"`+c.urn+"#"+action+`"`, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" `+
		`s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:`+action+` xmlns:u="`+c.urn+`">`+
		elements.String()+`</u:`+action+`></s:Body></s:Envelope>`)
}

// gives expects an answer that contains each text.
func (c connection) gives(action string, arguments []string, texts ...string) {
	c.t.Helper()
	status, body := c.ask(action, arguments...)
	for _, text := range append(texts, "<u:"+action+`Response xmlns:u="`+c.urn+`">`) {
		if status != http.StatusOK || !strings.Contains(body, text) {
			c.t.Errorf("%s%v: status %d and no %s in %s", action, arguments, status, text, body)
		}
	}
}

// fails expects an error of UPnP.
func (c connection) fails(code int, action string, arguments []string) {
	c.t.Helper()
	status, body := c.ask(action, arguments...)
	if status != http.StatusInternalServerError || !strings.Contains(body, fmt.Sprintf("<errorCode>%d</errorCode>", code)) {
		c.t.Errorf("%s%v: status %d instead of error %d: %s", action, arguments, status, code, body)
	}
}

// entry are the arguments of AddPortMapping, those given last in place of the
// usual ones.
func entry(changes ...string) []string {
	arguments := []string{
		"NewRemoteHost=", "NewExternalPort=6000", "NewProtocol=UDP", "NewInternalPort=5000", "NewInternalClient=127.0.0.1",
		"NewEnabled=1", "NewPortMappingDescription=a &amp; b", "NewLeaseDuration=3600",
	}
	for _, change := range changes {
		name, _, _ := strings.Cut(change, "=")
		at := slices.IndexFunc(arguments, func(a string) bool { return strings.HasPrefix(a, name+"=") })
		arguments[at] = change
	}
	return arguments
}

func which6000() []string { return entry()[:3] }

func TestIGDMapsShowsAndDeletesAPort(t *testing.T) {
	t.Parallel()
	for version := 1; version <= 2; version++ {
		h := moveIn(t, Options{IGD: version})
		c := h.find(t, version)
		c.gives("GetExternalIPAddress", nil, "<NewExternalIPAddress>203.0.113.7</NewExternalIPAddress>")
		c.gives("GetStatusInfo", nil, "<NewConnectionStatus>Connected</NewConnectionStatus>")
		c.gives("GetNATRSIPStatus", nil, "<NewNATEnabled>1</NewNATEnabled>")
		c.fails(714, "GetSpecificPortMappingEntry", which6000())
		c.gives("AddPortMapping", entry())
		if got := h.table.port("udp", 5000); got != 6000 {
			t.Errorf("the router maps %d", got)
		}
		c.gives("GetSpecificPortMappingEntry", which6000(), "<NewInternalPort>5000</NewInternalPort>",
			"<NewInternalClient>127.0.0.1</NewInternalClient>", "<NewPortMappingDescription>a &amp; b</NewPortMappingDescription>",
			"<NewLeaseDuration>3600</NewLeaseDuration>")
		// The same once more renews; TCP is another entry.
		c.gives("AddPortMapping", entry("NewLeaseDuration=7200"))
		c.gives("GetSpecificPortMappingEntry", which6000(), "<NewLeaseDuration>7200</NewLeaseDuration>")
		c.fails(714, "DeletePortMapping", []string{"NewRemoteHost=", "NewExternalPort=6000", "NewProtocol=TCP"})
		c.gives("DeletePortMapping", which6000())
		if h.table.port("udp", 5000) != 0 {
			t.Error("the mapping is still there")
		}
		c.fails(714, "DeletePortMapping", which6000())
	}
}

func TestIGDRefusesWhatItMustNotDo(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 2})
	c := h.find(t, 2)
	h.table.take(7000)
	for _, wrong := range []struct {
		code   int
		change string
	}{
		{718, "NewExternalPort=7000"}, {716, "NewExternalPort=0"}, {402, "NewExternalPort=65536"}, {402, "NewExternalPort=-1"},
		{402, "NewProtocol=SCTP"}, {732, "NewInternalPort=0"}, {402, "NewInternalPort="}, {606, "NewInternalClient=127.0.0.2"},
		{402, "NewInternalClient=host"}, {402, "NewEnabled=0"}, {402, "NewLeaseDuration=soon"}, {726, "NewRemoteHost=192.0.2.1"},
	} {
		c.fails(wrong.code, "AddPortMapping", entry(wrong.change))
	}
	c.fails(402, "AddPortMapping", entry()[1:])
	c.fails(401, "AddNothing", nil)
	if h.table.port("udp", 5000) != 0 {
		t.Error("a request that failed made a mapping")
	}
	for _, body := range []string{"", "<", "<a/>", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>`} {
		if status, answer := c.send(`"`+c.urn+`#AddPortMapping"`, body); status != 500 || !strings.Contains(answer, "<errorCode>401<") {
			t.Errorf("%q: %d %s", body, status, answer)
		}
	}
}

func TestIGD2GivesAnyPort(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 2})
	c := h.find(t, 2)
	c.gives("AddAnyPortMapping", entry(), "<NewReservedPort>6000</NewReservedPort>")
	c.gives("AddAnyPortMapping", entry("NewInternalPort=5001"), "<NewReservedPort>6007</NewReservedPort>")
	moveIn(t, Options{IGD: 1}).find(t, 1).fails(401, "AddAnyPortMapping", entry())
}

func TestAnEntryMovesToAnotherPort(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 1})
	c := h.find(t, 1)
	c.gives("AddPortMapping", entry())
	c.gives("AddPortMapping", entry("NewExternalPort=6001"))
	c.fails(714, "GetSpecificPortMappingEntry", which6000())
	if got := h.table.port("udp", 5000); got != 6001 {
		t.Errorf("the router maps %d", got)
	}
}

func TestIGDMisbehavesAsTold(t *testing.T) {
	t.Parallel()
	with := func(version int, options Options) connection {
		options.IGD = version
		return moveIn(t, options).find(t, version)
	}
	c := with(1, Options{OnlyPermanent: true, External: netip.MustParseAddr("192.168.0.2")})
	c.gives("GetExternalIPAddress", nil, "<NewExternalIPAddress>192.168.0.2<")
	c.fails(725, "AddPortMapping", entry())
	c.gives("AddPortMapping", entry("NewLeaseDuration=0"))
	c.gives("GetSpecificPortMappingEntry", which6000(), "<NewLeaseDuration>0<")
	c = with(2, Options{LongestLease: time.Minute, OtherPort: true})
	c.fails(718, "AddPortMapping", entry())
	c.gives("AddAnyPortMapping", entry(), "<NewReservedPort>6001<")
	c.gives("GetSpecificPortMappingEntry", entry("NewExternalPort=6001")[:3], "<NewLeaseDuration>60<")
	c.gives("AddPortMapping", entry("NewExternalPort=6002"))
	with(2, Options{Refuse: true}).fails(606, "AddPortMapping", entry())
	with(2, Options{Full: true}).fails(728, "AddAnyPortMapping", entry())
	with(1, Options{Full: true}).fails(501, "AddPortMapping", entry())
	// A lease without an end is a week in IGD 2.
	c = with(2, Options{})
	c.gives("AddPortMapping", entry("NewLeaseDuration=0"))
	c.gives("GetSpecificPortMappingEntry", which6000(), "<NewLeaseDuration>604800<")
}

func TestARestartedRouterForgetsItsEntriesAndSaysSo(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 1})
	c := h.find(t, 1)
	c.gives("AddPortMapping", entry())
	h.service.Restart()
	c.fails(714, "GetSpecificPortMappingEntry", which6000())
	if h.table.port("udp", 5000) != 0 {
		t.Error("the mapping is still there")
	}
	select {
	case told := <-h.told:
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(told.packet)))
		if err != nil || told.group != "239.255.255.250:1900" {
			t.Fatalf("told %s: %v", told.group, err)
		}
		if request.Method != "NOTIFY" || request.Header.Get("NTS") != "ssdp:alive" || request.Header.Get("BOOTID.UPNP.ORG") != "2" {
			t.Errorf("told %s %v", request.Method, request.Header)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the router tells nobody")
	}
}

func TestServicesAreDescribed(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 2})
	c := h.find(t, 2)
	at, err := url.Parse(c.post)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Actions []struct {
			Name      string `xml:"name"`
			Arguments []struct {
				Variable string `xml:"relatedStateVariable"`
			} `xml:"argumentList>argument"`
		} `xml:"actionList>action"`
		Variables []string `xml:"serviceStateTable>stateVariable>name"`
	}
	if err := xml.Unmarshal(get(t, "http://"+at.Host+"/scpd/WANIPConnection2"), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Actions) != 7 {
		t.Errorf("%d actions", len(document.Actions))
	}
	for _, a := range document.Actions {
		for _, argument := range a.Arguments {
			if !slices.Contains(document.Variables, argument.Variable) {
				t.Errorf("%s: no variable %s", a.Name, argument.Variable)
			}
		}
	}
}
