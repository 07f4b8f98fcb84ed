//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// asking is a port service of few words: "map 500ms 4000" asks for port 4000
// for half a second, "unmap" ends it. To a multicast it answers where it is.
type asking struct{}

const askingPort = 5351

var askingGroup = netip.MustParseAddrPort("239.255.255.250:1900")

func (*asking) Serve(ctx context.Context, table PortTable, listen Listener) error {
	own, err := listen.ListenUDP(askingPort)
	if err != nil {
		return err
	}
	group, err := listen.ListenMulticast(askingGroup)
	if err != nil {
		return err
	}
	page, err := listen.ListenTCP(80)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	defer context.AfterFunc(ctx, func() {
		own.Close()
		group.Close()
		page.Close()
	})()
	work.Go(func() {
		for {
			conn, err := page.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, table.Outside())
			conn.Close()
		}
	})
	work.Go(func() {
		answer(group, func(string, netip.AddrPort) string {
			return netip.AddrPortFrom(table.Inside(), askingPort).String()
		})
	})
	answer(own, func(asked string, from netip.AddrPort) string {
		if asked == "unmap" {
			table.Unmap("udp", from)
			return "unmapped"
		}
		var life string
		var wanted uint16
		if _, err := fmt.Sscanf(asked, "map %s %d", &life, &wanted); err != nil {
			return err.Error()
		}
		lasting, err := time.ParseDuration(life)
		if err != nil {
			return err.Error()
		}
		outside, err := table.Map("udp", from, wanted, lasting)
		if err != nil {
			return err.Error()
		}
		return outside.String()
	})
	return nil
}

// answer answers packets until the socket is closed, each after its question.
func answer(conn net.PacketConn, say func(string, netip.AddrPort) string) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		asked := string(buffer[:n])
		_, _ = conn.WriteTo([]byte(asked+"="+say(asked, from.(*net.UDPAddr).AddrPort())), from)
	}
}

// ask asks the router's service, and returns an address if it answers one.
func ask(t *testing.T, c *net.UDPConn, router *Router, what string) netip.AddrPort {
	t.Helper()
	at, _ := netip.ParseAddrPort(question(t, c, router, netip.AddrPortFrom(router.Inside(), askingPort), what))
	return at
}

// question sends until it is answered: a service takes a moment to listen.
func question(t *testing.T, c *net.UDPConn, router *Router, to netip.AddrPort, what string) string {
	t.Helper()
	for end := time.Now().Add(patient(true)); time.Now().Before(end); {
		say(t, c, to, what)
		text, from := hear(t, c, 100*time.Millisecond)
		if said, ok := strings.CutPrefix(text, what+"="); ok && from.Addr() == router.Inside() {
			return said
		}
	}
	t.Fatalf("nobody answers %q", what)
	return ""
}

func TestPortThatTheRouterMapsIsOpenToAll(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	nat := SymmetricRandom
	nat.Ports = &asking{}
	h := l.Home("home", nat)
	router := h.Routers()[0]
	c, peer := socket(t, h), socket(t, l.Server("peer"))

	at := ask(t, c, router, "map 1h 4000")
	if at != netip.AddrPortFrom(h.OutsideIP4(), 4000) {
		t.Errorf("asked for port 4000 and got %s", at)
	}
	if again := ask(t, c, router, "map 1h 4001"); again != at {
		t.Errorf("asked again and got %s instead of %s", again, at)
	}
	if !delivers(t, peer, c, at, true) {
		t.Error("nothing comes through the mapped port")
	}
	if seen := server.seen(t, c, server.at[0]); seen != at {
		t.Errorf("packets leave from %s, not from the mapped %s", seen, at)
	}
	other := socket(t, h)
	if at := ask(t, other, router, "map 1h 4000"); !at.IsValid() || at.Port() == 4000 {
		t.Errorf("asked for a port that is taken and got %s", at)
	}
	ask(t, c, router, "unmap")
	if delivers(t, peer, c, at, false) {
		t.Error("a port comes through that is mapped no more")
	}
	at = ask(t, c, router, "map 1s 5000")
	if !delivers(t, peer, c, at, true) {
		t.Error("nothing comes through the second port")
	}
	time.Sleep(time.Second)
	if delivers(t, peer, c, at, false) {
		t.Error("a port comes through whose time is over")
	}
	if _, err := router.Map("icmp", local(c), 0, time.Hour); !errors.Is(err, ErrProtocol) {
		t.Errorf("mapping a port of icmp: %v", err)
	}
}

func TestRouterIsFoundByMulticastAndSpeaksTCP(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	nat := PortRestricted
	nat.Ports = &asking{}
	h := l.Home("home", nat)
	router := h.Routers()[0]
	c := socket(t, h)
	if text := question(t, c, router, askingGroup, "anybody?"); text != netip.AddrPortFrom(router.Inside(), askingPort).String() {
		t.Errorf("the multicast is answered by %q", text)
	}
	conn, err := dialTCP(h, netip.AddrPortFrom(router.Inside(), 80), patient(true))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if text, _ := io.ReadAll(conn); string(text) != router.Outside().String() {
		t.Errorf("the router's page says %q", text)
	}
	route, err := h.Command(t.Context(), "ip", "route", "show", "default").Output()
	if err != nil || !strings.HasPrefix(string(route), "default via "+router.Inside().String()+" ") {
		t.Errorf("the default route is %q (%v)", route, err)
	}
}

func TestPortServiceComesAndGoes(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	h := l.Home("home", SymmetricRandom)
	router := h.Routers()[0]
	c := socket(t, h)
	nat := router.NAT()
	for range 2 {
		nat.Ports = &asking{}
		router.Set(nat)
		if !ask(t, c, router, "map 1h 0").IsValid() {
			t.Error("the router maps no port")
		}
		nat.Ports = nil
		router.Set(nat)
		say(t, c, netip.AddrPortFrom(router.Inside(), askingPort), "map 1h 0")
		if text, _ := hear(t, c, patience); text != "" {
			t.Errorf("the service is gone and answers %q", text)
		}
	}
}
