// Package path names how bytes go between two peers. The words are those of
// the window, the terminal and the documents.
package path

import (
	"net/netip"
)

// Kind says whether a third party carries the bytes between two peers.
type Kind string

const (
	// Connecting means no path has been found yet.
	Connecting Kind = "connecting"
	// DirectLAN means bytes stay on this computer or its own network.
	DirectLAN Kind = "direct-lan"
	// DirectInternet means bytes cross the internet and no server carries them.
	DirectInternet Kind = "direct-internet"
	// Relayed means a TURN server on either side carries every byte.
	Relayed Kind = "relayed"
)

// Direct reports whether no third party carries the bytes.
func (k Kind) Direct() bool { return k == DirectLAN || k == DirectInternet }

// Lane is what carries bytes on a path.
type Lane string

// The lanes. Every link has the WebRTC lane.
const (
	WebRTC Lane = "webrtc"
	QUIC   Lane = "quic"
	TCP    Lane = "tcp"
)

// Policy limits which paths a transfer may use. It fails closed.
type Policy string

const (
	// Auto prefers direct paths and relays where there is none.
	Auto Policy = "auto"
	// DirectOnly never lets a relay carry bytes.
	DirectOnly Policy = "direct"
	// LANOnly never lets bytes leave the own network.
	LANOnly Policy = "lan"
	// RelayOnly hides this computer's address from the peer.
	RelayOnly Policy = "relay"
)

// Permits reports whether bytes may go by a path of kind k.
func (p Policy) Permits(k Kind) bool {
	switch p {
	case DirectOnly:
		return k.Direct()
	case LANOnly:
		return k == DirectLAN
	case RelayOnly:
		return k == Relayed
	case Auto:
		return k != Connecting
	default:
		return false
	}
}

// The candidate types of RFC 8445 section 4.
const (
	Host            = "host"
	ServerReflexive = "srflx"
	PeerReflexive   = "prflx"
	RelayedType     = "relay"
)

// Candidate is one end of a path, as ICE found it.
type Candidate struct {
	// Type is host, srflx, prflx or relay (RFC 8445 section 4).
	Type string `json:"type"`
	// Address is IP:port.
	Address string `json:"address"`
	// Protocol is udp or tcp.
	Protocol string `json:"protocol"`
}

// Classify names the path between two candidates. Either one being relayed
// makes the path relayed: tailscale#8498 and Floe PR #19 tell what happens when
// only one side is looked at. networks are the prefixes of this computer's own
// interfaces; an empty list makes only private and loopback addresses local.
func Classify(local, remote Candidate, networks []netip.Prefix) Kind {
	switch {
	case local.Type == "" || remote.Type == "":
		return Connecting
	case local.Type == RelayedType || remote.Type == RelayedType:
		return Relayed
	case local.Type == ServerReflexive || remote.Type == ServerReflexive:
		return DirectInternet
	case onOwnNetwork(remote.Address, networks):
		return DirectLAN
	default:
		return DirectInternet
	}
}

func onOwnNetwork(address string, networks []netip.Prefix) bool {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return true
	}
	for _, network := range networks {
		// A /0 or a point-to-point prefix says nothing about who is near.
		if network.Bits() > 0 && network.Contains(ip) {
			return true
		}
	}
	return false
}
