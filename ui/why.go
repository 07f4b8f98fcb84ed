package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// why says in a sentence what bounds a transfer's rate just now; empty where
// there is nothing to say.
func why(w *words.Words, t engine.Transfer, peers []engine.Peer) string {
	s := t.Speed
	if s.Reason == "" {
		return ""
	}
	relay, limit := "", ""
	if s.Relay != "" {
		relay = path.ParseRelay(s.Relay).Name
	}
	if s.Limit > 0 {
		limit = words.Rate(s.Limit)
	}
	return w.Say("why."+string(s.Reason), map[string]string{
		"Peer": whoIs(w, s.Peer, peers), "Relay": relay, "Limit": limit, "Direction": string(t.Direction),
	})
}

// whoIs is what the peer with an id is called; empty for no id.
func whoIs(w *words.Words, id string, peers []engine.Peer) string {
	if id == "" {
		return ""
	}
	for i := range peers {
		if peers[i].ID == id && peers[i].Name != "" {
			return peers[i].Name
		}
	}
	return w.Say("why.somebody", nil)
}

// help is a button beside what bounds a rate. The zero value is none.
type help struct {
	text string
	icon fyne.Resource
	act  remedyAct
}

// remedyAct is what a remedy does.
type remedyAct int

const (
	noRemedy remedyAct = iota
	toLimits
	toRelayLimits
	toNewRelay
	toRendezvous
	toPolicy
	toNetwork
	toQuestion
	toChoice
)

// helpOf is what helps against a reason.
func helpOf(w *words.Words, t engine.Transfer) help {
	switch t.Speed.Reason {
	case engine.SpeedOwnLimit:
		return help{w.Say("why.to-settings", nil), theme.SettingsIcon(), toLimits}
	case engine.SpeedRelayLimit:
		return help{w.Say("why.to-settings", nil), theme.SettingsIcon(), toRelayLimits}
	case engine.SpeedRelayed, engine.SpeedConnecting, engine.SpeedPathChanging:
		return help{w.Say("why.to-network", nil), netIcon, toNetwork}
	case engine.SpeedAsking:
		if t.Question != nil {
			return help{w.Say("why.to-question", nil), theme.QuestionIcon(), toQuestion}
		}
	}
	return help{}
}

// problemHelp is what helps against the problem of a transfer. Where there are
// relays already, another one is not the first thing to try: the Network page
// tells how they are, and tests them.
func problemHelp(w *words.Words, t engine.Transfer, relays bool) help {
	if t.Problem == nil {
		return help{}
	}
	if canChooseAgain(t) {
		return help{w.Say("offer.choose-again", nil), theme.FolderOpenIcon(), toChoice}
	}
	switch t.Problem.Code {
	case engine.NoPath, engine.NoRelay:
		if relays {
			return help{w.Say("why.to-network", nil), netIcon, toNetwork}
		}
		return help{w.Say("why.to-relay", nil), theme.ContentAddIcon(), toNewRelay}
	case engine.PolicyBlocked:
		return help{w.Say("why.to-policy", nil), theme.SettingsIcon(), toPolicy}
	case engine.NoRendezvous:
		return help{w.Say("why.to-rendezvous", nil), theme.SettingsIcon(), toRendezvous}
	case engine.RelayLimitReached:
		return help{w.Say("why.to-settings", nil), theme.SettingsIcon(), toRelayLimits}
	default:
		return help{}
	}
}

// went says by which ways a transfer's bytes went, a line for each; empty before
// the first. It counts both ways, and what was sent twice, so it may be more
// than the transfer has.
func went(w *words.Words, t engine.Transfer) string {
	total := t.LANBytes + t.InternetBytes + t.RelayedBytes
	if total <= 0 {
		return ""
	}
	lan, internet, relayed := parts(t)
	lines := []string{w.Say("went.heading", nil)}
	way := func(key func(map[string]string) string, bytes int64, percent string) {
		if bytes > 0 {
			lines = append(lines, unbroken(key(map[string]string{"Size": words.Bytes(bytes), "Percent": percent})))
		}
	}
	way(func(part map[string]string) string { return w.Say("went.lan", part) }, t.LANBytes, lan)
	way(func(part map[string]string) string { return w.Say("went.internet", part) }, t.InternetBytes, internet)
	way(func(part map[string]string) string { return w.Say("went.relayed", part) }, t.RelayedBytes, relayed)
	return strings.Join(lines, "\n")
}

// parts are the parts of the ways in percent. As in the history, what rounding
// leaves belongs to what went directly: together they are 100 %.
func parts(t engine.Transfer) (lan, internet, relayed string) {
	total := t.LANBytes + t.InternetBytes + t.RelayedBytes
	lan, internet, relayed = relayedPart(t.LANBytes, total), relayedPart(t.InternetBytes, total), relayedPart(t.RelayedBytes, total)
	larger, least := &internet, t.LANBytes
	if t.LANBytes > t.InternetBytes {
		larger, least = &lan, t.InternetBytes
	}
	if rest := 100 - counted(t.RelayedBytes, total) - counted(least, total); rest > 0 && t.LANBytes+t.InternetBytes > 0 {
		*larger = words.Percent(rest, 100)
	}
	return lan, internet, relayed
}

// counted is what relayedPart says as a number; "<1 %" counts as 1.
func counted(part, total int64) int64 {
	if part <= 0 {
		return 0
	}
	return max(int64(float64(part)/float64(total)*100), 1)
}

// unbroken keeps each line of a text whole: a number and its unit belong
// together.
func unbroken(text string) string { return strings.ReplaceAll(text, " ", "\u00a0") }
