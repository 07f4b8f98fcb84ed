package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// ErrUnknownTransfer means that there is no transfer with that id.
var ErrUnknownTransfer = errors.New("engine: no such transfer")

// Time-limited TURN credentials are made for credentialLife and made anew
// every credentialRefresh, so that a link never starts with stale ones.
const (
	credentialLife    = 24 * time.Hour
	credentialRefresh = time.Hour
)

// restore goes on with every transfer that no other process works on.
func (o *owner) restore() {
	for _, known := range o.records.all() {
		r, err := o.records.open(known.id)
		if err != nil {
			o.notRestored(known, err)
			continue
		}
		t, err := o.reopen(r)
		if err != nil {
			r.release()
			o.notRestored(known, err)
			continue
		}
		o.start(t)
	}
}

// notRestored tells why a transfer that has a record does not go on.
func (o *owner) notRestored(known knownRecord, err error) {
	folder := o.records.at(known.id)
	damaged, isDamaged := errors.AsType[*damagedRecord](err)
	switch {
	case isDamaged:
		o.tell(Problem{Code: NotRestored, Subject: damaged.folder, Err: err})
	case errors.Is(err, errInUse):
		o.tell(Problem{Code: TransferElsewhere, Subject: known.name, Err: err})
	case errors.Is(err, fs.ErrNotExist): // removed meanwhile
	default:
		o.tell(Problem{Code: NotRestored, Subject: folder, Err: err})
	}
}

func (o *owner) find(id TransferID) (*transfer, error) {
	for _, t := range o.transfers {
		if t.id == id {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownTransfer, id)
}

func (o *owner) pause(id TransferID) error {
	t, err := o.find(id)
	if err != nil || t.record.Paused {
		return err
	}
	t.record.Paused = true
	o.saveRecord(t)
	o.detachMembers(t)
	if t.torrent != nil {
		t.torrent.Stop()
	}
	o.greetMembers(t, true)
	for _, m := range t.members {
		o.dropMember(m)
	}
	o.leave(t)
	o.changed = true
	return nil
}

// resume lets a paused or failed transfer go on; one that runs is left alone.
func (o *owner) resume(id TransferID) error {
	t, err := o.find(id)
	if err != nil {
		return err
	}
	paused, failed := t.record.Paused, t.failed()
	if !paused && t.problem == nil {
		return nil
	}
	t.record.Paused, t.problem = false, nil
	o.saveRecord(t)
	switch {
	case t.opening: // and goes on when that is done
	case failed || t.offered() || t.sink == nil && t.source == nil:
		o.start(t)
	case t.torrent != nil:
		t.torrent.Start()
	}
	o.meetAgain(t, paused)
	return nil
}

// meetAgain looks for peers of a transfer that goes on: from the beginning where
// it was paused, and at once where it was not.
func (o *owner) meetAgain(t *transfer, paused bool) {
	if paused {
		o.join(t)
	} else {
		t.meeting.next, t.meeting.rounds = time.Time{}, 0
		o.greetMembers(t, true)
	}
	o.changed = true
	o.wake()
}

// remove forgets a transfer; answer is called when its files are deleted.
func (o *owner) remove(id TransferID, answer func(error)) error {
	t, err := o.find(id)
	if err != nil {
		return err
	}
	o.sayGoodbye(t)
	for _, m := range t.members {
		o.dropMember(m)
	}
	o.leave(t)
	t.cancel()
	delete(o.rooms, t.keys.Room)
	o.transfers = slices.DeleteFunc(slices.Clone(o.transfers), func(other *transfer) bool { return other == t })
	o.roomsChanged++
	o.changed = true
	if t.opening {
		o.removing[t.keys.Room] = true
		t.whenOpened = func(p place) { o.discard(t, p, answer) }
	} else {
		o.discard(t, t.takePlace(), answer)
	}
	return nil
}

func (o *owner) configure(s settings.Settings) error {
	s.Rendezvous, s.STUN, s.TURN = slices.Clone(s.Rendezvous), slices.Clone(s.STUN), slices.Clone(s.TURN)
	old := o.settings
	o.settings = s
	if err := o.refreshServers(time.Now()); err != nil {
		o.settings = old
		return &Problem{Code: BadSetting, Subject: string(s.Policy), Err: err}
	}
	if old.Policy != s.Policy || !slices.Equal(old.STUN, s.STUN) || !slices.Equal(old.TURN, s.TURN) {
		o.relink()
	}
	o.networkSettingsChanged(old)
	o.host(true)
	o.meter(true)
	o.applyLimits()
	for _, t := range o.transfers {
		if !t.record.Paused {
			o.joinRendezvous(t)
			o.greetMembers(t, true) // this computer may have another name
		}
	}
	o.rationAll()
	return nil
}

// relink makes everything that is not yet a link anew, with the present servers
// and policy, and ends the links that were made with a laxer policy: they would
// move to a path that is forbidden now, if they are not on one already.
func (o *owner) relink() {
	o.generation++
	for _, p := range o.links {
		if !asStrict(p.policy, o.settings.Policy) || !p.status.Up {
			o.log.Info("link ends for the new settings", "peer", p.identity)
			o.closeLink(p)
		}
	}
	for _, t := range o.transfers {
		o.withdrawOffers(t)
		t.meeting.next, t.meeting.rounds = time.Time{}, 0
		t.clearPathProblem()
		if !t.record.Paused {
			o.signaling.Reannounce(t.keys.Room)
		}
	}
	o.wake()
}

// asStrict reports whether policy a permits no path that b forbids.
func asStrict(a, b path.Policy) bool {
	for _, kind := range []path.Kind{path.DirectLAN, path.DirectInternet, path.Relayed} {
		if orAuto(a).Permits(kind) && !orAuto(b).Permits(kind) {
			return false
		}
	}
	return true
}

func orAuto(p path.Policy) path.Policy { return cmp.Or(p, path.Auto) }

// refreshServers tells the dialer the present servers and credentials.
func (o *owner) refreshServers(now time.Time) error {
	o.refreshedAt = now
	return o.dialer.Configure(o.linkConfig())
}

// portStep is by how much the NAT's port grows with each mapping; 0 where that
// is not known, or helps nobody.
func (o *owner) portStep() int {
	if found := o.network.report; found != nil && found.Mapping == netcheck.AddressAndPortDependent {
		return found.PortStep
	}
	return 0
}

// linkConfig turns the settings into what links are made with.
func (o *owner) linkConfig() link.Config {
	config := link.Config{
		Policy: o.settings.Policy, Loopback: true, Logger: o.log,
		PortMin: o.settings.PortMin, PortMax: o.settings.PortMax,
	}
	if o.network.mapper != nil {
		config.Mapper = o.network.mapper
	}
	config.PortStep = o.portStep()
	for _, url := range o.settings.STUN {
		config.Servers = append(config.Servers, link.Server{URL: url})
	}
	for _, turn := range o.turnServers() {
		config.Servers = append(config.Servers, link.Server{
			URL: turn.URL, Username: turn.Username, Password: turn.Password, Expires: o.credentialExpiry(turn),
		})
	}
	return config
}
