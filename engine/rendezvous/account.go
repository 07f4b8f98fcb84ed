package rendezvous

import "sync"

// maxAccounts bounds what is remembered of users that relay nothing now:
// each nameless time-limited credential is a user of its own.
const maxAccounts = 4096

// account is what one user has and had relayed.
type account struct {
	allocations int // guarded by accounts.mu
	tally       tally
	rate        throttle
}

// accounts are the users by name.
type accounts struct {
	limit int
	rate  int64 // of each user, as TurnConfig.UserRate

	mu    sync.Mutex
	users map[string]*account
}

func newAccounts(limit int, rate int64) *accounts {
	return &accounts{limit: limit, rate: rate, users: map[string]*account{}}
}

// mayOpen reports whether user is below the quota.
func (a *accounts) mayOpen(user string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.users[user]
	return known == nil || known.allocations < a.limit
}

// open counts one more allocation of user, and returns nil if that would
// exceed the quota.
func (a *accounts) open(user string) *account {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.users[user]
	if known == nil {
		a.makeRoom()
		known = &account{rate: newThrottle(a.rate)}
		a.users[user] = known
	}
	if known.allocations >= a.limit {
		return nil
	}
	known.allocations++
	return known
}

// makeRoom forgets a user without allocations when there are too many.
func (a *accounts) makeRoom() {
	if len(a.users) < maxAccounts {
		return
	}
	for user, known := range a.users {
		if known.allocations == 0 {
			delete(a.users, user)
			return
		}
	}
}

func (a *accounts) close(known *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known.allocations--
}

func (a *accounts) counters() map[string]UserCounters {
	a.mu.Lock()
	defer a.mu.Unlock()
	counters := make(map[string]UserCounters, len(a.users))
	for user, known := range a.users {
		counters[user] = UserCounters{Allocations: known.allocations, Traffic: known.tally.traffic()}
	}
	return counters
}
