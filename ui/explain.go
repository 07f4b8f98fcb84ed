package ui

import (
	"slices"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// switchingTime is for how long a relayed path is said to be about to change.
// What takes longer may not come at all.
const switchingTime = 30 * time.Second

// explain puts an explanation into words; empty where nothing was found out.
func explain(w *words.Words, e netcheck.Explanation) string {
	if e.Path == "" && len(e.Own)+len(e.Theirs) == 0 {
		return ""
	}
	return w.Explain(words.Explanation{
		Path: string(e.Path), Forecast: e.Forecast, Opening: string(e.Opening),
		Own: words.Strings(e.Own), Theirs: words.Strings(e.Theirs), Remedies: words.Strings(e.Remedies),
	})
}

// mayBecomeDirect reports whether nothing is known that keeps a relayed path
// from being direct: neither network has a reason, and none has to be remedied.
func mayBecomeDirect(p engine.Peer) bool {
	e := p.Explanation
	if p.Path != path.Relayed {
		return false
	}
	return e.Path.Direct() || e.Path == path.Relayed && len(e.Own)+len(e.Theirs)+len(e.Remedies) == 0
}

// switching reports whether a peer's path is about to become direct.
func switching(p engine.Peer, now time.Time) bool {
	return mayBecomeDirect(p) && (p.Since.IsZero() || now.Sub(p.Since) < switchingTime)
}

// story says why a peer's path is what it is, and what it was before.
func story(w *words.Words, p engine.Peer) string {
	why := ""
	switch {
	case mayBecomeDirect(p):
		why = w.Say("peer.switching", nil)
	case p.Path.Direct() && p.Explanation.Opening == "":
		// The badge says all.
	default:
		why = explain(w, p.Explanation)
	}
	return w.Sentences(why, relayedFirst(w, p))
}

// sameStory reports whether the story of a peer would be told in the same words.
func sameStory(a, b *engine.Peer) bool {
	x, y := &a.Explanation, &b.Explanation
	return a.Path == b.Path && x.Path == y.Path && x.Forecast == y.Forecast && x.Opening == y.Opening &&
		slices.Equal(x.Own, y.Own) && slices.Equal(x.Theirs, y.Theirs) && slices.Equal(x.Remedies, y.Remedies) &&
		sameRelayedFirst(a, b)
}

func sameRelayedFirst(a, b *engine.Peer) bool {
	if !a.Path.Direct() || a.BytesRelayed <= 0 && b.BytesRelayed <= 0 {
		return true // nothing is said of it
	}
	return a.BytesRelayed == b.BytesRelayed && a.RelayReleased.Equal(b.RelayReleased) &&
		relayedPart(a.BytesRelayed, a.BytesIn+a.BytesOut) == relayedPart(b.BytesRelayed, b.BytesIn+b.BytesOut)
}

// relayedFirst tells what a relay carried before the path was direct.
func relayedFirst(w *words.Words, p engine.Peer) string {
	if !p.Path.Direct() || p.BytesRelayed <= 0 {
		return ""
	}
	said := w.Say("peer.relayed-first", map[string]string{
		"Size":    unbroken(words.Bytes(p.BytesRelayed)),
		"Percent": unbroken(relayedPart(p.BytesRelayed, p.BytesIn+p.BytesOut)),
	})
	if p.RelayReleased.IsZero() {
		return said
	}
	return w.Sentences(said, w.Say("peer.relay-released", map[string]string{"Time": p.RelayReleased.Local().Format(time.TimeOnly)}))
}

// relayedPart is a part in percent; what is more than nothing is not "0 %".
func relayedPart(part, total int64) string {
	if part > 0 && float64(part) < float64(total)/100 {
		return "<1 %"
	}
	return words.Percent(part, total)
}
