package link

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/pion/ice/v4"

	"github.com/causeway-app/causeway/engine/path"
)

func checkPolicy(policy path.Policy) error {
	switch policy {
	case path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly:
		return nil
	default:
		return fmt.Errorf("%w: %q", ErrUnknownPolicy, string(policy))
	}
}

// candidateFilter decides which candidates of either side are used. It fails
// closed: what it cannot read it drops.
type candidateFilter struct {
	policy   path.Policy
	loopback bool
	networks []netip.Prefix
}

// local returns a candidate of this side as the peer may see it, or false. The
// related address would tell the peer which address this computer has behind
// its NAT or relay, and serves nothing.
func (f candidateFilter) local(line string) (string, bool) {
	c, ok := f.usable(line)
	if !ok {
		return "", false
	}
	switch f.policy {
	case path.RelayOnly:
		ok = c.Type() == ice.CandidateTypeRelay
	case path.LANOnly:
		ok = c.Type() == ice.CandidateTypeHost
	case path.DirectOnly:
		ok = c.Type() != ice.CandidateTypeRelay
	}
	return format(c), ok
}

// remote returns a candidate of the peer as ICE may use it, or false.
func (f candidateFilter) remote(line string) (string, bool) {
	c, ok := f.usable(line)
	if !ok {
		return "", false
	}
	switch f.policy {
	case path.DirectOnly:
		ok = c.Type() != ice.CandidateTypeRelay
	case path.LANOnly:
		ok = c.Type() == ice.CandidateTypeHost && f.near(netip.MustParseAddr(c.Address()))
	}
	return format(c), ok
}

// near reports whether an address is on this computer or its own network.
func (f candidateFilter) near(ip netip.Addr) bool {
	host := path.Candidate{Type: path.Host, Address: netip.AddrPortFrom(ip, 1).String(), Protocol: "udp"}
	return path.Classify(host, host, f.networks) == path.DirectLAN
}

// usable parses a candidate and drops what no policy uses: host names (a peer
// must not make us look up names), TCP, and addresses that are nobody's.
func (f candidateFilter) usable(line string) (ice.Candidate, bool) {
	c, err := ice.UnmarshalCandidate(strings.TrimPrefix(line, "candidate:"))
	if err != nil {
		return nil, false
	}
	ip, err := netip.ParseAddr(c.Address())
	if err != nil || !c.NetworkType().IsUDP() || c.Port() <= 0 || c.Component() != ice.ComponentRTP {
		return nil, false
	}
	ip = ip.Unmap()
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip.IsLinkLocalUnicast(), ip.Zone() != "", ip == broadcast:
		return nil, false
	case ip.IsLoopback() && !f.loopback:
		return nil, false
	}
	return c, true
}

// format writes a candidate without its related address and extensions
// (RFC 8839 section 5.1).
func format(c ice.Candidate) string {
	line := fmt.Sprintf("%s %d udp %d %s %d typ %s",
		c.Foundation(), c.Component(), c.Priority(), c.Address(), c.Port(), c.Type())
	if c.Type() == ice.CandidateTypeHost {
		return line
	}
	nowhere := "0.0.0.0"
	if strings.Contains(c.Address(), ":") {
		nowhere = "::"
	}
	return line + " raddr " + nowhere + " rport 0"
}
