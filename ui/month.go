package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// monthCard says how much of this month's bytes went direct, how much by
// relays, and how much of the budget that is.
type monthCard struct {
	words   *words.Words
	usage   engine.RelayUsage
	content fyne.CanvasObject
	share   *look.Line
	bar     *look.Bar
	budget  *look.Line
}

func newMonthCard(w *words.Words) *monthCard {
	c := &monthCard{words: w, share: look.NewLine(""), bar: look.NewBar(), budget: look.NewCaption("")}
	c.content = look.NewCard(column(8, look.NewTitle(w.Say("month.title", nil)), c.share, c.bar, c.budget))
	c.fill(engine.RelayUsage{})
	return c
}

// show reports whether the card may have another height now.
func (c *monthCard) show(u engine.RelayUsage) (moved bool) {
	if c.usage == u {
		return false
	}
	limited := c.usage.Limit > 0
	c.usage = u
	c.fill(u)
	return limited != (u.Limit > 0)
}

func (c *monthCard) fill(u engine.RelayUsage) {
	all := u.Bytes + u.DirectBytes
	c.share.SetText(c.words.Say("month.nothing", nil))
	if all > 0 {
		c.share.SetText(facts(
			c.words.Say("month.direct", map[string]string{"Size": words.Bytes(u.DirectBytes), "Percent": relayedPart(u.DirectBytes, all)}),
			c.words.Say("month.relayed", map[string]string{"Size": words.Bytes(u.Bytes), "Percent": relayedPart(u.Bytes, all)})))
	}
	show(c.bar, u.Limit > 0)
	if u.Limit <= 0 {
		c.budget.SetText(c.words.Say("month.no-limit", nil))
		return
	}
	c.budget.SetText(c.words.Say("month.limit", map[string]string{"Used": words.Bytes(u.Bytes), "Limit": words.Bytes(u.Limit)}))
	part, color := float32(u.Bytes)/float32(u.Limit), theme.ColorNamePrimary
	if part >= 0.8 {
		color = look.ColorRelayed
	}
	c.bar.Set(part, color)
}
