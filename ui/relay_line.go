package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// relayLine shows one relay: whether it works, how near it is, what it carried,
// and the stages of a test while and after it runs.
type relayLine struct {
	words   *words.Words
	now     func() time.Time
	relay   engine.Relay
	content *fyne.Container

	mark    *look.Dot
	name    *look.Line
	facts   *look.Line
	failure *look.Paragraph
	test    *widget.Button
	fold    *widget.Button
	stages  *stageList
}

// newRelayLine makes a line for a relay; test begins a test of it, and moved
// lays out again what is around the line.
func newRelayLine(w *words.Words, now func() time.Time, relay engine.Relay, test, moved func()) *relayLine {
	l := &relayLine{
		words: w, now: now, mark: newMark(findingMark), name: look.NewTitle(""), facts: look.NewCaption(""),
		failure: look.NewParagraph("").Colored(theme.ColorNameError), stages: newStageList(w, findingMark+10),
	}
	l.test = widget.NewButton(w.Say("relay.test", nil), test)
	l.fold = quietButton(foldIcon, func() {
		l.stages.clear()
		l.fold.Hide()
		moved()
	})
	l.fold.Hide()
	buttons := container.NewHBox(l.fold, l.test)
	text := column(3, l.name, l.facts, l.failure)
	l.content = column(8,
		container.New(besideLayout{10}, l.mark, text, buttons),
		l.stages.content)
	l.stages.content.Hide()
	l.show(relay)
	return l
}

// show reports whether the line may have another height now.
func (l *relayLine) show(r engine.Relay) (moved bool) {
	l.relay = r
	at := path.ParseRelay(r.URL)
	l.name.SetText(at.Name)
	setMark(l.mark, relayMark(r))
	l.facts.SetText(relayFacts(l.words, r, at, l.now()))
	sentence := ""
	if r.Failure != nil && !l.stages.content.Visible() {
		sentence = serverFailure(l.words, r.URL, r.Failure)
	}
	moved = l.failure.Text() != sentence
	l.failure.SetText(sentence)
	show(l.failure, sentence != "")
	return moved
}

func relayMark(r engine.Relay) mark {
	switch {
	case r.Failure != nil:
		return bad
	case r.Tested.IsZero():
		return unknown
	default:
		return good
	}
}

// relayFacts is "Works · 41 ms · UDP · carries 2 connections now · 1.2 GB this
// month · looked at today 14:02".
func relayFacts(w *words.Words, r engine.Relay, at path.Relay, now time.Time) string {
	state := w.Say("relay.works", nil)
	switch relayMark(r) {
	case bad:
		state = w.Say("relay.fails", nil)
	case unknown:
		state = w.Say("relay.not-tested", nil)
	}
	used, carries := "", ""
	if r.MonthBytes > 0 {
		used = w.Say("relay.month", map[string]string{"Size": words.Bytes(r.MonthBytes)})
	}
	if r.Links > 0 {
		carries = w.Count("relay.links", r.Links)
	}
	looked := ""
	if !r.Tested.IsZero() {
		looked = w.Say("relay.looked-at", map[string]string{"When": w.When(r.Tested, now)})
	}
	return facts(state, words.RoundTrip(r.RTT), at.Protocol, carries, used, looked)
}

// serverFailure says why a server cannot be used, and what to do.
func serverFailure(w *words.Words, uri string, f *netcheck.Failure) string {
	said := words.ServerFailure{
		Reason: string(f.Reason), Stage: string(f.Stage), Server: path.ParseRelay(uri).Name, Code: f.Code,
		Realm: f.Realm, Expected: f.Expected, Proven: f.Proven,
	}
	if !f.Expired.IsZero() {
		said.Expired = f.Expired.Local().Format(time.DateTime)
	}
	return w.ServerFailure(said)
}

// begin shows that a test runs.
func (l *relayLine) begin() {
	l.test.Disable()
	l.test.SetText(l.words.Say("relay.testing", nil))
	l.fold.Hide()
	l.stages.begin()
	l.stages.content.Show()
	l.show(l.relay)
}

// step shows that a stage of the test has ended.
func (l *relayLine) step(s netcheck.StageResult) { l.stages.step(l.relay.URL, s) }

// end shows what came out; the stages stay until they are folded away.
func (l *relayLine) end(result netcheck.TURNResult) {
	l.test.Enable()
	l.test.SetText(l.words.Say("relay.test", nil))
	l.stages.end(result)
	show(l.fold, l.stages.content.Visible())
	l.show(l.relay)
}
