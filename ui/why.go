package ui

import (
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

// went says by which ways a transfer's bytes went; empty before the first.
func went(w *words.Words, t engine.Transfer) string {
	total := t.LANBytes + t.InternetBytes + t.RelayedBytes
	part := func(bytes int64) map[string]string {
		return map[string]string{"Size": words.Bytes(bytes), "Percent": relayedPart(bytes, total)}
	}
	var lan, internet, relayed string
	if t.LANBytes > 0 {
		lan = w.Say("went.lan", part(t.LANBytes))
	}
	if t.InternetBytes > 0 {
		internet = w.Say("went.internet", part(t.InternetBytes))
	}
	if t.RelayedBytes > 0 {
		relayed = w.Say("went.relayed", part(t.RelayedBytes))
	}
	return facts(lan, internet, relayed)
}
