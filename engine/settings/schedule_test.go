package settings_test

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/settings"
)

const (
	workdays = 1<<time.Monday | 1<<time.Tuesday | 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday
	allDays  = 1<<7 - 1
)

func scheduled(schedule settings.Schedule) settings.Settings {
	s := settings.Default()
	s.LimitUp, s.LimitDown = 1000, 2000
	schedule.LimitUp, schedule.LimitDown = 10, 0
	s.Schedule = schedule
	return s
}

// berlin changes its clocks on 29 March and on 25 October of 2026.
func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this computer knows no time zones: ", err)
	}
	return zone
}

func TestOtherLimitsHoldAtTheHoursOfTheSchedule(t *testing.T) {
	office := settings.Schedule{Enabled: true, From: 8 * 60, To: 18 * 60, Days: workdays}
	night := settings.Schedule{Enabled: true, From: 22 * 60, To: 6 * 60, Days: 1 << time.Friday}
	whole := settings.Schedule{Enabled: true, From: 9 * 60, To: 9 * 60, Days: 1 << time.Saturday}
	off, noDay, broken := office, office, office
	off.Enabled, noDay.Days, broken.To = false, 0, 24*60
	for _, one := range []struct {
		what     string
		schedule settings.Schedule
		day      int // of November 2026; the 16th is a Monday
		clock    string
		holds    bool
	}{
		{"before the first minute", office, 16, "07:59:59", false},
		{"in the first minute", office, 16, "08:00:00", true},
		{"in the last minute", office, 16, "17:59:59", true},
		{"after the last minute", office, 16, "18:00:00", false},
		{"on a Sunday", office, 15, "12:00:00", false},
		{"switched off", off, 16, "12:00:00", false},
		{"on no day", noDay, 16, "12:00:00", false},
		{"to a minute that there is not", broken, 16, "12:00:00", false},
		{"on Friday evening", night, 20, "22:00:00", true},
		{"on Friday morning, which is Thursday's night", night, 20, "05:00:00", false},
		{"on Saturday morning, which is Friday's night", night, 21, "05:59:00", true},
		{"on Saturday at its end", night, 21, "06:00:00", false},
		{"on Saturday evening", night, 21, "23:00:00", false},
		{"a whole day, before", whole, 21, "08:59:00", false},
		{"a whole day, at its beginning", whole, 21, "09:00:00", true},
		{"a whole day, at its end", whole, 22, "08:59:00", true},
		{"a whole day, after", whole, 22, "09:00:00", false},
	} {
		clock, err := time.Parse(time.TimeOnly, one.clock)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, time.November, one.day, clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)
		wantUp, wantDown := int64(1000), int64(2000)
		if one.holds {
			wantUp, wantDown = 10, 0
		}
		if up, down := scheduled(one.schedule).LimitsAt(at); up != wantUp || down != wantDown {
			t.Errorf("%s: the limits are %d and %d, want %d and %d", one.what, up, down, wantUp, wantDown)
		}
	}
}

func TestAFridayNightEndsOnSaturdayAlsoWhenTheWeekBegins(t *testing.T) {
	schedule := settings.Schedule{Enabled: true, From: 23 * 60, To: 60, Days: 1 << time.Saturday}
	if !schedule.Holds(time.Date(2026, time.November, 22, 0, 30, 0, 0, time.UTC)) { // a Sunday
		t.Error("Saturday's night ends at midnight")
	}
}

func TestTheScheduleFollowsTheClockOnTheWallWhenThatIsChanged(t *testing.T) {
	zone := berlin(t)
	night := settings.Schedule{Enabled: true, From: 60, To: 4 * 60, Days: allDays}
	// Each hour from midnight on, as this computer lives through it.
	for _, one := range []struct {
		what  string
		month time.Month
		day   int
		want  []bool
	}{
		{"an hour is left out in spring", time.March, 29, []bool{false, true, true, false, false}}, // 0 1 3 4 5 o'clock
		{"an hour is there twice in autumn", time.October, 25, []bool{false, true, true, true, true, false}},
	} {
		midnight := time.Date(2026, one.month, one.day, 0, 0, 0, 0, zone)
		for hours, want := range one.want {
			if at := midnight.Add(time.Duration(hours) * time.Hour); night.Holds(at) != want {
				t.Errorf("%s: at %s it holds: %v", one.what, at, !want)
			}
		}
	}
}
