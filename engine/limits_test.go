package engine

import (
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/settings"
)

func TestTheScheduleTakesOverAndGivesBackByTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(s *settings.Settings) {
		s.LimitUp, s.LimitDown = 1000, 2000
		s.Schedule = settings.Schedule{Enabled: true, From: 22 * 60, To: 6 * 60, Days: 1<<7 - 1, LimitUp: 10}
	})
	clock := time.Date(2026, time.November, 21, 21, 59, 59, 0, time.Local)
	b.owner.instruments.clock = func() time.Time { return clock }
	for _, one := range []struct {
		after    time.Duration
		up, down int64
	}{
		{0, 1000, 2000},
		{time.Second, 10, 0},
		{8*time.Hour - time.Second, 10, 0},
		{time.Second, 1000, 2000},
		{-time.Hour, 10, 0}, // somebody has set the clock
	} {
		clock = clock.Add(one.after)
		b.owner.applyLimits()
		if up, down := b.owner.limits(); up != one.up || down != one.down {
			t.Errorf("at %s the limits are %d and %d, want %d and %d", clock.Format(time.TimeOnly), up, down, one.up, one.down)
		}
	}
}
