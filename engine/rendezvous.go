package engine

import (
	"slices"
	"strings"

	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/signaling"
)

// joinRendezvous enters a share's room wherever its peers meet by the present
// settings.
func (o *owner) joinRendezvous(t *transfer) {
	t.rendezvous = o.rendezvousOf(t)
	o.signaling.Join(t.keys, t.rendezvous)
}

// rendezvousOf lists where a share's peers meet: what the invitation names,
// else the defaults; what the user has set besides; and the sender's own LAN
// tracker.
func (o *owner) rendezvousOf(t *transfer) []string {
	standard := settings.Default().Rendezvous
	urls := slices.Clone(t.record.Rendezvous)
	if len(urls) == 0 && !t.sending() {
		urls = slices.Clone(standard)
	}
	if len(urls) == 0 || !sameURLs(o.settings.Rendezvous, standard) {
		urls = append(urls, o.settings.Rendezvous...)
	}
	if o.lan != nil && t.sending() {
		urls = append(urls, o.lan.ownURL())
	} else if o.lan != nil {
		urls = append(urls, lanURLs(t.record.LAN)...)
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

func sameURLs(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// checkRendezvous says so when a share that has nobody yet reaches none of its
// rendezvous, and takes it back when one answers.
func (o *owner) checkRendezvous(t *transfer, status map[string]signaling.Status) {
	if len(t.members) > 0 || t.record.Paused || (t.problem != nil && t.problem.Code != NoRendezvous) {
		return
	}
	var refused []string
	var cause error
	for _, url := range t.rendezvous {
		if o.lan != nil && url == o.lan.ownURL() {
			continue // it always answers, and says nothing of the world
		}
		if s := status[url]; s.Err != nil {
			refused, cause = append(refused, url), s.Err
		} else {
			refused = nil // this one answers, or may yet
			break
		}
	}
	switch {
	case len(refused) > 0 && t.problem == nil:
		o.fail(t, &Problem{Code: NoRendezvous, Subject: strings.Join(refused, ", "), Err: cause})
	case len(refused) == 0 && t.problem != nil:
		t.problem = nil
		o.changed = true
	}
}

// followRendezvous posts what becomes of the rendezvous; nothing else tells of
// one that is lost.
func (o *owner) followRendezvous() {
	for {
		_, changed := o.signaling.Status().Get()
		o.post(func() { o.lookAtRendezvous(); o.changed = true })
		select {
		case <-changed:
		case <-o.ctx.Done():
			return
		}
	}
}

// lookAtRendezvous forgets what a rendezvous said that is lost, so that its
// first word is news when it is back, and looks whether any is left.
func (o *owner) lookAtRendezvous() {
	status := map[string]signaling.Status{}
	for _, s := range o.signaling.Status().Load() {
		status[s.URL] = s
	}
	for _, t := range o.transfers {
		for url := range t.meeting.others {
			if !status[url].Connected {
				delete(t.meeting.others, url)
			}
		}
		o.checkRendezvous(t, status)
	}
}
