package ui

import (
	"strconv"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
)

// moment is something that happened on the way to a peer, in words.
type moment struct {
	at   time.Time
	text string
}

// moments puts what was tried for a peer into words. server writes the host of a
// relay as openly as it may be.
func moments(w *words.Words, events []link.Event, server func(string) string) []moment {
	told := make([]moment, 0, len(events))
	var began time.Time // of the search that goes on
	connected := false
	for _, e := range events {
		took := e.Took
		switch e.Kind {
		case link.Trying, link.Restarted:
			began = e.Time
		case link.RelayReady:
			if !connected && !began.IsZero() {
				took = e.Time.Sub(began)
			}
		}
		relay := ""
		if e.Relay != "" {
			relay = relayName(e.Relay, server)
		}
		told = append(told, moment{e.Time, w.Say("timeline."+string(e.Kind), map[string]any{
			"Path": pathName(w, e.Path), "Relay": relay, "Took": seconds(w, took), "Switched": connected,
		})})
		switch e.Kind {
		case link.PathSelected:
			connected = true
		case link.PathLost:
			connected = false
		}
	}
	return told
}

// pathName is the badge's words for a kind of path.
func pathName(w *words.Words, kind path.Kind) string { return pathFace(w, kind, "", false).Text }

// seconds writes how long something took; empty for what took no time.
func seconds(w *words.Words, d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < 10*time.Second:
		return w.Say("timeline.seconds", map[string]string{"Seconds": strconv.FormatFloat(max(d.Seconds(), 0.1), 'f', 1, 64)})
	case d < 2*time.Minute:
		return w.Say("timeline.seconds", map[string]string{"Seconds": strconv.Itoa(int(d.Round(time.Second).Seconds()))})
	default:
		return w.Say("timeline.minutes", map[string]string{"Minutes": strconv.Itoa(int(d.Round(time.Minute).Minutes()))})
	}
}
