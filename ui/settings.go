package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// settingsPage shows the settings. What is right takes effect at once; what is
// wrong is marked where it stands and changes nothing.
type settingsPage struct {
	window  *Window
	current settings.Settings
	content fyne.CanvasObject
	body    *fyne.Container

	name       *field
	folder     *field
	up, down   *field
	policy     *widget.RadioGroup
	noPolicy   *look.Line
	mapping    *widget.Check
	rendezvous *addressList
	stun       *addressList
	turn       *turnList

	relayMonth, relayTransfer, relayRate *field
}

func newSettingsPage(w *Window, s settings.Settings) *settingsPage {
	p := &settingsPage{window: w, current: s}
	say := w.words.Say
	p.rendezvous = newAddressList(w.words, "wss://…", checkRendezvous, p.lay, s.Rendezvous, func(urls []string) {
		p.change(func(s *settings.Settings) { s.Rendezvous = urls })
	})
	p.stun = newAddressList(w.words, "stun:stun.example.org:3478", checkSTUN, p.lay, s.STUN, func(uris []string) {
		p.change(func(s *settings.Settings) { s.STUN = uris })
	})
	p.turn = newTURNList(w, p.lay, s.TURN, func(servers []settings.TURN) {
		p.change(func(s *settings.Settings) { s.TURN = servers })
	})
	p.body = container.NewVBox(
		container.New(layout.NewCustomPaddedLayout(0, 4, 0, 0), look.NewCaption(say("settings.live", nil))),
		p.section("general", p.newGeneral()),
		p.section("limits", p.newLimits()),
		p.section("policy", p.newPolicy()),
		p.section("turn", p.turn.content),
		p.section("relay-limits", p.newRelayLimits()),
		p.section("stun", p.stun.content),
		p.section("rendezvous", p.rendezvous.content),
	)
	p.content = container.New(&scrollMargin{}, container.NewVScroll(p.body))
	p.mark()
	return p
}

// section is a card with a title and a sentence about what it is for.
func (p *settingsPage) section(name string, content fyne.CanvasObject) fyne.CanvasObject {
	about := look.NewCaption(p.window.words.Say("settings."+name+"-hint", nil))
	return container.New(layout.NewCustomPaddedLayout(0, 8, 0, scrollRoom),
		look.NewCard(container.NewVBox(look.NewTitle(p.window.words.Say("settings."+name, nil)), about, spacer(2), content)))
}

func (p *settingsPage) newGeneral() fyne.CanvasObject {
	w, say := p.window.words, p.window.words.Say
	p.name = newField(w, p.current.Name, say("settings.name-placeholder", nil), func(string) fault { return fine }, func(text string) {
		p.change(func(s *settings.Settings) { s.Name = text })
	})
	p.folder = newField(w, p.current.DownloadDir, "", checkFolder, func(text string) {
		p.change(func(s *settings.Settings) { s.DownloadDir = text })
	})
	choose := widget.NewButtonWithIcon(say("settings.choose", nil), theme.FolderOpenIcon(), p.chooseFolder)
	return container.New(layout.NewFormLayout(),
		label(say("settings.name", nil)), p.name.content,
		label(say("settings.folder", nil)), container.NewBorder(nil, nil, nil, container.NewVBox(choose), p.folder.content))
}

func (p *settingsPage) newLimits() fyne.CanvasObject {
	say := p.window.words.Say
	p.up = p.newRate(p.current.LimitUp, func(s *settings.Settings, n int64) { s.LimitUp = n })
	p.down = p.newRate(p.current.LimitDown, func(s *settings.Settings, n int64) { s.LimitDown = n })
	return container.New(layout.NewFormLayout(),
		label(say("settings.limit-up", nil)), withUnit(p.up),
		label(say("settings.limit-down", nil)), withUnit(p.down))
}

// newRelayLimits are the limits of what relays may carry.
func (p *settingsPage) newRelayLimits() fyne.CanvasObject {
	say := p.window.words.Say
	p.relayMonth = p.newSize(p.current.RelayMonth, func(s *settings.Settings, n int64) { s.RelayMonth = n })
	p.relayTransfer = p.newSize(p.current.RelayTransfer, func(s *settings.Settings, n int64) { s.RelayTransfer = n })
	p.relayRate = p.newRate(p.current.RelayRate, func(s *settings.Settings, n int64) { s.RelayRate = n })
	return container.New(layout.NewFormLayout(),
		label(say("settings.relay-month", nil)), p.relayMonth.content,
		label(say("settings.relay-transfer", nil)), p.relayTransfer.content,
		label(say("settings.relay-rate", nil)), withUnit(p.relayRate))
}

// newRate is a field for megabytes a second.
func (p *settingsPage) newRate(now int64, set func(*settings.Settings, int64)) *field {
	return newField(p.window.words, limitText(now), p.window.words.Say("settings.no-limit", nil), checkLimit, func(text string) {
		bytes, _ := parseLimit(text) // checkLimit has seen it
		p.change(func(s *settings.Settings) { set(s, bytes) })
	})
}

// newSize is a field for a number of bytes.
func (p *settingsPage) newSize(now int64, set func(*settings.Settings, int64)) *field {
	return newField(p.window.words, sizeText(now), p.window.words.Say("settings.no-size-limit", nil), checkSize, func(text string) {
		bytes, _ := parseSize(text) // checkSize has seen it
		p.change(func(s *settings.Settings) { set(s, bytes) })
	})
}

func withUnit(rate *field) fyne.CanvasObject {
	return container.NewBorder(nil, nil, nil, label("MB/s"), rate.content)
}

var policies = []path.Policy{path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly}

func (p *settingsPage) newPolicy() fyne.CanvasObject {
	p.policy = widget.NewRadioGroup(p.policyTexts(), nil)
	p.policy.Required = true
	p.noPolicy = look.NewCaption("")
	p.noPolicy.Set(noPolicy.sentence(p.window.words), theme.ColorNameError)
	p.choosePolicy(p.current.Policy)
	p.mapping = widget.NewCheck(p.window.words.Say("settings.port-mapping", nil), nil)
	p.chooseMapping(p.current.PortMapping)
	// Its circles stand under the title.
	return container.NewVBox(p.noPolicy, container.New(layout.NewCustomPaddedLayout(-4, -4, -6, 0), p.policy),
		spacer(2), widget.NewSeparator(), container.New(layout.NewCustomPaddedLayout(0, -4, -6, 0), p.mapping),
		look.NewCaption(p.window.words.Say("settings.port-mapping-hint", nil)))
}

// chooseMapping shows whether the router may be asked for ports, without telling.
func (p *settingsPage) chooseMapping(allowed bool) {
	p.mapping.OnChanged = nil
	p.mapping.SetChecked(allowed)
	p.mapping.OnChanged = func(allowed bool) {
		p.change(func(s *settings.Settings) { s.PortMapping = allowed })
	}
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
		at := slices.Index(texts, text)
		if at < 0 {
			return
		}
		show(p.noPolicy, false)
		p.change(func(s *settings.Settings) { s.Policy = policies[at] })
	}
}

func (p *settingsPage) chooseFolder() {
	chooser := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err == nil && folder != nil {
			p.folder.entry.SetText(folder.Path())
			p.folder.commit()
		}
	}, p.window.window)
	chooser.Resize(p.window.dialogSize())
	chooser.Show()
}

// change makes new settings, lets the engine work by them and keeps them.
func (p *settingsPage) change(edit func(*settings.Settings)) {
	changed := p.current
	edit(&changed)
	p.current = settings.Normalize(changed)
	p.window.keeper.keep(p.current)
}

// show shows settings that did not come from this page.
func (p *settingsPage) show(s settings.Settings) {
	p.current = s
	p.name.set(s.Name)
	p.folder.set(s.DownloadDir)
	p.up.set(limitText(s.LimitUp))
	p.down.set(limitText(s.LimitDown))
	p.rendezvous.set(s.Rendezvous)
	p.stun.set(s.STUN)
	p.turn.replace(s.TURN)
	p.relayMonth.set(sizeText(s.RelayMonth))
	p.relayTransfer.set(sizeText(s.RelayTransfer))
	p.relayRate.set(limitText(s.RelayRate))
	p.choosePolicy(s.Policy)
	p.chooseMapping(s.PortMapping)
	p.mark()
}

// mark marks what is wrong, as in a file that was edited by hand.
func (p *settingsPage) mark() {
	for _, f := range []*field{p.folder, p.up, p.down, p.relayMonth, p.relayTransfer, p.relayRate} {
		f.judge()
	}
	p.rendezvous.judge()
	p.stun.judge()
}

// flawed reports whether the page shows anything that cannot be used.
func (p *settingsPage) flawed() bool {
	return slices.ContainsFunc(settings.FieldErrors(settings.Validate(p.current)), func(wrong *settings.FieldError) bool {
		return !wrong.Locked(p.current)
	})
}

// lay lays the page out again after something in it has grown or shrunk.
func (p *settingsPage) lay() {
	if p.body != nil {
		p.body.Refresh()
		p.content.Refresh()
	}
}

// scrollMargin lets a page's scroll bar stand in the margin of the window.
type scrollMargin struct{}

func (scrollMargin) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, size.Width+scrollRoom, size.Height)
}

func (scrollMargin) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// label is a line beside an entry, at the height of its text.
func label(text string) fyne.CanvasObject {
	return container.NewVBox(container.New(layout.NewCustomPaddedLayout(8, 8, 0, 10), look.NewLine(text).Whole()))
}
