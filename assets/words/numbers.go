package words

import (
	"strconv"
	"strings"
	"time"
)

const units = "kMGTPE"

// Bytes writes a size in the decimal units (1 kB = 1000 B) that drives and file
// managers use, with one digit after the point below 100 and none above:
// "999 B", "1.2 kB", "12.4 MB", "340 GB". It rounds half up and carries, so
// that 999,950 is "1.0 MB". Negative sizes are written as 0.
func Bytes(n int64) string {
	n = max(n, 0)
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.5 && unit < len(units)-1 {
		value /= 1000
		unit++
	}
	digits := 0
	if value < 99.95 {
		digits = 1
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + " " + units[unit:unit+1] + "B"
}

// Rate writes bytes a second, as Bytes does: "12.4 MB/s".
func Rate(n int64) string { return Bytes(n) + "/s" }

// Percent writes how much of total is there, rounded down, so that "100 %"
// means that nothing is missing. A total of 0 gives "0 %".
func Percent(part, total int64) string {
	if total <= 0 {
		return "0 %"
	}
	return strconv.Itoa(int(float64(min(max(part, 0), total))/float64(total)*100)) + " %"
}

// Grouped writes a number with its thousands apart: "2,001".
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// RoundTrip writes a round-trip time: "24 ms", "<1 ms", "1.4 s". It is empty
// while the time is unknown (0 or less).
func RoundTrip(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Round(time.Millisecond).Milliseconds(), 10) + " ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
}

// Left says how long something still takes: "8 s left", "3 min left",
// "2 h 5 min left", "4 days left". Up to a minute it rounds to whole seconds,
// then to whole minutes, above two days to whole days, always up, because what
// ends early annoys nobody. It is empty while the time is unknown (negative).
func (w *Words) Left(d time.Duration) string {
	if d < 0 {
		return ""
	}
	seconds := roundedUp(d, time.Second)
	minutes := roundedUp(d, time.Minute)
	switch {
	case seconds < 60:
		return w.Say("left.seconds", map[string]int64{"Seconds": max(seconds, 1)})
	case minutes < 60:
		return w.Say("left.minutes", map[string]int64{"Minutes": minutes})
	case minutes < 48*60:
		return w.Say("left.hours", map[string]int64{"Hours": minutes / 60, "Minutes": minutes % 60})
	default:
		return w.Say("left.days", map[string]int64{"Days": roundedUp(d, 24*time.Hour)})
	}
}

func roundedUp(d, unit time.Duration) int64 {
	return int64((d-1)/unit) + 1
}
