package portservice

import (
	"bufio"
	"bytes"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// search is an SSDP search (UPnP Device Architecture 1.1 section 1.3.2).
func search(target string) string {
	return "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: " + target + "\r\n\r\n"
}

const gateway1 = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

// answers are the answers to a search until there are so many, or none comes.
func (c client) answers(target string, count int) [][]byte {
	c.t.Helper()
	c.send([]byte(search(target)))
	var heard [][]byte
	for len(heard) < count {
		packet := c.hear(2 * time.Second)
		if packet == nil {
			break
		}
		heard = append(heard, packet)
	}
	if extra := c.hear(20 * time.Millisecond); extra != nil {
		c.t.Errorf("one answer too many to %s: %s", target, extra)
	}
	return heard
}

// found reads an answer to a search.
func found(t *testing.T, packet []byte) http.Header {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(packet)), nil)
	if err != nil {
		t.Fatalf("%v in %q", err, packet)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %s", response.Status)
	}
	return response.Header
}

func TestARouterIsFoundBySearch(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 2})
	c := h.newClient(t, 1900)
	for target, count := range map[string]int{
		"upnp:rootdevice": 1,
		gateway1:          1,
		"urn:schemas-upnp-org:device:InternetGatewayDevice:2": 1,
		"urn:schemas-upnp-org:device:InternetGatewayDevice:3": 0,
		"urn:schemas-upnp-org:service:WANIPConnection:1":      1,
		"urn:schemas-upnp-org:service:WANIPConnection:2":      1,
		"urn:schemas-upnp-org:device:MediaRenderer:1":         0,
		"uuid:5d794fc2-5c5e-4460-a023-f04a51363300":           1,
	} {
		if count == 0 {
			c.send([]byte(search(target)))
			if heard := c.hear(30 * time.Millisecond); heard != nil {
				t.Errorf("%s is answered: %s", target, heard)
			}
			continue
		}
		heard := c.answers(target, count)
		if len(heard) != count {
			t.Fatalf("%s: %d answers", target, len(heard))
		}
		header := found(t, heard[0])
		if header.Get("ST") != target || !strings.HasPrefix(header.Get("USN"), "uuid:") || header.Get("Cache-Control") != "max-age=1800" {
			t.Errorf("%s is answered by %v", target, header)
		}
	}
	// One root device, three devices of two names each, two services.
	if heard := c.answers("ssdp:all", 9); len(heard) != 9 {
		t.Errorf("%d answers to ssdp:all", len(heard))
	}
}

func TestWhatIsNoSearchIsIgnored(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 1})
	c := h.newClient(t, 1900)
	for _, packet := range []string{
		"", "M-SEARCH", strings.Replace(search(gateway1), "M-SEARCH", "NOTIFY", 1), strings.Replace(search(gateway1), "ssdp:discover", "x", 1),
		"M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n", search("urn:schemas-upnp-org:device:InternetGatewayDevice:"),
	} {
		c.send([]byte(packet))
	}
	if heard := c.answers(gateway1, 1); len(heard) != 1 {
		t.Errorf("%d answers to a search after nonsense", len(heard))
	}
}

func TestTheGroupHearsASearchToo(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 1})
	h.mu.Lock()
	h.at[1], h.groups[searchGroup] = h.groups[searchGroup], netip.AddrPort{}
	h.mu.Unlock()
	if heard := h.newClient(t, 1).answers(gateway1, 1); len(heard) != 1 {
		t.Errorf("%d answers", len(heard))
	}
}

func TestStrangersAnswerBeforeTheRouter(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 1, Strangers: 2})
	heard := h.newClient(t, 1900).answers(gateway1, 3)
	if len(heard) != 3 {
		t.Fatalf("%d answers", len(heard))
	}
	for i, answer := range heard {
		header := found(t, answer)
		_, connects := services(t, get(t, header.Get("Location")))["urn:schemas-upnp-org:service:WANIPConnection:1"]
		if header.Get("ST") != gateway1 || connects != (i == 2) {
			t.Errorf("answer %d: %v, a router: %v", i, header, connects)
		}
	}
}

func TestGarbageComesBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{IGD: 1, Garbage: true})
	count := len(garbage()) + 1
	heard := h.newClient(t, 1900).answers(gateway1, count)
	if len(heard) != count {
		t.Fatalf("%d answers", len(heard))
	}
	if header := found(t, heard[count-1]); header.Get("Location") == "" || header.Get("X-Nobody-Knows") == "" {
		t.Errorf("the last answer is %v", header)
	}
}

func TestAHostileRouterPointsElsewhere(t *testing.T) {
	t.Parallel()
	const elsewhere = "http://192.0.2.66/steal?a=1&b=2"
	h := moveIn(t, Options{IGD: 1, Location: elsewhere, ControlURL: elsewhere})
	heard := h.newClient(t, 1900).answers(gateway1, 1)
	if len(heard) != 1 || found(t, heard[0]).Get("Location") != elsewhere {
		t.Fatalf("the answer is %q", heard)
	}
	document := gatewayDevice(1).description(elsewhere)
	if got := services(t, []byte(document))["urn:schemas-upnp-org:service:WANIPConnection:1"].control; got != elsewhere {
		t.Errorf("the control URL is %s", got)
	}
}
