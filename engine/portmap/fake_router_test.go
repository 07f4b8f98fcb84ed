package portmap

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// loopbacks hands out addresses of this computer, so that each fake router can
// have the well-known ports.
var loopbacks atomic.Uint32

func newLoopback() netip.Addr {
	n := loopbacks.Add(1)
	return netip.AddrFrom4([4]byte{127, 53, byte(n >> 8), byte(n)})
}

// home is a fake router, written from the figures of the RFCs.
type home struct {
	address netip.Addr

	mu      sync.Mutex
	pcp     bool
	natpmp  bool
	code    byte          // what mapping requests are answered with
	life    time.Duration // granted at most
	outside netip.Addr
	booted  time.Time
	mapped  map[uint16]uint16 // outside ports by inside ones
	taken   map[uint16]bool   // outside ports that others have
	asked   int               // requests to map
	deaf    int               // packets to lose
	silent  bool

	igd igd
}

// igd is the UPnP side of the router.
type igd struct {
	version       int // of WANIPConnection; 0 is none
	location      string
	control       string
	permanentOnly bool
	padding       int // bytes of nonsense in the description
	redirect      string
	mute          bool // takes connections and answers nothing
}

// newHome starts a router. It answers nothing but what change switches on.
func newHome(t *testing.T, change func(*home)) *home {
	t.Helper()
	h := &home{
		address: newLoopback(), life: time.Hour, outside: netip.MustParseAddr("203.0.113.7"),
		booted: time.Now().Add(-time.Hour), mapped: map[uint16]uint16{}, taken: map[uint16]bool{},
	}
	change(h)
	if h.pcp || h.natpmp {
		h.serveDatagrams(t)
	}
	if h.igd.version > 0 || h.igd.location != "" {
		h.serveUPnP(t)
	}
	return h
}

func (h *home) with(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *home) ports() map[uint16]uint16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.mapped)
}

func (h *home) requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// restart loses everything.
func (h *home) restart() {
	h.with(func() {
		h.booted = time.Now()
		clear(h.mapped)
	})
}

func (h *home) seconds() uint32 { return uint32(time.Since(h.booted) / time.Second) }

// allot maps a port, or ends its mapping when life is 0.
func (h *home) allot(inside, wanted uint16, life time.Duration) (uint16, time.Duration) {
	if life == 0 {
		delete(h.mapped, inside)
		return 0, 0
	}
	h.asked++
	outside, known := h.mapped[inside]
	if !known {
		outside = wanted
		for outside == 0 || h.taken[outside] {
			outside = outside + 1 | 1<<14
		}
		h.mapped[inside] = outside
	}
	return outside, min(life, h.life)
}

func (h *home) serveDatagrams(t *testing.T) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.address, mappingPort)))
	if err != nil {
		t.Skipf("this system has one loopback address: %v", err)
	}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		buffer := make([]byte, packetLimit)
		for {
			count, from, err := conn.ReadFromUDPAddrPort(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			if answer := h.answer(buffer[:count]); answer != nil {
				_, _ = conn.WriteToUDPAddrPort(answer, from)
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		tasks.Wait()
	})
}

func (h *home) answer(request []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deaf > 0 {
		h.deaf--
		return nil
	}
	switch {
	case h.silent:
		return nil
	case request[0] == 2 && h.pcp:
		return h.answerPCP(request)
	case request[0] == 2: // RFC 6886 section 3.5
		return []byte{0, request[1] | 0x80, 0, 1, 0, 0, 0, 9}
	case h.natpmp:
		return h.answerNATPMP(request)
	default: // RFC 6887 section 9
		answer := make([]byte, 24)
		answer[0], answer[1], answer[3] = 2, request[1]|0x80, 1
		return answer
	}
}

// answerPCP makes figures 3 and 10 of RFC 6887.
func (h *home) answerPCP(request []byte) []byte {
	if len(request) < 24 || len(request)%4 != 0 {
		return nil
	}
	answer := make([]byte, len(request))
	copy(answer, request)
	answer[1] |= 0x80
	answer[2], answer[3] = 0, h.code
	clear(answer[4:24])
	binary.BigEndian.PutUint32(answer[8:], h.seconds())
	if request[1] == 0 { // ANNOUNCE
		answer[3] = 0
		return answer
	}
	life := time.Duration(binary.BigEndian.Uint32(request[4:])) * time.Second
	if h.code == 0 {
		port, granted := h.allot(binary.BigEndian.Uint16(request[40:]), binary.BigEndian.Uint16(request[42:]), life)
		binary.BigEndian.PutUint32(answer[4:], uint32(granted/time.Second))
		binary.BigEndian.PutUint16(answer[42:], port)
		outside := h.outside.As16()
		copy(answer[44:], outside[:])
	}
	return answer
}

// answerNATPMP makes the figures of RFC 6886 sections 3.2 and 3.3.
func (h *home) answerNATPMP(request []byte) []byte {
	answer := []byte{0, request[1] | 0x80, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(answer[4:], h.seconds())
	if request[1] == 0 {
		outside := h.outside.As4()
		return append(answer, outside[:]...)
	}
	answer[3] = h.code
	answer = append(answer, request[4:6]...)
	answer = append(answer, 0, 0, 0, 0, 0, 0)
	if h.code == 0 {
		life := time.Duration(binary.BigEndian.Uint32(request[8:])) * time.Second
		port, granted := h.allot(binary.BigEndian.Uint16(request[4:]), binary.BigEndian.Uint16(request[6:]), life)
		binary.BigEndian.PutUint16(answer[10:], port)
		binary.BigEndian.PutUint32(answer[12:], uint32(granted/time.Second))
	}
	return answer
}

// serveUPnP answers searches that are sent to the router itself, and SOAP.
func (h *home) serveUPnP(t *testing.T) {
	search, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.address, ssdpPort)))
	if err != nil {
		t.Skipf("this system has one loopback address: %v", err)
	}
	listener, err := net.Listen("tcp4", netip.AddrPortFrom(h.address, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	if h.igd.location == "" {
		h.igd.location = "http://" + listener.Addr().String() + "/description.xml"
	}
	if h.igd.control == "" {
		h.igd.control = "/control"
	}
	server := &http.Server{Handler: http.HandlerFunc(h.serveHTTP)}
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = server.Serve(listener) })
	tasks.Go(func() {
		buffer := make([]byte, 2048)
		for {
			count, from, err := search.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(buffer[:count]))))
			if err != nil || request.Method != "M-SEARCH" || request.Header.Get("MAN") != `"ssdp:discover"` {
				continue
			}
			_, _ = search.WriteToUDPAddrPort(fmt.Appendf(nil,
				"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: %s\r\nUSN: uuid:1::%s\r\nEXT:\r\nSERVER: fake UPnP/1.1\r\nLOCATION: %s\r\n\r\n",
				request.Header.Get("ST"), request.Header.Get("ST"), h.igd.location), from)
		}
	})
	t.Cleanup(func() {
		_ = server.Close()
		_ = search.Close()
		tasks.Wait()
	})
}

const fakeDescription = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>%s</friendlyName>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:%d</serviceType>
<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><SCPDURL>/scpd.xml</SCPDURL>
<controlURL>%s</controlURL><eventSubURL>/events</eventSubURL></service></serviceList>
</device></deviceList></device></deviceList></device></root>`

func (h *home) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if h.igd.mute {
		_, _ = io.Copy(io.Discard, r.Body) // or the end of the connection is not seen
		<-r.Context().Done()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method == http.MethodGet {
		if h.igd.redirect != "" {
			http.Redirect(w, r, h.igd.redirect, http.StatusFound)
			return
		}
		_, _ = fmt.Fprintf(w, fakeDescription, strings.Repeat("x", h.igd.padding), h.igd.version, h.igd.control)
		return
	}
	body, _ := io.ReadAll(r.Body)
	_, action, _ := strings.Cut(strings.Trim(r.Header.Get("SOAPAction"), `"`), "#")
	h.act(w, action, string(body))
}

// argument reads an argument of a SOAP action.
func argument(body, name string) string {
	found := regexp.MustCompile(`<` + name + `>([^<]*)</` + name + `>`).FindStringSubmatch(body)
	if found == nil {
		return ""
	}
	return found[1]
}

func portArgument(body, name string) uint16 {
	port, _ := strconv.ParseUint(argument(body, name), 10, 16)
	return uint16(port)
}

// act performs an action of WANIPConnection.
func (h *home) act(w http.ResponseWriter, action, body string) {
	inside, wanted := portArgument(body, "NewInternalPort"), portArgument(body, "NewExternalPort")
	switch {
	case action == "GetExternalIPAddress":
		h.say(w, action, "<NewExternalIPAddress>"+h.outside.String()+"</NewExternalIPAddress>")
	case action == "DeletePortMapping":
		for in, out := range h.mapped {
			if out == wanted {
				delete(h.mapped, in)
			}
		}
		h.say(w, action, "")
	case argument(body, "NewInternalClient") != "127.0.0.1" || argument(body, "NewProtocol") != "UDP":
		h.fault(w, 402)
	case h.code != 0:
		h.fault(w, 606)
	case h.igd.permanentOnly && argument(body, "NewLeaseDuration") != "0":
		h.fault(w, 725)
	case action == "AddPortMapping" && h.taken[wanted]:
		h.fault(w, 718)
	case action == "AddPortMapping", action == "AddAnyPortMapping" && h.igd.version == 2:
		port, _ := h.allot(inside, wanted, time.Hour)
		h.say(w, action, fmt.Sprintf("<NewReservedPort>%d</NewReservedPort>", port))
	default:
		h.fault(w, 401)
	}
}

func (h *home) say(w io.Writer, action, values string) {
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`+
		`<u:%sResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:%d">%s</u:%sResponse></s:Body></s:Envelope>`,
		action, h.igd.version, values, action)
}

func (h *home) fault(w http.ResponseWriter, code int) {
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>`+
		`<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">`+
		`<errorCode>%d</errorCode><errorDescription>no</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`, code)
}

// served is a mapper with its Serve running.
type served struct {
	*Mapper
	stop context.CancelFunc
	done chan error
}

// testLimit is how long a search takes in tests where nothing answers.
const testLimit = 400 * time.Millisecond

func serve(t *testing.T, h *home) *served {
	t.Helper()
	config := Config{Gateway: h.address}
	if testing.Verbose() {
		config.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{New(config), cancel, make(chan error, 1)}
	s.limit = testLimit
	go func() { s.done <- s.Serve(ctx) }()
	t.Cleanup(func() { s.end(t) })
	return s
}

// end stops the mapper and fails the test if that takes too long.
func (s *served) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err := <-s.done:
		s.done <- err
	case <-time.After(releaseLimit + time.Second):
		t.Error("Serve does not end")
	}
}

// searched waits until the search is over.
func (s *served) searched(t *testing.T) Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status, err := s.Status().Wait(ctx, func(status Status) bool { return status.Searched })
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// mapPort maps a port of this computer and fails the test if that fails.
func (s *served) mapPort(t *testing.T, port uint16) (netip.AddrPort, func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	external, release, err := s.Map(ctx, inside(port))
	if err != nil {
		t.Fatalf("port %d: %v", port, err)
	}
	return external, release
}

func inside(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(8 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 8 s: %s", what)
		}
	}
}
