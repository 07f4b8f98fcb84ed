package portmap

import (
	"sync"
	"time"
)

// epoch follows a router's clock, which begins anew when the router loses its
// mappings. It is safe for concurrent use.
type epoch struct {
	mu    sync.Mutex
	known bool
	value uint32    // in seconds, as the router said it
	at    time.Time // when it did
}

// observe takes the clock's value in an answer and reports whether the router
// has lost its mappings since the answer before. It decides as RFC 6887
// section 8.5 does, which RFC 6886 section 3.6 differs from only in its margin.
func (e *epoch) observe(value uint32, now time.Time) (lost bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before, at, known := e.value, e.at, e.known
	e.value, e.at, e.known = value, now, true
	if !known {
		return false
	}
	if uint64(value)+1 < uint64(before) {
		return true
	}
	ours, theirs := int64(now.Sub(at)/time.Second), int64(value)-int64(before)
	return ours+2 < theirs-theirs/16 || theirs+2 < ours-ours/16
}
