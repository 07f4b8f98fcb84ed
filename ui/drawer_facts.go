package ui

import (
	"strings"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// fact is one thing that is known of a peer, and what it is called.
type fact struct{ label, value string }

// peerFacts are what is known of the way to a peer; a value may have two lines.
// address writes IP:port,
// and server the host of a relay, as openly as it may be.
func peerFacts(w *words.Words, p engine.Peer, now time.Time, address, server func(string) string) (known []fact) {
	add := func(label, value string) {
		if value != "" {
			known = append(known, fact{label, value})
		}
	}
	if p.Path != "" && p.Path != path.Connecting {
		add(w.Say("drawer.since", nil), clock(w, p.Since, now))
	}
	add(w.Say("drawer.relayed", nil), relayedFact(w, p))
	add(w.Say("drawer.round-trip", nil), words.RoundTrip(p.RTT))
	add(w.Say("drawer.local", nil), candidateFact(w, p.Local, address, map[string]string{
		path.Host: w.Say("drawer.candidate-host", nil), path.PeerReflexive: w.Say("drawer.candidate-prflx", nil),
	}))
	add(w.Say("drawer.remote", nil), candidateFact(w, p.Remote, address, map[string]string{
		path.Host: w.Say("drawer.candidate-host-remote", nil), path.PeerReflexive: w.Say("drawer.candidate-prflx-remote", nil),
	}))
	add(w.Say("drawer.relay", nil), relayFact(w, p, now, server))
	add(w.Say("drawer.credential", nil), clock(w, p.RelayExpires, now))
	add(w.Say("drawer.lane", nil), laneFact(w, p))
	add(w.Say("drawer.rendezvous", nil), rendezvousFact(w, p))
	add(w.Say("drawer.client", nil), oneLine(p.Client))
	return known
}

// clock writes a time of today to the second, and an earlier or later one with
// its day; empty for the zero time.
func clock(w *words.Words, t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return w.When(t, now)
}

func relayedFact(w *words.Words, p engine.Peer) string {
	all := p.BytesIn + p.BytesOut
	switch {
	case all <= 0:
		return ""
	case p.BytesRelayed <= 0:
		return w.Say("drawer.relayed-none", nil)
	default:
		return w.Say("drawer.relayed-part", map[string]string{
			"Part": words.Bytes(p.BytesRelayed), "Total": words.Bytes(all), "Percent": relayedPart(p.BytesRelayed, all),
		})
	}
}

// candidateFact is an address and where it was learned. kinds are the words for
// what is told differently of this computer and of the other side.
func candidateFact(w *words.Words, c path.Candidate, address func(string) string, kinds map[string]string) string {
	if c.Address == "" {
		return ""
	}
	kind := kinds[c.Type]
	switch c.Type {
	case path.ServerReflexive:
		kind = w.Say("drawer.candidate-srflx", nil)
	case path.RelayedType:
		kind = w.Say("drawer.candidate-relay", nil)
	}
	return strings.TrimRight(facts(address(c.Address), strings.ToUpper(c.Protocol))+"\n"+kind, "\n")
}

// relayFact names the relay that carries the bytes, or is held in case the
// direct path fails, or says that it was given back.
func relayFact(w *words.Words, p engine.Peer, now time.Time, server func(string) string) string {
	if p.Path == path.Relayed && p.Relay == "" {
		return w.Say("drawer.relay-theirs", nil)
	}
	if p.Relay != "" {
		return relayName(p.Relay, server)
	}
	for _, use := range p.Relays {
		if use.Released.IsZero() && use.Server != "" {
			return w.Say("drawer.relay-held", map[string]string{"Relay": relayName(use.Server, server)})
		}
	}
	if p.RelayReleased.IsZero() {
		return ""
	}
	return w.Say("drawer.relay-released", map[string]string{"Time": clock(w, p.RelayReleased, now)})
}

// relayName is a relay's host, and how it is reached.
func relayName(uri string, server func(string) string) string {
	relay := path.ParseRelay(uri)
	if relay.Protocol == "" {
		return server(relay.Name)
	}
	return server(relay.Name) + " (" + relay.Protocol + ")"
}

func laneFact(w *words.Words, p engine.Peer) string {
	if p.Path == "" || p.Path == path.Connecting {
		return ""
	}
	switch p.Lane {
	case path.WebRTC:
		return w.Say("drawer.lane-webrtc", nil)
	case path.QUIC:
		return w.Say("drawer.lane-quic", nil)
	case path.TCP:
		return w.Say("drawer.lane-tcp", nil)
	default:
		return ""
	}
}

func rendezvousFact(w *words.Words, p engine.Peer) string {
	if p.RendezvousNeeded {
		return w.Say("drawer.rendezvous-needed", nil)
	}
	return w.Say("drawer.rendezvous-done", nil)
}

// longest is how much of a text that a peer sent is shown, in letters.
const longest = 80

// oneLine makes a text that a peer sent fit into one line.
func oneLine(text string) string {
	letters := []rune(strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, text)), " "))
	if len(letters) > longest {
		return string(letters[:longest]) + "…"
	}
	return string(letters)
}
