package portmap

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestSearchAnswersOfStrangers(t *testing.T) {
	t.Parallel()
	r := route{
		gateway: netip.MustParseAddr("192.168.1.1"), local: netip.MustParseAddr("192.168.1.20"),
		network: netip.MustParsePrefix("192.168.1.0/24"),
	}
	answer := func(location string) []byte {
		return []byte("HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: " + location + "\r\n\r\n")
	}
	for _, test := range []struct {
		name, from, location string
		want                 bool
	}{
		{"the gateway", "192.168.1.1", "http://192.168.1.1:5000/d.xml", true},
		{"the gateway without a port", "192.168.1.1", "http://192.168.1.1/d.xml", true},
		{"another router of the network", "192.168.1.2", "http://192.168.1.2:5000/d.xml", true},
		{"somebody else's computer", "192.168.1.66", "http://192.168.1.3:5000/d.xml", false},
		{"the internet", "203.0.113.5", "http://192.168.1.1:5000/d.xml", false},
		{"a place in the internet", "192.168.1.1", "http://203.0.113.5/d.xml", false},
		{"this computer", "192.168.1.66", "http://127.0.0.1:631/", false},
		{"a name", "192.168.1.1", "http://router.local/d.xml", false},
		{"a file", "192.168.1.1", "file:///etc/passwd", false},
		{"TLS", "192.168.1.1", "https://192.168.1.1/d.xml", false},
		{"nothing", "192.168.1.1", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseDevice(answer(test.location), netip.MustParseAddr(test.from), r)
			if got := err == nil; got != test.want {
				t.Errorf("from %s to %s: %v", test.from, test.location, err)
			}
		})
	}
	for _, packet := range []string{"", "\x00\xff", "NOTIFY * HTTP/1.1\r\n\r\n", "HTTP/1.1 404 No\r\nLOCATION: http://192.168.1.1/\r\n\r\n"} {
		if _, err := parseDevice([]byte(packet), r.gateway, r); err == nil {
			t.Errorf("%q is taken", packet)
		}
	}
}

func TestARouterCannotSendUsElsewhere(t *testing.T) {
	t.Parallel()
	var visits atomic.Int32
	victim := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer victim.Close()
	for name, hostile := range map[string]func(*home){
		"by its control URL": func(h *home) { h.igd.control = victim.URL + "/control" },
		"by a redirection":   func(h *home) { h.igd.redirect = victim.URL },
		"by its answer":      func(h *home) { h.igd.location = victim.URL },
	} {
		h := newHome(t, func(h *home) {
			h.igd.version = 1
			hostile(h)
		})
		s := serve(t, h)
		if status := s.searched(t); !errors.Is(status.Err, ErrNoRouter) {
			t.Errorf("%s: status %+v", name, status)
		}
		s.end(t)
	}
	if visits.Load() > 0 {
		t.Error("somebody else's server was asked")
	}
}

func TestADescriptionWithoutEndIsNotRead(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.igd.version, h.igd.padding = 1, bodyLimit })
	if status := serve(t, h).searched(t); !errors.Is(status.Err, ErrNoRouter) {
		t.Errorf("status %+v", status)
	}
}

func TestADeviceThatSaysNothingIsLeftSoon(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.igd.version, h.igd.mute = 1, true })
	at, err := url.Parse(h.igd.location)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = describeRouter(t.Context(), device{address: netip.MustParseAddrPort(at.Host), location: at})
	if took := time.Since(began); err == nil || took > 2*deviceWait {
		t.Errorf("left after %v: %v", took, err)
	}
}

func TestPacketsThatAreNotAnswers(t *testing.T) {
	t.Parallel()
	request := (&pcp{exchange: mustExchange(t)}).request(lease{local: inside(7), nonce: [12]byte{1}}, time.Hour)
	right := append([]byte(nil), request...)
	right[1] |= pcpResponse
	if !isPCPAnswer(right, request) {
		t.Error("an answer is not known")
	}
	for name, change := range map[string]func([]byte) []byte{
		"a request":              func(p []byte) []byte { p[1] &^= pcpResponse; return p },
		"another version":        func(p []byte) []byte { p[0] = 3; return p },
		"another opcode":         func(p []byte) []byte { p[1] = pcpResponse | 2; return p },
		"another nonce":          func(p []byte) []byte { p[24] ^= 1; return p },
		"another protocol":       func(p []byte) []byte { p[36] = 6; return p },
		"another port":           func(p []byte) []byte { p[41] ^= 1; return p },
		"one that is cut short":  func(p []byte) []byte { return p[:59] },
		"one that has no header": func(p []byte) []byte { return p[:3] },
		"nothing":                func([]byte) []byte { return nil },
	} {
		packet := change(append([]byte(nil), right...))
		if isPCPAnswer(packet, request) || isOldVersion(packet) || isPCPVersion(packet) || isAnnouncement(packet) {
			t.Errorf("%s is taken for an answer", name)
		}
	}
}

func mustExchange(t *testing.T) *exchange {
	t.Helper()
	e, err := newExchange(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	return e
}

func TestAnErrorTellsNothingThatTheRouterMadeUp(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.igd.version = 1 })
	s := serve(t, h)
	s.searched(t)
	h.with(func() { h.code = 1 })
	_, _, err := s.Map(t.Context(), inside(40000))
	if !errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), "UPnP error 606") {
		t.Errorf("got %v", err)
	}
}
