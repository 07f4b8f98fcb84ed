package link

import (
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4/vnet"

	"github.com/causeway-app/causeway/engine/path"
)

const worldRelay = "turn:1.2.3.4:3478?transport=udp"

// kindsOf are the kinds of a timeline's events, with the path of those about one.
func kindsOf(events []Event) []string {
	var kinds []string
	for _, e := range events {
		text := string(e.Kind)
		if e.Path != "" {
			text += " " + string(e.Path)
		}
		kinds = append(kinds, text)
	}
	return kinds
}

// onlyRelayed lets packets of two homes pass by the server alone while it is closed.
func (i *internet) onlyRelayed() (closed *atomic.Bool) {
	closed = &atomic.Bool{}
	closed.Store(true)
	i.AddChunkFilter(func(c vnet.Chunk) bool {
		atServer := func(a net.Addr) bool { return a.(*net.UDPAddr).IP.String() == "1.2.3.4" }
		return !closed.Load() || atServer(c.SourceAddr()) || atServer(c.DestinationAddr())
	})
	return closed
}

func TestTheTimelineTellsHowALinkWentFromARelayToADirectPath(t *testing.T) {
	leaksNothing(t)
	world := newInternet(t)
	left := world.home(t, "27.1.1.1", "192.168.1.0", portRestricted)
	right := world.home(t, "28.1.1.1", "10.2.0.0", portRestricted)
	closed := world.onlyRelayed()
	world.start(t)
	stun := Server{URL: "stun:1.2.3.4:3478"}
	relay := Server{URL: "turn:1.2.3.4:3478", Username: "user", Password: "open sesame"}
	a, b := linked(t,
		dialer(t, Config{Net: left, ReleaseAfter: 300 * time.Millisecond, Servers: []Server{stun, relay}}),
		dialer(t, Config{Net: right, Servers: []Server{stun}}))
	a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	b.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
	closed.Store(false)
	released := a.until(t, "given back", func(s Status) bool {
		return slices.ContainsFunc(s.Timeline, func(e Event) bool { return e.Kind == RelayReleased })
	})
	want := []string{"trying", "relay-ready", "path-selected relayed", "path-selected direct-internet", "relay-released"}
	if got := kindsOf(released.Timeline); !slices.Equal(got, want) {
		t.Errorf("the timeline is %q, want %q", got, want)
	}
	for at, e := range released.Timeline {
		aboutRelay := e.Kind == RelayReady || e.Kind == RelayReleased || e.Path == path.Relayed
		if aboutRelay && e.Relay != worldRelay || !aboutRelay && e.Relay != "" {
			t.Errorf("%+v names another relay", e)
		}
		if at > 0 && e.Time.Before(released.Timeline[at-1].Time) {
			t.Errorf("%+v comes before what was before", e)
		}
		if took := e.Time.Sub(released.Timeline[0].Time); e.Kind == PathSelected && (e.Took != took || took <= 0) {
			t.Errorf("%+v took %s", e, took)
		}
	}
	peers := []string{"trying", "path-selected relayed", "path-selected direct-internet"}
	there := b.until(t, "direct", func(s Status) bool { return s.Path == path.DirectInternet }).Timeline
	if got := kindsOf(there); !slices.Equal(got, peers) {
		t.Errorf("without a relay of its own the peer tells %q, want %q", got, peers)
	}
	if selected := there[1]; selected.Relay != worldRelay {
		t.Errorf("the peer's relay is not named: %+v", selected)
	}
}

func TestTheTimelineTellsThatARelayRefuses(t *testing.T) {
	leaksNothing(t)
	server := newTURN(t, "127.0.0.1")
	wrong := credentials(server.udp)
	wrong.Password = "mistyped"
	a, _ := linked(t, dialer(t, Config{Servers: []Server{wrong}}), dialer(t, Config{}))
	status := a.until(t, "told", func(s Status) bool {
		return slices.ContainsFunc(s.Timeline, func(e Event) bool { return e.Kind == RelayFailed })
	})
	for _, e := range status.Timeline {
		if e.Kind == RelayReady || e.Kind == RelayFailed && e.Relay != server.udp {
			t.Errorf("the timeline has %+v", e)
		}
	}
}

func TestTheTimelineTellsOfARestartThatChangesNothing(t *testing.T) {
	t.Parallel()
	a, _ := linked(t, dialer(t, Config{}), dialer(t, Config{}))
	a.until(t, "direct", direct)
	a.Restart()
	want := []string{"trying", "path-selected direct-lan", "restarted", "path-selected direct-lan"}
	status := a.until(t, "back", func(s Status) bool { return len(s.Timeline) >= len(want) })
	if got := kindsOf(status.Timeline); !slices.Equal(got, want) {
		t.Errorf("the timeline is %q, want %q", got, want)
	}
	if again := status.Timeline[3]; again.Took != again.Time.Sub(status.Timeline[2].Time) {
		t.Errorf("after the restart %+v", again)
	}
}

func TestATimelineThatGrowsKeepsItsBeginning(t *testing.T) {
	t.Parallel()
	var line timeline
	now := time.Unix(1_800_000_000, 0)
	line.trying(now)
	var published [][]Event
	for n := range 3 * timelineLimit {
		now = now.Add(time.Second)
		line.selected(now, path.DirectLAN, "")
		line.selected(now, path.DirectLAN, "") // one event
		published = append(published, line.events)
		if !line.lost(now) || line.lost(now) {
			t.Fatalf("round %d: a loss is one event: %q", n, kindsOf(line.events))
		}
	}
	if len(line.events) != timelineLimit || line.events[0].Kind != Trying {
		t.Errorf("%d events, the first is %q", len(line.events), line.events[0].Kind)
	}
	for n, events := range published {
		if last := events[len(events)-1]; last.Kind != PathSelected || !last.Time.Equal(time.Unix(1_800_000_000+int64(n)+1, 0)) {
			t.Fatalf("what was published in round %d has become %+v", n, last)
		}
	}
}

func TestAPathsLossAndReturnAreTimed(t *testing.T) {
	t.Parallel()
	var line timeline
	began := time.Unix(1_800_000_000, 0)
	line.trying(began)
	line.selected(began.Add(time.Second), path.Relayed, "")
	line.selected(began.Add(2*time.Second), path.Relayed, "turn:a") // the name comes later
	line.lost(began.Add(10 * time.Second))
	line.restarted(began.Add(14*time.Second), false)
	line.selected(began.Add(15*time.Second), path.Relayed, "turn:b")
	want := []Event{
		{Time: began, Kind: Trying},
		{Time: began.Add(time.Second), Kind: PathSelected, Path: path.Relayed, Relay: "turn:a", Took: time.Second},
		{Time: began.Add(10 * time.Second), Kind: PathLost, Path: path.Relayed, Relay: "turn:a"},
		{Time: began.Add(14 * time.Second), Kind: Restarted},
		{Time: began.Add(15 * time.Second), Kind: PathSelected, Path: path.Relayed, Relay: "turn:b", Took: 5 * time.Second},
	}
	if !slices.Equal(line.events, want) {
		t.Errorf("the timeline is %+v", line.events)
	}
}
