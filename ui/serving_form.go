package ui

import (
	"crypto/rand"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

const (
	// servingName is the username that others get unless the user wants another.
	servingName = "causeway"
	// servingPassword is the length of a password that is made here, of 5 bits a
	// letter.
	servingPassword = 20
)

// servingForm are the fields of what this computer does for others. What is
// right is kept when the user leaves a field; what is wrong is marked.
type servingForm struct {
	window  *Window
	content *fyne.Container
	// kept is what the settings have, made a password for who has none yet.
	kept settings.Serve
	made string
	// shown are the texts of the settings that the fields were last given; what
	// was typed since, and could not be kept yet, stays.
	shown []string

	address, name, password           *field
	tracker, turn, relayMin, relayMax *field
	rate                              *field
	reveal                            *look.TipButton
	secrets, ports                    *look.Paragraph
	moved                             func()
}

func newServingForm(w *Window, moved func()) *servingForm {
	say := w.words.Say
	f := &servingForm{window: w, made: newPassword(), secrets: look.NewParagraph(""), ports: look.NewParagraph(""), moved: moved}
	f.secrets.Hide()
	f.address, f.name, f.password = f.field("serve.public_ip"), f.field("serve.username"), f.field("serve.password")
	f.tracker, f.turn = f.field("serve.tracker_port"), f.field("serve.turn_port")
	f.relayMin, f.relayMax = f.field("serve.relay_min"), f.field("serve.relay_max")
	f.rate = newField(w.words, "", say("settings.no-limit", nil), checkLimit, f.commit)
	for _, one := range f.all() {
		one.moved = moved
	}
	f.password.hide()
	f.reveal = look.NewTipButton(theme.VisibilityIcon(), say("serving.reveal", nil), f.turnPassword)
	f.password.with(f.reveal,
		look.NewTipButton(theme.ContentCopyIcon(), say("serving.copy-password", nil), f.copyPassword),
		look.NewTipButton(theme.ViewRefreshIcon(), say("serving.new-password", nil), f.renewPassword))
	f.content = column(10,
		container.New(&flowLayout{gap: 12, least: 230},
			captioned(say("serving.address", nil), f.address), captioned(say("turn.username", nil), f.name), captioned(say("turn.password", nil), f.password)),
		f.secrets,
		container.New(&flowLayout{gap: 12, least: 128},
			captioned(say("serving.tracker-port", nil), f.tracker), captioned(say("serving.turn-port", nil), f.turn),
			captioned(say("serving.relay-min", nil), f.relayMin), captioned(say("serving.relay-max", nil), f.relayMax),
			captioned(say("serving.rate", nil), f.rate)),
		f.ports)
	return f
}

// tellSecrets says where the password is kept.
func (f *servingForm) tellSecrets(text string) {
	f.secrets.SetText(text)
	f.secrets.Show()
	f.moved()
}

func newPassword() string { return rand.Text()[:servingPassword] }

func (f *servingForm) all() []*field {
	return []*field{f.address, f.name, f.password, f.tracker, f.turn, f.relayMin, f.relayMax, f.rate}
}

// field is a field for the setting of a name.
func (f *servingForm) field(name string) *field {
	return newField(f.window.words, "", "", func(string) fault { return servingFault(f.value(), name) }, f.commit)
}

// captioned has a caption above a field.
func captioned(caption string, f *field) fyne.CanvasObject {
	return column(3, look.NewCaption(caption), f.content)
}

// value is what stands in the fields.
func (f *servingForm) value() settings.Serve {
	rate, err := parseLimit(f.rate.text())
	if err != nil {
		rate = f.kept.Rate // checkLimit tells
	}
	return settings.Serve{
		Enabled: f.kept.Enabled, PublicIP: f.address.text(), Username: f.name.text(), Password: f.password.text(),
		TrackerPort: parsePort(f.tracker.text()), TURNPort: parsePort(f.turn.text()),
		RelayMin: parsePort(f.relayMin.text()), RelayMax: parsePort(f.relayMax.text()), Rate: rate,
	}
}

// show shows what the settings have, and reports whether the form may have
// another height now.
func (f *servingForm) show(s settings.Serve, check *netcheck.Report) (moved bool) {
	f.kept = s
	placeholder := f.window.words.Say("serving.address-own", nil)
	if check != nil && check.Public4.IsValid() {
		placeholder = check.Public4.String()
	}
	if f.address.entry.PlaceHolder != placeholder {
		f.address.entry.SetPlaceHolder(placeholder)
	}
	if s.Username == "" {
		s.Username = servingName
	}
	if s.Password == "" {
		s.Password = f.made
	}
	texts := servingTexts(s)
	for i, one := range f.all() {
		if f.shown == nil || f.shown[i] != texts[i] { // all of them first: what is wrong depends on the others
			one.last = texts[i]
			one.entry.SetText(texts[i])
			moved = true
		}
	}
	if f.shown = texts; moved {
		f.judge()
	}
	return set(f.ports, passedOnText(f.window.words, s)) || moved
}

// judge marks what is wrong and returns the first field that is; nil for none.
func (f *servingForm) judge() (first *field) {
	for _, one := range f.all() {
		if !one.judge() && first == nil {
			first = one
		}
	}
	return first
}

// commit keeps what stands in the fields, if all of it is right.
func (f *servingForm) commit(string) {
	if f.judge() == nil {
		f.keep(f.kept.Enabled)
	}
}

func (f *servingForm) keep(enabled bool) {
	value := f.value()
	value.Enabled = enabled
	f.shown = servingTexts(value)
	f.window.keeper.change(func(s *settings.Settings) { s.Serve = value })
	f.window.network.redraw() // with what was taken, or with what holds still
}

// servingTexts are what the fields show, in the order of all.
func servingTexts(s settings.Serve) []string {
	return []string{
		s.PublicIP, s.Username, s.Password, portText(s.TrackerPort), portText(s.TURNPort),
		portText(s.RelayMin), portText(s.RelayMax), limitText(s.Rate),
	}
}

func (f *servingForm) turnPassword() {
	entry := f.password.entry
	entry.Password = !entry.Password
	icon := theme.VisibilityOffIcon()
	if entry.Password {
		icon = theme.VisibilityIcon()
	}
	f.reveal.SetIcon(icon)
	entry.Refresh()
}

func (f *servingForm) copyPassword() {
	f.window.app.Clipboard().SetContent(f.password.text())
	f.window.notice.tell(f.window.words.Say("serving.password-copied", nil))
}

func (f *servingForm) renewPassword() {
	f.password.entry.SetText(newPassword())
	f.password.commit()
}

// passedOnText says which ports a router has to pass on.
func passedOnText(w *words.Words, s settings.Serve) string {
	return w.Say("serving.ports", map[string]string{
		"Tracker": portText(s.TrackerPort), "TURN": portText(s.TURNPort), "Min": portText(s.RelayMin), "Max": portText(s.RelayMax),
	})
}
