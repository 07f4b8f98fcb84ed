//go:build linux

package lab

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// puncher is one side of a hole punch.
type puncher struct {
	conn *net.UDPConn
	seen netip.AddrPort // by the reflector; invalid if it does not answer
}

// prepare opens a socket and asks the reflector what it is seen as.
func (r *reflector) prepare(t *testing.T, h *Host, expected bool) puncher {
	t.Helper()
	c := socket(t, h)
	for end := time.Now().Add(patient(expected)); time.Now().Before(end); {
		say(t, c, r.at[0], string([]byte{asAsked}))
		if text, from := hear(t, c, 50*time.Millisecond); from == r.at[0] {
			return puncher{c, netip.MustParseAddrPort(text)}
		}
	}
	return puncher{conn: c}
}

// punch sends to the peer's seen address, and to whatever address it is heard
// from, until both sides have an answer to what they sent. That is what the
// connectivity checks of ICE do.
func punch(a, b puncher, limit time.Duration) bool {
	if !a.seen.IsValid() || !b.seen.IsValid() {
		return false
	}
	var answered [2]atomic.Bool
	var group sync.WaitGroup
	deadline := time.Now().Add(limit)
	side := func(own, peer puncher, done, peerDone *atomic.Bool) {
		targets := map[netip.AddrPort]bool{peer.seen: true}
		buffer := make([]byte, 16)
		for time.Now().Before(deadline) && !(done.Load() && peerDone.Load()) {
			for target := range targets {
				_, _ = own.conn.WriteToUDPAddrPort([]byte("?"), target)
			}
			_ = own.conn.SetReadDeadline(time.Now().Add(15 * time.Millisecond))
			n, from, err := own.conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				continue
			}
			from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
			switch string(buffer[:n]) {
			case "?":
				targets[from] = true
				_, _ = own.conn.WriteToUDPAddrPort([]byte("!"), from)
			case "!":
				done.Store(true)
			}
		}
	}
	group.Go(func() { side(a, b, &answered[0], &answered[1]) })
	group.Go(func() { side(b, a, &answered[1], &answered[0]) })
	group.Wait()
	return answered[0].Load() && answered[1].Load()
}

func TestHolesArePunchedExactlyWhereReasoningSaysSo(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	kinds := Kinds()
	// Two homes of each kind, so that a kind can meet itself.
	var homes [2][]*Host
	for side := range homes {
		for _, kind := range kinds {
			homes[side] = append(homes[side], l.Home(kind.String(), kind...))
		}
	}
	type pair struct {
		a, b   int
		pa, pb puncher
	}
	var pairs []pair
	blocked := map[int]bool{}
	for a := range kinds {
		for b := a; b < len(kinds); b++ {
			if blocked[a] || blocked[b] {
				continue
			}
			p := pair{a, b,
				server.prepare(t, homes[0][a], kinds[a].behaviour().udp4),
				server.prepare(t, homes[1][b], kinds[b].behaviour().udp4)}
			for kind, side := range map[int]puncher{a: p.pa, b: p.pb} {
				if side.seen.IsValid() == kinds[kind].behaviour().udp4 {
					continue
				}
				t.Errorf("%s: does the reflector answer? %v", kinds[kind], side.seen.IsValid())
			}
			blocked[a], blocked[b] = !p.pa.seen.IsValid(), !p.pb.seen.IsValid()
			pairs = append(pairs, p)
		}
	}
	var group sync.WaitGroup
	var direct, relayed atomic.Int64
	for _, p := range pairs {
		group.Go(func() {
			want := CanBeDirect(kinds[p.a], kinds[p.b])
			limit := 10 * time.Second // of a machine under load
			if !want {
				limit = time.Second
			}
			got := punch(p.pa, p.pb, limit)
			if got != want {
				t.Errorf("%s and %s: direct is %v instead of %v", kinds[p.a], kinds[p.b], got, want)
			}
			if got {
				direct.Add(1)
			} else {
				relayed.Add(1)
			}
		})
	}
	group.Wait()
	t.Logf("%d pairs, %d of them direct", len(pairs), direct.Load())
	if direct.Load() == 0 || relayed.Load() == 0 {
		t.Error("all pairs end alike")
	}
}

// TestReasoningIsTheTable holds CanBeDirect to the table that was found by
// experiment: classes from open to UDP blocked.
func TestReasoningIsTheTable(t *testing.T) {
	classes := []NAT{Open, Firewall, FullCone, AddressRestricted, PortRestricted,
		AddressSymmetric, SymmetricRandom, UDPBlocked, IPv6Only}
	table := []string{
		"ddddddd--", // open
		"ddddd----", // firewall
		"ddddddd--", // full cone
		"ddddddd--", // address-restricted
		"ddddd----", // port-restricted
		"d-dd-----", // address-symmetric
		"d-dd-----", // symmetric
		"---------", // UDP blocked
		"--------d", // IPv6 only
	}
	for a, left := range classes {
		for b, right := range classes {
			if got, want := CanBeDirect(Kind{left}, Kind{right}), table[a][b] == 'd'; got != want {
				t.Errorf("%s and %s: direct is %v instead of %v", left.Name, right.Name, got, want)
			}
		}
	}
}

func TestLinuxThatRemembersEarlyPacketsTurnsSymmetric(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	accepting := Linux
	accepting.Name, accepting.Kernel = "linux accepting", MasqueradeAccepting
	for _, nat := range []NAT{Linux, accepting} {
		home := server.prepare(t, l.Home("home", nat), true)
		peer := socket(t, l.Server("peer"))
		say(t, peer, home.seen, "early")
		time.Sleep(50 * time.Millisecond)
		say(t, home.conn, local(peer), "hello")
		_, from := hear(t, peer, patient(true))
		if !from.IsValid() {
			t.Fatalf("%s: nothing arrived", nat.Name)
		}
		if same := from == home.seen; same != (nat.Kernel == Masquerade) {
			t.Errorf("%s: the peer sees %s, the reflector %s", nat.Name, from, home.seen)
		}
	}
}
