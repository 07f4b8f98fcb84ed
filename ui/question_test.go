package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// asking is a transfer that waits for an answer about a limit.
func asking(limit engine.RelayLimit) engine.Transfer {
	t := moving(sending(""), path.Relayed)
	t.Rate, t.Left, t.RelayedBytes = 0, -1, 500_000_000
	t.Question = &engine.RelayQuestion{Limit: limit, Used: 498_000_000, Allowed: 500_000_000}
	return t
}

func TestAQuestionAboutRelayedBytesIsAnsweredInItsRow(t *testing.T) {
	for _, answer := range []struct {
		limit        engine.RelayLimit
		button, verb string
	}{
		{engine.TransferLimit, "Allow 1 GB more", "allow s 1000000000"},
		{engine.TransferLimit, "No limit for this transfer", "allow s 0"},
		{engine.TransferLimit, "Direct only", "deny s"},
		{engine.MonthLimit, "No limit this month", "allow s 0"},
	} {
		t.Run(answer.button, func(t *testing.T) {
			d := englishDesk(t)
			d.show(one(asking(answer.limit)))
			if text := d.row(t, 0).drawn.question.text.Text(); !strings.Contains(text, "498 MB") || !strings.Contains(text, "500 MB") {
				t.Errorf("it asks %q", text)
			}
			tap(d.button(t, answer.button)) // the row is folded
			d.wantVerbs(t, answer.verb)
			d.show(one(moving(sending(""), path.Relayed)))
			if d.row(t, 0).drawn.question.Visible() || d.transfers.entries[0].questionHeight != 0 {
				t.Error("it goes on asking")
			}
		})
	}
}

func TestAQuestionIsSeenFromEveryPageAndHoldsNothingUp(t *testing.T) {
	d := englishDesk(t)
	d.keeper.taken.Notify = true
	d.goTo(settingsAt)
	question := one(asking(engine.MonthLimit))
	test.AssertNotificationSent(t, fyne.NewNotification(assets.Name, "A transfer waits for your answer: a limit of relayed bytes is reached."), func() {
		d.show(question)
	})
	if !d.notice.content.Visible() || !strings.Contains(d.notice.text.Text, "“Holiday pictures” waits for your answer") {
		t.Errorf("the window says %q", d.notice.text.Text)
	}
	if d.window.Canvas().Overlays().Top() != nil || !d.settings.content.Visible() {
		t.Error("the question stands in the way of other work")
	}
	if !d.rail.Marked(transfersAt) {
		t.Error("nothing leads to the question")
	}
	test.AssertNotificationSent(t, nil, func() { d.show(question) })
	d.notice.hush()
	d.show(question)
	if d.notice.content.Visible() {
		t.Error("what was put away comes again")
	}
	d.show(one(moving(sending(""), path.Relayed)))
	if d.rail.Marked(transfersAt) {
		t.Error("the mark stays after the answer")
	}
}

func TestAnAnsweredQuestionLeavesTheNotice(t *testing.T) {
	d := englishDesk(t)
	d.show(one(asking(engine.TransferLimit)))
	d.show(one(moving(sending(""), path.DirectInternet)))
	if d.notice.content.Visible() {
		t.Errorf("it still says %q", d.notice.text.Text)
	}
}

func TestDirectOnlyIsSaidAndCanBeTakenBack(t *testing.T) {
	d := englishDesk(t)
	denied := moving(sending(""), path.Relayed)
	denied.RelayDenied = true
	d.show(one(denied))
	box := d.row(t, 0).drawn.question
	if !strings.Contains(box.text.Text(), "as you chose") || box.deny.Visible() || d.rail.Marked(transfersAt) {
		t.Errorf("it says %q", box.text.Text())
	}
	tap(d.button(t, "No limit for this transfer"))
	d.wantVerbs(t, "allow s 0")
	denied.Path = path.DirectInternet
	d.show(one(denied))
	if d.row(t, 0).drawn.question.Visible() {
		t.Error("it is said while all goes well without a relay")
	}
}
