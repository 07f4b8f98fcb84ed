package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
)

// finishedEntry is everything that a row of the history shows. What it says is
// put into words once, not at each turn of the wheel.
type finishedEntry struct {
	engine.Finished
	name, facts, shares string
	// sought is what a search looks at.
	sought string
	// direct and relayed are bytes.
	direct, relayed int64
}

func finishedEntries(w *words.Words, finished []engine.Finished, now time.Time) []finishedEntry {
	entries := make([]finishedEntry, 0, len(finished))
	for _, f := range finished {
		e := finishedEntry{Finished: f, direct: f.LANBytes + f.InternetBytes, relayed: f.RelayedBytes}
		e.name = title(w, engine.Transfer{Name: f.Name})
		e.facts = finishedFacts(w, f, now)
		e.shares = shares(w, e.direct, e.relayed)
		e.sought = strings.ToLower(strings.Join(append([]string{e.name}, f.Peers...), "\n"))
		entries = append(entries, e)
	}
	return entries
}

// search returns the entries in which each word of text is found.
func search(entries []finishedEntry, text string) []finishedEntry {
	sought := strings.Fields(strings.ToLower(text))
	if len(sought) == 0 {
		return entries
	}
	var found []finishedEntry
next:
	for _, e := range entries {
		for _, word := range sought {
			if !strings.Contains(e.sought, word) {
				continue next
			}
		}
		found = append(found, e)
	}
	return found
}

// finishedFacts is "1.2 GB · today 14:02 · Received from Grace · 3 files": how
// much and when come first, because the end is cut where there is little room.
func finishedFacts(w *words.Words, f engine.Finished, now time.Time) string {
	files := ""
	if f.Files > 1 {
		files = w.Count("files", f.Files)
	}
	return facts(words.Bytes(f.Total), w.When(f.Finished, now), withWhom(w, f), files)
}

// withWhom says to whom a share went, or from whom it came, as far as they have
// names.
func withWhom(w *words.Words, f engine.Finished) string {
	var names []string
	for _, name := range f.Peers {
		if name != "" {
			names = append(names, name)
		}
	}
	who := people(w, names, max(len(names), f.Receivers))
	switch {
	case f.Direction == engine.Receive && who == "":
		return w.Say("history.received", nil)
	case f.Direction == engine.Receive:
		return w.Say("history.received-from", map[string]string{"Who": who})
	case who != "":
		return w.Say("history.sent-to", map[string]string{"Who": who})
	case f.Receivers > 0:
		return w.Count("history.sent-count", f.Receivers)
	default:
		return w.Say("history.sent", nil)
	}
}

// people is "Grace, Linus and 3 more".
func people(w *words.Words, names []string, all int) string {
	const named = 2
	if len(names) == 0 {
		return ""
	}
	first := names[:min(named, len(names))]
	who := strings.Join(first, w.Say("explain.comma", nil))
	if more := all - len(first); more > 0 {
		return w.Say("history.who-more", map[string]string{"Who": who, "More": strconv.Itoa(more)})
	}
	return who
}

// shares is "direct 98 %, relayed 2 %"; empty where nothing moved.
func shares(w *words.Words, direct, relayed int64) string {
	all := direct + relayed
	if all <= 0 {
		return ""
	}
	ofDirect := w.Say("history.share-direct", map[string]string{"Percent": directPart(direct, all)})
	ofRelayed := w.Say("history.share-relayed", map[string]string{"Percent": relayedPart(relayed, all)})
	switch {
	case relayed <= 0:
		return ofDirect
	case direct <= 0:
		return ofRelayed
	default:
		return ofDirect + w.Say("explain.comma", nil) + ofRelayed
	}
}

// directPart is what is left of relayedPart: both together are 100 %.
func directPart(direct, all int64) string {
	relayed := all - direct
	if relayed <= 0 {
		return "100 %"
	}
	return strconv.FormatInt(100-max(int64(float64(relayed)/float64(all)*100), 1), 10) + " %"
}

// moved is "1.2 TB · 97 % direct" of all entries together.
func moved(w *words.Words, entries []finishedEntry) string {
	var direct, all int64
	for _, e := range entries {
		direct += e.direct
		all += e.direct + e.relayed
	}
	if all <= 0 {
		return ""
	}
	return facts(words.Bytes(all), w.Say("history.total-direct", map[string]string{"Percent": directPart(direct, all)}))
}
