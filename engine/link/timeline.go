package link

import (
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
	// Took is how long it took: to a path, or the time without one.
	Took time.Duration
}

// EventKind names what happened.
type EventKind string

// The kinds.
const (
	// Trying: the search for a path begins. RelayReady: an allocation was made,
	// in case no direct path works. RelayFailed: none could be made.
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
