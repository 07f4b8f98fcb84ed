package ui

import (
	"errors"
	"net"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// between parts two facts on one line.
const between = " · "

// Sentence says what happened and what to do about it.
func Sentence(w *words.Words, err error) string {
	var problem *engine.Problem
	if !errors.As(err, &problem) {
		problem = &engine.Problem{Code: engine.Internal, Err: err}
	}
	// What both networks are like says more than that there is no path.
	if why := problem.Explanation; problem.Code == engine.NoPath && why != nil && len(why.Remedies) > 0 {
		return explain(w, *why)
	}
	detail := ""
	if problem.Err != nil {
		detail = problem.Err.Error()
	}
	about := map[string]string{"Subject": problem.Subject, "Detail": detail, "Needed": "", "Free": ""}
	if problem.Needed > 0 {
		about["Needed"], about["Free"] = words.Bytes(problem.Needed), words.Bytes(problem.Free)
	}
	return w.Say("problem."+string(problem.Code), about)
}

// title is what a transfer is called while its name is not known yet, too.
func title(w *words.Words, t engine.Transfer) string {
	if t.Name == "" {
		return w.Say("transfer.unnamed", nil)
	}
	return t.Name
}

// status says in one line what a transfer is doing, how far it is, and how fast.
func status(w *words.Words, t engine.Transfer) string { return facts(standing(w, t), speed(w, t)) }

// standing says what a transfer is doing and how far it is.
func standing(w *words.Words, t engine.Transfer) string {
	switch t.Phase {
	case engine.Offered:
		return offered(w, t)
	case engine.Preparing:
		if t.Direction == engine.Receive {
			return w.Say("status.sender-prepares", map[string]string{"Percent": fraction(t.Preparing)})
		}
		return facts(w.Say("status.preparing", map[string]string{"Percent": words.Percent(t.Bytes, t.Total)}), size(w, t))
	case engine.Waiting:
		return facts(w.Say("status.waiting-"+string(t.Direction), nil), size(w, t))
	case engine.Connecting:
		return facts(w.Say("status.connecting", nil), size(w, t))
	case engine.Transferring:
		if unlisted(t) {
			return w.Say("status.sender-prepares", map[string]string{"Percent": fraction(t.Preparing)})
		}
		return facts(words.Percent(t.Bytes, t.Total), amount(w, t))
	case engine.Complete:
		if t.Direction == engine.Send {
			return facts(w.Count("status.sent", t.Receivers), size(w, t))
		}
		return facts(w.Say("status.received", nil), size(w, t))
	case engine.Paused:
		return facts(w.Say("status.paused", nil), amount(w, t))
	default:
		return facts(w.Say("status.failed", nil), amount(w, t))
	}
}

// offered says who offers a share and what is in it.
func offered(w *words.Words, t engine.Transfer) string {
	if t.Total <= 0 {
		return w.Say("status.looking", nil)
	}
	if t.Sender == "" {
		return facts(w.Say("status.offered-unnamed", nil), size(w, t))
	}
	return facts(w.Say("status.offered", map[string]string{"Name": t.Sender}), size(w, t))
}

// unlisted reports whether the sender has not listed its files yet.
func unlisted(t engine.Transfer) bool {
	return t.Preparing >= 0 && t.Direction == engine.Receive && t.Total == 0
}

// speed says how fast a transfer is, and how long it still takes; empty while
// it is not moving.
func speed(w *words.Words, t engine.Transfer) string {
	// With those who are here paused, a rate of nothing is no news.
	paused := t.Rate == 0 && t.Speed.Reason == engine.SpeedWaiting
	if t.Phase != engine.Transferring || unlisted(t) || paused {
		return ""
	}
	left := ""
	if t.Rate > 0 {
		left = w.Left(t.Left)
	}
	return facts(words.Rate(t.Rate), left)
}

// amount is "540 MB of 1.2 GB", or nothing while the total is unknown.
func amount(w *words.Words, t engine.Transfer) string {
	if t.Total <= 0 {
		return ""
	}
	return w.Say("amount", map[string]string{"Part": words.Bytes(t.Bytes), "Total": words.Bytes(t.Total)})
}

// size is "2,001 files · 1.2 GB", as far as it is known.
func size(w *words.Words, t engine.Transfer) string {
	var parts []string
	files := t.Files
	if t.Chosen > 0 { // of which alone Total tells
		files = t.Chosen
	}
	if files > 0 {
		parts = append(parts, w.Count("files", files))
	}
	if t.Total > 0 {
		parts = append(parts, words.Bytes(t.Total))
	}
	return facts(parts...)
}

func facts(parts ...string) string {
	var known []string
	for _, part := range parts {
		if part != "" {
			known = append(known, part)
		}
	}
	return strings.Join(known, between)
}

func fraction(part float64) string { return words.Percent(int64(part*10_000), 10_000) }

// progress is how full a transfer's bar is, and in which colour.
func progress(t engine.Transfer) (float32, fyne.ThemeColorName) {
	part := float32(0)
	if t.Total > 0 {
		part = float32(float64(t.Bytes) / float64(t.Total))
	}
	switch t.Phase {
	case engine.Preparing:
		if t.Direction == engine.Receive {
			part = float32(max(t.Preparing, 0))
		}
		return part, look.ColorIdle
	case engine.Complete:
		return 1, look.ColorDirect
	case engine.Failed:
		return part, theme.ColorNameError
	case engine.Paused, engine.Waiting, engine.Connecting:
		return part, look.ColorIdle
	default:
		return part, theme.ColorNamePrimary
	}
}

// pathFace is the badge of a path. relay is the TURN URI, if any; better tells
// that a relayed path is about to be direct.
func pathFace(w *words.Words, kind path.Kind, relay string, better bool) look.BadgeFace {
	switch kind {
	case path.DirectLAN:
		return look.BadgeFace{Text: w.Say("path.direct-lan", nil), Level: 4, Color: look.ColorDirect}
	case path.DirectInternet:
		return look.BadgeFace{Text: w.Say("path.direct-internet", nil), Level: 3, Color: look.ColorDirect}
	case path.Relayed:
		if better {
			return look.BadgeFace{Text: w.Say("path.switching", nil), Mark: look.BarsAndArrow, Level: 2, Color: look.ColorRelayed}
		}
		if path.ParseRelay(relay).Restricted {
			return look.BadgeFace{Text: w.Say("path.relayed-restricted", nil), Mark: look.BarsAndBox, Level: 1, Color: look.ColorRelayed}
		}
		return look.BadgeFace{Text: w.Say("path.relayed", nil), Mark: look.BarsAndBox, Level: 2, Color: look.ColorRelayed}
	default:
		return look.BadgeFace{Text: w.Say("path.connecting", nil), Mark: look.BarsAndDots, Color: look.ColorIdle}
	}
}

// badge is the badge of a whole transfer and what it means; false where there is
// no path to speak of.
func badge(w *words.Words, t engine.Transfer, peers []engine.Peer, policy path.Policy, now time.Time) (look.BadgeFace, string, bool) {
	if t.Problem != nil {
		switch t.Problem.Code {
		case engine.NoPath:
			return look.BadgeFace{Text: w.Say("path.none", nil), Mark: look.Cross, Color: theme.ColorNameError},
				w.Say("path-means.none", nil), true
		case engine.PolicyBlocked:
			return look.BadgeFace{Text: w.Say("path.blocked", map[string]string{"Policy": t.Problem.Subject}), Mark: look.Shield, Color: look.ColorRelayed},
				w.Say("path-means.blocked", nil), true
		}
	}
	known := t.Path != "" && t.Path != path.Connecting
	if !known && t.Phase != engine.Connecting || t.Phase == engine.Paused || t.Phase == engine.Failed || t.Phase == engine.Waiting ||
		t.Phase == engine.Offered {
		return look.BadgeFace{}, "", false
	}
	leader, found := leading(t, peers)
	better := found && switching(leader, now)
	return pathFace(w, t.Path, leader.Relay, better), pathTip(w, t.Path, leader.Relay, policy, better), true
}

// leading is the peer that the path of a transfer is taken from: of those on
// it, the one with which most bytes move.
func leading(t engine.Transfer, peers []engine.Peer) (engine.Peer, bool) {
	leader, most := -1, int64(-1)
	for i := range peers {
		if moved := peers[i].RateIn + peers[i].RateOut; peers[i].Path == t.Path && moved > most {
			leader, most = i, moved
		}
	}
	if leader < 0 {
		return engine.Peer{}, false
	}
	return peers[leader], true
}

// pathTip says what the badge of a path means. better tells that a relayed path
// is about to be direct.
func pathTip(w *words.Words, kind path.Kind, relay string, policy path.Policy, better bool) string {
	if better {
		return w.Say("path-means.switching", nil)
	}
	if text := pathSentence(w, kind, relay, policy); text != "" {
		return text
	}
	return w.Say("path-means.connecting", nil)
}

// pathSentence says what a path means for the user's files. Under relay-only
// nobody tries for a direct path.
func pathSentence(w *words.Words, kind path.Kind, relay string, policy path.Policy) string {
	switch kind {
	case path.DirectLAN, path.DirectInternet:
		return w.Say("path-means."+string(kind), nil)
	case path.Relayed:
		text := w.Say("path-means.relayed", nil)
		if path.ParseRelay(relay).Restricted {
			text = w.Sentences(w.Say("path-means.relayed-restricted", nil), text)
		}
		if policy != path.RelayOnly {
			text = w.Sentences(text, w.Say("path-means.still-trying", nil))
		}
		return text
	default:
		return ""
	}
}

// peerName is what a person recognises a peer by. Its program is told where
// there is no name; else the drawer has it.
func peerName(w *words.Words, p engine.Peer) string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Client != "":
		return p.Client
	default:
		return w.Say("peer.unnamed", nil)
	}
}

// route says through whom or to where the bytes of a peer go, and how fast an
// answer comes.
func route(w *words.Words, p engine.Peer) string {
	where := p.Remote.Address
	if host, _, err := net.SplitHostPort(where); err == nil {
		where = host
	}
	if p.Path == path.Relayed {
		where = w.Say("peer.other-relay", nil)
		if p.Relay != "" {
			where = w.Say("peer.relay", map[string]string{"Relay": path.ParseRelay(p.Relay).Name})
		}
	}
	protocol := strings.ToUpper(p.Remote.Protocol)
	if p.Path == path.Relayed && p.Relay != "" {
		protocol = path.ParseRelay(p.Relay).Protocol
	}
	return facts(where, words.RoundTrip(p.RTT), protocol)
}
