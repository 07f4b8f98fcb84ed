package signaling_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/signaling"
)

// deadURL is a port of this computer where nobody listens.
func deadURL(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "ws://" + listener.Addr().String()
}

func connected(statuses []signaling.Status, url string) bool {
	return slices.ContainsFunc(statuses, func(s signaling.Status) bool { return s.URL == url && s.Connected })
}

func TestTwoMeetByTwoRendezvousWhenAnotherIsDead(t *testing.T) {
	t.Parallel()
	one, two, dead := newTracker(t, false), newTracker(t, false), deadURL(t)
	keys := invite.NewSecret().Keys()
	sender, receiver := newClient(t, signaling.Config{}), newClient(t, signaling.Config{})
	urls := []string{dead, one.url, two.url}
	sender.Join(keys, urls)
	// Each tracker says that the sender is alone.
	for range 2 {
		if counted := await(t, sender, anyOf[signaling.Counted]); counted.Others != 0 || counted.Room != keys.Room {
			t.Errorf("alone: %+v", counted)
		}
	}
	receiver.Join(keys, urls)
	counted := await(t, receiver, func(c signaling.Counted) bool { return c.Others == 1 })

	offer := signaling.Offer{ID: signaling.NewOfferID(), Plaintext: []byte("candidate: me")}
	receiver.Offer(keys.Room, counted.URL, []signaling.Offer{offer})
	offered := await(t, sender, anyOf[signaling.Offered])
	want := signaling.Offered{Room: keys.Room, URL: counted.URL, From: receiver.PeerID(), OfferID: offer.ID, Plaintext: offer.Plaintext}
	if offered.URL != want.URL || offered.From != want.From || offered.OfferID != want.OfferID || string(offered.Plaintext) != string(want.Plaintext) {
		t.Errorf("got %+v, want %+v", offered, want)
	}
	sender.Answer(offered.Room, offered.URL, offered.From, offered.OfferID, []byte("and me"))
	answered := await(t, receiver, anyOf[signaling.Answered])
	if answered.Room != keys.Room || answered.From != sender.PeerID() || answered.OfferID != offer.ID || string(answered.Plaintext) != "and me" {
		t.Errorf("got %+v", answered)
	}

	statuses := awaitStatus(t, sender, func(s []signaling.Status) bool {
		return len(s) == 3 && slices.ContainsFunc(s, func(s signaling.Status) bool { return s.Err != nil })
	})
	if !slices.IsSortedFunc(statuses, func(a, b signaling.Status) int { return strings.Compare(a.URL, b.URL) }) {
		t.Errorf("not sorted: %+v", statuses)
	}
	for _, status := range statuses {
		switch isDead := status.URL == dead; {
		case status.Rooms != 1 || status.Connected == isDead:
			t.Errorf("%+v", status)
		case isDead && !errors.Is(status.Err, syscall.ECONNREFUSED):
			t.Errorf("the dead one says %v", status.Err)
		case !isDead && status.Err != nil:
			t.Errorf("a living one says %v", status.Err)
		}
	}
}

func TestAnOfferByEveryRendezvousArrivesOnceAndIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	one, two := newTracker(t, false), newTracker(t, false)
	keys := invite.NewSecret().Keys()
	sender, receiver := newClient(t, signaling.Config{}), newClient(t, signaling.Config{})
	sender.Join(keys, []string{one.url, two.url})
	receiver.Join(keys, []string{one.url, two.url})
	eventually(t, "both are in both rooms", func() bool { return one.peers() == 2 && two.peers() == 2 })

	first := signaling.Offer{ID: signaling.NewOfferID(), Plaintext: []byte("first")}
	receiver.Offer(keys.Room, "", []signaling.Offer{first})
	offered := await(t, sender, anyOf[signaling.Offered])
	// Answering by both rendezvous, twice.
	for range 2 {
		sender.Answer(keys.Room, "", offered.From, offered.OfferID, []byte("yes"))
	}
	await(t, receiver, anyOf[signaling.Answered])

	last := signaling.Offer{ID: signaling.NewOfferID(), Plaintext: []byte("last")}
	receiver.Offer(keys.Room, "", []signaling.Offer{last})
	if next := await(t, sender, anyOf[signaling.Offered]); next.OfferID != last.ID {
		t.Errorf("the offer arrived twice")
	}
	sender.Answer(keys.Room, "", offered.From, last.ID, []byte("yes"))
	if next := await(t, receiver, anyOf[signaling.Answered]); next.OfferID != last.ID {
		t.Errorf("the answer arrived twice")
	}
}

func TestOffersMadeTooEarlyWaitForTheConnection(t *testing.T) {
	t.Parallel()
	meeting := newTracker(t, false)
	keys := invite.NewSecret().Keys()
	other := newClient(t, signaling.Config{})
	other.Join(keys, []string{meeting.url})
	await(t, other, anyOf[signaling.Counted])

	open := make(chan struct{})
	client := newClient(t, signaling.Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		select {
		case <-open:
			return new(net.Dialer).DialContext(ctx, network, address)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	client.Join(keys, []string{meeting.url})
	client.Offer(keys.Room, meeting.url, []signaling.Offer{{ID: signaling.NewOfferID(), Plaintext: []byte("early")}})
	close(open)
	if offered := await(t, other, anyOf[signaling.Offered]); string(offered.Plaintext) != "early" {
		t.Errorf("got %q", offered.Plaintext)
	}
	if events := meeting.announced(keys.Room); !slices.Equal(events, []string{"started", "started", ""}) {
		t.Errorf("announced %q", events)
	}
}

func TestEverythingWorksThatWasSaidBeforeServe(t *testing.T) {
	t.Parallel()
	meeting := newTracker(t, false)
	keys := invite.NewSecret().Keys()
	client := signaling.New(signaling.Config{})
	client.Join(keys, []string{meeting.url})
	client.Reannounce(keys.Room)
	serve(t, client)
	await(t, client, anyOf[signaling.Counted])
	if err := client.Serve(t.Context()); !errors.Is(err, signaling.ErrServed) {
		t.Errorf("a second Serve: %v", err)
	}
}

func TestJoiningTwiceIsJoiningOnceAndOtherURLsMoveTheRoom(t *testing.T) {
	t.Parallel()
	one, two := newTracker(t, false), newTracker(t, false)
	keys := invite.NewSecret().Keys()
	client := newClient(t, signaling.Config{})
	for range 3 {
		client.Join(keys, []string{one.url, one.url})
	}
	await(t, client, anyOf[signaling.Counted])
	client.Join(keys, []string{two.url})
	await(t, client, func(c signaling.Counted) bool { return c.URL == two.url })
	eventually(t, "the first rendezvous is told", func() bool {
		return slices.Equal(one.announced(keys.Room), []string{"started", "stopped"})
	})
	statuses := awaitStatus(t, client, func(s []signaling.Status) bool { return len(s) == 1 && s[0].Connected })
	if statuses[0].URL != two.url {
		t.Errorf("%+v", statuses)
	}
}

func TestLeavingTellsTheRendezvousAndTheLastOneDisconnects(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 2)
	meeting := &tracker{swarms: map[string]map[string]*websocket.Conn{}}
	meeting.site = newSite(t, false, func(ctx context.Context, socket *websocket.Conn) {
		meeting.serve(ctx, socket)
		ended <- struct{}{}
	})
	first, second := invite.NewSecret().Keys(), invite.NewSecret().Keys()
	client := newClient(t, signaling.Config{})
	client.Join(first, []string{meeting.url})
	client.Join(second, []string{meeting.url})
	eventually(t, "both rooms are announced", func() bool { return meeting.peers() == 2 })

	client.Leave(first.Room)
	eventually(t, "one room is left", func() bool { return meeting.peers() == 1 })
	if events := meeting.announced(first.Room); !slices.Equal(events, []string{"started", "stopped"}) {
		t.Errorf("announced %q", events)
	}
	if statuses := client.Status().Load(); !connected(statuses, meeting.url) || statuses[0].Rooms != 1 {
		t.Errorf("%+v", statuses)
	}

	client.Leave(second.Room)
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("still connected although no room needs it")
	}
	if events := meeting.announced(second.Room); !slices.Equal(events, []string{"started", "stopped"}) {
		t.Errorf("announced %q", events)
	}
	awaitStatus(t, client, func(s []signaling.Status) bool { return len(s) == 0 })

	client.Join(first, []string{meeting.url})
	eventually(t, "the room is joined again", func() bool { return meeting.peers() == 1 })
}

func TestAfterALostConnectionTheRoomIsAnnouncedAgain(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	meeting := &tracker{swarms: map[string]map[string]*websocket.Conn{}}
	meeting.site = newSite(t, false, func(ctx context.Context, socket *websocket.Conn) {
		if connections.Add(1) <= 3 {
			message, _ := read(ctx, socket)
			meeting.handle(ctx, socket, message)
			meeting.forget(socket)
			return // and with it the connection
		}
		meeting.serve(ctx, socket)
	})
	keys := invite.NewSecret().Keys()
	client := newClient(t, signaling.Config{})
	client.Join(keys, []string{meeting.url})
	eventually(t, "the fourth connection stays", func() bool { return meeting.peers() == 1 && connections.Load() == 4 })
	if events := meeting.announced(keys.Room); !slices.Equal(events, []string{"started", "started", "started", "started"}) {
		t.Errorf("announced %q", events)
	}
}

func TestReannouncingAsksOnceAndNotMoreThanOnceASecond(t *testing.T) {
	t.Parallel()
	meeting := newTracker(t, false)
	keys := invite.NewSecret().Keys()
	client := newClient(t, signaling.Config{})
	client.Join(keys, []string{meeting.url})
	await(t, client, anyOf[signaling.Counted])
	begun := time.Now()
	for range 1000 {
		client.Reannounce(keys.Room)
	}
	await(t, client, anyOf[signaling.Counted])
	if waited := time.Since(begun); waited < 500*time.Millisecond {
		t.Errorf("asked again after %v", waited)
	}
	if events := meeting.announced(keys.Room); !slices.Equal(events, []string{"started", ""}) {
		t.Errorf("announced %q", events)
	}
}

func TestARendezvousThatAcceptsAndFallsSilentIsNoticed(t *testing.T) {
	t.Parallel()
	silent := newSite(t, false, func(ctx context.Context, _ *websocket.Conn) { <-ctx.Done() })
	client := newClient(t, signaling.Config{Ping: 50 * time.Millisecond, FirstRetry: time.Hour})
	client.Join(invite.NewSecret().Keys(), []string{silent.url})
	awaitStatus(t, client, func(s []signaling.Status) bool {
		return len(s) == 1 && !s[0].Connected && errors.Is(s[0].Err, signaling.ErrSilent)
	})
}

func TestPingsKeepALivingRendezvous(t *testing.T) {
	t.Parallel()
	meeting := newTracker(t, false)
	client := newClient(t, signaling.Config{Ping: time.Second})
	keys := invite.NewSecret().Keys()
	client.Join(keys, []string{meeting.url})
	for range 3 {
		await(t, client, anyOf[signaling.Counted])
		client.Reannounce(keys.Room)
	}
	if events := meeting.announced(keys.Room); slices.Contains(events[1:], "started") {
		t.Errorf("connected anew: %q", events)
	}
}

func TestWhatIsWrongWithARendezvousStaysInItsStatus(t *testing.T) {
	t.Parallel()
	meeting := newTracker(t, true)
	notFound := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(notFound.Close)
	elsewhere := httptest.NewServer(http.RedirectHandler(meeting.URL, http.StatusFound))
	t.Cleanup(elsewhere.Close)
	socketURL := func(s *httptest.Server) string { return "ws" + strings.TrimPrefix(s.URL, "http") }
	const nowhere = "wss://no-such-host.example/announce"

	client := newClient(t, signaling.Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "no-such-host.example") {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "no-such-host.example", IsNotFound: true}}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	wrong := map[string]func(error) bool{
		nowhere:              func(err error) bool { var dns *net.DNSError; return errors.As(err, &dns) },
		deadURL(t):           func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
		meeting.url:          func(err error) bool { var tls *tls.CertificateVerificationError; return errors.As(err, &tls) },
		socketURL(notFound):  func(err error) bool { return strings.Contains(err.Error(), "404") },
		socketURL(elsewhere): func(err error) bool { return strings.Contains(err.Error(), "302") },
		"https://example.org": func(err error) bool {
			return errors.Is(err, invite.ErrRendezvous)
		},
	}
	var urls []string
	for url := range wrong {
		urls = append(urls, url)
	}
	client.Join(invite.NewSecret().Keys(), urls)
	statuses := awaitStatus(t, client, func(s []signaling.Status) bool {
		return len(s) == len(wrong) && !slices.ContainsFunc(s, func(s signaling.Status) bool { return s.Err == nil })
	})
	for _, status := range statuses {
		if status.Connected || !wrong[status.URL](status.Err) {
			t.Errorf("%s: connected %v, %v", status.URL, status.Connected, status.Err)
		}
	}
}

func TestAPrivateCertificateCanBeTrusted(t *testing.T) {
	t.Parallel()
	meeting := newTracker(t, true)
	roots := x509.NewCertPool()
	roots.AddCert(meeting.Certificate())
	client := newClient(t, signaling.Config{TLS: &tls.Config{RootCAs: roots}})
	client.Join(invite.NewSecret().Keys(), []string{meeting.url})
	await(t, client, anyOf[signaling.Counted])
}

func TestWhateverItIsDoingServeEndsAtOnce(t *testing.T) {
	t.Parallel()
	keys := invite.NewSecret().Keys()
	meeting := newTracker(t, false)
	silent := newSite(t, false, func(ctx context.Context, _ *websocket.Conn) { <-ctx.Done() })
	// Accepts TCP and says nothing: neither TLS nor HTTP comes to an end.
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	client := signaling.New(signaling.Config{})
	stop := serve(t, client)
	client.Join(keys, []string{
		meeting.url, silent.url, deadURL(t),
		"ws://" + mute.Addr().String(), "wss://" + mute.Addr().String(),
	})
	awaitStatus(t, client, func(s []signaling.Status) bool {
		return connected(s, meeting.url) && connected(s, silent.url)
	})
	if took := stop(); took > 200*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	for _, status := range client.Status().Load() {
		if status.Connected {
			t.Errorf("still connected: %+v", status)
		}
	}
	// Nothing starts again, nothing panics.
	client.Join(invite.NewSecret().Keys(), []string{meeting.url})
	client.Offer(keys.Room, "", []signaling.Offer{{ID: signaling.NewOfferID()}})
	client.Leave(keys.Room)
	eventually(t, "the rendezvous notices", func() bool { return meeting.peers() == 0 })
}

func TestAReaderWhoSleepsLosesOffersButBlocksNobody(t *testing.T) {
	t.Parallel()
	line := newLine(t)
	keys := invite.NewSecret().Keys()
	client := newClient(t, signaling.Config{})
	client.Join(keys, []string{line.url})
	socket := line.accept(t)
	socket.hear(t)
	other := signaling.NewPeerID()
	for range 1000 {
		socket.say(t, sealedOffer(keys, other, signaling.NewOfferID(), "flood"))
	}
	// The flood was read, since the client reacts to what comes after it.
	client.Offer(keys.Room, line.url, []signaling.Offer{{ID: offerID(1), Plaintext: []byte("x")}})
	socket.hear(t)
	socket.say(t, sealedAnswer(keys, other, client.PeerID(), offerID(1), "through"))
	await(t, client, anyOf[signaling.Answered])
	if waiting := len(client.Events()); waiting != 0 {
		t.Errorf("%d events came after the answer", waiting)
	}
	socket.say(t, sealedOffer(keys, other, offerID(2), "after"))
	if offered := await(t, client, anyOf[signaling.Offered]); string(offered.Plaintext) != "after" {
		t.Errorf("got %q", offered.Plaintext)
	}
}
