package ui

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// monthCard says how much of this month's bytes went direct, how much by
// relays, how much of the budget that is, and where it leads to.
type monthCard struct {
	words   *words.Words
	content fyne.CanvasObject
	ring    *look.UsageRing
	share   *look.Paragraph
	bar     *look.SharesBar
	budget  *look.Paragraph
	outlook *look.Paragraph
}

func newMonthCard(w *words.Words) *monthCard {
	c := &monthCard{words: w, ring: look.NewUsageRing(), bar: look.NewSharesBar(), budget: look.NewParagraph(""), outlook: look.NewParagraph("")}
	c.share = look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground)
	text := column(7, look.NewTitle(w.Say("month.title", nil)), c.share, c.bar, c.budget, c.outlook)
	c.content = look.NewCard(newBeside(20, c.ring, text))
	return c
}

func newBeside(gap float32, left, text fyne.CanvasObject) fyne.CanvasObject {
	return container.New(besideLayout{gap}, left, text, hidden())
}

// show reports whether the card may have another height now.
func (c *monthCard) show(u engine.RelayUsage, now time.Time) (moved bool) {
	w, all := c.words, u.Bytes+u.DirectBytes
	share := w.Say("month.nothing", nil)
	if all > 0 {
		share = facts(
			w.Say("month.direct", map[string]string{"Size": words.Bytes(u.DirectBytes), "Percent": directPart(u.DirectBytes, all)}),
			w.Say("month.relayed", map[string]string{"Size": words.Bytes(u.Bytes), "Percent": relayedPart(u.Bytes, all)}))
	}
	c.bar.Set(u.DirectBytes, u.Bytes)
	c.ring.Set(look.Usage{Direct: u.DirectBytes, Relayed: u.Bytes, Limit: u.Limit})
	budget := w.Say("month.no-limit", nil)
	switch {
	case u.Limit > 0:
		budget = w.Say("month.limit", map[string]string{"Used": words.Bytes(u.Bytes), "Limit": words.Bytes(u.Limit)})
		c.ring.SetWords(percentOf(u.Bytes, u.Limit), w.Say("month.ring-budget", nil))
	case all > 0:
		c.ring.SetWords(directPart(u.DirectBytes, all), w.Say("month.ring-direct", nil))
	default:
		c.ring.SetWords("–", w.Say("month.ring-direct", nil))
	}
	outlook := outlookOf(w, u, now)
	moved = set(c.share, share)
	moved = set(c.budget, budget) || moved
	moved = set(c.outlook, outlook) || moved
	show(c.outlook, outlook != "")
	return moved
}

// set reports whether a paragraph has another text now.
func set(p *look.Paragraph, text string) bool {
	changed := p.Text() != text
	p.SetText(text)
	return changed
}

// percentOf is relayedPart for what may be more than the whole.
func percentOf(part, whole int64) string {
	if part > whole {
		return strconv.FormatInt(int64(float64(part)/float64(whole)*100), 10) + " %"
	}
	return relayedPart(part, whole)
}

// soonest is how much of the month has to be over before a forecast is made.
const soonest = 24 * time.Hour

// outlookOf says what relays will have carried at the end of the month, or when
// the limit will be reached, if it goes on like this.
func outlookOf(w *words.Words, u engine.RelayUsage, now time.Time) string {
	if u.Limit > 0 && u.Bytes >= u.Limit {
		return w.Say("month.over", nil)
	}
	elapsed := now.Sub(u.Month)
	end := u.Month.AddDate(0, 1, 0)
	if u.Bytes <= 0 || u.Month.IsZero() || elapsed < soonest || !now.Before(end) {
		return ""
	}
	pace := float64(u.Bytes) / elapsed.Seconds()
	if u.Limit > 0 {
		if seconds := float64(u.Limit-u.Bytes) / pace; seconds < end.Sub(now).Seconds() {
			reached := now.Add(time.Duration(seconds * float64(time.Second)))
			return w.Say("month.will-reach", map[string]string{"Day": w.Day(reached)})
		}
	}
	whole := int64(pace * end.Sub(u.Month).Seconds())
	return w.Say("month.will-be", map[string]string{"Size": words.Bytes(whole)})
}
