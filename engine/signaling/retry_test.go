package signaling

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

var usualRetry = retry{first: 250 * time.Millisecond, last: 30 * time.Second, lived: 10 * time.Second}

// pauses runs attempts of the given lengths and returns the pauses after them.
func pauses(t *testing.T, lives []time.Duration) []time.Duration {
	t.Helper()
	var between []time.Duration
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := time.Now()
		n := 0
		usualRetry.run(ctx, nil, func(context.Context) time.Duration {
			if n > 0 {
				between = append(between, time.Since(ended))
			}
			if n == len(lives) {
				stop()
				return 0
			}
			life := lives[n]
			n++
			time.Sleep(life)
			ended = time.Now()
			return life
		})
	})
	return between
}

func TestPausesDoubleUpToHalfAMinute(t *testing.T) {
	t.Parallel()
	want := usualRetry.first
	for i, got := range pauses(t, make([]time.Duration, 12)) {
		if got < want*3/4 || got > want*5/4 {
			t.Errorf("pause %d took %v, want about %v", i, got, want)
		}
		want = min(2*want, usualRetry.last)
	}
}

func TestAConnectionThatLivedStartsThePausesAgain(t *testing.T) {
	t.Parallel()
	lives := []time.Duration{0, 0, 0, 0, time.Hour, time.Second, 9 * time.Second}
	want := []time.Duration{250, 500, 1000, 2000, 250, 500, 1000}
	for i, got := range pauses(t, lives) {
		want := want[i] * time.Millisecond
		if got < want*3/4 || got > want*5/4 {
			t.Errorf("pause %d took %v, want about %v", i, got, want)
		}
	}
}

func TestNotAllComeBackAtTheSameMoment(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 50 {
		seen[jitter(time.Second)] = true
	}
	if len(seen) < 25 {
		t.Errorf("%d different pauses of 50", len(seen))
	}
}

func TestAPauseEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		attempts, begun := 0, time.Now()
		go func() {
			time.Sleep(time.Hour)
			stop()
		}()
		retry{first: 24 * time.Hour, last: 24 * time.Hour, lived: time.Hour}.run(ctx, nil, func(context.Context) time.Duration {
			attempts++
			return 0
		})
		if attempts != 1 || time.Since(begun) != time.Hour {
			t.Errorf("%d attempts, ended after %v", attempts, time.Since(begun))
		}
	})
}
