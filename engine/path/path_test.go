package path_test

import (
	"net/netip"
	"testing"

	"github.com/causeway-app/causeway/engine/path"
)

func TestClassify(t *testing.T) {
	own := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:1::/64")}
	candidate := func(kind, address string) path.Candidate {
		return path.Candidate{Type: kind, Address: address, Protocol: "udp"}
	}
	for _, test := range []struct {
		name          string
		local, remote path.Candidate
		want          path.Kind
	}{
		{"nothing selected yet", path.Candidate{}, path.Candidate{}, path.Connecting},
		{"two processes on one computer", candidate("host", "127.0.0.1:1"), candidate("host", "127.0.0.1:2"), path.DirectLAN},
		{"two computers at home", candidate("host", "192.168.1.2:1"), candidate("host", "192.168.1.3:2"), path.DirectLAN},
		{"a public network of one's own", candidate("host", "198.51.100.2:1"), candidate("host", "198.51.100.3:2"), path.DirectLAN},
		{"IPv6 on one link", candidate("host", "[2001:db8:1::2]:1"), candidate("host", "[2001:db8:1::3]:2"), path.DirectLAN},
		{"IPv6 across the internet", candidate("host", "[2001:db8:1::2]:1"), candidate("host", "[2001:db8:2::3]:2"), path.DirectInternet},
		{"two homes", candidate("srflx", "203.0.113.1:1"), candidate("srflx", "203.0.113.2:2"), path.DirectInternet},
		{"seen from the outside", candidate("host", "192.168.1.2:1"), candidate("prflx", "203.0.113.2:2"), path.DirectInternet},
		{"own relay", candidate("relay", "203.0.113.9:1"), candidate("host", "192.168.1.3:2"), path.Relayed},
		{"the peer's relay", candidate("host", "192.168.1.2:1"), candidate("relay", "203.0.113.9:2"), path.Relayed},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := path.Classify(test.local, test.remote, own); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAPolicyPermitsNothingBeforeAPathIsKnown(t *testing.T) {
	for _, policy := range []path.Policy{path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly} {
		if policy.Permits(path.Connecting) {
			t.Errorf("%s permits bytes while connecting", policy)
		}
	}
	if path.DirectOnly.Permits(path.Relayed) || path.LANOnly.Permits(path.DirectInternet) || path.RelayOnly.Permits(path.DirectLAN) {
		t.Error("a policy permits what it is there to refuse")
	}
}
