package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/rendezvous"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/store"
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
	for _, id := range o.records.all() {
		r, err := o.records.open(id)
		if err != nil {
			o.log.Warn("a transfer is left alone", "transfer", id, "error", err)
			continue
		}
		t, err := o.reopen(r)
		if err != nil {
			r.release()
			o.log.Warn("a transfer cannot be restored", "transfer", id, "error", err)
			continue
		}
		o.start(t)
	}
}

// start lets a transfer go on that has a record and no work in progress.
func (o *owner) start(t *transfer) {
	if !t.sending() {
		o.fetch(t)
		return
	}
	known, info := t.record.manifest(), t.record.info()
	if known == nil || info == nil {
		o.prepare(t)
		return
	}
	paths, ctx := t.record.Paths, t.ctx
	o.tasks.Go(func() {
		now, err := store.Scan(ctx, paths)
		if err == nil && !now.Same(known) {
			err = fmt.Errorf("since it was shared: %w", store.ErrChanged)
		}
		o.post(func() {
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				err = o.seed(t, now, info)
			}
			if err != nil {
				o.fail(t, sourceProblem(t.record.Name, err))
			}
		})
	})
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
	paused, failed := t.record.Paused, t.problem != nil
	if !paused && !failed {
		return nil
	}
	t.record.Paused, t.problem = false, nil
	o.saveRecord(t)
	switch {
	case t.torrent != nil:
		t.torrent.Start()
	case t.sending() && !t.preparing, !t.sending() && t.sink == nil:
		o.start(t)
	}
	if paused {
		o.join(t)
	} else {
		o.greetMembers(t, true)
	}
	o.changed = true
	o.wake()
	return nil
}

func (o *owner) remove(id TransferID) error {
	t, err := o.find(id)
	if err != nil {
		return err
	}
	o.sayGoodbye(t)
	for _, m := range t.members {
		o.dropMember(m)
	}
	o.leave(t)
	if t.torrent != nil {
		t.torrent.Drop()
	}
	sink, complete := t.sink, t.complete
	t.close()
	if sink != nil && !complete {
		if err := sink.Discard(); err != nil {
			o.log.Warn("cannot delete an unfinished download", "transfer", id, "error", err)
		}
	}
	delete(o.rooms, t.keys.Room)
	for i, other := range o.transfers {
		if other == t {
			o.transfers = append(o.transfers[:i:i], o.transfers[i+1:]...)
			break
		}
	}
	o.changed = true
	return t.record.delete()
}

func (o *owner) configure(s settings.Settings) error {
	old := o.settings
	o.settings = s
	if err := o.refreshServers(time.Now()); err != nil {
		o.settings = old
		return &Problem{Code: BadSetting, Subject: string(s.Policy), Err: err}
	}
	o.swarm.Limit(s.LimitUp, s.LimitDown)
	for _, t := range o.transfers {
		if !t.record.Paused {
			o.signaling.Join(t.keys, o.rendezvousOf(t))
		}
	}
	o.changed = true
	return nil
}

// refreshServers tells the dialer the present servers and credentials.
func (o *owner) refreshServers(now time.Time) error {
	o.refreshedAt = now
	return o.dialer.Configure(o.linkConfig())
}

// linkConfig turns the settings into what links are made with.
func (o *owner) linkConfig() link.Config {
	config := link.Config{Policy: o.settings.Policy, Loopback: true, Logger: o.log}
	for _, url := range o.settings.STUN {
		config.Servers = append(config.Servers, link.Server{URL: url})
	}
	for _, turn := range o.settings.TURN {
		server := link.Server{URL: turn.URL, Username: turn.Username, Password: turn.Password}
		if turn.Secret != "" {
			server.Username, server.Password = rendezvous.TimeLimited(turn.Secret, turn.Username, time.Now().Add(credentialLife))
		}
		config.Servers = append(config.Servers, server)
	}
	return config
}

func (o *owner) saveRecord(t *transfer) {
	if err := t.record.save(); err != nil {
		o.log.Warn("cannot save a transfer's record", "transfer", t.id, "error", err)
	}
}
