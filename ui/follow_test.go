package ui

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2/test"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// threaded is a window whose main goroutine is the test's: what others want to
// do there waits in a queue, as it does in the toolkit.
type threaded struct {
	*Window
	engine *engineDouble
	queue  chan func()
}

func newThreaded(t *testing.T) *threaded {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(look.Theme())
	w := &threaded{engine: &engineDouble{}, queue: make(chan func())}
	w.Window = New(Options{
		App: a, Engine: w.engine, Words: words.In("en"), Settings: someSettings,
		Save: func(settings.Settings) error { return nil },
		Do: func(f func()) {
			done := make(chan struct{})
			w.queue <- func() { f(); close(done) }
			<-done
		},
		Start: func(f func()) { go f() },
		Quit:  func() {},
	})
	return w
}

// turn is the toolkit's loop for a while.
func (w *threaded) turn(d time.Duration) (shown int) {
	end := time.After(d)
	for {
		select {
		case f := <-w.queue:
			f()
			shown++
		case <-end:
			return shown
		}
	}
}

func TestTheWindowShowsTheNewestStateFiveTimesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newThreaded(t)
		ctx, cancel := context.WithCancel(t.Context())
		followed := make(chan struct{})
		go func() { w.Follow(ctx); close(followed) }()
		go func() {
			for i := range 1000 {
				w.engine.state.Set(one(engine.Transfer{ID: "s", Name: strconv.Itoa(i), Left: -1, Preparing: -1}))
				time.Sleep(time.Millisecond)
			}
		}()
		if shown := w.turn(1050 * time.Millisecond); shown > 7 || shown < 4 {
			t.Errorf("a thousand changes in a second were shown in %d steps", shown)
		}
		w.turn(400 * time.Millisecond)
		if got := w.state.Transfers[0].Name; got != "999" {
			t.Errorf("the window shows %s, not the newest", got)
		}
		if shown := w.turn(time.Minute); shown != 0 {
			t.Errorf("nothing changed and the window was drawn %d times", shown)
		}
		cancel()
		<-followed
		w.Stop()
	})
}

func TestVerbsDoNotHoldTheWindowUpAndEndWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newThreaded(t)
		slow := &slowEngine{engineDouble: w.engine}
		w.Window.engine = slow
		w.share([]string{"/a"}) // returns at once
		synctest.Wait()
		if !slow.asked {
			t.Error("the engine was not asked")
		}
		w.Stop() // cancels the verb and waits for it
		if !slow.cancelled {
			t.Error("the verb outlives the window")
		}
	})
}

// slowEngine takes for ever to share something.
type slowEngine struct {
	*engineDouble
	asked, cancelled bool
}

func (e *slowEngine) Share(ctx context.Context, _ []string) (engine.Transfer, error) {
	e.asked = true
	<-ctx.Done()
	e.cancelled = true
	return engine.Transfer{}, ctx.Err()
}
