package ui

import (
	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// announcements are what the desktop tells of a new state, for those who look
// elsewhere. Unless the settings allow names they name neither file nor share
// nor computer: others may see the screen. What was there before the window was
// is not news.
func announcements(w *words.Words, s settings.Settings, before, after engine.State) (all []*fyne.Notification) {
	if !s.Notify {
		return nil
	}
	tell := func(text string) { all = append(all, fyne.NewNotification(assets.Name, text)) }
	known := map[engine.TransferID]engine.Transfer{}
	for _, t := range before.Transfers {
		known[t.ID] = t
	}
	come := newcomers(before, after)
	for _, t := range after.Transfers {
		old, found := known[t.ID]
		names := map[string]string{"Name": "", "Peer": ""}
		if s.NotifyNames {
			names["Name"], names["Peer"] = title(w, t), t.Sender
		}
		switch {
		case t.Question != nil && old.Question == nil:
			tell(w.Say("announce.question", names))
		case t.Phase == engine.Offered && t.Total > 0 && old.Total == 0:
			tell(w.Say("announce.offer", names))
		case !found:
		case t.Phase == engine.Failed && old.Phase != engine.Failed:
			tell(w.Say("announce.failed", names))
		case t.Direction == engine.Receive && t.Phase == engine.Complete && old.Phase != engine.Complete:
			tell(w.Say("announce.received", names))
		case t.Direction == engine.Send && t.Receivers > old.Receivers:
			tell(w.Say("announce.sent", names))
		case t.Direction == engine.Send:
			if who, some := come[t.ID]; some {
				if s.NotifyNames {
					names["Peer"] = who.Name
				}
				tell(w.Say("announce.fetches", names))
			}
		}
	}
	return all
}

// newcomers are, of each share, the first receiver that has a path now and had
// none before, while files are missing there.
func newcomers(before, after engine.State) map[engine.TransferID]engine.Peer {
	linked := func(p *engine.Peer) bool { return p.Path != "" && p.Path != path.Connecting }
	type receiver struct {
		transfer engine.TransferID
		id       string
	}
	had := map[receiver]bool{}
	for i := range before.Peers {
		if p := &before.Peers[i]; linked(p) {
			had[receiver{p.Transfer, p.ID}] = true
		}
	}
	first := map[engine.TransferID]engine.Peer{}
	for i := range after.Peers {
		p := &after.Peers[i]
		if _, found := first[p.Transfer]; !found && linked(p) && p.Progress < 1 && !had[receiver{p.Transfer, p.ID}] {
			first[p.Transfer] = *p
		}
	}
	return first
}
