package rendezvous_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

// withAlternate listens on 127.0.0.1 and 127.0.0.2, which only Linux has
// without further ado.
func withAlternate(t *testing.T) rendezvous.TurnConfig {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.2:0")
	if err != nil {
		t.Skip("this computer has one loopback address only:", err)
	}
	_ = conn.Close()
	config := withUser()
	config.Alternate = netip.MustParseAddr("127.0.0.2")
	return config
}

// changeRequest is the CHANGE-REQUEST attribute (RFC 5780 section 7.2).
type changeRequest byte

const (
	changesPort    changeRequest = 2
	changesAddress changeRequest = 4
)

func (c changeRequest) AddTo(m *stun.Message) error {
	m.Add(stun.AttrChangeRequest, []byte{0, 0, 0, byte(c)})
	return nil
}

// raw is any attribute.
type raw struct {
	kind  stun.AttrType
	value []byte
}

func (r raw) AddTo(m *stun.Message) error {
	m.Add(r.kind, r.value)
	return nil
}

// ask sends a binding request and returns the answer and who sent it; nil is
// none within a moment.
func ask(t *testing.T, conn net.PacketConn, to netip.AddrPort, wait time.Duration, attributes ...stun.Setter) (*stun.Message, netip.AddrPort) {
	t.Helper()
	request, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.BindingRequest}, attributes...)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.WriteTo(request.Raw, net.UDPAddrFromAddrPort(to)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1500)
	_ = conn.SetReadDeadline(time.Now().Add(wait))
	n, from, err := conn.ReadFrom(buffer)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return nil, netip.AddrPort{}
	}
	if err != nil {
		t.Fatal(err)
	}
	answer := &stun.Message{Raw: buffer[:n]}
	if err := answer.Decode(); err != nil {
		t.Fatal(err)
	}
	if answer.TransactionID != request.TransactionID {
		t.Fatalf("answer to another request")
	}
	return answer, from.(*net.UDPAddr).AddrPort()
}

// told is an address in an answer, invalid where it is not there.
func told(ip net.IP, port int, err error) netip.AddrPort {
	address, ok := netip.AddrFromSlice(ip)
	if err != nil || !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(port))
}

func originOf(m *stun.Message) netip.AddrPort {
	var origin stun.ResponseOrigin
	err := origin.GetFrom(m)
	return told(origin.IP, origin.Port, err)
}

func otherOf(m *stun.Message) netip.AddrPort {
	var other stun.OtherAddress
	err := other.GetFrom(m)
	return told(other.IP, other.Port, err)
}

func mappedOf(m *stun.Message) netip.AddrPort {
	var mapped stun.XORMappedAddress
	err := mapped.GetFrom(m)
	return told(mapped.IP, mapped.Port, err)
}

func TestNATBehaviorDiscoveryAnswersFromEachAddressAndPort(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withAlternate(t)))
	conn := peerSocket(t, "127.0.0.1:0")
	own := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	first := server.TurnAddr().(*net.UDPAddr).AddrPort()
	answer, from := ask(t, conn, first, patience)
	if answer == nil {
		t.Fatal("no answer")
	}
	other := otherOf(answer)
	if from != first || originOf(answer) != first || mappedOf(answer) != own {
		t.Errorf("the answer comes from %v, says %v, maps %v", from, originOf(answer), mappedOf(answer))
	}
	if other.Addr() != netip.MustParseAddr("127.0.0.2") || other.Port() == first.Port() || other.Port() == 0 {
		t.Fatalf("the other address of %v is %v", first, other)
	}
	at := func(alternateAddress, alternatePort bool) netip.AddrPort {
		address, port := first.Addr(), first.Port()
		if alternateAddress {
			address = other.Addr()
		}
		if alternatePort {
			port = other.Port()
		}
		return netip.AddrPortFrom(address, port)
	}
	for _, to := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		for _, change := range []changeRequest{0, changesPort, changesAddress, changesPort | changesAddress} {
			answer, from := ask(t, conn, at(to[0], to[1]), patience, change)
			if answer == nil {
				t.Fatalf("%v with change %d is not answered", at(to[0], to[1]), change)
			}
			want := at(to[0] != (change&changesAddress != 0), to[1] != (change&changesPort != 0))
			if from != want || originOf(answer) != want || otherOf(answer) != at(!to[0], !to[1]) || mappedOf(answer) != own {
				t.Errorf("%v with change %d: from %v instead of %v, says %v and %v", at(to[0], to[1]), change, from, want, originOf(answer), otherOf(answer))
			}
		}
	}
}

func TestTURNWorksBesideNATBehaviorDiscovery(t *testing.T) {
	t.Parallel()
	config := withAlternate(t)
	config.AllowPrivatePeers = true
	server := serve(t, turnOnly(config))
	for _, network := range []string{"udp", "tcp"} {
		relayed := allocate(t, turnClient(t, server, network, "ann", "right"))
		peer := peerSocket(t, "127.0.0.1:0")
		carry(t, relayed, peer.LocalAddr(), peer, []byte("there"))
		carry(t, peer, relayed.LocalAddr(), relayed, []byte("and back"))
	}
}

func TestWithoutASecondAddressSTUNIsAsEver(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withUser()))
	conn := peerSocket(t, "127.0.0.1:0")
	answer, _ := ask(t, conn, server.TurnAddr().(*net.UDPAddr).AddrPort(), patience)
	if answer == nil || otherOf(answer).IsValid() || originOf(answer).IsValid() {
		t.Errorf("the answer is %v", answer)
	}
}

func TestWhatCouldServeAnAttackIsRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withAlternate(t)))
	conn := peerSocket(t, "127.0.0.1:0")
	first := server.TurnAddr().(*net.UDPAddr).AddrPort()
	for name, test := range map[string]struct {
		attribute raw
		want      stun.ErrorCode
	}{
		"RESPONSE-PORT":              {raw{0x0027, []byte{0x12, 0x34, 0, 0}}, stun.CodeUnknownAttribute},
		"PADDING":                    {raw{0x0026, make([]byte, 200)}, stun.CodeUnknownAttribute},
		"a malformed CHANGE-REQUEST": {raw{stun.AttrChangeRequest, []byte{6}}, stun.CodeBadRequest},
	} {
		answer, from := ask(t, conn, first, patience, test.attribute)
		if answer == nil {
			t.Fatalf("%s: no answer", name)
		}
		var got stun.ErrorCodeAttribute
		if err := got.GetFrom(answer); err != nil || got.Code != test.want || from != first {
			t.Errorf("%s: from %v %v (%v)", name, from, got, err)
		}
	}
}

func TestDiscoveryIsRationedAndPlainSTUNIsNot(t *testing.T) {
	t.Parallel()
	server := serve(t, turnOnly(withAlternate(t)))
	conn := peerSocket(t, "127.0.0.1:0")
	first := server.TurnAddr().(*net.UDPAddr).AddrPort()
	_ = conn.(*net.UDPConn).SetReadBuffer(1 << 20)
	// More than two seconds' worth, so that it is too much even if the second
	// changes in between.
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, changesAddress)
	if err != nil {
		t.Fatal(err)
	}
	const sent = 200
	begun := time.Now()
	for range sent {
		if _, err := conn.WriteTo(request.Raw, net.UDPAddrFromAddrPort(first)); err != nil {
			t.Fatal(err)
		}
	}
	answered, buffer := 0, make([]byte, 1500)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, _, err := conn.ReadFrom(buffer); err != nil {
			break
		}
		answered++
	}
	if most := 50 * (2 + int(time.Since(begun).Seconds())); answered > most || answered < 50 {
		t.Errorf("%d of %d are answered, at most %d may be", answered, sent, most)
	}
	if answer, from := ask(t, conn, first, patience); answer == nil || from != first || mappedOf(answer) != conn.LocalAddr().(*net.UDPAddr).AddrPort() {
		t.Errorf("a plain request is answered from %v: %v", from, answer)
	}
}

func TestAnAlternateAddressIsToldAsItIsReached(t *testing.T) {
	t.Parallel()
	config := withAlternate(t)
	config.PublicIPs = []netip.Addr{netip.MustParseAddr("203.0.113.1")}
	config.AlternatePublic = netip.MustParseAddr("203.0.113.2")
	server := serve(t, turnOnly(config))
	first := server.TurnAddr().(*net.UDPAddr).AddrPort()
	answer, _ := ask(t, peerSocket(t, "127.0.0.1:0"), first, patience)
	if answer == nil {
		t.Fatal("no answer")
	}
	if origin, other := originOf(answer), otherOf(answer); origin.Addr() != config.PublicIPs[0] || other.Addr() != config.AlternatePublic {
		t.Errorf("told %v and %v", origin, other)
	}
	urls := server.STUNURLs()
	port := addrPortOf(server.TurnAddr())
	if len(urls) != 2 || urls[0] != "stun:127.0.0.1:"+port || urls[1] != "stun:203.0.113.2:"+port {
		t.Errorf("URLs %v", urls)
	}
}
