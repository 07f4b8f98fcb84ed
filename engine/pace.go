package engine

import (
	"math/bits"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

// Relayed bytes are counted a few times a second, and what is under way then
// still arrives: on a fast network that would be far beyond a limit. So they
// slow down as they come near to one.

const (
	// paceTime is the least in which relayed bytes may get to a limit.
	paceTime = 4 * busyPeriod
	// paceLeast keeps the last bytes before a limit from taking for ever; what
	// is above paceMost bounds nothing. Both are in bytes a second.
	paceLeast, paceMost = 1 << 20, 128 << 20
)

// pace sets the rate of relayed bytes.
func (o *owner) pace() {
	rate := o.settings.RelayRate
	for _, t := range o.transfers {
		left, limited := o.left(t)
		if !limited || !t.mayBeRelayed() {
			continue
		}
		if near := paceFor(left); near > 0 && (rate == 0 || near < rate) {
			rate = near
		}
	}
	if rate != o.paced {
		o.paced = rate
		o.dialer.LimitRelayed(rate)
	}
}

// paceFor is the rate at which that many bytes take paceTime at least; 0 is any.
// It changes by steps, as peers are told each.
func paceFor(left int64) int64 {
	rate := int64(float64(max(left, 0)) / paceTime.Seconds())
	switch {
	case rate > paceMost:
		return 0
	case rate < paceLeast:
		return paceLeast
	default:
		return 1 << (bits.Len64(uint64(rate)) - 1)
	}
}

// left is how many bytes of a transfer may still go by relays.
func (o *owner) left(t *transfer) (bytes int64, limited bool) {
	allowed, limited := t.record.Grant.allowance(o.settings.RelayTransfer)
	if limited {
		bytes = allowed - t.relayed()
	}
	used, granted := o.budget.used(o.budget.month(time.Now()))
	if allowed, byMonth := granted.allowance(o.settings.RelayMonth); byMonth && len(o.settings.TURN) > 0 {
		month := allowed - used - o.uncounted
		if !limited || month < bytes {
			bytes, limited = month, true
		}
	}
	return bytes, limited
}

// mayBeRelayed reports whether a relay carries bytes of a transfer now, or may
// before the next look.
func (t *transfer) mayBeRelayed() bool {
	for _, m := range t.members {
		s := m.link.status
		if !m.held && (!m.greeted || t.unfinished(m)) && (s.Path == path.Relayed || !s.Up) {
			return true
		}
	}
	return false
}

// nearLimit reports whether relayed bytes have to be looked at often.
func (o *owner) nearLimit() bool {
	if o.settings.RelayTransfer == 0 && o.settings.RelayMonth == 0 {
		return false
	}
	for _, t := range o.transfers {
		if t.mayBeRelayed() {
			return true
		}
	}
	return false
}
