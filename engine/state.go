package engine

import (
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// State is everything the window and causeway-cli show. A published State is
// never changed.
type State struct {
	// Transfers are in the order in which they were added.
	Transfers []Transfer
	// Peers are grouped by transfer, in the order in which they connected.
	Peers   []Peer
	Network Network
	// Problems are what concerns none of the Transfers, in the order in which it
	// happened. What is over is no longer among them.
	Problems []Problem
	// History counts the changes of what History returns.
	History int
}

// Transfer is a share being sent or fetched here.
type Transfer struct {
	ID TransferID
	// Name is the share's name, or empty while a receiver has not learned it.
	Name      string
	Direction Direction
	Phase     Phase
	// Bytes of Total. While preparing: bytes hashed. Receiving: verified bytes
	// on this computer. Sending: verified bytes of the receiver that is
	// furthest. Total is 0 while unknown.
	Bytes, Total int64
	// Files counts the files of the share; 0 while unknown.
	Files int
	// Skipped counts what lies in the shared folders and is not shared: symbolic
	// links, special files, and Causeway's own folder; 0 while unknown.
	Skipped int
	// Rate is the payload rate of the direction, in bytes a second.
	Rate int64
	// Left estimates the time to completion; negative while unknown.
	Left time.Duration
	// Path is how most of the bytes go just now.
	Path path.Kind
	// Invitation lets somebody fetch this share.
	Invitation string
	// Folder is where a received share is or will be; for a sent one, where
	// its first file lies.
	Folder string
	// Placed is the path of a finished download; empty before.
	Placed string
	// Preparing says how far the sender has prepared the share while a receiver
	// waits for it, from 0 to 1; negative where that is not what it waits for.
	Preparing float64
	// Receivers counts the receivers that have had everything since the share
	// was made; one that comes again, after a restart of either side, counts once.
	Receivers int
	Added     time.Time
	// RelayedBytes is the part of the payload that relays carried, LANBytes what
	// stayed in the same network, InternetBytes what went directly across the
	// internet; both ways, and over restarts.
	RelayedBytes, LANBytes, InternetBytes int64
	// Chosen counts the files that are wanted of Files. A receiver may have
	// chosen some; Total and Bytes count these alone.
	Chosen int
	// Sender is what the computer that shares is called; empty while unknown.
	Sender string
	// Finished is when everything had arrived, here or at the last receiver that
	// has had everything; zero before.
	Finished time.Time
	// Speed is what bounds the rate just now.
	Speed Speed
	// RelayDenied tells that the user wants no relay to carry this transfer any
	// more: see DenyRelay.
	RelayDenied bool
	// Question waits for the user's answer; nil while there is none.
	Question *RelayQuestion
	// Problem is nil while all is well.
	Problem *Problem
}

// TransferID names a transfer in this process and in its state folder.
type TransferID string

// Direction says which way a transfer's bytes go.
type Direction string

// The directions.
const (
	Send    Direction = "send"
	Receive Direction = "receive"
)

// Phase says what a transfer is doing.
type Phase string

const (
	// Offered means that a receiver waits for Accept. What the share contains is
	// known as soon as Files or Total is; nothing of it is fetched.
	Offered Phase = "offered"
	// Preparing means files are listed and hashed, here or by the sender.
	Preparing Phase = "preparing"
	// Waiting means nobody else is in the share.
	Waiting Phase = "waiting"
	// Connecting means a peer was found and no link is up yet.
	Connecting Phase = "connecting"
	// Transferring means at least one link is up and bytes are missing.
	Transferring Phase = "transferring"
	// Complete means that everything is here and verified; for a sender, that
	// every connected receiver has everything and at least one has.
	Complete Phase = "complete"
	// Paused means the user stopped it.
	Paused Phase = "paused"
	// Failed means it cannot go on without help; Problem says why.
	Failed Phase = "failed"
)

// Peer is another Causeway in the same share.
type Peer struct {
	Transfer TransferID
	// ID identifies the peer for as long as its process runs.
	ID string
	// Client is the program the peer says it is, such as "Causeway 0.1.0".
	Client string
	// Name is what the peer's user calls that computer; may be empty.
	Name string
	// Fingerprint are four English words of both ends' certificates. Both ends
	// show the same ones; with somebody in between they would differ.
	Fingerprint []string
	Path        path.Kind
	Lane        path.Lane
	// Relay is the TURN server that carries the bytes, as a TURN URI with its
	// transport; empty on a direct path.
	Relay         string
	Local, Remote path.Candidate
	// RTT is zero while unknown.
	RTT time.Duration
	// Since is when the present path was selected.
	Since time.Time
	// BytesIn and BytesOut count this transfer's payload with this peer;
	// BytesRelayed is the part of both that a relay carried.
	BytesIn, BytesOut, BytesRelayed int64
	// RateIn and RateOut are in bytes a second.
	RateIn, RateOut int64
	// Paused tells that the peer's user has stopped the transfer there.
	Paused bool
	// Progress is the part that the peer has of what it wants, 0 to 1.
	Progress float64
	// RendezvousNeeded is false once the link signals by itself.
	RendezvousNeeded bool
	// Opening is what let a direct path through a NAT; empty where nothing had to.
	Opening link.Opening
	// Explanation is why the path is what it is, and what would make it direct.
	Explanation netcheck.Explanation
	// Paths are the paths that were used, in order, the present one last. Their
	// counts are those of the whole link, which may carry other transfers too.
	Paths []link.Entry
	// Relays are the TURN servers on which this side has, or had, an allocation
	// for the link, with what each has carried.
	Relays []link.RelayUse
	// RelayReleased is when the relay of an earlier path was given back; zero
	// where there is none or it is held still.
	RelayReleased time.Time
	// RelayExpires is when the credential of Relay, or of the relay that is held,
	// expires; zero where it does not, or is the peer's.
	RelayExpires time.Time
	// Timeline is what was tried and what came of it, in order.
	Timeline []link.Event
}

// Network is what this computer uses to find and reach peers.
type Network struct {
	Rendezvous []Rendezvous
	// Check is the newest check of the network; nil before the first is complete.
	Check *netcheck.Report
	// Checking tells that the network is being looked at anew, because it or the
	// settings have changed or time has passed. Check is what was found before.
	Checking bool
	// Relays are the TURN servers of the settings, in the order in which they
	// are tried.
	Relays []Relay
	// Usage is what relays have carried for this computer in this month.
	Usage RelayUsage
	// Serving is what this computer does for others.
	Serving Serving
	// Forecast is what to expect of a peer behind a usual home router.
	Forecast netcheck.Explanation
}

// Relay is the state of one TURN server.
type Relay struct {
	URL string
	// Username tells servers apart that have one URL; empty with a secret alone.
	Username string
	// RTT is zero while unknown.
	RTT time.Duration
	// Failure is why it cannot be used; nil where it can, or is not known yet.
	Failure *netcheck.Failure
	// Tested is when it was last tried; zero before.
	Tested time.Time
	// MonthBytes counts what it carried for this computer in this month.
	MonthBytes int64
	// Links counts the links whose bytes it carries now.
	Links int
}

// RelayUsage is the budget of relayed bytes.
type RelayUsage struct {
	// Month is its first day, in local time.
	Month time.Time
	// Bytes of all relays together, in and out; Limit is 0 for none.
	Bytes, Limit int64
	// DirectBytes went without a relay in the same month.
	DirectBytes int64
}

// RelayQuestion asks whether a transfer may go on by relay, because a limit of
// the settings is reached. Its relayed bytes wait until AllowRelay or DenyRelay
// answers; direct ones do not. It is asked only while there are relayed bytes
// that wait, and is withdrawn when a direct path is found. The phase stays
// Transferring meanwhile, because the peer is linked.
//
// Bytes wait a little before the limit, by a sixteenth of it and at most 4 MiB,
// for those that are under way then.
type RelayQuestion struct {
	// Limit is what is reached.
	Limit RelayLimit
	// Used and Allowed are in bytes. The month's are those of the user's own
	// TURN servers, in and out, as these count them; a transfer's are payload by
	// any relay.
	Used, Allowed int64
}

// RelayLimit names a limit of relayed bytes.
type RelayLimit string

// The limits.
const (
	MonthLimit    RelayLimit = "month"
	TransferLimit RelayLimit = "transfer"
)

// Rendezvous is the state of one tracker.
type Rendezvous struct {
	URL       string
	Connected bool
	// Err is why it is not connected; nil while connected or first connecting.
	Err error
}

// Transfer returns the transfer with that id.
func (s State) Transfer(id TransferID) (Transfer, bool) {
	for _, t := range s.Transfers {
		if t.ID == id {
			return t, true
		}
	}
	return Transfer{}, false
}

// PeersOf returns the peers of one transfer.
func (s State) PeersOf(id TransferID) []Peer {
	var peers []Peer
	for i := range s.Peers { // a Peer is large, and most are of others
		if s.Peers[i].Transfer == id {
			peers = append(peers, s.Peers[i])
		}
	}
	return peers
}
