package engine

import (
	"crypto/rand"
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
	case errors.Is(err, fs.ErrNotExist):
		if damaged, ok := errors.AsType[*damagedRecord](err); ok {
			o.tell(Problem{Code: NotRestored, Subject: damaged.folder, Err: err})
		}
		if r, err = o.newReceiveRecord(id, invitation, folder); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, recordProblem(o.config.StateDir, err)
	case r.Direction == Send:
		r.release()
		return nil, &Problem{Code: InvitationIsOwn, Subject: r.Name}
	}
	if r.Receiver == "" { // of an earlier version
		r.Receiver = rand.Text()
	}
	r.Paused = false
	t, err := o.reopen(r)
	if err != nil {
		r.release()
		return nil, err
	}
	o.start(t)
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
		return nil, recordProblem(o.config.StateDir, err)
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

// learn starts fetching once the share's info-hash is known.
func (o *owner) learn(t *transfer, infoHash [20]byte) {
	torrent, err := o.swarm.Add(swarm.Spec{InfoHash: infoHash, Storage: t.sink})
	if err != nil {
		o.fail(t, &Problem{Code: BadShare, Err: err})
		return
	}
	t.infoHash, t.torrent, t.learned = infoHash, torrent, time.Now()
	if !t.record.Paused {
		torrent.Start()
	}
	ctx := t.placeCtx
	o.background(func() {
		select {
		case <-torrent.GotInfo():
			o.post(func() { o.gotInfo(t, torrent) })
		case <-ctx.Done():
		}
	})
	o.changed = true
	o.greetMembers(t, true)
}

// measure notes how large the share is, without what only fills pieces.
func (t *transfer) measure(info []byte) {
	if files, size, err := store.Content(info); err == nil {
		t.record.Files, t.record.Total = files, size
	}
}

func (o *owner) gotInfo(t *transfer, torrent *swarm.Torrent) {
	info, ok := torrent.Info()
	if !ok || t.torrent != torrent {
		return
	}
	t.measure(info)
	o.write(t, infoFile, info, func(err error) {
		if err != nil && t.torrent == torrent {
			o.fail(t, &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err})
		}
	})
	o.changed = true
	o.wake()
}

// finish puts a verified download in its place.
func (o *owner) finish(t *transfer) {
	if t.sending() || t.finishing || t.complete || t.sink == nil || !t.progress.Complete || t.failed() {
		return
	}
	t.finishing = true
	sink, ctx := t.sink, t.placeCtx
	o.background(func() {
		placed, err := sink.Finish(ctx)
		o.post(func() { o.finished(t, sink, placed, err) })
	})
}

func (o *owner) finished(t *transfer, sink *store.Sink, placed string, err error) {
	if t.sink != sink || t.ctx.Err() != nil {
		return
	}
	t.finishing = false
	if err != nil {
		o.fail(t, sinkProblem(t.record.Folder, err))
		return
	}
	t.complete = true
	t.record.Placed, t.record.Name = placed, filepath.Base(placed)
	o.saveRecord(t)
	o.changed = true
	o.greetMembers(t, true)
}

// sinkProblem names what is wrong with the place where a share arrives.
func sinkProblem(folder string, err error) *Problem { return fileProblem(folder, err, sinkCode) }

func sinkCode(err error) ProblemCode {
	switch {
	case errors.Is(err, store.ErrDiskFull):
		return DiskFull
	case errors.Is(err, store.ErrBadShare), errors.Is(err, swarm.ErrBadInfo):
		return BadShare
	case errors.Is(err, store.ErrMissing):
		return DownloadMissing
	case errors.Is(err, store.ErrChanged), errors.Is(err, store.ErrUnreadable):
		return DownloadChanged
	default:
		return CannotWrite
	}
}
