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
	// Ledger lists the paths that were used, in order. The last one is the
	// present one while its Until is zero.
	Ledger []Entry
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
