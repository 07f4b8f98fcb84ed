package ui

import (
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
)

// questions says in a sentence each which transfers wait for an answer.
func questions(w *words.Words, s engine.State) (all []string) {
	for _, t := range s.Transfers {
		if t.Question != nil {
			all = append(all, w.Say("notice.question", map[string]string{"Name": title(w, t)}))
		}
	}
	return all
}

// anyQuestion reports whether a transfer waits for the user: for an answer, or
// for what is offered to be accepted.
func anyQuestion(s engine.State) bool {
	for _, t := range s.Transfers {
		if t.Question != nil || t.Phase == engine.Offered && t.Total > 0 {
			return true
		}
	}
	return false
}
