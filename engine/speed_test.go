package engine

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
)

func TestWhatBoundsARateIsTheFirstThingThatApplies(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	direct := leading{id: "ben"}
	relayed := leading{id: "ben", relayed: true, relay: "turn:a"}
	flows := func(change func(*bounds)) bounds {
		b := bounds{phase: Transferring, missing: true, leading: direct}
		change(&b)
		return b
	}
	byRelay := func(change func(*bounds)) bounds {
		return flows(func(b *bounds) { b.leading = relayed; change(b) })
	}
	for name, c := range map[string]struct {
		bounds
		want Speed
	}{
		"paused":              {bounds{phase: Paused}, Speed{}},
		"failed":              {bounds{phase: Failed, asking: true}, Speed{}},
		"complete":            {bounds{phase: Complete, leading: direct}, Speed{}},
		"offered":             {bounds{phase: Offered}, Speed{}},
		"hashed here":         {bounds{phase: Preparing}, Speed{Reason: SpeedPreparing}},
		"hashed there":        {bounds{phase: Preparing, preparer: "anna"}, Speed{Reason: SpeedPreparing, Peer: "anna"}},
		"alone":               {bounds{phase: Waiting}, Speed{Reason: SpeedWaiting}},
		"found":               {bounds{phase: Connecting, leading: direct}, Speed{Reason: SpeedConnecting, Peer: "ben"}},
		"found, not met":      {bounds{phase: Connecting}, Speed{Reason: SpeedConnecting}},
		"everybody pauses":    {bounds{phase: Transferring, paused: "ben"}, Speed{Reason: SpeedWaiting, Peer: "ben"}},
		"moved to its place":  {flows(func(b *bounds) { b.placing = true }), Speed{Reason: SpeedPlacing}},
		"asked here":          {byRelay(func(b *bounds) { b.asking = true; b.leading.held = true }), Speed{Reason: SpeedAsking}},
		"asked there":         {byRelay(func(b *bounds) { b.leading.held = true }), Speed{Reason: SpeedAsking, Peer: "ben"}},
		"asked, and direct":   {flows(func(b *bounds) { b.leading.held = true }), Speed{Reason: SpeedNetwork, Peer: "ben"}},
		"denied":              {byRelay(func(b *bounds) { b.denied = true }), Speed{Reason: SpeedRelayDenied, Peer: "ben"}},
		"denied, and direct":  {flows(func(b *bounds) { b.denied = true }), Speed{Reason: SpeedNetwork, Peer: "ben"}},
		"lost":                {byRelay(func(b *bounds) { b.leading.changing = true }), Speed{Reason: SpeedPathChanging, Peer: "ben"}},
		"relay's limit":       {byRelay(func(b *bounds) { b.relay = boundary{mb, mb}; b.own = boundary{mb, mb} }), Speed{Reason: SpeedRelayLimit, Relay: "turn:a", Limit: mb}},
		"relay's, and direct": {flows(func(b *bounds) { b.relay = boundary{mb, mb} }), Speed{Reason: SpeedNetwork, Peer: "ben"}},
		"a tenth below":       {flows(func(b *bounds) { b.own = boundary{mb - mb/10, mb} }), Speed{Reason: SpeedOwnLimit, Limit: mb}},
		"more below":          {flows(func(b *bounds) { b.own = boundary{mb - mb/8, mb} }), Speed{Reason: SpeedNetwork, Peer: "ben"}},
		"above":               {flows(func(b *bounds) { b.own = boundary{3 * mb, mb} }), Speed{Reason: SpeedOwnLimit, Limit: mb}},
		"no limit":            {flows(func(b *bounds) { b.own = boundary{3 * mb, 0} }), Speed{Reason: SpeedNetwork, Peer: "ben"}},
		"spared":              {flows(func(b *bounds) { b.own = boundary{mb, mb}; b.leading.spared = true }), Speed{Reason: SpeedNetwork, Peer: "ben"}},
		"their limit":         {byRelay(func(b *bounds) { b.leading.there = boundary{mb, mb} }), Speed{Reason: SpeedTheirLimit, Peer: "ben", Limit: mb}},
		"both limits": {flows(func(b *bounds) { b.own = boundary{mb, mb}; b.leading.there = boundary{mb, mb} }),
			Speed{Reason: SpeedOwnLimit, Limit: mb}},
		"relayed":               {byRelay(func(*bounds) {}), Speed{Reason: SpeedRelayed, Peer: "ben", Relay: "turn:a"}},
		"relayed in vain":       {byRelay(func(b *bounds) { b.missing = false }), Speed{Reason: SpeedNothingMissing}},
		"they have what is had": {flows(func(b *bounds) { b.missing = false }), Speed{Reason: SpeedNothingMissing}},
		"as fast as it can be":  {flows(func(*bounds) {}), Speed{Reason: SpeedNetwork, Peer: "ben"}},
	} {
		if got := c.speed(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestALinkThatLooksForAnotherPathIsChanging(t *testing.T) {
	t.Parallel()
	up := link.Status{Up: true, Path: path.Relayed}
	events := func(kinds ...link.EventKind) link.Status {
		s := up
		for _, kind := range kinds {
			s.Timeline = append(s.Timeline, link.Event{Kind: kind})
		}
		return s
	}
	for name, c := range map[string]struct {
		peerLink
		want bool
	}{
		"new":       {peerLink{status: link.Status{Path: path.Connecting}}, false},
		"lost":      {peerLink{wasUp: true, status: link.Status{Path: path.Connecting}}, true},
		"between":   {peerLink{wasUp: true, status: link.Status{Up: true, Path: path.Connecting}}, true},
		"up":        {peerLink{wasUp: true, status: events(link.Trying, link.PathSelected, link.RelayReleased)}, false},
		"restarts":  {peerLink{wasUp: true, status: events(link.Trying, link.PathSelected, link.Restarted, link.RelayReady)}, true},
		"restarted": {peerLink{wasUp: true, status: events(link.PathSelected, link.Restarted, link.PathSelected)}, false},
	} {
		if got := c.changing(); got != c.want {
			t.Errorf("%s: changing is %v", name, got)
		}
	}
}

func TestALimitThatAPeerTellsMayBeAnything(t *testing.T) {
	t.Parallel()
	for told, want := range map[int64]int64{0: 0, 1: 1, 5 << 20: 5 << 20, -1: 0, 1 << 62: 0} {
		if got := (hello{LimitUp: told, LimitDown: told}).checked(); got.LimitUp != want || got.LimitDown != want {
			t.Errorf("%d is taken for %d and %d", told, got.LimitUp, got.LimitDown)
		}
	}
}

func TestThePathThatCarriesMostLeads(t *testing.T) {
	t.Parallel()
	now := time.Now()
	o := &owner{limited: throughput{up: 100, down: 200}}
	tr := &transfer{record: &record{Direction: Receive}, members: map[link.Identity]*member{}}
	join := func(n byte, kind path.Kind, rate int64, h hello) {
		id := link.Identity{n}
		m := &member{transfer: tr, joined: now.Add(time.Duration(n) * time.Second), hello: h, greeted: true,
			link: &peerLink{identity: id, id: id.String(), wasUp: true, status: link.Status{Up: true, Path: kind, Relay: "turn:a"}}}
		m.in.add(now, 0)
		m.in.add(now.Add(time.Second), rate)
		tr.members[id] = m
		o.transfers = []*transfer{tr}
	}
	join(1, path.DirectLAN, 10, hello{LimitUp: 7, Complete: true})
	join(2, path.Relayed, 50, hello{LimitUp: 50, Held: true})
	join(3, path.DirectInternet, 90, hello{Paused: true})
	first, paused := tr.lead(o)
	if first.id != (link.Identity{2}).String() || !first.relayed || !first.held || first.there != (boundary{50, 50}) || first.spared || paused == "" {
		t.Errorf("leading is %+v, paused %q", first, paused)
	}
	join(4, path.DirectLAN, 60, hello{LimitUp: 60})
	if first, _ = tr.lead(o); !first.spared || first.there.limit != 0 {
		t.Errorf("in the same network %+v leads, and limits are not for it", first)
	}
	o.measureFlow()
	if o.flowing != (flowing{down: 140, relayed: 50}) {
		t.Errorf("what flows is %+v", o.flowing)
	}
	o.limited.lan = true
	o.measureFlow()
	if o.flowing.down != 210 {
		t.Errorf("with limits for the own network too %+v flow", o.flowing)
	}
}
