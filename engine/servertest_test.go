package engine

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
)

func TestATrackerThatWorksIsTestedWithoutBeingInARoom(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*settings.Settings) {})
	b.start(t)
	server, err := rendezvous.New(rendezvous.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	took, err := b.TestRendezvous(t.Context(), server.TrackerURL())
	if err != nil || took <= 0 || took > 5*time.Second {
		t.Errorf("%v, %v", took, err)
	}
	if now := server.Counters(); now.Rooms != 0 || now.Peers != 0 {
		t.Errorf("it has announced: %+v", now)
	}
	stop()
	<-ended
}

// accepting is a server that takes connections and says what it is given.
func accepting(t *testing.T, says string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var open []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				for _, c := range open {
					c.Close()
				}
				return
			}
			conn.Write([]byte(says))
			open = append(open, conn)
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String()
}

func TestWhyATrackerCannotBeUsedIsTold(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := gone.Addr().String()
	gone.Close()
	website := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
		}
	}))
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it does not like to be refused
	secure.StartTLS()
	t.Cleanup(func() { website.Close(); secure.Close() })
	site := "ws" + strings.TrimPrefix(website.URL, "http")
	silent := "ws://" + accepting(t, "")
	for name, one := range map[string]struct {
		url    string
		reason netcheck.Reason
		code   int
	}{
		"a website":                {site, netcheck.NotRendezvous, 200},
		"no page":                  {site + "/announce", netcheck.NotRendezvous, 404},
		"another protocol":         {"ws://" + accepting(t, "SSH-2.0-OpenSSH_9.2\r\n"), netcheck.NotRendezvous, 0},
		"no TLS there":             {"wss://" + strings.TrimPrefix(website.URL, "http://"), netcheck.NotRendezvous, 0},
		"a certificate of its own": {"wss" + strings.TrimPrefix(secure.URL, "https"), netcheck.Certificate, 0},
		"nobody listens":           {"ws://" + nobody, netcheck.ConnectionClosed, 0},
		"no such name":             {"ws://no..such..name:8000", netcheck.NameUnknown, 0},
		"silent":                   {silent, netcheck.Unreachable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := rendezvousPatience
			if one.url == silent {
				limit = 300 * time.Millisecond
			}
			_, err := testRendezvous(t.Context(), one.url, limit)
			failure, ok := errors.AsType[*netcheck.Failure](err)
			if !ok || failure.Reason != one.reason || failure.Code != one.code {
				t.Errorf("told %#v (%v), want %s", failure, err, one.reason)
			}
		})
	}

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := testRendezvous(ctx, silent, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("its context has ended, and it says %v", err)
	}
}

func TestATextThatIsNoServerIsABadSetting(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*settings.Settings) {})
	_, stunErr := b.TestSTUN(t.Context(), "http://stun.example")
	_, trackerErr := b.TestRendezvous(t.Context(), "stun:a.example")
	for _, err := range []error{stunErr, trackerErr} {
		if problem, ok := errors.AsType[*Problem](err); !ok || problem.Code != BadSetting {
			t.Errorf("told %v", err)
		}
	}
}
