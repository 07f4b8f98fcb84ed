package ui

import (
	"context"
	"reflect"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// networkPage shows what this computer's network allows, the relays, and what
// they have carried in this month.
type networkPage struct {
	window  *Window
	content fyne.CanvasObject
	scroll  *container.Scroll
	network engine.Network
	// mapping tells that the settings let the router be asked for ports.
	mapping bool
	drawn   bool

	mark     *look.Dot
	verdict  *look.Paragraph
	forecast *look.Paragraph
	checked  *look.Line
	again    *widget.Button
	checking bool
	findings []*findingLine
	found    *fyne.Container

	relays   []*relayLine
	relayBox *fyne.Container
	noRelay  fyne.CanvasObject
	month    *monthCard
}

func newNetworkPage(w *Window) *networkPage {
	p := &networkPage{window: w, found: column(10), relayBox: column(14), month: newMonthCard(w.words)}
	body := column(12, p.newCheckCard(), p.newRelayCard(), p.month.content)
	p.scroll = container.NewVScroll(container.New(rightMargin{scrollRoom}, body))
	p.content = container.New(&scrollLayout{}, p.scroll)
	p.show(engine.Network{})
	return p
}

func (p *networkPage) newCheckCard() fyne.CanvasObject {
	say := p.window.words.Say
	p.mark = newMark(38)
	p.verdict = look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground).Bold()
	p.forecast = look.NewParagraph("")
	p.checked = look.NewCaption("")
	p.again = widget.NewButtonWithIcon(say("check.again", nil), theme.ViewRefreshIcon(), p.check)
	head := container.New(besideLayout{14}, p.mark, column(3, p.verdict, p.forecast, p.checked), p.again)
	return look.NewCard(column(12, look.NewTitle(say("check.title", nil)), head, widget.NewSeparator(), p.found))
}

func (p *networkPage) newRelayCard() fyne.CanvasObject {
	say := p.window.words.Say
	adding := widget.NewButtonWithIcon(say("turn.add", nil), theme.ContentAddIcon(), func() {
		p.window.goTo(settingsAt)
		p.window.settings.turn.edit(-1)
	})
	p.noRelay = column(8, look.NewParagraph(say("relay.none", nil)), container.NewHBox(adding))
	return look.NewCard(column(12, look.NewTitle(say("relay.title", nil)), p.noRelay, p.relayBox))
}

// show shows the newest state of the network; it does little while nothing has
// changed, and nothing while another page is open.
func (p *networkPage) show(n engine.Network) {
	mapping := p.window.keeper.taken.PortMapping
	n.Rendezvous = nil // the status bar tells
	if p.drawn && (!p.content.Visible() || p.mapping == mapping && reflect.DeepEqual(p.network, n)) {
		return
	}
	p.network, p.mapping, p.drawn = n, mapping, true
	p.showVerdict()
	moved := p.showFindings()
	moved = p.showRelays() || moved
	moved = p.month.show(n.Usage) || moved
	if moved {
		p.lay()
	}
}

func (p *networkPage) showVerdict() {
	say := p.window.words.Say
	check := p.network.Check
	forecast := explain(p.window.words, p.network.Forecast)
	if check == nil {
		p.verdict.SetText(say("check.looking", nil))
		p.checked.SetText("")
		setMark(p.mark, unknown)
		forecast = ""
	} else {
		verdict := check.Verdict()
		p.verdict.SetText(say("verdict."+string(verdict), nil))
		p.checked.SetText(say("check.at", map[string]string{
			"Time": check.At.Local().Format(time.TimeOnly), "Took": words.RoundTrip(check.Took),
		}))
		setMark(p.mark, verdictMark(verdict))
	}
	p.forecast.SetText(forecast)
	show(p.forecast, forecast != "")
	show(p.checked, check != nil)
}

func verdictMark(v netcheck.Verdict) mark {
	switch v {
	case netcheck.Reachable, netcheck.Mapped, netcheck.Usual:
		return good
	case netcheck.Strict:
		return fair
	case netcheck.NoUDP, netcheck.LoginPage, netcheck.Offline:
		return bad
	default:
		return unknown
	}
}

func (p *networkPage) showFindings() (moved bool) {
	found := findings(p.window.words, p.network.Check, p.mapping)
	for len(p.findings) < len(found) {
		line := newFindingLine(p.window.copyCommand)
		p.findings = append(p.findings, line)
		p.found.Add(line.content)
		moved = true
	}
	for i, line := range p.findings {
		visible := i < len(found)
		moved = moved || line.content.Visible() != visible
		show(line.content, visible)
		if visible {
			moved = line.show(found[i]) || moved
		}
	}
	return moved
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
	line = newRelayLine(p.window.words, relay, func() { p.test(line) }, p.lay)
	return line
}

// lay lays the page out again after something in it has another height.
func (p *networkPage) lay() {
	p.scroll.Content.Refresh()
	p.scroll.Refresh()
}

// opened brings the page up to date when the user goes to it.
func (p *networkPage) opened() {
	p.show(p.window.state.Network)
	p.lay()
}

// check looks at the network once more.
func (p *networkPage) check() {
	if p.checking {
		return
	}
	p.busy(true)
	p.window.attempt(func(ctx context.Context) error {
		_, err := p.window.engine.CheckNetwork(ctx)
		return err
	}, func(err error) {
		p.busy(false)
		if err != nil {
			p.window.notice.complain(Sentence(p.window.words, err))
		}
	})
}

func (p *networkPage) busy(checking bool) {
	p.checking = checking
	if checking {
		p.again.Disable()
		p.again.SetText(p.window.words.Say("check.checking", nil))
	} else {
		p.again.Enable()
		p.again.SetText(p.window.words.Say("check.again", nil))
	}
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
