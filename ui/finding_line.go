package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/ui/look"
)

const (
	findingName = 116
	findingMark = 22
)

// findingLine shows one finding: its mark, what was looked at, what was found,
// and under it what to type to mend it.
type findingLine struct {
	content *fyne.Container
	finding finding
	mark    *look.Dot
	name    *look.Line
	value   *look.Paragraph
	command *look.Line
	remedy  fyne.CanvasObject
}

// newFindingLine makes a line; copying gets the command.
func newFindingLine(copying func(command string)) *findingLine {
	l := &findingLine{
		mark: newMark(findingMark), name: look.NewLine(""), command: look.NewLine("").Monospaced(),
		value: look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground),
	}
	button := quietButton(theme.ContentCopyIcon(), func() { copying(l.finding.command) })
	l.remedy = look.NewPanel(look.ColorRail, 4, container.NewBorder(nil, nil, nil, button,
		container.New(layout.NewCustomPaddedLayout(8, 0, 8, 8), l.command))).Rounded()
	l.remedy.Hide()
	l.content = container.New(findingLayout{}, l.mark, l.name, column(6, l.value, l.remedy))
	return l
}

// show reports whether the line may have another height now.
func (l *findingLine) show(f finding) bool {
	if l.finding == f {
		return false
	}
	l.finding = f
	setMark(l.mark, f.mark)
	l.name.Set(f.name, look.ColorQuiet)
	l.value.SetText(f.value)
	l.command.SetText(f.command)
	show(l.remedy, f.command != "")
	return true
}

// findingLayout gives the names a column of their own.
type findingLayout struct{}

func (findingLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	dot, name, value := objects[0], objects[1], objects[2]
	const left = findingMark + 10
	place(dot, 0, 0, findingMark, findingMark)
	place(name, left, 1, findingName, 20)
	width := size.Width - left - findingName
	value.Resize(fyne.NewSize(width, value.Size().Height))
	place(value, left+findingName, 1, width, value.MinSize().Height)
}

func (findingLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(findingMark+10+findingName+120, max(findingMark, objects[2].MinSize().Height+1))
}
