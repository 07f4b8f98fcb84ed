package portmap

import (
	"testing"
	"time"
)

func TestARoutersClock(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		before, value uint32
		after         time.Duration
		want          bool
	}{
		{"goes like ours", 1000, 1060, time.Minute, false},
		{"is a little slow", 1000, 1057, time.Minute, false},
		{"is a little fast", 1000, 1063, time.Minute, false},
		{"is an answer out of order", 1000, 999, 0, false},
		{"begins anew", 1000, 3, time.Minute, true},
		{"began anew long ago", 1000, 1030, time.Hour, true},
		{"jumps", 1000, 5000, time.Minute, true},
		{"goes on over a night", 1000, 1000 + 8*3600, 8 * time.Hour, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var e epoch
			now := time.Now()
			if e.observe(test.before, now) {
				t.Error("the first value tells of a restart")
			}
			if got := e.observe(test.value, now.Add(test.after)); got != test.want {
				t.Errorf("restarted: %t, want %t", got, test.want)
			}
		})
	}
}
