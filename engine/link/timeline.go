package link

import (
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

// Event is something that happened to a link's way.
type Event struct {
	Time time.Time
	Kind EventKind
	// Path is the path that was selected or lost.
	Path path.Kind
	// Relay is the TURN URI, with its transport, where it is about one.
	Relay string
	// Took, of a path that was selected, is how long that was since the search
	// began, since ICE began anew, or since the path before was lost.
	Took time.Duration
}

// EventKind names what happened.
type EventKind string

// The kinds.
const (
	// Trying: the search for a path begins. RelayReady: an allocation was made,
	// in case no direct path works. RelayFailed: a server gave none, or lost it.
	Trying      EventKind = "trying"
	RelayReady  EventKind = "relay-ready"
	RelayFailed EventKind = "relay-failed"
	// PathSelected: bytes go this way from now on. PathLost: they do not any more.
	PathSelected EventKind = "path-selected"
	PathLost     EventKind = "path-lost"
	// Restarted: ICE looks for paths anew.
	Restarted EventKind = "restarted"
	// RelayReleased: the allocation was given back.
	RelayReleased EventKind = "relay-released"
)

// timelineLimit bounds the events of a link.
const timelineLimit = 64

// timeline is what happened to a link's way. It belongs to the link's owner;
// slices that it has given away are never changed, only grown.
type timeline struct {
	events []Event
	began  time.Time     // of what the next path ends: see Event.Took
	stages map[int]stage // of allocations by number, as far as they are told
}

// add notes an event. The oldest are dropped, but for the first of all.
func (t *timeline) add(e Event) {
	if len(t.events) >= timelineLimit {
		t.events = append(slices.Clone(t.events[:1]), t.events[2:]...)
	}
	t.events = append(t.events, e)
}

// path returns the newest event that is about the path itself.
func (t *timeline) path() (at int, e Event) {
	for at, e := range slices.Backward(t.events) {
		switch e.Kind {
		case PathSelected, PathLost, Restarted:
			return at, e
		}
	}
	return -1, Event{}
}

// trying notes the first search.
func (t *timeline) trying(now time.Time) {
	t.began = now
	t.add(Event{Time: now, Kind: Trying})
}

// selected notes how bytes go from now on, if that is new.
func (t *timeline) selected(now time.Time, kind path.Kind, relay string) (added bool) {
	at, last := t.path()
	switch {
	case last.Kind != PathSelected || last.Path != kind:
	case last.Relay == relay || relay == "":
		return false
	case last.Relay == "": // the peer has told its name now
		t.events = slices.Clone(t.events)
		t.events[at].Relay = relay
		return true
	}
	t.add(Event{Time: now, Kind: PathSelected, Path: kind, Relay: relay, Took: now.Sub(t.began)})
	return true
}

// lost notes that the path was lost, if there was one.
func (t *timeline) lost(since time.Time) (added bool) {
	_, last := t.path()
	if last.Kind == PathLost || last.Kind == "" {
		return false
	}
	if last.Kind == Restarted {
		last = t.lastSelected()
	}
	t.began = since
	t.add(Event{Time: since, Kind: PathLost, Path: last.Path, Relay: last.Relay})
	return true
}

func (t *timeline) lastSelected() Event {
	for _, e := range slices.Backward(t.events) {
		if e.Kind == PathSelected {
			return e
		}
	}
	return Event{}
}

// restarted notes that ICE begins anew; while there is no path it is a part of
// the same search.
func (t *timeline) restarted(now time.Time, whilePath bool) {
	if whilePath {
		t.began = now
	}
	t.add(Event{Time: now, Kind: Restarted})
}

// relays notes what has become of allocations. abandoned are given up before
// they were made, which is nobody's failure.
func (t *timeline) relays(now time.Time, all []*allocation) (added bool) {
	if t.stages == nil {
		t.stages = map[int]stage{}
	}
	known := make(map[int]stage, len(all))
	for _, a := range all {
		uri, at, asked := a.told()
		before, seen := t.stages[a.number]
		if !seen {
			before = unasked
		}
		known[a.number] = max(at, before)
		if at <= before || uri == "" || !asked {
			continue
		}
		var kinds []EventKind
		if at != failed && at >= held && before < held {
			kinds = append(kinds, RelayReady)
		}
		switch {
		case at == failed, at == gone:
			kinds = append(kinds, RelayFailed)
		case at >= releasing && before < releasing:
			kinds = append(kinds, RelayReleased)
		}
		for _, kind := range kinds {
			t.add(Event{Time: now, Kind: kind, Relay: uri})
			added = true
		}
	}
	t.stages = known
	return added
}

// forsake takes allocations that are being asked for as told: what becomes of
// them is of no interest when ICE begins anew.
func (t *timeline) forsake(all []*allocation) {
	for _, a := range all {
		if _, at, _ := a.told(); at <= asking {
			t.stages[a.number] = failed
		}
	}
}

// told is what the timeline tells of an allocation.
func (a *allocation) told() (uri string, at stage, asked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		uri = a.server.uri
	}
	return uri, a.stage, !a.since.IsZero()
}

// notePath tells in the timeline how bytes go now, and before that, how it came
// about.
func (l *Link) notePath(kind path.Kind, relay string) {
	l.noteRelays()
	if l.state.timeline.selected(time.Now(), kind, relay) {
		l.state.dirty = true
	}
}

// noteReturn tells of the path after a restart that has not changed it.
func (l *Link) noteReturn() {
	s := &l.state
	if _, last := s.timeline.path(); last.Kind != Restarted || s.restarting || time.Since(s.restarted) < lossShown {
		return
	}
	if kind, relay, _ := l.classify(); kind != path.Connecting && l.config.Policy.Permits(kind) {
		l.notePath(kind, relay)
	}
}

// noteRelays tells of allocations in the timeline.
func (l *Link) noteRelays() {
	if l.state.timeline.relays(time.Now(), l.sockets.used()) {
		l.state.dirty = true
	}
}
