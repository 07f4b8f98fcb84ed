package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// relayPortion is what one press of a button lets go by relay, in bytes. The
// button's words say it, too.
const relayPortion = 1_000_000_000

// question is what a row asks of the user about relayed bytes, with the answers
// that can be given. The zero value asks nothing.
type question struct {
	text string
	// waits tells that bytes wait for the answer; else the answer was given and
	// can be taken back.
	waits bool
	limit engine.RelayLimit
}

// questionOf is what to ask about a transfer.
func questionOf(w *words.Words, t engine.Transfer) question {
	ended := t.Phase == engine.Complete || t.Phase == engine.Paused || t.Phase == engine.Failed
	switch {
	case t.Question != nil:
		return question{
			text: w.Say("question."+string(t.Question.Limit), map[string]string{
				"Used": words.Bytes(t.Question.Used), "Allowed": words.Bytes(t.Question.Allowed),
			}),
			waits: true, limit: t.Question.Limit,
		}
	case t.RelayDenied && !ended && t.Path != path.DirectLAN && t.Path != path.DirectInternet:
		return question{text: w.Say("question.denied", nil)}
	default:
		return question{}
	}
}

// answers are the verbs behind the buttons of a question.
type answers interface {
	allowRelay(t engine.Transfer, more int64)
	denyRelay(t engine.Transfer)
}

// questionBox shows a question within a row, and its buttons under it. It never
// takes the focus, and everything else can be done meanwhile.
type questionBox struct {
	widget.BaseWidget
	words    *words.Words
	question question

	icon                  *widget.Icon
	text                  *look.Paragraph
	more, unlimited, deny *widget.Button
}

const (
	questionPad    = 8
	questionIndent = 28
	questionButton = 34
	questionGap    = 8
)

// newQuestionBox makes a box whose buttons answer for the transfer that
// current returns.
func newQuestionBox(w *words.Words, answer answers, current func() engine.Transfer) *questionBox {
	b := &questionBox{words: w, text: newQuestionText(), icon: widget.NewIcon(theme.NewWarningThemedResource(theme.QuestionIcon()))}
	b.more = widget.NewButton(w.Say("question.more", nil),
		func() { answer.allowRelay(current(), relayPortion) })
	b.unlimited = widget.NewButton("", func() { answer.allowRelay(current(), 0) })
	b.deny = widget.NewButton(w.Say("question.deny", nil), func() { answer.denyRelay(current()) })
	b.ExtendBaseWidget(b)
	return b
}

// newQuestionText is how the text of a question is written, also where only
// its height is wanted.
func newQuestionText() *look.Paragraph {
	return look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground)
}

// questionHeight is how high a box is with a text of that height.
func questionHeight(text float32) float32 {
	return text + questionPad + questionGap + questionButton + 6
}

// show does nothing when nothing has changed.
func (b *questionBox) show(q question) {
	if b.question == q {
		return
	}
	b.question = q
	b.text.SetText(q.text)
	unlimited := b.words.Say("question.unlimited-transfer", nil)
	if q.limit == engine.MonthLimit {
		unlimited = b.words.Say("question.unlimited-month", nil)
	}
	b.unlimited.SetText(unlimited)
	show(b.deny, q.waits)
	importance := widget.MediumImportance
	if q.waits {
		importance = widget.HighImportance
	}
	b.more.Importance = importance
	b.more.Refresh()
	b.Refresh()
}

// AccessibilityLabel is the question.
func (b *questionBox) AccessibilityLabel() string { return b.question.text }

// AccessibilityRole says that there is more in it: the answers.
func (b *questionBox) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (b *questionBox) CreateRenderer() fyne.WidgetRenderer { return &questionRenderer{b} }

type questionRenderer struct{ *questionBox }

func (r *questionRenderer) Layout(size fyne.Size) {
	text := r.text.HeightFor(size.Width - questionIndent)
	place(r.icon, 0, questionPad-1, 20, 20)
	place(r.text, questionIndent, questionPad, size.Width-questionIndent, text)
	left, top := float32(0), questionPad+text+questionGap
	for _, button := range []*widget.Button{r.more, r.unlimited, r.deny} {
		if button.Visible() {
			wide := button.MinSize().Width
			place(button, left, top, wide, questionButton)
			left += wide + 8
		}
	}
}

func (r *questionRenderer) MinSize() fyne.Size {
	return fyne.NewSize(400, questionHeight(r.text.HeightFor(r.Size().Width-questionIndent)))
}

func (r *questionRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.questionBox.Size())
}

func (r *questionRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.icon, r.text, r.more, r.unlimited, r.deny}
}

func (r *questionRenderer) Destroy() {}
