package netcheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/pion/stun/v4"
)

// testLimit bounds the test of one server by itself.
const testLimit = 5 * time.Second

// TestSTUN asks a STUN server, by a stun: URI (RFC 7064), for this computer's
// address and returns the round trip. It takes 5 s at most. The error is a
// *Failure, ErrURL where the URI cannot be read, or ctx's.
func TestSTUN(ctx context.Context, uri string) (time.Duration, error) {
	return askSTUN(ctx, uri, patient)
}

func askSTUN(ctx context.Context, uri string, patience pace) (time.Duration, error) {
	at, err := parse(uri)
	if err != nil {
		return 0, err
	}
	limited, stop := context.WithTimeout(ctx, testLimit)
	defer stop()
	rtt, stage, err := at.ask(limited, patience)
	switch {
	case err == nil:
		return rtt, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	failure := newFailure(stage, err)
	if failure.Code != 0 || errors.Is(err, errNoMapping) {
		failure.Reason = NotSTUN
	}
	return 0, failure
}

// ask sends one Binding request, and tells in which stage it failed. The socket
// is connected, so that the system tells where nobody listens.
func (e endpoint) ask(ctx context.Context, patience pace) (time.Duration, Stage, error) {
	found, err := e.resolve(ctx)
	if err != nil {
		return 0, Resolve, err
	}
	to := prefer(found)
	carrier, err := e.dial(ctx, to, nil)
	if err != nil {
		return 0, Connect, err
	}
	w := newWire(carrier)
	defer w.close()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return 0, Connect, err
	}
	a, err := w.request(ctx, m, to, patience)
	switch {
	case err != nil:
		return 0, Connect, err
	case a.Type.Class != stun.ClassSuccessResponse:
		return 0, Connect, newRefusal(a.Message)
	}
	_, err = mappedAddress(a.Message)
	return a.rtt, Connect, err
}

// RendezvousFailure says why a tracker cannot be used. connected tells that
// something has accepted the connection, status is the HTTP status that it has
// answered instead of becoming a WebSocket, 0 where there was none.
func RendezvousFailure(err error, connected bool, status int) *Failure {
	f := &Failure{Stage: Connect, Reason: Unreachable, Code: status, Err: err}
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown):
		f.Stage, f.Reason = Resolve, NameUnknown
	case certificateError(err):
		f.Reason = Certificate
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, connectionRefused):
		f.Reason = ConnectionClosed
	case status != 0, connected && !timedOut(err):
		f.Reason = NotRendezvous
	}
	if f.Err == nil {
		f.Err = fmt.Errorf("netcheck: HTTP status %d", status)
	}
	return f
}
