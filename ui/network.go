package ui

import (
	"context"
	"reflect"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// networkPage shows what this computer's network allows, the relays and what
// they have carried in this month, how files may travel, and what this computer
// does for others.
type networkPage struct {
	window  *Window
	content fyne.CanvasObject
	scroll  *container.Scroll
	network engine.Network
	// added is the address of a relay that was just added here, until it is seen.
	added string
	// wanted are the settings that the page was drawn with.
	wanted settings.Settings
	drawn  bool

	check    *checkCard
	relays   []*relayLine
	relayBox *fyne.Container
	noRelay  fyne.CanvasObject
	adding   *widget.Button
	policy   *policyCard
	month    *monthCard
	serving  *servingCard
}

func newNetworkPage(w *Window) *networkPage {
	p := &networkPage{window: w, relayBox: column(14), month: newMonthCard(w.words), policy: newPolicyCard(w)}
	p.check = newCheckCard(w, p.lay)
	p.serving = newServingCard(w, p.lay)
	body := column(12, p.check.content, p.newRelayCard(), look.NewCard(p.policy.content), p.month.content, p.serving.content)
	p.scroll = container.NewVScroll(container.New(rightMargin{scrollRoom}, body))
	p.content = container.New(&scrollLayout{}, p.scroll)
	return p
}

func (p *networkPage) newRelayCard() fyne.CanvasObject {
	say := p.window.words.Say
	p.adding = widget.NewButtonWithIcon(say("turn.add", nil), theme.ContentAddIcon(), p.add)
	p.noRelay = column(6, look.NewParagraph(say("relay.none", nil)), look.NewParagraph(say("relay.how", nil)))
	head := container.NewBorder(nil, nil, nil, p.adding, container.NewVBox(centredLine(look.NewTitle(say("relay.title", nil)))))
	return look.NewCard(column(12, head, p.noRelay, p.relayBox))
}

// add has the user describe one more relay, here as in the settings.
func (p *networkPage) add() {
	list := p.window.settings.turn
	list.edit(-1)
	saved := list.editor.done
	list.editor.done = func(server settings.TURN) {
		p.added = server.URL
		saved(server)
	}
}

// show shows the newest state of the network; it does little while nothing has
// changed, and nothing while another page is open.
func (p *networkPage) show(n engine.Network) {
	if p.drawn && p.window.here != networkAt {
		return
	}
	n.Rendezvous = nil // the status bar tells
	wanted := p.window.keeper.wanted
	if p.drawn && reflect.DeepEqual(p.network, n) && reflect.DeepEqual(p.wanted, wanted) {
		return
	}
	p.network, p.wanted, p.drawn = n, wanted, true
	moved := p.check.show(n, permits{mapping: wanted.PortMapping, policy: wanted.Policy})
	moved = p.showRelays() || moved
	moved = p.policy.show(wanted.Policy) || moved
	moved = p.month.show(n.Usage, p.window.now()) || moved
	moved = p.serving.show(wanted.Serve, n.Serving, n.Check) || moved
	if moved {
		p.lay()
	}
	p.showAdded()
}

// showAdded scrolls to a relay that was just added, as soon as it is listed.
func (p *networkPage) showAdded() {
	at := slices.IndexFunc(p.relays, func(l *relayLine) bool { return l.relay.URL == p.added })
	if p.added == "" || at < 0 {
		return
	}
	p.added = ""
	driver, line := fyne.CurrentApp().Driver(), p.relays[at].content
	top := driver.AbsolutePositionForObject(line).Y - driver.AbsolutePositionForObject(p.scroll.Content).Y
	if bottom := top + line.Size().Height + 12; bottom > p.scroll.Offset.Y+p.scroll.Size().Height {
		p.scroll.ScrollToOffset(fyne.NewPos(0, bottom-p.scroll.Size().Height))
	} else if top < p.scroll.Offset.Y {
		p.scroll.ScrollToOffset(fyne.NewPos(0, top))
	}
}

// refresh shows the newest state again, with the settings of now.
func (p *networkPage) refresh() { p.show(p.window.state.Network) }

// redraw shows the newest state even where it seems to be shown already.
func (p *networkPage) redraw() {
	p.drawn = false
	p.refresh()
}

// showRelays keeps the line, and with it the test, of a relay that stays.
func (p *networkPage) showRelays() (moved bool) {
	before := p.relays
	p.relays = nil
	for _, relay := range p.network.Relays {
		at := slices.IndexFunc(before, func(l *relayLine) bool { return l.relay.URL == relay.URL })
		if at < 0 {
			p.relays = append(p.relays, p.newRelay(relay))
			moved = true
			continue
		}
		line := before[at]
		before = slices.Delete(slices.Clone(before), at, at+1)
		moved = line.show(relay) || moved
		p.relays = append(p.relays, line)
	}
	var lines []fyne.CanvasObject
	for _, line := range p.relays {
		lines = append(lines, line.content)
	}
	if !slices.Equal(p.relayBox.Objects, lines) {
		p.relayBox.Objects = lines
		moved = true
	}
	show(p.noRelay, len(lines) == 0)
	show(p.relayBox, len(lines) > 0)
	return moved
}

func (p *networkPage) newRelay(relay engine.Relay) *relayLine {
	var line *relayLine
	line = newRelayLine(p.window.words, p.window.now, relay, func() { p.test(line) }, p.lay)
	return line
}

// noRelayWorks reports whether there are relays, and each of them has failed.
func noRelayWorks(relays []engine.Relay) bool {
	return len(relays) > 0 && !slices.ContainsFunc(relays, func(r engine.Relay) bool { return r.Failure == nil })
}

// lay lays the page out again after something in it has another height.
func (p *networkPage) lay() {
	p.scroll.Content.Refresh()
	p.scroll.Refresh()
}

// opened brings the page up to date when the user goes to it.
func (p *networkPage) opened() {
	p.refresh()
	p.lay()
}

// test tests a relay with the credentials of the settings, and shows each stage
// as it ends.
func (p *networkPage) test(line *relayLine) {
	w := p.window
	servers := w.keeper.taken.TURN
	at := slices.IndexFunc(servers, func(s settings.TURN) bool { return s.URL == line.relay.URL })
	if at < 0 {
		return // the settings have changed, and the next state is going to show it
	}
	server := servers[at]
	line.begin()
	p.lay()
	var result netcheck.TURNResult
	w.attempt(func(ctx context.Context) (err error) {
		result, err = w.engine.TestRelay(ctx, server, func(s netcheck.StageResult) {
			if ctx.Err() == nil {
				w.do(func() {
					line.step(s)
					p.lay()
				})
			}
		})
		return err
	}, func(err error) {
		line.end(result)
		p.lay()
		if err != nil {
			w.notice.complain(Sentence(w.words, err))
		}
	})
}

// rightMargin keeps room for the scroll bar.
type rightMargin struct{ width float32 }

func (m rightMargin) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, size.Width-m.width, size.Height)
}

func (m rightMargin) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(m.width, 0)
}
