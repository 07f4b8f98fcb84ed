package engine

import "testing"

func TestRelayedBytesSlowDownBeforeALimit(t *testing.T) {
	for _, test := range []struct{ left, most int64 }{
		{-1, paceLeast}, {0, paceLeast}, {300 << 10, paceLeast}, {5 << 20, 8 << 20}, {20 << 20, 32 << 20}, {1 << 30, 0},
	} {
		if got := paceFor(test.left); got != test.most {
			t.Errorf("with %d bytes left: %d a second, want %d", test.left, got, test.most)
		}
	}
	for left := int64(paceLeast); left < 40<<20; left += 300_000 {
		if rate := paceFor(left); float64(rate)*busyPeriod.Seconds() > float64(left)/4*1.01 {
			t.Errorf("with %d bytes left more than a quarter goes until the next look: %d a second", left, rate)
		}
	}
}
