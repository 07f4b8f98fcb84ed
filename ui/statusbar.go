package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// statusBar says in one line how others can reach this computer, under which
// policy where that is not the usual one, and how fast everything goes together.
type statusBar struct {
	words   *words.Words
	content fyne.CanvasObject
	dot     *look.Dot
	network *look.Line
	down    *look.Line
	up      *look.Line
}

func newStatusBar(w *words.Words) *statusBar {
	b := &statusBar{words: w, dot: look.NewDot(look.ColorIdle, 9), network: look.NewCaption(""),
		down: look.NewCaption("").Aligned(fyne.TextAlignTrailing), up: look.NewCaption("").Aligned(fyne.TextAlignTrailing)}
	room := func(l *look.Line) fyne.CanvasObject { return container.NewGridWrap(fyne.NewSize(96, 18), l) }
	b.content = look.NewPanel(look.ColorRail, 7, container.NewBorder(nil, nil,
		container.NewHBox(b.dot, spacer(0)), container.NewHBox(room(b.down), room(b.up)), b.network))
	return b
}

func (b *statusBar) show(s engine.State, policy path.Policy) {
	color, reach := b.reach(s.Network)
	under := ""
	if policy != "" && policy != path.Auto {
		under = b.words.Say("policy-title."+string(policy), nil)
	}
	b.dot.Set(color, nil)
	b.network.SetText(facts(reach, under))
	var up, down int64
	for _, p := range s.Peers {
		up += p.RateOut
		down += p.RateIn
	}
	b.down.SetText(words.Rate(down) + " ↓")
	b.up.SetText(words.Rate(up) + " ↑")
}

// reach says how others can reach this computer: by what the check of the
// network has found, unless no rendezvous answers, which lets nobody find it.
func (b *statusBar) reach(n engine.Network) (fyne.ThemeColorName, string) {
	say := b.words.Say
	meeting := meetingAt(n.Rendezvous)
	if n.Check != nil {
		switch n.Check.Verdict() {
		case netcheck.LoginPage:
			return theme.ColorNameError, say("network.login-page", nil)
		case netcheck.Offline:
			if meeting != met {
				return theme.ColorNameError, say("network.offline", nil)
			}
		}
	}
	switch {
	case meeting == unmet:
		return look.ColorRelayed, say("network.unreachable", nil)
	case n.Check == nil && meeting == meets:
		return look.ColorIdle, say("network.connecting", nil)
	case n.Check == nil && meeting == unneeded:
		return look.ColorIdle, say("check.looking", nil)
	case n.Check != nil:
		switch n.Check.Verdict() {
		case netcheck.Reachable, netcheck.Mapped:
			return look.ColorDirect, say("network.reachable", nil)
		case netcheck.Usual:
			return look.ColorDirect, say("network.usual", nil)
		case netcheck.Strict:
			return look.ColorRelayed, say("network.strict", nil)
		case netcheck.NoUDP:
			return theme.ColorNameError, say("network.no-udp", nil)
		}
	}
	if meeting == met {
		return look.ColorDirect, say("network.ready", nil)
	}
	return look.ColorIdle, say("network.idle", nil)
}

// meeting is how it stands with the rendezvous of all transfers together.
type meeting int

const (
	unneeded meeting = iota // no transfer needs one
	meets                   // the first answer is waited for
	met
	unmet // none answers
)

func meetingAt(rendezvous []engine.Rendezvous) meeting {
	failed := 0
	for _, r := range rendezvous {
		if r.Connected {
			return met
		}
		if r.Err != nil {
			failed++
		}
	}
	switch {
	case len(rendezvous) == 0:
		return unneeded
	case failed == len(rendezvous):
		return unmet
	default:
		return meets
	}
}
