package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// policyIcons are the pictures of the policies.
var policyIcons = map[path.Policy]fyne.Resource{
	path.Auto: autoPathIcon, path.DirectOnly: directPathIcon, path.LANOnly: theme.HomeIcon(), path.RelayOnly: relayPathIcon,
}

// policyChoices are the policies with what each means for the user, in the
// order of policies.
func policyChoices(w *words.Words) (choices []look.Choice) {
	for _, policy := range policies {
		choices = append(choices, look.Choice{
			Icon:        policyIcons[policy],
			Title:       w.Say("policy-title."+string(policy), nil),
			Consequence: w.Say("policy-means."+string(policy), nil),
		})
	}
	return choices
}

// askPolicy tells what a policy would cost here before it is taken; one that
// costs nothing is agreed to at once.
func (w *Window) askPolicy(policy path.Policy, agreed func()) {
	cost := w.policyCost(policy)
	if cost == "" {
		agreed()
		return
	}
	say := w.words.Say
	name := map[string]string{"Policy": say("policy-title."+string(policy), nil)}
	w.ask(say("policy.ask", name), cost, say("policy.take", name), say("policy.leave", nil), agreed)
}

// policyCost is what the user loses by a policy; empty for nothing of note.
func (w *Window) policyCost(policy path.Policy) string {
	say := w.words.Say
	switch {
	case policy == path.DirectOnly:
		return say("policy.cost-direct", map[string]bool{"Relays": len(w.keeper.wanted.TURN) > 0})
	case policy == path.RelayOnly && len(w.keeper.wanted.TURN) == 0:
		return say("policy.cost-no-relay", nil)
	case policy == path.RelayOnly && noRelayWorks(w.state.Network.Relays):
		return say("policy.cost-relays-fail", nil)
	default:
		return ""
	}
}

// policyCard is the card on which the policy is chosen.
type policyCard struct {
	window  *Window
	content fyne.CanvasObject
	cards   *look.ChoiceCards
	// wrong says that the settings name no policy that there is.
	wrong *look.Paragraph
}

func newPolicyCard(w *Window) *policyCard {
	c := &policyCard{window: w, wrong: look.NewParagraph(noPolicy.sentence(w.words)).Colored(theme.ColorNameError)}
	c.cards = look.NewChoiceCards(policyChoices(w.words), c.choose)
	c.wrong.Hide()
	hint := look.NewParagraph(w.words.Say("policy.hint", nil))
	c.content = column(10, column(3, look.NewTitle(w.words.Say("policy.title", nil)), hint, c.wrong), c.cards)
	return c
}

// show marks the policy that the settings have, and reports whether the card may
// have another height now.
func (c *policyCard) show(policy path.Policy) (moved bool) {
	at := slices.Index(policies, policy)
	c.cards.Select(at)
	moved = c.wrong.Visible() != (at < 0)
	show(c.wrong, at < 0)
	return moved
}

// choose takes a policy, after a question where that is due. Until then the one
// that holds stays marked.
func (c *policyCard) choose(index int) {
	c.show(c.window.keeper.wanted.Policy)
	c.window.askPolicy(policies[index], func() {
		c.window.keeper.change(func(s *settings.Settings) { s.Policy = policies[index] })
		c.window.network.refresh()
	})
}
