package engine

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/store"
	"github.com/causeway-app/causeway/engine/swarm"
)

func (o *owner) addReceive(text, folder string) (*transfer, error) {
	invitation, err := invite.Parse(text)
	if err != nil {
		return nil, invitationProblem(err)
	}
	keys := invitation.Secret.Keys()
	if t, ok := o.rooms[keys.Room]; ok {
		if t.sending() {
			return nil, &Problem{Code: InvitationIsOwn, Subject: t.record.Name}
		}
		if !t.record.Paused && t.problem == nil {
			return nil, &Problem{Code: InvitationInProgress, Subject: t.record.Name}
		}
		return t, o.resume(t.id)
	}
	id := transferID(keys.Room)
	r, err := o.records.open(id)
	switch {
	case errors.Is(err, errInUse):
		return nil, &Problem{Code: StateInUse, Subject: o.config.StateDir, Err: err}
	case errors.Is(err, fs.ErrNotExist):
		if r, err = o.newReceiveRecord(id, invitation, folder); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, &Problem{Code: Internal, Err: err}
	case r.Direction == Send:
		r.release()
		return nil, &Problem{Code: InvitationIsOwn, Subject: r.Name}
	}
	r.Paused = false
	t, err := o.reopen(r)
	if err != nil {
		return nil, err
	}
	o.fetch(t)
	return t, nil
}

func (o *owner) newReceiveRecord(id TransferID, invitation invite.Invitation, folder string) (*record, error) {
	if folder == "" {
		folder = o.settings.DownloadDir
	}
	folder, err := filepath.Abs(folder)
	if err == nil {
		err = os.MkdirAll(folder, 0o777)
	}
	if err != nil {
		return nil, &Problem{Code: CannotWrite, Subject: folder, Err: err}
	}
	r := &record{
		Direction: Receive, Secret: hex.EncodeToString(invitation.Secret[:]), Added: time.Now(),
		Rendezvous: invitation.Rendezvous, LAN: invitation.LAN, Folder: folder,
	}
	if err := o.records.create(id, r); err != nil {
		return nil, &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err}
	}
	return r, nil
}

func invitationProblem(err error) *Problem {
	code := NotAnInvitation
	switch {
	case errors.Is(err, invite.ErrTruncated):
		code = InvitationTruncated
	case errors.Is(err, invite.ErrMistyped):
		code = InvitationMistyped
	case errors.Is(err, invite.ErrNewer):
		code = InvitationNewer
	}
	return &Problem{Code: code, Err: err}
}

// fetch opens the place where a share arrives and, when an earlier run learned
// what the share is, goes on with it at once.
func (o *owner) fetch(t *transfer) {
	sink, err := store.OpenSink(store.SinkConfig{
		Dir: t.record.Folder, Journal: t.record.journal(), Logger: o.log,
	})
	if err != nil {
		o.fail(t, sinkProblem(t.record.Folder, err))
		return
	}
	t.sink = sink
	o.followProblems(t, sink.Problems(), sinkProblem)
	if info := t.record.info(); info != nil {
		o.learn(t, swarm.InfoHash(info), info)
	}
}

// learn starts fetching once the share's info-hash is known.
func (o *owner) learn(t *transfer, infoHash [20]byte, info []byte) {
	if t.sink == nil || t.torrent != nil {
		return
	}
	torrent, err := o.swarm.Add(swarm.Spec{InfoHash: infoHash, Info: info, Storage: t.sink})
	if err != nil {
		o.fail(t, &Problem{Code: BadShare, Err: err})
		return
	}
	t.infoHash, t.torrent = infoHash, torrent
	torrent.Start()
	if info != nil {
		t.measure(info)
	} else {
		o.tasks.Go(func() {
			select {
			case <-torrent.GotInfo():
				o.post(func() { o.gotInfo(t) })
			case <-t.ctx.Done():
			}
		})
	}
	o.changed = true
	o.greetMembers(t, true)
}

// measure notes how large the share is, without what only fills pieces.
func (t *transfer) measure(info []byte) {
	if files, size, err := store.Content(info); err == nil {
		t.record.Files, t.record.Total = files, size
	}
}

func (o *owner) gotInfo(t *transfer) {
	info, ok := t.torrent.Info()
	if !ok {
		return
	}
	t.measure(info)
	if err := t.record.saveInfo(info); err != nil {
		o.fail(t, &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err})
	}
	o.changed = true
	o.wake()
}

// finish puts a verified download in its place.
func (o *owner) finish(t *transfer) {
	if t.sending() || t.finishing || t.complete || t.sink == nil || !t.progress.Complete {
		return
	}
	t.finishing = true
	sink, ctx := t.sink, t.ctx
	o.tasks.Go(func() {
		placed, err := sink.Finish(ctx)
		o.post(func() { o.finished(t, placed, err) })
	})
}

func (o *owner) finished(t *transfer, placed string, err error) {
	t.finishing = false
	if t.ctx.Err() != nil {
		return
	}
	if err != nil {
		o.fail(t, sinkProblem(t.record.Folder, err))
		return
	}
	t.complete = true
	t.record.Placed, t.record.Name = placed, filepath.Base(placed)
	if err := t.record.save(); err != nil {
		o.log.Warn("cannot save a finished transfer's record", "transfer", t.id, "error", err)
	}
	o.changed = true
	o.greetMembers(t, true)
}

// sinkProblem names what is wrong with the place where a share arrives.
func sinkProblem(folder string, err error) *Problem {
	if at, ok := errors.AsType[*fs.PathError](err); ok && filepath.IsAbs(at.Path) {
		folder = at.Path
	}
	code := CannotWrite
	switch {
	case errors.Is(err, store.ErrDiskFull):
		code = DiskFull
	case errors.Is(err, store.ErrBadShare):
		code = BadShare
	case errors.Is(err, store.ErrMissing):
		code = DownloadMissing
	case errors.Is(err, store.ErrChanged), errors.Is(err, store.ErrUnreadable):
		code = DownloadChanged
	}
	return &Problem{Code: code, Subject: folder, Err: err}
}
