package ui

import (
	"slices"
	"strings"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// nowDirect says with whom the path has become direct between two states;
// empty where with nobody. It is news in each of them once: a path that was
// direct from the start is none, and one link may carry several transfers.
func nowDirect(w *words.Words, before, after engine.State) string {
	relayed := map[string]bool{}
	for _, p := range before.Peers {
		if p.Path == path.Relayed {
			relayed[p.ID] = true
		}
	}
	var names []string
	for _, p := range after.Peers {
		if !relayed[p.ID] || !p.Path.Direct() {
			continue
		}
		relayed[p.ID] = false
		name := w.Say("why.somebody", nil)
		if p.Name != "" {
			name = oneLine(p.Name)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return w.Say("notice.now-direct", map[string]string{"Names": strings.Join(names, w.Say("detail.name-comma", nil))})
}
