package netcheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pion/stun/v4"
)

// reasons are those of the codes that say all by themselves.
var reasons = map[int]Reason{
	int(stun.CodeUnauthorized):          WrongPassword,
	int(stun.CodeForbidden):             Forbidden,
	int(stun.CodeAllocMismatch):         Mismatch,
	int(stun.CodeStaleNonce):            StaleNonce,
	int(stun.CodeWrongCredentials):      WrongPassword,
	int(stun.CodeUnsupportedTransProto): Unsupported,
	int(stun.CodeAllocQuotaReached):     QuotaReached,
	int(stun.CodeInsufficientCapacity):  NoCapacity,
}

// newFailure finds the reason of an error in a stage.
func newFailure(stage Stage, err error) *Failure {
	f := &Failure{Stage: stage, Reason: Unreachable, Err: err}
	var r *refusal
	switch {
	case errors.As(err, &r):
		f.Code, f.Realm = r.Code, r.Realm
		known, found := reasons[r.Code]
		f.Reason = OtherAnswer
		if found {
			f.Reason = known
		}
	case stage == Resolve:
		f.Reason = NameUnknown
	case errors.Is(err, errNotSTUN), errors.Is(err, errEnded):
		f.Reason = NotTURN
	case stage == Connect:
		f.Reason = connectReason(err)
	}
	return f
}

func connectReason(err error) Reason {
	var handshake handshakeError
	secured := errors.As(err, &handshake)
	switch {
	case secured && certificateError(err):
		return Certificate
	case secured && !errors.Is(err, context.DeadlineExceeded) && !refused(err):
		return NotTURN
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, connectionRefused), errors.Is(err, errRefused):
		return ConnectionClosed
	default:
		return Unreachable
	}
}

// connectionRefused is WSAECONNREFUSED.
const connectionRefused = syscall.Errno(10061)

// certificateError tells a certificate that is not accepted from a server that
// does not speak TLS.
func certificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var roots x509.SystemRootsError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) ||
		errors.As(err, &invalid) || errors.As(err, &roots)
}

// credentialFailure refines what a server's refusal of credentials means: 401,
// or 400 from servers that answer so to wrong ones, as pion's does by itself.
//
// Nobody but the server can tell a wrong password from an unknown username; RFC
// 8489 section 9.2.4 gives both the same answer.
func credentialFailure(f *Failure, username, expected string, now time.Time) {
	if f.Code != int(stun.CodeUnauthorized) && f.Code != int(stun.CodeBadRequest) && f.Code != int(stun.CodeWrongCredentials) {
		return
	}
	f.Reason = WrongPassword
	if expires, limited := expiry(username); limited && !now.Before(expires) {
		f.Reason = Expired
		f.Expired = expires
		return
	}
	// The realm is a part of the key that the password makes. Where it is known
	// for which realm the credentials are, and the server announces another, the
	// password may well be right.
	if expected != "" && f.Realm != "" && expected != f.Realm {
		f.Reason = WrongRealm
		f.Expected = expected
	}
}

// expiry reads the username of time-limited credentials
// (draft-uberti-behave-turn-rest-00): "timestamp", "timestamp:name", and coturn's
// "name:timestamp".
func expiry(username string) (time.Time, bool) {
	first, second, _ := strings.Cut(username, ":")
	for _, text := range []string{first, second} {
		// Nine digits or more, so that a user called 2026 is a name.
		if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 1e8 && text[0] != '+' {
			return time.Unix(seconds, 0), true
		}
	}
	return time.Time{}, false
}

// realmOf is the realm that a username of the form name@realm belongs to; empty
// for others.
func realmOf(username string) string {
	at := strings.LastIndexByte(username, '@')
	if at < 0 {
		return ""
	}
	return username[at+1:]
}

// timedOut reports that nothing answered, not even with a refusal.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, errSilent) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}
