package ui

import (
	"context"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// networkControls are those of the part Network.
type networkControls struct {
	rendezvous *addressList
	stun       *addressList
	turn       *turnList
	secrets    *look.Paragraph
	mapping    *toggle

	relayMonth, relayTransfer, relayRate *field
}

func (p *settingsPage) newNetwork() []fyne.CanvasObject {
	w := p.window
	now := w.keeper.wanted
	p.rendezvous = newAddressList(w, "wss://…", checkRendezvous, w.engine.TestRendezvous, p.lay, now.Rendezvous, func(urls []string) {
		p.change(func(s *settings.Settings) { s.Rendezvous = urls })
	})
	p.stun = newAddressList(w, "stun:stun.example.org:3478", checkSTUN, w.engine.TestSTUN, p.lay, now.STUN, func(uris []string) {
		p.change(func(s *settings.Settings) { s.STUN = uris })
	})
	p.turn = newTURNList(w, p.lay, now.TURN, func(servers []settings.TURN) {
		p.change(func(s *settings.Settings) { s.TURN = servers })
	})
	p.follows(func(s settings.Settings) {
		p.rendezvous.set(s.Rendezvous)
		p.stun.set(s.STUN)
		p.turn.replace(s.TURN)
	})
	p.judges = append(p.judges, p.rendezvous.judge, p.stun.judge)
	p.secrets = look.NewParagraph("")
	p.secrets.Hide()
	p.tellSecrets()
	return []fyne.CanvasObject{
		p.section("turn", p.turn.content, p.secrets),
		p.newRelayLimits(),
		p.section("rendezvous", p.rendezvous.content),
		p.section("stun", p.stun.content),
		p.newMapping(),
	}
}

// newRelayLimits are the limits of what relays may carry.
func (p *settingsPage) newRelayLimits() fyne.CanvasObject {
	say := p.window.words.Say
	p.relayMonth = p.size(func(s *settings.Settings) *int64 { return &s.RelayMonth })
	p.relayTransfer = p.size(func(s *settings.Settings) *int64 { return &s.RelayTransfer })
	p.relayRate = p.rate(func(s *settings.Settings) *int64 { return &s.RelayRate })
	return p.section("relay-limits", form(
		label(say("settings.relay-month", nil)), p.relayMonth.content,
		label(say("settings.relay-transfer", nil)), p.relayTransfer.content,
		label(say("settings.relay-rate", nil)), p.relayRate.content))
}

func (p *settingsPage) newMapping() fyne.CanvasObject {
	p.mapping = p.toggle(p.window.words.Say("settings.port-mapping", nil), "",
		func(s *settings.Settings) *bool { return &s.PortMapping })
	return p.section("router", p.mapping.content)
}

// tellSecrets says where passwords are kept. To find that out may take a while.
func (p *settingsPage) tellSecrets() {
	w := p.window
	if w.secrets == nil {
		return
	}
	var place settings.Place
	var file string
	w.attempt(func(context.Context) error {
		place, file = w.secrets()
		return nil
	}, func(error) {
		text := w.words.Say("settings.secrets-keyring", nil)
		if place == settings.InFile {
			text = w.words.Say("settings.secrets-file", map[string]string{"File": file})
		}
		p.secrets.SetText(text)
		p.secrets.Show()
		p.lay()
		w.network.serving.form.tellSecrets(text)
	})
}
