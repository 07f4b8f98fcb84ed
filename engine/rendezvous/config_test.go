package rendezvous_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/rendezvous"
)

func TestABadConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	serverTLS, _ := certificate(t)
	second := netip.MustParseAddr("127.0.0.2")
	turn := func(change func(*rendezvous.TurnConfig)) rendezvous.Config {
		config := rendezvous.TurnConfig{Listen: "127.0.0.1:0"}
		change(&config)
		return rendezvous.Config{Turn: &config}
	}
	for _, test := range []struct {
		config rendezvous.Config
		says   string
	}{
		{rendezvous.Config{}, "neither a tracker nor a TURN address"},
		{rendezvous.Config{Listen: "8000"}, "Listen must be host:port"},
		{rendezvous.Config{Listen: "127.0.0.1:0", TLS: &tls.Config{}}, "TLS has no certificate"},
		{rendezvous.Config{Listen: "127.0.0.1:0", Tracker: rendezvous.TrackerLimits{Rooms: -1}}, "Tracker.Rooms"},
		{rendezvous.Config{Listen: "127.0.0.1:0", Tracker: rendezvous.TrackerLimits{Interval: -time.Second}}, "Tracker.Interval"},
		{turn(func(c *rendezvous.TurnConfig) { c.Listen = "nowhere" }), "Turn.Listen must be host:port"},
		{turn(func(c *rendezvous.TurnConfig) { c.ListenTLS = "127.0.0.1:0" }), "Turn.ListenTLS needs TLS"},
		{turn(func(c *rendezvous.TurnConfig) { c.Users = map[string]string{"ann": ""} }), "empty name or password"},
		{turn(func(c *rendezvous.TurnConfig) { c.Users = map[string]string{"": "x"} }), "empty name or password"},
		{turn(func(c *rendezvous.TurnConfig) { c.AllocationsPerUser = -1 }), "Turn.AllocationsPerUser"},
		{turn(func(c *rendezvous.TurnConfig) { c.RelayPorts = rendezvous.PortRange{Min: 9, Max: 8} }), "Turn.RelayPorts 9 to 8"},
		{turn(func(c *rendezvous.TurnConfig) { c.RelayPorts = rendezvous.PortRange{Max: 8} }), "Turn.RelayPorts 0 to 8"},
		{turn(func(c *rendezvous.TurnConfig) { c.PublicIPs = []netip.Addr{{}} }), "Turn.PublicIPs"},
		{turn(func(c *rendezvous.TurnConfig) { c.PublicIPs = []netip.Addr{netip.IPv4Unspecified()} }), "0.0.0.0 is no address"},
		{turn(func(c *rendezvous.TurnConfig) {
			c.PublicIPs = []netip.Addr{netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("203.0.113.2")}
		}), "203.0.113.2 is the second"},
		{turn(func(c *rendezvous.TurnConfig) { c.Rate = -1 }), "Turn.Rate or Turn.UserRate"},
		{turn(func(c *rendezvous.TurnConfig) { c.UserRate = -1 }), "Turn.Rate or Turn.UserRate"},
		{turn(func(c *rendezvous.TurnConfig) { c.AlternatePublic = second }), "needs Turn.Alternate"},
		{turn(func(c *rendezvous.TurnConfig) { c.Alternate = netip.IPv6Loopback() }), "Turn.Alternate ::1 is no other IPv4 address"},
		{turn(func(c *rendezvous.TurnConfig) { c.Alternate = netip.MustParseAddr("127.0.0.1") }), "Turn.Alternate 127.0.0.1 is no other"},
		{turn(func(c *rendezvous.TurnConfig) { c.Alternate, c.Listen = second, ":0" }), "Turn.Listen must name an IPv4 address"},
		{turn(func(c *rendezvous.TurnConfig) { c.Alternate, c.Listen = second, "[::1]:0" }), "Turn.Listen must name an IPv4 address"},
		{turn(func(c *rendezvous.TurnConfig) { c.Alternate, c.AlternatePublic = second, netip.IPv6Loopback() }), "Turn.AlternatePublic ::1"},
		{rendezvous.Config{Listen: "127.0.0.1:443", TLS: serverTLS, Turn: &rendezvous.TurnConfig{ListenTLS: "127.0.0.1:443"}}, "both 127.0.0.1:443"},
	} {
		_, err := rendezvous.New(test.config)
		if !errors.Is(err, rendezvous.ErrConfig) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("got %v, want it to say %q", err, test.says)
		}
	}
}

func TestAPasswordIsInNoError(t *testing.T) {
	t.Parallel()
	_, err := rendezvous.New(rendezvous.Config{Turn: &rendezvous.TurnConfig{
		Users: map[string]string{"": "hunter2"},
	}})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// takenForUDPOnly is a socket whose port is free for TCP.
func takenForUDPOnly(t *testing.T) net.PacketConn {
	t.Helper()
	for range 100 {
		packets := peerSocket(t, "127.0.0.1:0")
		if stream, err := net.Listen("tcp", packets.LocalAddr().String()); err == nil {
			_ = stream.Close()
			return packets
		}
	}
	t.Fatal("no port is free for TCP")
	return nil
}

func TestAnAddressInUseIsNamedAndNothingIsKept(t *testing.T) {
	t.Parallel()
	serverTLS, _ := certificate(t)
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	packets := takenForUDPOnly(t)
	taken, takenUDP := stream.Addr().String(), packets.LocalAddr().String()
	for name, test := range map[string]struct {
		config rendezvous.Config
		names  string
	}{
		"tracker":  {rendezvous.Config{Listen: taken}, taken},
		"TURN TCP": {rendezvous.Config{Listen: "127.0.0.1:0", Turn: &rendezvous.TurnConfig{Listen: taken}}, taken},
		"TURN UDP": {rendezvous.Config{Turn: &rendezvous.TurnConfig{Listen: takenUDP}}, takenUDP},
		"TURN TLS": {rendezvous.Config{TLS: serverTLS, Turn: &rendezvous.TurnConfig{Listen: "127.0.0.1:0", ListenTLS: taken}}, taken},
	} {
		_, err := rendezvous.New(test.config)
		if !errors.Is(err, rendezvous.ErrAddressInUse) || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%s: got %v, want it to name %s", name, err, test.names)
		}
	}
	// The TCP half of the failed UDP listener is free again.
	again, err := net.Listen("tcp", takenUDP)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if _, err := rendezvous.New(rendezvous.Config{Listen: "192.0.2.1:0"}); err == nil || !strings.Contains(err.Error(), "192.0.2.1:0") {
		t.Errorf("an address of another computer: %v", err)
	}
}
