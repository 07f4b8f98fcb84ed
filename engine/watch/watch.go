// Package watch hands the newest value of something to whoever follows it.
package watch

import (
	"context"
	"sync"
	"time"
)

// Value is the newest T and a wake-up when it is replaced. Setting it never
// waits for those who watch, and a slow watcher misses what lies between but
// never the newest. The zero Value holds the zero T. All methods are safe for
// concurrent use. What is set must not be changed afterwards.
type Value[T any] struct {
	mu      sync.Mutex
	value   T
	changed chan struct{}
}

// NewValue returns a Value that holds v.
func NewValue[T any](v T) *Value[T] {
	return &Value[T]{value: v}
}

// Set replaces the value and wakes every watcher.
func (w *Value[T]) Set(v T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.value = v
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// Get returns the newest value and a channel that is closed at the next Set.
func (w *Value[T]) Get() (T, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.value, w.changed
}

// Load returns the newest value for callers that do not wait for the next.
func (w *Value[T]) Load() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.value
}

// Follow calls show with the newest value now and after each change, at most
// once a period, until ctx ends. It runs show on the calling goroutine, so a
// slow show sets the pace and the setter never waits.
func (w *Value[T]) Follow(ctx context.Context, period time.Duration, show func(T)) {
	for ctx.Err() == nil {
		v, changed := w.Get()
		show(v)
		select {
		case <-time.After(period):
		case <-ctx.Done():
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// Wait returns the first value for which ok is true, or the newest value and
// ctx's error when ctx ends before that.
func (w *Value[T]) Wait(ctx context.Context, ok func(T) bool) (T, error) {
	for {
		v, changed := w.Get()
		if ok(v) {
			return v, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}
