package ui

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/ui/look"
)

// noticeTime is how long a good message stays.
const noticeTime = 6 * time.Second

// notice is a sentence above the page: what went wrong, which stays until it is
// closed or something else is said, or what was done, which goes by itself.
type notice struct {
	content fyne.CanvasObject
	icon    *widget.Icon
	text    *widget.Label
	// moved lays the page out again, with or without the notice.
	moved func()
	after func(time.Duration, func())
	// said counts, so that a message does not take a later one away.
	said int
	// standing are the sentences of the newest state, and standingAt what said
	// was when they were last shown.
	standing   []string
	standingAt int
}

func newNotice(moved func(), after func(time.Duration, func())) *notice {
	n := &notice{moved: moved, after: after, icon: widget.NewIcon(theme.InfoIcon()), text: widget.NewLabel("")}
	n.text.Wrapping = fyne.TextWrapWord
	closing := quietButton(theme.CancelIcon(), n.hush)
	n.content = container.New(layout.NewCustomPaddedLayout(0, 8, 0, 0), look.NewCard(container.NewBorder(nil, nil,
		n.icon, container.NewCenter(closing), n.text)).Tight())
	n.content.Hide()
	return n
}

func (n *notice) complain(text string) {
	n.say(text, widget.DangerImportance, theme.NewErrorThemedResource(theme.ErrorIcon()))
}

// stand says what the state complains of and asks, once of each, and is quiet
// about what is over.
func (n *notice) stand(complaints, questions []string) {
	sentences := slices.Concat(complaints, questions)
	if slices.Equal(sentences, n.standing) {
		return
	}
	var news []string
	for _, text := range sentences {
		if !slices.Contains(n.standing, text) {
			news = append(news, text)
		}
	}
	shown := n.content.Visible() && n.said == n.standingAt && len(n.standing) > 0
	n.standing = sentences
	say := n.ask
	if len(complaints) > 0 {
		say = n.complain
	}
	switch {
	case shown && len(sentences) == 0:
		n.hush()
	case shown: // all that stands, for the user has not put it away
		say(strings.Join(sentences, "\n"))
	case len(news) > 0 && n.content.Visible() && n.text.Importance == widget.DangerImportance:
		n.complain(n.text.Text + "\n" + strings.Join(news, "\n"))
		return
	case len(news) > 0:
		say(strings.Join(news, "\n"))
	default:
		return
	}
	n.standingAt = n.said
}

// ask says that something waits for the user.
func (n *notice) ask(text string) {
	n.say(text, widget.WarningImportance, theme.NewWarningThemedResource(theme.QuestionIcon()))
}

func (n *notice) tell(text string) {
	n.say(text, widget.MediumImportance, theme.NewPrimaryThemedResource(theme.InfoIcon()))
	said := n.said
	n.after(noticeTime, func() {
		if n.said == said {
			n.hush()
		}
	})
}

// mention tells good news, unless something is said that the user has to know.
func (n *notice) mention(text string) {
	if n.content.Visible() && n.text.Importance != widget.MediumImportance {
		return
	}
	n.tell(text)
}

func (n *notice) say(text string, importance widget.Importance, icon fyne.Resource) {
	n.said++
	n.icon.SetResource(icon)
	n.text.Importance = importance
	n.text.SetText(text)
	n.content.Show()
	n.moved()
}

func (n *notice) hush() {
	if n.content.Visible() {
		n.content.Hide()
		n.moved()
	}
}
