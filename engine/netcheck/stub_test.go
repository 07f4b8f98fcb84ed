package netcheck

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// stub is a TURN server by UDP that answers as the test wants.
type stub struct {
	socket *net.UDPConn
	// answer makes the attributes of a response; nil is silence.
	answer func(request *stun.Message) (stun.MessageClass, []stun.Setter)

	mu    sync.Mutex
	asked []stun.Method
}

func serveStub(t testing.TB, answer func(*stun.Message) (stun.MessageClass, []stun.Setter)) *stub {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &stub{socket: socket, answer: answer}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve()
	}()
	t.Cleanup(func() {
		_ = socket.Close()
		<-done
	})
	return s
}

func (s *stub) serve() {
	buffer := make([]byte, 1500)
	for {
		n, from, err := s.socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		m := &stun.Message{Raw: append([]byte(nil), buffer[:n]...)}
		if m.Decode() != nil {
			continue
		}
		s.mu.Lock()
		s.asked = append(s.asked, m.Type.Method)
		s.mu.Unlock()
		class, setters := s.answer(m)
		if setters == nil {
			continue
		}
		all := append([]stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.NewType(m.Type.Method, class)}, setters...)
		if response, err := stun.Build(all...); err == nil {
			_, _ = s.socket.WriteToUDPAddrPort(response.Raw, from)
		}
	}
}

func (s *stub) server() Server {
	return Server{URL: "turn:" + s.socket.LocalAddr().String(), Username: "ann", Password: "right"}
}

func (s *stub) wasAsked(method stun.Method) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.asked, method)
}

func code(n stun.ErrorCode) []stun.Setter {
	return []stun.Setter{stun.ErrorCodeAttribute{Code: n, Reason: []byte("because")}}
}

func challenge(n stun.ErrorCode) []stun.Setter {
	return append(code(n), stun.NewRealm("stub.example"), stun.NewNonce("nonce"))
}

// relaying answers as a TURN server does, but for what refuse has an answer to.
func relaying(refuse func(*stun.Message) []stun.Setter) func(*stun.Message) (stun.MessageClass, []stun.Setter) {
	return func(m *stun.Message) (stun.MessageClass, []stun.Setter) {
		switch {
		case m.Type.Method == stun.MethodBinding:
			return stun.ClassSuccessResponse, []stun.Setter{&stun.XORMappedAddress{IP: net.IPv4(127, 0, 0, 1), Port: 9}}
		case !m.Contains(stun.AttrMessageIntegrity):
			return stun.ClassErrorResponse, challenge(stun.CodeUnauthorized)
		}
		if refusal := refuse(m); refusal != nil {
			return stun.ClassErrorResponse, refusal
		}
		if m.Type.Method != stun.MethodAllocate {
			return stun.ClassSuccessResponse, []stun.Setter{}
		}
		return stun.ClassSuccessResponse, []stun.Setter{relayedAt{net.IPv4(127, 0, 0, 1), 9}, attribute(stun.AttrLifetime, 0, 0, 2, 88)}
	}
}

type relayedAt struct {
	ip   net.IP
	port int
}

func (r relayedAt) AddTo(m *stun.Message) error {
	return (&stun.XORMappedAddress{IP: r.ip, Port: r.port}).AddToAs(m, stun.AttrXORRelayedAddress)
}

func TestEachAnswerOfATURNServerHasItsReason(t *testing.T) {
	at := func(method stun.Method, setters []stun.Setter) func(*stun.Message) []stun.Setter {
		return func(m *stun.Message) []stun.Setter {
			if m.Type.Method == method {
				return setters
			}
			return nil
		}
	}
	for _, test := range []struct {
		name   string
		refuse func(*stun.Message) []stun.Setter
		stage  Stage
		reason Reason
		code   int
	}{
		{"400 for credentials", at(stun.MethodAllocate, code(400)), Allocate, WrongPassword, 400},
		{"401", at(stun.MethodAllocate, challenge(401)), Allocate, WrongPassword, 401},
		{"403", at(stun.MethodAllocate, code(403)), Allocate, Forbidden, 403},
		{"437", at(stun.MethodAllocate, code(437)), Allocate, Mismatch, 437},
		{"438 again and again", at(stun.MethodAllocate, challenge(438)), Allocate, StaleNonce, 438},
		{"442", at(stun.MethodAllocate, code(442)), Allocate, Unsupported, 442},
		{"486", at(stun.MethodAllocate, code(486)), Allocate, QuotaReached, 486},
		{"508", at(stun.MethodAllocate, code(508)), Allocate, NoCapacity, 508},
		{"599", at(stun.MethodAllocate, code(599)), Allocate, OtherAnswer, 599},
		{"a permission is refused", at(stun.MethodCreatePermission, code(403)), Permission, Forbidden, 403},
		{"a channel is refused", at(stun.MethodChannelBind, code(508)), Channel, NoCapacity, 508},
		{"nothing is relayed", at(stun.MethodData, nil), Echo, EchoLost, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serveStub(t, relaying(test.refuse))
			f := failed(t, TestTURN(t.Context(), s.server(), Options{}), test.stage, test.reason, test.code)
			if test.stage == Allocate && f.Realm != "stub.example" {
				t.Errorf("the announced realm is %q", f.Realm)
			}
			if test.code != 0 && !strings.Contains(f.Err.Error(), "because") {
				t.Errorf("the server's own words are lost: %v", f.Err)
			}
			// What was allocated is given back, whatever failed after it.
			if released := s.wasAsked(stun.MethodRefresh); released != (test.stage != Allocate) {
				t.Errorf("released: %v", released)
			}
		})
	}
}

func TestANonceThatHasGrownStaleIsTakenAnew(t *testing.T) {
	var mu sync.Mutex
	stale := 0
	s := serveStub(t, relaying(func(m *stun.Message) []stun.Setter {
		mu.Lock()
		defer mu.Unlock()
		if stale++; stale == 1 {
			return append(code(438), stun.NewRealm("stub.example"), stun.NewNonce("fresh"))
		}
		var nonce stun.Nonce
		if nonce.GetFrom(m) != nil || stale == 2 && nonce.String() != "fresh" {
			return code(400)
		}
		return nil
	}))
	results := Measure(t.Context(), []Server{s.server()})
	if results[0].Failure != nil {
		t.Errorf("got %+v", results[0].Failure)
	}
}

func TestWhatIsNoTURNServer(t *testing.T) {
	speaks := func(t *testing.T, text string) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1500))
				_, _ = conn.Write([]byte(text))
				_ = conn.Close()
			}
		}()
		t.Cleanup(func() {
			_ = listener.Close()
			<-done
		})
		return "turn:" + listener.Addr().String() + "?transport=tcp"
	}
	for _, test := range []struct {
		name, url string
		stage     Stage
		code      int
	}{
		{"a web server", speaks(t, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), Connect, 0},
		{"a secure shell", speaks(t, "SSH-2.0-OpenSSH_9.2\r\n"), Connect, 0},
		{"one that hangs up", speaks(t, ""), Connect, 0},
		{"a STUN server that refuses", serveStub(t, func(m *stun.Message) (stun.MessageClass, []stun.Setter) {
			if m.Type.Method == stun.MethodBinding {
				return stun.ClassSuccessResponse, []stun.Setter{&stun.XORMappedAddress{IP: net.IPv4(127, 0, 0, 1), Port: 9}}
			}
			return stun.ClassErrorResponse, code(400)
		}).server().URL, Allocate, 400},
		{"a STUN server that is silent", serveSTUN(t, &fakeNAT{transparent: true, filtering: EndpointIndependent}, 0, 0, 1).url()[len("stun:"):], Allocate, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := test.url
			if !strings.HasPrefix(url, "turn:") {
				url = "turn:" + url
			}
			failed(t, TestTURN(t.Context(), Server{URL: url, Username: "ann", Password: "right"}, Options{}), test.stage, NotTURN, test.code)
		})
	}
}

func TestARelayThatGivesOutAnAddressInsideItsOwnNetworkIsOfNoUse(t *testing.T) {
	for _, test := range []struct {
		server, relayed string
		useless         bool
	}{
		{"203.0.113.5:3478", "10.0.0.5:50000", true},
		{"203.0.113.5:3478", "203.0.113.5:50000", false},
		{"192.168.1.2:3478", "192.168.1.2:50000", false},
		{"192.168.1.2:3478", "203.0.113.5:50000", false},
	} {
		trial := newTrial(Server{}, Options{})
		trial.address = mustAddrPort(test.server)
		trial.first = &session{relayed: mustAddrPort(test.relayed)}
		if err := trial.reachable(); (err != nil) != test.useless {
			t.Errorf("%s at %s: %v", test.relayed, test.server, err)
		}
	}
}

func TestUsernamesThatHoldATime(t *testing.T) {
	for username, want := range map[string]int64{
		"1700000000": 1700000000, "1700000000:ann": 1700000000, "ann:1700000000": 1700000000,
		"ann": 0, "2026": 0, "": 0, "ann:bob": 0, "1700000000x": 0, "+1700000000": 0,
	} {
		got, limited := expiry(username)
		if limited != (want != 0) || limited && got != time.Unix(want, 0) {
			t.Errorf("%q: %v, %v", username, got, limited)
		}
	}
}
