package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/ui/look"
)

// stages are the steps of a test, in order.
var stages = []netcheck.Stage{
	netcheck.Resolve, netcheck.Connect, netcheck.Allocate, netcheck.Permission, netcheck.Channel, netcheck.Echo,
	netcheck.Throughput, netcheck.Release,
}

// stageList unfolds the stages of a test one after another: each that has
// ended, and the one that goes on.
type stageList struct {
	words   *words.Words
	content fyne.CanvasObject
	box     *fyne.Container
	lines   []*stageLine
}

// newStageList makes a list that stands so far right of what is above it.
func newStageList(w *words.Words, indent float32) *stageList {
	l := &stageList{words: w, box: column(4)}
	l.content = container.New(layout.NewCustomPaddedLayout(0, 4, indent, 0), l.box)
	return l
}

func (l *stageList) clear() {
	l.lines = nil
	l.box.RemoveAll()
	l.content.Hide()
}

// begin shows the first stage as going on.
func (l *stageList) begin() {
	l.clear()
	l.content.Show()
	l.add(stages[0])
}

func (l *stageList) add(stage netcheck.Stage) {
	line := newStageLine(l.words, stage)
	l.lines = append(l.lines, line)
	l.box.Add(line.content)
}

// step ends the stage that goes on, and begins the next.
func (l *stageList) step(uri string, s netcheck.StageResult) {
	if len(l.lines) == 0 || l.lines[len(l.lines)-1].stage != s.Stage {
		l.dropRunning()
		l.add(s.Stage)
	}
	l.lines[len(l.lines)-1].end(uri, s)
	if next := slices.Index(stages, s.Stage) + 1; s.Failure == nil && next < len(stages) {
		l.add(stages[next])
	}
}

// end takes away what goes on no more, and says how fast it was and what the
// test took of the relay's traffic: beside the throughput, which takes the most,
// or the last stage where it did not come to that.
func (l *stageList) end(result netcheck.TURNResult) {
	l.dropRunning()
	if len(l.lines) == 0 {
		l.content.Hide()
		return
	}
	line, rate, used := l.lines[len(l.lines)-1], "", ""
	if at := slices.IndexFunc(l.lines, func(s *stageLine) bool { return s.stage == netcheck.Throughput }); at >= 0 {
		line = l.lines[at]
		if result.Rate > 0 {
			rate = words.Rate(result.Rate)
		}
	}
	if result.BytesUsed > 0 {
		used = l.words.Say("relay.test-used", map[string]string{"Size": words.Bytes(result.BytesUsed)})
	}
	line.took.SetText(facts(rate, line.took.Text(), used))
}

func (l *stageList) dropRunning() {
	last := len(l.lines) - 1
	if last >= 0 && !l.lines[last].ended {
		l.box.Remove(l.lines[last].content)
		l.lines = l.lines[:last]
	}
}

// stageLine is one stage: its mark, its name, how long it took, and under it
// what went wrong.
type stageLine struct {
	words   *words.Words
	stage   netcheck.Stage
	ended   bool
	content *fyne.Container
	mark    *look.Dot
	name    *look.Line
	took    *look.Line
	failure *look.Paragraph
}

const (
	stageMark = 18
	stageName = 128
)

func newStageLine(w *words.Words, stage netcheck.Stage) *stageLine {
	l := &stageLine{
		words: w, stage: stage, mark: newMark(stageMark), name: look.NewCaption(w.Say("stage."+string(stage), nil)),
		took: look.NewCaption(w.Say("relay.stage-runs", nil)), failure: look.NewParagraph("").Colored(theme.ColorNameError),
	}
	setMark(l.mark, unknown)
	l.content = column(3, container.New(stageLayout{}, l.mark, l.name, l.took),
		container.New(layout.NewCustomPaddedLayout(0, 2, stageMark+8, 0), l.failure))
	l.failureRoom().Hide()
	return l
}

func (l *stageLine) end(uri string, s netcheck.StageResult) {
	l.ended = true
	l.took.SetText(words.RoundTrip(s.Took))
	setMark(l.mark, good)
	l.name.Set(l.name.Text(), theme.ColorNameForeground)
	if s.Failure != nil {
		setMark(l.mark, bad)
		l.failure.SetText(serverFailure(l.words, uri, s.Failure))
		l.failureRoom().Show()
	}
}

// failureRoom is the indented room of the failure.
func (l *stageLine) failureRoom() fyne.CanvasObject { return l.content.Objects[1] }

// stageLayout gives marks, names and times a column each.
type stageLayout struct{}

func (stageLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const left = stageMark + 8
	place(objects[0], 0, 0, stageMark, stageMark)
	place(objects[1], left, 1, stageName, 17)
	place(objects[2], left+stageName, 1, size.Width-left-stageName, 17)
}

func (stageLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(stageMark+8+stageName+80, stageMark)
}
