package ui

import (
	"context"
	"maps"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// historyPage lists what was finished.
type historyPage struct {
	window  *Window
	content *fyne.Container
	// changes is what State.History was when the list was last fetched, and
	// fetched whether it ever was.
	changes  int
	fetched  bool
	finished []engine.Finished

	entries []finishedEntry
	// shown are the entries that fit what is searched for.
	shown []finishedEntry
	// shared are the invitations of what is still shared.
	shared map[engine.TransferID]string

	totals *look.Line
	search *widget.Entry
	clear  *widget.Button
	head   fyne.CanvasObject
	list   *finishedList
	empty  fyne.CanvasObject
	none   fyne.CanvasObject
	// noneTitle names what was not found.
	noneTitle *look.Line
}

func newHistoryPage(w *Window) *historyPage {
	p := &historyPage{window: w}
	p.head = p.newHead()
	p.empty = newEmptyNote(historyIcon, w.words.Say("history.empty", nil), w.words.Say("history.empty-hint", nil))
	p.noneTitle = look.NewTitle("").Aligned(fyne.TextAlignCenter)
	all := widget.NewButton(w.words.Say("history.show-all", nil), func() { p.search.SetText("") })
	p.none = container.NewVBox(layout.NewSpacer(), p.noneTitle,
		look.NewCaption(w.words.Say("history.none-found-hint", nil)).Aligned(fyne.TextAlignCenter), spacer(2),
		container.NewCenter(all), layout.NewSpacer(), layout.NewSpacer())
	p.list = newFinishedList(
		func() int { return len(p.shown) },
		func() fyne.CanvasObject { return newFinishedRow(w.words, p) },
		func(i widget.ListItemID, o fyne.CanvasObject) {
			o.(*finishedRow).show(p.shown[i], p.shared[p.shown[i].ID] != "")
		},
		func(i int) { p.forget(p.shown[i].Finished) },
	)
	lower := container.New(&widthWatch{func(float32) {}}, p.empty, p.none, p.list)
	p.content = container.NewBorder(p.head, nil, nil, nil, lower)
	show(p.head, false)
	p.fill()
	return p
}

func (p *historyPage) newHead() fyne.CanvasObject {
	say := p.window.words.Say
	p.totals = look.NewCaption("")
	p.search = widget.NewEntry()
	p.search.SetPlaceHolder(say("history.search", nil))
	p.search.SetIcon(theme.SearchIcon())
	p.search.OnChanged = func(string) {
		p.list.unmark()
		p.fill()
	}
	p.clear = widget.NewButtonWithIcon(say("history.clear-all", nil), theme.DeleteIcon(), p.askToClear)
	title := container.New(layout.NewCustomPaddedVBoxLayout(2), look.NewTitle(say("history.title", nil)), p.totals)
	search := container.NewGridWrap(fyne.NewSize(260, p.search.MinSize().Height), p.search)
	return container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(search, p.clear), title), spacer(4))
}

// newEmptyNote says in the middle of a page why there is nothing on it.
func newEmptyNote(icon fyne.Resource, heading, hint string) fyne.CanvasObject {
	mark := look.NewDot(look.ColorIdle, 72)
	mark.Set(theme.ColorNamePrimary, theme.NewPrimaryThemedResource(icon))
	return container.NewVBox(layout.NewSpacer(), container.NewCenter(mark), spacer(6),
		look.NewTitle(heading).Aligned(fyne.TextAlignCenter), look.NewCaption(hint).Aligned(fyne.TextAlignCenter),
		layout.NewSpacer(), layout.NewSpacer())
}

// opened is called when the user goes to the page.
func (p *historyPage) opened() {
	p.changes = p.window.state.History
	p.fetch()
}

// show fetches the list again when it has changed and is looked at.
func (p *historyPage) show(changes int) {
	if p.window.here != historyAt {
		return
	}
	if p.changes != changes || !p.fetched {
		p.changes = changes
		p.fetch()
	}
	p.showShared()
}

func (p *historyPage) fetch() {
	p.fetched = true
	var finished []engine.Finished
	p.window.run(func(ctx context.Context) (err error) {
		finished, err = p.window.engine.History(ctx)
		return err
	}, func() {
		p.finished = finished
		p.entries = finishedEntries(p.window.words, finished, p.window.now())
		p.shared = p.stillShared()
		p.fill()
	})
}

// stillShared are the invitations that can be given to more people.
func (p *historyPage) stillShared() map[engine.TransferID]string {
	shared := map[engine.TransferID]string{}
	for _, t := range p.window.state.Transfers {
		if t.Direction == engine.Send && t.Invitation != "" {
			shared[t.ID] = t.Invitation
		}
	}
	return shared
}

func (p *historyPage) showShared() {
	if shared := p.stillShared(); !maps.Equal(shared, p.shared) {
		p.shared = shared
		p.list.Refresh()
	}
}

// fill shows the entries that fit what is searched for.
func (p *historyPage) fill() {
	say := p.window.words.Say
	searching := strings.TrimSpace(p.search.Text) != ""
	p.shown = search(p.entries, p.search.Text)
	p.totals.SetText(p.totalText(searching))
	clearing, visible := say("history.clear-all", nil), len(p.entries) > 0 || searching
	if searching {
		clearing = say("history.clear-found", nil)
	}
	if p.clear.Text != clearing || p.head.Visible() != visible {
		p.clear.SetText(clearing)
		show(p.head, visible)
		p.content.Refresh() // the button has another width, or the rest another height
	}
	enable(p.clear, len(p.shown) > 0)
	show(p.empty, len(p.entries) == 0 && !searching)
	p.noneTitle.SetText(say("history.none-found", map[string]string{"Text": strings.TrimSpace(p.search.Text)}))
	show(p.none, searching && len(p.shown) == 0)
	show(p.list, len(p.shown) > 0)
	p.list.refill(len(p.shown))
}

func (p *historyPage) totalText(searching bool) string {
	w := p.window.words
	if !searching {
		return facts(w.Count("history.totals", len(p.shown)), moved(w, p.shown))
	}
	return facts(w.Say("history.found", map[string]string{
		"Count": words.Grouped(int64(len(p.shown))), "All": words.Grouped(int64(len(p.entries))),
	}), moved(w, p.shown))
}

// askToClear asks before it clears all that is shown.
func (p *historyPage) askToClear() {
	w, shown := p.window, p.shown
	if len(shown) == 0 {
		return
	}
	var ids []engine.TransferID // none stands for all
	if len(shown) < len(p.entries) {
		for _, e := range shown {
			ids = append(ids, e.ID)
		}
	}
	say := w.words.Say
	w.ask(say("history.clear-title", nil), w.words.Count("history.clear-text", len(shown)),
		say("history.clear-yes", nil), say("history.clear-no", nil), func() { p.forgetAll(ids...) })
}

func (p *historyPage) forget(f engine.Finished) { p.forgetAll(f.ID) }

// forgetAll takes transfers out of the history; all where none is named.
func (p *historyPage) forgetAll(ids ...engine.TransferID) {
	p.window.run(func(ctx context.Context) error { return p.window.engine.ForgetHistory(ctx, ids...) }, p.fetch)
}

func (p *historyPage) copyAgain(f engine.Finished) {
	if invitation := p.shared[f.ID]; invitation != "" {
		p.window.copyInvitation(engine.Transfer{ID: f.ID, Name: f.Name, Invitation: invitation})
	}
}

// open opens what was transferred, a file with the program that it is for.
func (p *historyPage) open(f engine.Finished) { p.ifThere(f.Placed, p.window.openName) }

// showInFolder shows it in the folder that it is in.
func (p *historyPage) showInFolder(f engine.Finished) { p.ifThere(f.Placed, p.window.revealName) }

// ifThere does something with a file or folder that is still where it was, and
// says so where it is not.
func (p *historyPage) ifThere(placed string, do func(name string)) {
	w := p.window
	if placed == "" {
		return
	}
	w.start(func() {
		_, gone := os.Lstat(placed)
		w.do(func() {
			if gone != nil {
				w.notice.complain(w.words.Say("history.gone", map[string]string{"Path": placed}))
				return
			}
			do(placed)
		})
	})
}

// enable lets a button be pressed or not.
func enable(b *widget.Button, allowed bool) {
	switch {
	case allowed && b.Disabled():
		b.Enable()
	case !allowed && !b.Disabled():
		b.Disable()
	}
}
