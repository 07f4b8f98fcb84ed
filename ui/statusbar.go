package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// statusBar says in one line whether others can find this computer, and how
// fast everything goes together.
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

func (b *statusBar) show(s engine.State) {
	connected := 0
	failed := 0
	for _, r := range s.Network.Rendezvous {
		if r.Connected {
			connected++
		} else if r.Err != nil {
			failed++
		}
	}
	switch total := len(s.Network.Rendezvous); {
	case total == 0:
		b.dot.Set(look.ColorIdle, nil)
		b.network.SetText(b.words.Say("network.idle", nil))
	case connected > 0:
		b.dot.Set(look.ColorDirect, nil)
		b.network.SetText(b.words.Say("network.ready", nil))
	case failed == total:
		b.dot.Set(look.ColorRelayed, nil)
		b.network.SetText(b.words.Say("network.unreachable", nil))
	default:
		b.dot.Set(look.ColorIdle, nil)
		b.network.SetText(b.words.Say("network.connecting", nil))
	}
	var up, down int64
	for _, p := range s.Peers {
		up += p.RateOut
		down += p.RateIn
	}
	b.down.SetText(words.Rate(down) + " ↓")
	b.up.SetText(words.Rate(up) + " ↑")
}
