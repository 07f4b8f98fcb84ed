package engine

import (
	"testing"
	"time"
)

func TestRatesTellOfEachOfTheLastSeconds(t *testing.T) {
	t.Parallel()
	began := time.Now()
	h := rateHistory{began: began}
	count := RateSample{}
	look := func(after time.Duration, direct, relayed int64) {
		count.Direct, count.Relayed = count.Direct+direct, count.Relayed+relayed
		h.add(began.Add(after), count)
	}
	want := func(what string, want ...RateSample) {
		t.Helper()
		got := h.samples()
		if len(got) < len(want) {
			t.Fatalf("%s: %v, want at its end %v", what, got, want)
		}
		for at, sample := range got[len(got)-len(want):] {
			if sample != want[at] {
				t.Fatalf("%s: %v, want at its end %v", what, got, want)
			}
		}
	}
	look(500*time.Millisecond, 0, 0)
	if got := h.samples(); len(got) != 0 {
		t.Errorf("before a second is over: %v", got)
	}
	look(3*time.Second, 0, 0)
	if got := h.samples(); len(got) != 3 || h.ring != nil {
		t.Errorf("three quiet seconds: %v", got)
	}
	for tenth := range 10 {
		look(3*time.Second+time.Duration(tenth+1)*100*time.Millisecond, 10, 1)
	}
	want("one busy second", RateSample{}, RateSample{}, RateSample{}, RateSample{100, 10})
	look(6*time.Second, 201, 0)
	want("two seconds seen at once", RateSample{100, 10}, RateSample{100, 0}, RateSample{101, 0})
	for second := range 100 {
		look(time.Duration(7+second)*time.Second, int64(second), 0)
	}
	if got := h.samples(); len(got) != rateSeconds {
		t.Errorf("%d seconds are kept", len(got))
	}
	want("the newest is last", RateSample{98, 0}, RateSample{99, 0})
	look(time.Hour, 0, 0)
	for _, sample := range h.samples() {
		if sample != (RateSample{}) {
			t.Fatalf("after a quiet hour: %v", h.samples())
		}
	}
}
