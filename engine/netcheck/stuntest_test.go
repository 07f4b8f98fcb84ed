package netcheck

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func uriOf(s *stub) string { return "stun:" + s.socket.LocalAddr().String() }

func TestASTUNServerTellsItsRoundTrip(t *testing.T) {
	t.Parallel()
	s := serveStub(t, func(*stun.Message) (stun.MessageClass, []stun.Setter) {
		return stun.ClassSuccessResponse, []stun.Setter{&stun.XORMappedAddress{IP: net.IPv4(192, 0, 2, 9), Port: 4242}}
	})
	rtt, err := TestSTUN(t.Context(), uriOf(s))
	if err != nil || rtt <= 0 || rtt > time.Second {
		t.Errorf("%v, %v", rtt, err)
	}
}

func TestWhyASTUNServerCannotBeUsedIsTold(t *testing.T) {
	t.Parallel()
	silent := serveStub(t, func(*stun.Message) (stun.MessageClass, []stun.Setter) { return 0, nil })
	refusing := serveStub(t, func(*stun.Message) (stun.MessageClass, []stun.Setter) {
		return stun.ClassErrorResponse, code(stun.CodeUnauthorized)
	})
	mute := serveStub(t, func(*stun.Message) (stun.MessageClass, []stun.Setter) {
		return stun.ClassSuccessResponse, []stun.Setter{stun.NewSoftware("nothing else")}
	})
	gone, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	nobody := "stun:" + gone.LocalAddr().String()
	gone.Close()
	for name, one := range map[string]struct {
		uri    string
		stage  Stage
		reason Reason
		code   int
	}{
		"silent":          {uriOf(silent), Connect, Unreachable, 0},
		"nobody listens":  {nobody, Connect, ConnectionClosed, 0},
		"another server":  {uriOf(refusing), Connect, NotSTUN, 401},
		"no address":      {uriOf(mute), Connect, NotSTUN, 0},
		"no such name":    {"stun:no..such..name:3478", Resolve, NameUnknown, 0},
		"cannot be a URI": {"stun:", "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := askSTUN(t.Context(), one.uri, pace{50 * time.Millisecond, 50 * time.Millisecond})
			var failure *Failure
			switch {
			case one.reason == "":
				if !errors.Is(err, ErrURL) {
					t.Errorf("told %v", err)
				}
			case !errors.As(err, &failure) || failure.Reason != one.reason || failure.Stage != one.stage || failure.Code != one.code:
				t.Errorf("told %#v (%v), want %s", failure, err, one.reason)
			}
		})
	}
}

func TestTheTestOfASTUNServerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent := serveStub(t, func(*stun.Message) (stun.MessageClass, []stun.Setter) { return 0, nil })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := TestSTUN(ctx, uriOf(silent))
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
		t.Errorf("%v after %v", err, took)
	}
}
