package settings

import "time"

// dayMinutes are the minutes of a day by the clock on the wall; days on which
// the clock is changed leave some of them out, or have them twice.
const dayMinutes = 24 * 60

// LimitsAt returns the limits that hold at a time, in bytes a second; 0 is no
// limit. The schedule goes by the clock and the days of now's location.
func (s Settings) LimitsAt(now time.Time) (up, down int64) {
	if s.Schedule.Holds(now) {
		return s.Schedule.LimitUp, s.Schedule.LimitDown
	}
	return s.LimitUp, s.LimitDown
}

// Holds reports whether the schedule's limits hold at a time. A schedule that
// Validate refuses never does.
func (s Schedule) Holds(now time.Time) bool {
	if !s.Enabled || !isMinute(s.From) || !isMinute(s.To) {
		return false
	}
	minute := now.Hour()*60 + now.Minute()
	today := now.Weekday()
	if s.From < s.To {
		return s.begins(today) && s.From <= minute && minute < s.To
	}
	yesterday := (today + 6) % 7
	return s.begins(today) && minute >= s.From || s.begins(yesterday) && minute < s.To
}

func (s Schedule) begins(day time.Weekday) bool { return s.Days&(1<<day) != 0 }

func isMinute(minute int) bool { return minute >= 0 && minute < dayMinutes }
