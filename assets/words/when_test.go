package words_test

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/assets/words"
)

func TestATimeIsSaidAsPeopleSayIt(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		at     time.Time
		en, zh string
	}{
		{now.Add(-time.Hour), "today 08:30", "今天 08:30"},
		{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "today 00:00", "今天 00:00"},
		{time.Date(2026, 2, 28, 23, 59, 0, 0, time.UTC), "yesterday 23:59", "昨天 23:59"},
		{time.Date(2026, 2, 27, 23, 59, 0, 0, time.UTC), "27 February, 23:59", "2月27日 23:59"},
		{time.Date(2025, 12, 31, 7, 5, 0, 0, time.UTC), "31 December 2025, 07:05", "2025年12月31日 07:05"},
		// The clock on the wall of whoever looks counts.
		{time.Date(2026, 3, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600)), "yesterday 23:00", "昨天 23:00"},
		{time.Time{}, "", ""},
	} {
		if got := words.In("en").When(test.at, now); got != test.en {
			t.Errorf("English says %q, want %q", got, test.en)
		}
		if got := words.In("zh").When(test.at, now); got != test.zh {
			t.Errorf("Chinese says %q, want %q", got, test.zh)
		}
	}
}

func TestADayIsWrittenInTheLanguage(t *testing.T) {
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	if en, zh := words.In("en").Day(day), words.In("zh").Day(day); en != "24 November" || zh != "11月24日" {
		t.Errorf("the day is %q, in Chinese %q", en, zh)
	}
}
