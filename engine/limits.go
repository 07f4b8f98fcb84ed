package engine

import (
	"time"

	"github.com/causeway-app/causeway/engine/settings"
)

// throughput is what bounds the bytes of all transfers together.
type throughput struct {
	up, down int64 // bytes a second; 0 is no limit
	lan      bool  // for peers in the same network too
}

func throughputAt(s settings.Settings, now time.Time) throughput {
	up, down := s.LimitsAt(now)
	return throughput{up: up, down: down, lan: s.LimitLAN}
}

// limits are the limits that hold now, schedule included, in bytes a second; 0
// is no limit. They may not be for peers in the same network: see
// settings.Settings.LimitLAN.
func (o *owner) limits() (up, down int64) { return o.limited.up, o.limited.down }

// applyLimits gives the swarm the limits of the settings and the schedule. The
// clock on the wall may be set, and its zone too, so that it is looked at and not
// waited for.
func (o *owner) applyLimits() {
	now := throughputAt(o.settings, o.instruments.now())
	if now == o.limited {
		return
	}
	o.log.Debug("limits", "up", now.up, "down", now.down, "lan", now.lan)
	o.limited, o.changed = now, true
	o.limitSwarm()
}

func (o *owner) limitSwarm() {
	o.swarm.SpareSameNetwork(!o.limited.lan)
	o.swarm.Limit(o.limited.up, o.limited.down)
}
