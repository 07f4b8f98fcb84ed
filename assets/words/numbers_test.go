package words_test

import (
	"math"
	"testing"
	"time"

	"github.com/causeway-app/causeway/assets/words"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "0 B", 0: "0 B", 999: "999 B", 1000: "1.0 kB", 1249: "1.2 kB", 12_400_000: "12.4 MB",
		99_949: "99.9 kB", 99_950: "100 kB", 999_499: "999 kB", 999_500: "1.0 MB", 999_950: "1.0 MB",
		1_200_000_000: "1.2 GB", 340_000_000_000: "340 GB", math.MaxInt64: "9.2 EB",
	} {
		if got := words.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
	if got := words.Rate(12_400_000); got != "12.4 MB/s" {
		t.Errorf("Rate = %q", got)
	}
}

func TestAHundredPercentMeansThatNothingIsMissing(t *testing.T) {
	for _, test := range []struct {
		part, total int64
		want        string
	}{
		{0, 0, "0 %"}, {5, 0, "0 %"}, {0, 7, "0 %"}, {-1, 7, "0 %"},
		{999_999, 1_000_000, "99 %"}, {1_000_000, 1_000_000, "100 %"}, {8, 7, "100 %"}, {45, 100, "45 %"},
	} {
		if got := words.Percent(test.part, test.total); got != test.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", test.part, test.total, got, test.want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 2001: "2,001", 1_234_567: "1,234,567", -1000: "-1,000", 100: "100"} {
		if got := words.Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "", 0: "", 300 * time.Microsecond: "<1 ms", 24 * time.Millisecond: "24 ms", 1400 * time.Millisecond: "1.4 s",
	} {
		if got := words.RoundTrip(d); got != want {
			t.Errorf("RoundTrip(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestTimeLeftIsRoundedUp(t *testing.T) {
	english, chinese := words.In("en"), words.In("zh")
	for _, test := range []struct {
		d      time.Duration
		en, zh string
	}{
		{-1, "", ""},
		{0, "1 s left", "剩余 1 秒"},
		{7500 * time.Millisecond, "8 s left", "剩余 8 秒"},
		{59*time.Second + 1, "1 min left", "剩余 1 分钟"},
		{2*time.Minute + time.Second, "3 min left", "剩余 3 分钟"},
		{59*time.Minute + time.Second, "1 h 0 min left", "剩余 1 小时 0 分钟"},
		{125 * time.Minute, "2 h 5 min left", "剩余 2 小时 5 分钟"},
		{73 * time.Hour, "4 days left", "剩余 4 天"},
	} {
		if got := english.Left(test.d); got != test.en {
			t.Errorf("Left(%v) = %q, want %q", test.d, got, test.en)
		}
		if got := chinese.Left(test.d); got != test.zh {
			t.Errorf("Left(%v) = %q, want %q", test.d, got, test.zh)
		}
	}
}
