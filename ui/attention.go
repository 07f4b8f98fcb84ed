package ui

import (
	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
)

// announcements are what the desktop tells of a new state, for those who look
// elsewhere. They name no file: others may see the screen.
func announcements(w *words.Words, before, after engine.State) (all []*fyne.Notification) {
	for _, t := range after.Transfers {
		if t.Question == nil {
			continue
		}
		if old, _ := before.Transfer(t.ID); old.Question == nil {
			all = append(all, fyne.NewNotification(assets.Name, w.Say("announce.question", nil)))
		}
	}
	return all
}

// questions says in a sentence each which transfers wait for an answer.
func questions(w *words.Words, s engine.State) (all []string) {
	for _, t := range s.Transfers {
		if t.Question != nil {
			all = append(all, w.Say("notice.question", map[string]string{"Name": title(w, t)}))
		}
	}
	return all
}

func anyQuestion(s engine.State) bool {
	for _, t := range s.Transfers {
		if t.Question != nil {
			return true
		}
	}
	return false
}
