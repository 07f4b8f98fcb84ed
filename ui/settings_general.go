package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
)

// generalControls are those of the part General.
type generalControls struct {
	name       *field
	folder     *field
	language   *choice
	theme      *choice
	atLogin    *toggle
	keepInTray *toggle
}

// The languages of the window call themselves what they are called by those who
// speak them.
var languageNames = map[string]string{"en": "English", "zh": "简体中文"}

func (p *settingsPage) newGeneral() []fyne.CanvasObject {
	say := p.window.words.Say
	p.name = p.field(say("settings.name-placeholder", nil), func(string) fault { return fine },
		func(s settings.Settings) string { return s.Name },
		func(s *settings.Settings, text string) { s.Name = text })
	p.folder = p.field("", checkFolder,
		func(s settings.Settings) string { return s.DownloadDir },
		func(s *settings.Settings, text string) { s.DownloadDir = text }).
		with(widget.NewButtonWithIcon(say("settings.choose", nil), theme.FolderOpenIcon(), func() { p.window.chooseInto(p.folder) }))
	return []fyne.CanvasObject{
		p.section("computer", form(
			label(say("settings.name", nil)), p.name.content,
			label(say("settings.folder", nil)), p.folder.content)),
		p.newAppearance(),
		p.newHabits(),
	}
}

func (p *settingsPage) newAppearance() fyne.CanvasObject {
	say := p.window.words.Say
	languages, names := []string{""}, []string{say("settings.language-system", nil)}
	for _, language := range settings.Languages {
		languages, names = append(languages, language), append(names, languageNames[language])
	}
	p.language = p.choice(languages, names, func(s *settings.Settings) *string { return &s.Language })
	p.theme = p.choice([]string{"", "light", "dark"},
		[]string{say("settings.theme-system", nil), say("settings.theme-light", nil), say("settings.theme-dark", nil)},
		func(s *settings.Settings) *string { return &s.Theme })
	return p.section("appearance", form(
		label(say("settings.language", nil)), p.language.content,
		label(say("settings.theme", nil)), p.theme.content))
}

// newHabits has how Causeway starts and stays, as far as this system lets it.
func (p *settingsPage) newHabits() fyne.CanvasObject {
	say := p.window.words.Say
	p.atLogin = p.toggle(say("settings.at-login", nil), say("settings.at-login-hint", nil),
		func(s *settings.Settings) *bool { return &s.StartAtLogin })
	p.keepInTray = p.toggle(say("settings.tray", nil), say("settings.tray-hint", nil),
		func(s *settings.Settings) *bool { return &s.KeepInTray })
	show(p.atLogin.content, p.window.autostart != nil)
	return p.section("habits", column(4, p.atLogin.content, p.keepInTray.content))
}

// chooseInto asks for a folder and writes it into a field.
func (w *Window) chooseInto(f *field) {
	chooser := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err == nil && folder != nil {
			f.entry.SetText(folder.Path())
			f.commit()
		}
	}, w.window)
	w.showChooser(chooser)
}
