package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// privacyControls are those of the part Privacy.
type privacyControls struct {
	policy   *widget.RadioGroup
	noPolicy *look.Paragraph
	// people say what those on the other side of a transfer see, stunSees and
	// relaySees what servers do, where they are asked.
	people, meeting     *look.Paragraph
	stunSees, relaySees *fyne.Container
}

var policies = []path.Policy{path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly}

func (p *settingsPage) newPrivacy() []fyne.CanvasObject {
	say := p.window.words.Say
	p.policy = widget.NewRadioGroup(p.policyTexts(), nil)
	p.policy.Required = true
	p.noPolicy = look.NewParagraph(noPolicy.sentence(p.window.words)).Colored(theme.ColorNameError)
	p.follows(func(s settings.Settings) { p.choosePolicy(s.Policy) })
	more := widget.NewButtonWithIcon(say("settings.to-network", nil), netIcon, func() { p.window.goTo(networkAt) })
	return []fyne.CanvasObject{
		p.section("policy", p.noPolicy,
			// Its circles stand under the title.
			container.New(layout.NewCustomPaddedLayout(-6, -4, -6, 0), p.policy), container.NewHBox(more)),
		p.newSeen(),
	}
}

// newSeen says what others see of this computer.
func (p *settingsPage) newSeen() fyne.CanvasObject {
	say := p.window.words.Say
	p.people = look.NewParagraph("")
	p.meeting = look.NewParagraph(say("seen.rendezvous", nil))
	p.stunSees = seenBy(say("seen.by-stun", nil), look.NewParagraph(say("seen.stun", nil)))
	p.relaySees = seenBy(say("seen.by-relay", nil), look.NewParagraph(say("seen.relay", nil)))
	p.follows(p.showSeen)
	return p.section("seen", column(10,
		seenBy(say("seen.by-people", nil), p.people),
		seenBy(say("seen.by-rendezvous", nil), p.meeting),
		p.stunSees, p.relaySees))
}

func seenBy(who string, what *look.Paragraph) *fyne.Container {
	return column(2, look.NewLine(who), what)
}

func (p *settingsPage) showSeen(s settings.Settings) {
	say := p.window.words.Say
	name := s.Name
	if name == "" {
		name = say("seen.no-name", nil)
	}
	who := map[string]string{"Name": name}
	sees := say("seen.people", who)
	switch s.Policy {
	case path.RelayOnly:
		sees = say("seen.people-relay", who)
	case path.Auto, path.DirectOnly:
	default:
		sees = say("seen.people-lan", who)
	}
	p.people.SetText(sees)
	show(p.stunSees, s.Policy == path.Auto || s.Policy == path.DirectOnly)
	show(p.relaySees, s.Policy == path.Auto || s.Policy == path.RelayOnly)
}

func (p *settingsPage) policyTexts() (texts []string) {
	for _, policy := range policies {
		texts = append(texts, p.window.words.Say("policy."+string(policy), nil))
	}
	return texts
}

// choosePolicy shows a policy without telling; none where there is no such one.
func (p *settingsPage) choosePolicy(policy path.Policy) {
	texts, at := p.policyTexts(), slices.Index(policies, policy)
	p.policy.OnChanged = nil
	if at >= 0 {
		p.policy.SetSelected(texts[at])
	} else {
		p.policy.SetSelected("")
	}
	show(p.noPolicy, at < 0)
	p.policy.OnChanged = func(text string) {
		if at := slices.Index(texts, text); at >= 0 {
			p.choosePolicy(p.window.keeper.wanted.Policy) // until it is agreed to
			p.window.askPolicy(policies[at], func() {
				p.change(func(s *settings.Settings) { s.Policy = policies[at] })
			})
		}
	}
}
