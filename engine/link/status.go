package link

import (
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

// Status is what a link does now. A published Status is never changed.
type Status struct {
	// Up means that messages and streams can be used.
	Up bool
	// Err is why the link has ended; nil while it has not, and when it was
	// closed on purpose.
	Err error
	// Path is how the bytes go; Connecting while none has been selected.
	Path path.Kind
	Lane path.Lane
	// Local and Remote are the selected candidates; empty while connecting.
	Local, Remote path.Candidate
	// Relay is the TURN URI, with its transport, of the server that carries the
	// bytes: ours, or the one the peer told us. Empty on a direct path, and
	// where the peer does not know.
	Relay string
	// RelayIsTheirs tells that the relay was configured at the peer.
	RelayIsTheirs bool
	// RTT is the last measured round trip; zero while unknown.
	RTT time.Duration
	// Since is when the present path was selected; zero before the first.
	Since time.Time
	// Opening is what let a direct path through a NAT that would not have
	// allowed it; empty where nothing had to.
	Opening Opening
	// Untold means that the router has mapped a port too late for the peer to be
	// told before the link is up; a further attempt would tell it.
	Untold bool
	// Relays are the TURN servers on which this side has, or had, an allocation
	// for this link.
	Relays []RelayUse
	// Ledger lists the paths that were used, in order. The last one is the
	// present one while its Until is zero.
	Ledger []Entry
	// Timeline is what was tried and what came of it, in order; the oldest are
	// dropped beyond 64.
	Timeline []Event
	// RendezvousNeeded is false while both sides signal over the link itself.
	RendezvousNeeded bool
}

// Entry counts what went over one path. Very old entries with the same path
// and relay are added up.
type Entry struct {
	Path          path.Kind
	Lane          path.Lane
	Local, Remote path.Candidate
	Relay         string
	// Since and Until bound the use of the path; Until is zero for the present one.
	Since, Until time.Time
	// In and Out are payload bytes of streams.
	In, Out int64
	// WireIn and WireOut are the bytes of all packets but ICE's own, from the
	// candidate pair's statistics.
	WireIn, WireOut int64
}

// Opening is what let a direct path through a NAT.
type Opening string

// The openings. Each is told by both sides of the link.
const (
	// OwnMapping: this side's router maps a port. TheirMapping: the peer's does.
	OwnMapping   Opening = "own-mapping"
	TheirMapping Opening = "their-mapping"
	// Predicted: a port that was foretold.
	Predicted Opening = "predicted"
)

// RelayUse is one allocation on a TURN server.
type RelayUse struct {
	// Server is the TURN URI, as in Config.
	Server string
	// In and Out are the bytes of all UDP or TCP payload between this computer
	// and the server, as the server counts them.
	In, Out int64
	// Since is when it was asked for, Released when it was given back; zero
	// while it is held.
	Since, Released time.Time
	// Expires is Server.Expires.
	Expires time.Time
}
