package settings

import (
	"slices"
	"strings"

	"github.com/causeway-app/causeway/engine/path"
)

// leastBudget stands for a budget of relayed bytes that cannot be: whoever set
// one wanted to be asked, and is asked at once.
const leastBudget = 1

// Usable returns what of s can be worked by: without the servers that Validate
// refuses, which includes relays whose password is not at hand, and with the
// defaults for a folder or limit that cannot be. A policy that there is not
// becomes path.LANOnly. A schedule that cannot be is off, and so is what would
// serve others. Nothing in it allows more than s, a limit that cannot be apart.
func Usable(locations Locations, s Settings) Settings {
	s.Rendezvous = without(s.Rendezvous, checkRendezvous)
	s.STUN = without(s.STUN, checkSTUN)
	s.TURN = without(s.TURN, TURN.check)
	safe := strictIn(locations)
	for _, wrong := range FieldErrors(Validate(s)) {
		switch name, _, _ := strings.Cut(wrong.Field, "["); name {
		case "download_dir":
			s.DownloadDir = safe.DownloadDir
		case "policy":
			s.Policy = path.LANOnly
		case "limit_up":
			s.LimitUp = safe.LimitUp
		case "limit_down":
			s.LimitDown = safe.LimitDown
		case "relay_month":
			s.RelayMonth = leastBudget
		case "relay_transfer":
			s.RelayTransfer = leastBudget
		case "relay_rate":
			s.RelayRate = safe.RelayRate
		default:
			s.usableSection(name)
		}
	}
	return s
}

func without[T any](all []T, check func(T) error) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return check(one) != nil })
}

// Locked reports whether a fault is only that a relay's password, or that of
// the relay for others, is not at hand, as when the keyring is locked.
func (e *FieldError) Locked(s Settings) bool {
	if e.Field == "serve.password" {
		return true
	}
	return slices.ContainsFunc(s.TURN, func(server TURN) bool {
		return server.URL == e.Value && strings.HasPrefix(e.Field, "turn[") && checkTURN(server.URL) == nil &&
			server.Password == "" && server.Secret == ""
	})
}
