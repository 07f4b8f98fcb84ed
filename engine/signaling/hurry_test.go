package signaling_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/signaling"
)

func TestAChangeOfNetworkConnectsAtOnceWhateverWasGoingOn(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(context.Context) error{
		"a pause after a refusal":        func(context.Context) error { return errors.New("no route to host") },
		"an attempt that nobody answers": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracker := newTracker(t, false)
			var attempts atomic.Int32
			client := newClient(t, signaling.Config{FirstRetry: time.Hour, LastRetry: time.Hour,
				Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					if attempts.Add(1) == 1 {
						return nil, first(ctx)
					}
					return new(net.Dialer).DialContext(ctx, network, address)
				}})
			client.Join(invite.NewSecret().Keys(), []string{tracker.url})
			eventually(t, "it has been tried", func() bool { return attempts.Load() == 1 })
			client.Hurry()
			awaitStatus(t, client, func(s []signaling.Status) bool { return connected(s, tracker.url) })
			for range 3 { // and where all is well, all stays so
				client.Hurry()
			}
			time.Sleep(100 * time.Millisecond)
			if got := attempts.Load(); got != 2 || !connected(client.Status().Load(), tracker.url) {
				t.Errorf("after %d attempts: %+v", got, client.Status().Load())
			}
		})
	}
}
