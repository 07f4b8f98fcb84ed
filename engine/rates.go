package engine

import "time"

// rateSeconds is how many seconds Rates tells of.
const rateSeconds = 60

// rateHistory is what went in each of the last seconds. It costs nothing before
// the first byte.
type rateHistory struct {
	began  time.Time    // of the second 0
	second int64        // that is being counted
	seen   RateSample   // the counters when it began
	ring   []RateSample // by second; nil while nothing has moved
}

// add notes the counters, which only grow. What went while nobody looked is
// spread over the seconds since.
func (h *rateHistory) add(now time.Time, count RateSample) {
	second := int64(now.Sub(h.began) / time.Second)
	passed := second - h.second
	if passed <= 0 {
		return
	}
	moved := RateSample{count.Direct - h.seen.Direct, count.Relayed - h.seen.Relayed}
	if h.ring == nil && moved != (RateSample{}) {
		h.ring = make([]RateSample, rateSeconds)
	}
	if h.ring != nil {
		each := RateSample{moved.Direct / passed, moved.Relayed / passed}
		for at := max(h.second, second-rateSeconds); at < second; at++ {
			h.ring[at%rateSeconds] = each
		}
		last := &h.ring[(second-1)%rateSeconds]
		last.Direct += moved.Direct % passed
		last.Relayed += moved.Relayed % passed
	}
	h.second, h.seen = second, count
}

// samples are those of the last seconds, the newest last.
func (h *rateHistory) samples() []RateSample {
	all := make([]RateSample, min(h.second, rateSeconds))
	if h.ring != nil {
		for at := range all {
			all[at] = h.ring[(h.second-int64(len(all)-at))%rateSeconds]
		}
	}
	return all
}
