package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// sendingControls are those of the part Sending and receiving.
type sendingControls struct {
	askFirst    *toggle
	up, down    *field
	alsoLAN     *toggle
	scheduled   *toggle
	from, to    *field
	nextDay     fyne.CanvasObject
	days        []*widget.Check
	noDays      *look.Paragraph
	schedule    *fyne.Container
	upThen      *field
	downThen    *field
	notify      *toggle
	notifyNames *toggle
}

func (p *settingsPage) newSending() []fyne.CanvasObject {
	say := p.window.words.Say
	p.askFirst = p.toggle(say("settings.ask-first", nil), "", func(s *settings.Settings) *bool { return &s.AskFirst })
	p.up = p.rate(func(s *settings.Settings) *int64 { return &s.LimitUp })
	p.down = p.rate(func(s *settings.Settings) *int64 { return &s.LimitDown })
	p.alsoLAN = p.toggle(say("settings.also-lan", nil), say("settings.also-lan-hint", nil),
		func(s *settings.Settings) *bool { return &s.LimitLAN })
	return []fyne.CanvasObject{
		p.section("receiving", p.askFirst.content),
		p.section("limits",
			form(label(say("settings.limit-up", nil)), p.up.content, label(say("settings.limit-down", nil)), p.down.content),
			p.alsoLAN.content, widget.NewSeparator(), p.newSchedule()),
		p.newNotifications(),
	}
}

func (p *settingsPage) newSchedule() fyne.CanvasObject {
	say := p.window.words.Say
	p.scheduled = p.toggle(say("settings.schedule", nil), say("settings.schedule-hint", nil),
		func(s *settings.Settings) *bool { return &s.Schedule.Enabled })
	p.from = p.time(func(s *settings.Settings) *int { return &s.Schedule.From })
	p.to = p.time(func(s *settings.Settings) *int { return &s.Schedule.To })
	p.nextDay = label(say("settings.next-day", nil))
	p.to.row.Add(p.nextDay)
	p.upThen = p.rate(func(s *settings.Settings) *int64 { return &s.Schedule.LimitUp })
	p.downThen = p.rate(func(s *settings.Settings) *int64 { return &s.Schedule.LimitDown })
	p.schedule = form(
		label(say("settings.from", nil)), p.from.content,
		label(say("settings.to", nil)), p.to.content,
		label(say("settings.days", nil)), p.newDays(),
		label(say("settings.limit-up", nil)), p.upThen.content,
		label(say("settings.limit-down", nil)), p.downThen.content)
	p.follows(p.showSchedule)
	return column(6, p.scheduled.content, p.schedule)
}

// week are the days in the order in which most calendars have them.
var week = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func (p *settingsPage) newDays() fyne.CanvasObject {
	say := p.window.words.Say
	names := map[time.Weekday]string{
		time.Monday: say("day.monday", nil), time.Tuesday: say("day.tuesday", nil), time.Wednesday: say("day.wednesday", nil),
		time.Thursday: say("day.thursday", nil), time.Friday: say("day.friday", nil), time.Saturday: say("day.saturday", nil),
		time.Sunday: say("day.sunday", nil),
	}
	boxes := container.New(&wrapLayout{gap: 2})
	for _, day := range week {
		check := widget.NewCheck(names[day], nil)
		p.days = append(p.days, check)
		boxes.Add(check)
	}
	p.listenToDays(true)
	p.noDays = look.NewParagraph(noDay.sentence(p.window.words)).Colored(theme.ColorNameError)
	p.noDays.Hide()
	return column(3, boxes, p.noDays)
}

func (p *settingsPage) listenToDays(listen bool) {
	for _, check := range p.days {
		check.OnChanged = nil
		if listen {
			check.OnChanged = func(bool) { p.chooseDays() }
		}
	}
}

// chooseDays takes the days that are ticked. A schedule needs one.
func (p *settingsPage) chooseDays() {
	var days uint8
	for i, check := range p.days {
		if check.Checked {
			days |= 1 << week[i]
		}
	}
	show(p.noDays, days == 0)
	p.lay()
	if days != 0 {
		p.change(func(s *settings.Settings) { s.Schedule.Days = days })
	}
}

// showSchedule shows the schedule while there is one, or what is wrong in it.
func (p *settingsPage) showSchedule(s settings.Settings) {
	if !p.noDays.Visible() || s.Schedule.Days == 0 { // else the user is choosing
		p.listenToDays(false)
		for i, check := range p.days {
			check.SetChecked(s.Schedule.Days&(1<<week[i]) != 0)
		}
		p.listenToDays(true)
		show(p.noDays, s.Schedule.Enabled && s.Schedule.Days == 0)
	}
	show(p.nextDay, s.Schedule.To <= s.Schedule.From)
	wrong := false
	for _, fault := range settings.FieldErrors(settings.Validate(s)) {
		wrong = wrong || fault.Field == "schedule.from" || fault.Field == "schedule.to"
	}
	show(p.schedule, s.Schedule.Enabled || wrong)
}

func (p *settingsPage) newNotifications() fyne.CanvasObject {
	say := p.window.words.Say
	p.notify = p.toggle(say("settings.notify", nil), "", func(s *settings.Settings) *bool { return &s.Notify })
	p.notifyNames = p.toggle(say("settings.notify-names", nil), say("settings.notify-names-hint", nil),
		func(s *settings.Settings) *bool { return &s.NotifyNames })
	p.follows(func(s settings.Settings) {
		if s.Notify {
			p.notifyNames.check.Enable()
		} else {
			p.notifyNames.check.Disable()
		}
	})
	return p.section("notifications", column(4, p.notify.content, p.notifyNames.content))
}
