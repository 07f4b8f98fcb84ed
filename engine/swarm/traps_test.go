package swarm

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anacrolix/torrent"
	"golang.org/x/time/rate"
)

// What the library needs of a connection and a listener; each of these was a
// panic, a hang, a spin or a lost peer once.
//
//  1. The address has a network: TestAPeersAddressIsOneThatTheLibraryCanBan
//  2. A corrupt piece bans: TestAPeerThatSendsWrongPiecesIsBannedAndTheRestComesFromOthers
//  3. Deadlines: TestDeadlinesOfTheLibraryDoNotPartTwoQuietPeers; link.TestStreamDeadlines
//  4. Messages as a stream: link.TestSmallBuffersReadLargeMessages, link.TestAStreamsMessagesFitEveryImplementation
//  5. Close, several times: TestAConnectionIsClosedOnceHoweverOftenTheLibraryDoes
//  6. Accept never fails: TestTheListenerFailsOnlyAfterItsEnd, TestTheListenerOutlivesTheClient
//  7. The listener comes first, without a port: TestTheListenerIsThereBeforeAnyTorrentAndHasNoPort
//  8. Connections are always wanted: TestAConnectionIsTakenAlsoWhileTheLimitIsExhausted
//  9. Complete peers stay, PEX is off: TestTwoPeersWhoHaveEverythingStayConnected, TestPeersAreToldNothingTheyCannotUse
//  10. No encryption of the library's: TestTheLibraryEncryptsNothingItself

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

// closing counts how often a connection is closed.
type closing struct {
	net.Conn
	mu    sync.Mutex
	count int
}

func (c *closing) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if c.count > 1 {
		return net.ErrClosed
	}
	return c.Conn.Close()
}

func TestAConnectionIsClosedOnceHoweverOftenTheLibraryDoes(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	near, far := net.Pipe()
	defer far.Close()
	raw := &closing{Conn: near}
	c := newConn(newTorrent(s, Spec{}), raw, netip.MustParseAddrPort("[fd57::1]:7"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := c.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
	all.Wait()
	if raw.count != 1 {
		t.Errorf("closed %d times", raw.count)
	}
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the peer sees %v", err)
	}
}

// hesitant is a listener whose address takes a while to tell.
type hesitant struct {
	*listener
	asked, answer chan struct{}
}

func (h hesitant) Addr() net.Addr {
	close(h.asked)
	<-h.answer
	return nowhere{}
}

func TestTheListenerOutlivesTheClient(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	// The client asks for addresses under its lock, and so cannot end.
	h := hesitant{newListener(), make(chan struct{}), make(chan struct{})}
	defer h.close()
	s.client.AddListener(h)
	var all sync.WaitGroup
	all.Go(func() { s.client.ListenAddrs() })
	<-h.asked
	all.Go(func() { s.Close() })
	<-s.ctx.Done()
	select {
	case <-s.listener.done:
		t.Error("the listener ended first, and the client would spin")
	case <-time.After(100 * time.Millisecond):
	}
	close(h.answer)
	all.Wait()
	select {
	case <-s.listener.done:
	default:
		t.Error("the listener goes on after the end")
	}
}

func TestTheListenerIsThereBeforeAnyTorrentAndHasNoPort(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := len(s.client.Listeners()); n != 1 {
		t.Errorf("%d listeners before the first torrent", n)
	}
	if port := s.client.LocalPort(); port != 0 {
		t.Errorf("peers are told of port %d", port)
	}
}

// presented is a connection as the library sees it.
type presented struct {
	net.Conn
	peer address
}

func (p presented) RemoteAddr() net.Addr { return p.peer }

// knock presents a connection to a client of our configuration that has one
// torrent, whose info it does not know, and returns the peer's end.
func knock(t *testing.T, change func(*torrent.ClientConfig)) net.Conn {
	t.Helper()
	config := clientConfig(Config{Client: "Causeway", Logger: slog.New(slog.DiscardHandler)}, rate.NewLimiter(rate.Inf, burst))
	change(config)
	client, err := torrent.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	l := newListener()
	client.AddListener(l)
	client.AddTorrentInfoHash([20]byte{1})
	near, far := net.Pipe()
	t.Cleanup(func() {
		far.Close()
		client.Close()
		l.close()
	})
	l.queue <- presented{near, address{netip.MustParseAddrPort("[fd57::1]:7")}}
	return far
}

func TestAConnectionIsTakenAlsoWhileTheLimitIsExhausted(t *testing.T) {
	t.Parallel()
	far := knock(t, func(config *torrent.ClientConfig) {
		// On credit for half a second; the library sleeps that out.
		config.DownloadRateLimiter = rate.NewLimiter(4, 1)
		for range 3 {
			config.DownloadRateLimiter.Reserve()
		}
	})
	far.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the library should wait for the peer's handshake: %v", err)
	}
}

func TestTheLibraryEncryptsNothingItself(t *testing.T) {
	t.Parallel()
	far := knock(t, func(*torrent.ClientConfig) {})
	var key [200]byte // longer than the key of an encrypted handshake
	rand.Read(key[:])
	key[0] = 0xff // no plain handshake
	far.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = far.Write(key[:]) // the library may hang up in the middle
	if answer, err := io.ReadAll(far); len(answer) != 0 || err != nil {
		t.Errorf("the library answers an encrypted handshake with %d bytes, %v", len(answer), err)
	}
}
