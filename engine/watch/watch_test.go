package watch_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-app/causeway/engine/watch"
)

func TestAThousandChangesASecondAreShownTwelveTimesAtMostAndEndWithTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		value := watch.NewValue(0)
		shows, last := 0, 0
		go value.Follow(ctx, 100*time.Millisecond, func(v int) { shows++; last = v })
		for i := 1; i <= 1000; i++ {
			value.Set(i)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if shows > 12 || last != 1000 {
			t.Errorf("shown %d times, the last one %d; want at most 12 times and 1000", shows, last)
		}
		before := shows
		time.Sleep(time.Minute)
		synctest.Wait()
		if shows != before {
			t.Errorf("shown %d more times although nothing changed", shows-before)
		}
		stop()
	})
}

func TestWaitReturnsTheFirstValueThatFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := watch.NewValue("preparing")
		go func() {
			time.Sleep(time.Second)
			value.Set("complete")
		}()
		got, err := value.Wait(t.Context(), func(s string) bool { return s == "complete" })
		if got != "complete" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var value watch.Value[int]
	if _, err := value.Wait(ctx, func(int) bool { return false }); err != context.Canceled {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
