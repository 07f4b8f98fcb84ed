package words

import "time"

// When says when something was, as people do who look back from now: "today
// 14:02", "yesterday 14:02", "2 January, 14:02", and with the year where it is
// another one. It counts days in now's time zone. The zero time is "".
func (w *Words) When(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	clock := map[string]string{"Time": t.Format("15:04")}
	switch day := startOfDay(t); {
	case day.Equal(startOfDay(now)):
		return w.Say("when.today", clock)
	case day.Equal(startOfDay(now).AddDate(0, 0, -1)):
		return w.Say("when.yesterday", clock)
	case t.Year() == now.Year():
		return t.Format(w.Say("when.layout-day", nil))
	default:
		return t.Format(w.Say("when.layout-year", nil))
	}
}

// Day writes a date without its year: "2 January".
func (w *Words) Day(t time.Time) string { return t.Format(w.Say("when.layout-date", nil)) }

func startOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}
