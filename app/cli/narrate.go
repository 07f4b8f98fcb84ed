package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// narrate says what has happened to a transfer between two states, a line for
// each thing: a new phase, a new problem, a new or changed path.
func narrate(before, after engine.State, id engine.TransferID) []string {
	was, _ := before.Transfer(id)
	is, found := after.Transfer(id)
	if !found {
		return nil
	}
	var lines []string
	if is.Phase != was.Phase {
		lines = append(lines, phaseLine(is)...)
	}
	if is.Skipped > 0 && is.Skipped != was.Skipped {
		lines = append(lines, english.Count("row.skipped", is.Skipped))
	}
	if is.Problem != nil && !sameProblem(was.Problem, is.Problem) && goesOn(is) {
		lines = append(lines, sentence(is.Problem))
	}
	if is.Question != nil && (was.Question == nil || is.Question.Limit != was.Question.Limit || is.Question.Allowed != was.Question.Allowed) {
		lines = append(lines, questionLine(*is.Question))
	}
	if is.RelayDenied && !was.RelayDenied {
		lines = append(lines, english.Say("question.denied", nil))
	}
	if is.Receivers > was.Receivers && is.Direction == engine.Send {
		lines = append(lines, receiversLine(is.Receivers))
	}
	lines = append(lines, serverLines(before.Network.Relays, after.Network.Relays)...)
	lines = append(lines, problemLines(before.Problems, after.Problems)...)
	return append(lines, pathLines(before.PeersOf(id), after.PeersOf(id), is.Total)...)
}

// serverLines says which TURN servers cannot be used any more, and why.
func serverLines(before, after []engine.Relay) []string {
	var lines []string
	for _, relay := range after {
		known := slices.ContainsFunc(before, func(r engine.Relay) bool {
			return r.URL == relay.URL && r.Failure != nil && relay.Failure != nil &&
				r.Failure.Reason == relay.Failure.Reason && r.Failure.Code == relay.Failure.Code
		})
		if relay.Failure != nil && !known {
			lines = append(lines, printable(serverSentence(relay.URL, relay.Failure)))
		}
	}
	return lines
}

// problemLines says what has come up that concerns no single transfer.
func problemLines(before, after []engine.Problem) []string {
	var lines []string
	for _, problem := range after {
		known := slices.ContainsFunc(before, func(p engine.Problem) bool { return sameProblem(&p, &problem) })
		if !known {
			lines = append(lines, sentence(&problem))
		}
	}
	return lines
}

// goesOn reports whether a transfer with a problem is not at its end. What ends
// it is told then.
func goesOn(t engine.Transfer) bool {
	switch {
	case t.Phase != engine.Failed, t.Problem.Code == engine.NoPath:
		return true
	default:
		return t.Problem.Code == engine.PolicyBlocked && t.Direction == engine.Send
	}
}

// phaseLine says what a transfer does now. Failed says nothing: its problem is
// told at the end.
func phaseLine(t engine.Transfer) []string {
	sending := t.Direction == engine.Send
	switch t.Phase {
	case engine.Preparing:
		if sending {
			return []string{"Preparing " + title(t) + "; the invitation works already."}
		}
		return []string{"The sender is still preparing the share."}
	case engine.Waiting:
		if sending {
			return []string{"Waiting for a receiver."}
		}
		return []string{"Waiting: nobody who has this share is there. Ask the sender to keep Causeway running."}
	case engine.Connecting:
		return []string{"Connecting."}
	case engine.Transferring:
		if sending {
			return []string{"Sending " + title(t) + "."}
		}
		return []string{"Receiving " + title(t) + "."}
	case engine.Complete:
		if sending {
			return nil // receiversLine says more
		}
		return []string{title(t) + " is complete and verified."}
	case engine.Offered:
		return []string{"Waiting for an answer whether " + title(t) + " is wanted."}
	case engine.Paused:
		return []string{"Paused."}
	default:
		return nil
	}
}

func receiversLine(n int) string {
	if n == 1 {
		return "A receiver has everything."
	}
	return words.Grouped(int64(n)) + " receivers have everything."
}

// title is the share's name with what it holds, as far as that is known.
func title(t engine.Transfer) string {
	if t.Name == "" {
		return "the share"
	}
	name := "“" + printable(t.Name) + "”"
	switch {
	case t.Total == 0 || t.Phase == engine.Preparing:
		return name
	case t.Files > 1:
		return fmt.Sprintf("%s (%s, %s)", name, english.Count("files", t.Files), words.Bytes(t.Total))
	default:
		return fmt.Sprintf("%s (%s)", name, words.Bytes(t.Total))
	}
}

// questionLine says that relayed bytes wait, and for what.
func questionLine(q engine.RelayQuestion) string {
	key, flag := "question.transfer", "--relay-transfer"
	if q.Limit == engine.MonthLimit {
		key, flag = "question.month", "--relay-month"
	}
	asked := english.Say(key, map[string]string{"Used": words.Bytes(q.Used), "Allowed": words.Bytes(q.Allowed)})
	return asked + " To go on, run this again with a higher " + flag + "."
}

// pathLines says who came, by which path, whose path changed and why, and who
// left. total is the size of the share.
func pathLines(before, after []engine.Peer, total int64) []string {
	var lines []string
	for _, peer := range after {
		var was engine.Peer
		if at := slices.IndexFunc(before, func(p engine.Peer) bool { return p.ID == peer.ID }); at >= 0 {
			was = before[at]
		}
		reason := because(peer)
		switch {
		case peer.Path == path.Connecting:
		case peer.Path.Direct() && was.Path == path.Relayed:
			lines = append(lines, sentences(peerName(peer)+": now "+pathWords(peer)+relayedFirst(peer, total)+".", reason))
		case peer.Path != was.Path || peer.Relay != was.Relay:
			lines = append(lines, sentences(peerName(peer)+": "+pathWords(peer)+".", reason))
		case reason != "" && reason != because(was):
			lines = append(lines, peerName(peer)+": "+reason)
		}
	}
	for _, peer := range before {
		gone := !slices.ContainsFunc(after, func(p engine.Peer) bool { return p.ID == peer.ID })
		if gone && peer.Path != path.Connecting {
			lines = append(lines, peerName(peer)+" has left.")
		}
	}
	return lines
}

// relayedFirst says how much went by relay before a path became direct.
func relayedFirst(peer engine.Peer, total int64) string {
	relayed := int64(0)
	for _, entry := range peer.Paths {
		if entry.Path == path.Relayed {
			relayed += entry.In + entry.Out
		}
	}
	if relayed == 0 {
		return ""
	}
	first := "; relayed first: " + words.Bytes(relayed)
	if total > 0 {
		first += ", " + words.Percent(min(relayed, total), total)
	}
	return first
}

// sentences puts those together that say something.
func sentences(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(one string) bool { return one == "" }), " ")
}

// peerName is what a person recognises a peer by.
func peerName(peer engine.Peer) string {
	switch {
	case peer.Name != "":
		return printable(peer.Name)
	case peer.Client != "":
		return printable(peer.Client)
	default:
		return "A peer"
	}
}

// pathWords says how the bytes of a peer go, and through whom.
func pathWords(peer engine.Peer) string {
	switch peer.Path {
	case path.DirectLAN:
		return "direct, same network, " + peer.Remote.Address
	case path.DirectInternet:
		return "direct, internet, " + peer.Remote.Address
	case path.Relayed:
		if peer.Relay == "" {
			return "relayed by the peer's relay"
		}
		return "relayed by " + printable(path.ParseRelay(peer.Relay).Name)
	default:
		return "connecting"
	}
}

// pathLabel is pathWords for the end of a progress line.
func pathLabel(kind path.Kind) string {
	switch kind {
	case path.DirectLAN:
		return "direct, same network"
	case path.DirectInternet:
		return "direct, internet"
	case path.Relayed:
		return "relayed"
	default:
		return ""
	}
}

func sameProblem(a, b *engine.Problem) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Code == b.Code && a.Subject == b.Subject
}

// progressLine says how far a transfer is, for those who read line by line.
func progressLine(t engine.Transfer) string {
	parts := []string{words.Percent(t.Bytes, t.Total)}
	switch {
	case t.Phase == engine.Preparing && t.Direction == engine.Receive:
		parts[0] = "prepared " + words.Percent(int64(max(t.Preparing, 0)*1000), 1000)
	case t.Phase == engine.Preparing:
		parts[0] = "prepared " + parts[0]
	default:
		parts = append(parts, words.Bytes(t.Bytes)+" of "+words.Bytes(t.Total))
	}
	if t.Rate > 0 {
		parts = append(parts, words.Rate(t.Rate))
	}
	if left := english.Left(t.Left); left != "" && t.Phase == engine.Transferring {
		parts = append(parts, left)
	}
	if label := pathLabel(t.Path); label != "" {
		parts = append(parts, label)
	}
	return strings.Join(parts, ", ")
}
