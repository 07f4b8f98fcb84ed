package netcheck

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/causeway-app/causeway/engine/portmap"
)

// Report is the result of one check of the network.
type Report struct {
	// At is when the check was complete, Took how long it was.
	At   time.Time
	Took time.Duration
	Findings
	// Public4 and Public6 are this computer's addresses as STUN servers see
	// them; invalid where none did.
	Public4, Public6 netip.Addr
	// Router is what the search for port mapping has found.
	Router portmap.Status
	// Captive is the address of the page that a captive network shows in place
	// of what was asked for; empty where there is none. Proxy is the HTTP proxy
	// of this computer's environment.
	Captive, Proxy string
	STUN           []STUNResult
	TURN           []TURNResult
	Buffers        Buffers
}

// STUNResult is how one STUN server answered.
type STUNResult struct {
	URL string
	// RTT is zero where there was no answer.
	RTT    time.Duration
	Mapped netip.AddrPort
	// Err is why it cannot be used; nil where it can.
	Err error
}

// Stage is a step in using a TURN server.
type Stage string

// The stages, in order.
const (
	Resolve    Stage = "resolve"
	Connect    Stage = "connect"
	Allocate   Stage = "allocate"
	Permission Stage = "permission"
	Channel    Stage = "channel"
	Echo       Stage = "echo"
	Throughput Stage = "throughput"
	Release    Stage = "release"
)

// StageResult is how one stage went.
type StageResult struct {
	Stage Stage
	Took  time.Duration
	// Failure is nil where the stage succeeded.
	Failure *Failure
}

// TURNResult is how one TURN server did. Stages ends with the first failure,
// but the release is tried all the same.
type TURNResult struct {
	URL    string
	Stages []StageResult
	// RTT is the round trip to the server; zero where it did not answer.
	RTT time.Duration
	// Rate is the throughput through the relay and back, in bytes a second;
	// zero where it was not measured.
	Rate int64
	// BytesUsed is what the test took of the relay's budget: the bytes of all
	// packets between this computer and the server, both ways.
	BytesUsed int64
	// Failure is the first failure; nil where the server works.
	Failure *Failure
}

// Reason names why a server cannot be used. assets/translations has a sentence
// for each under "server.<reason>", which says what to do.
type Reason string

// The reasons. Those of TURN's answers name the code (RFC 8656 section 18).
const (
	NameUnknown      Reason = "name-unknown"       // the name does not resolve
	Unreachable      Reason = "unreachable"        // nothing answers: dead, or a firewall
	UDPBlocked       Reason = "udp-blocked"        // no UDP leaves this network
	TCPOnly          Reason = "tcp-only"           // the server answers by TCP, and not by UDP
	ConnectionClosed Reason = "connection-refused" // nobody listens at the port
	Certificate      Reason = "certificate"        // TLS did not accept the server's certificate
	NotTURN          Reason = "not-turn"           // something answers that is no TURN server
	NotSTUN          Reason = "not-stun"           // something answers that is no STUN server
	NotRendezvous    Reason = "not-rendezvous"     // something answers that is no tracker
	NoCredentials    Reason = "no-credentials"     // the settings have no username or password
	WrongPassword    Reason = "unauthorized"       // 401 after credentials, or an integrity error
	WrongRealm       Reason = "wrong-realm"        // 401 or 400 for credentials of another realm
	Expired          Reason = "expired"            // time-limited credentials whose time is over
	Forbidden        Reason = "forbidden"          // 403
	Mismatch         Reason = "mismatch"           // 437
	StaleNonce       Reason = "stale-nonce"        // 438, again and again
	Unsupported      Reason = "unsupported"        // 442: transport protocol
	QuotaReached     Reason = "quota"              // 486
	NoCapacity       Reason = "no-capacity"        // 508
	EchoLost         Reason = "echo-lost"          // allocated, and carries nothing
	OtherAnswer      Reason = "other-answer"       // another error code; see Code
)

// Failure is why a server cannot be used.
type Failure struct {
	Stage  Stage
	Reason Reason
	// Code is the STUN error code of the server, or the HTTP status of what is no
	// rendezvous; 0 where it did not answer.
	Code int
	// Realm is what the server announces as its realm; empty where it does not.
	// Expected is the realm that the credentials are for, as far as that is
	// known; it is set with WrongRealm alone. Proven tells that the server has
	// accepted them for that realm and not for the one that it announces.
	Realm, Expected string
	Proven          bool
	// Expired is until when the credentials were good, with the reason Expired.
	Expired time.Time
	// Err is the cause, for the expert. It holds no secret.
	Err error
}

// Buffers are the sizes of UDP socket buffers, in bytes.
type Buffers struct {
	Wanted, Receive, Send int
	// Remedy is the command that lifts the system's limit; empty where none is
	// needed or known.
	Remedy string
}

// Error says what failed, for the expert.
func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("netcheck: %s: %s", f.Stage, f.Reason)
	}
	return f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }
