package swarm

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What the library needs of a connection and a listener; each of these was a
// panic, a hang or a spin once.

func TestAPeersAddressIsOneThatTheLibraryCanBan(t *testing.T) {
	t.Parallel()
	c := newConn(nil, nil, netip.MustParseAddrPort("[fd57::1%eth0]:7"))
	if got := c.RemoteAddr().String(); got != "[fd57::1]:7" {
		t.Errorf("the address is %q", got)
	}
	for _, name := range []string{c.RemoteAddr().Network(), c.LocalAddr().Network()} {
		if name == "" || strings.ContainsAny(name, "46") || strings.Contains(name, "tcp") || strings.Contains(name, "udp") {
			t.Errorf("the network is %q", name)
		}
	}
	if mapped := newConn(nil, nil, netip.MustParseAddrPort("[::ffff:192.0.2.1]:7")); mapped.RemoteAddr().String() != "192.0.2.1:7" {
		t.Errorf("a mapped address is %q", mapped.RemoteAddr())
	}
}

func TestTheListenerFailsOnlyAfterItsEnd(t *testing.T) {
	t.Parallel()
	l := newListener()
	accepted := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	select {
	case err := <-accepted:
		t.Fatalf("Accept returned %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if _, _, err := net.SplitHostPort(l.Addr().String()); err == nil {
		t.Error("the listener has a port, which peers would be told")
	}
	l.close()
	l.close()
	if err := <-accepted; err == nil {
		t.Error("Accept returned a connection")
	}
}

func TestDeadlinesOfTheLibraryDoNotPartTwoQuietPeers(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	near, far := net.Pipe()
	defer far.Close()
	c := newConn(newTorrent(s, Spec{}), near, netip.MustParseAddrPort("[fd57::1]:7"))
	defer c.Close()
	c.screen.in = c.in
	for _, set := range []func(time.Time) error{c.SetDeadline, c.SetReadDeadline, c.SetWriteDeadline} {
		if err := set(time.Now().Add(-time.Hour)); err != nil {
			t.Errorf("setting a deadline: %v", err) // the library panics on this
		}
	}
	go far.Write([]byte("\x00\x00\x00\x01\x01"))
	if n, err := c.Read(make([]byte, 100)); n != 5 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
