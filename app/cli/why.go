package main

import (
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// why says why a path is what it is, or which to expect, and what would make it
// direct. Of an explanation that was never made it says nothing.
func why(e netcheck.Explanation) string {
	if e.Path == "" && !e.Forecast && len(e.Own)+len(e.Theirs) == 0 {
		return ""
	}
	return english.Explain(words.Explanation{
		Path: string(e.Path), Forecast: e.Forecast, Opening: string(e.Opening),
		Own: words.Strings(e.Own), Theirs: words.Strings(e.Theirs), Remedies: words.Strings(e.Remedies),
	})
}

// because is why for a line that has named the path already: a direct one is
// explained only where something had to open it.
func because(p engine.Peer) string {
	if p.Path == path.Relayed || p.Path.Direct() && p.Explanation.Opening != "" {
		return why(p.Explanation)
	}
	return ""
}
