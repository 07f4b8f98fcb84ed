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

// addReceive fetches what an invitation offers.
func (o *owner) addReceive(text, folder string) (*transfer, error) {
	return o.addInvited(text, folder, false)
}

// addLook asks what an invitation offers.
func (o *owner) addLook(text string) (*transfer, error) { return o.addInvited(text, "", true) }

func (o *owner) addInvited(text, folder string, look bool) (*transfer, error) {
	invitation, err := invite.Parse(text)
	if err != nil {
		return nil, invitationProblem(err)
	}
	keys := invitation.Secret.Keys()
	if t, ok := o.rooms[keys.Room]; ok {
		if t.sending() {
			return nil, &Problem{Code: InvitationIsOwn, Subject: t.record.Name}
		}
		switch {
		case t.offered() && !look:
			return t, o.acceptAll(t, folder)
		case t.offered() && !t.record.Paused && !t.failed():
			return t, nil
		case !t.record.Paused && t.problem == nil:
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
		if r, err = o.newReceiveRecord(id, invitation, folder, look); err != nil {
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
	if r.Offered && !look {
		if err := o.acceptAll(t, folder); err != nil {
			o.start(t) // and it is offered still
			return nil, err
		}
		return t, nil
	}
	o.start(t)
	return t, nil
}

// downloadFolder is where a share is to arrive, made if need be. Of what is only
// offered nothing is made.
func (o *owner) downloadFolder(folder string, offered bool) (string, error) {
	if folder == "" {
		folder = o.settings.DownloadDir
	}
	folder, err := filepath.Abs(folder)
	if err == nil && !offered {
		err = os.MkdirAll(folder, 0o777)
	}
	if err != nil {
		return "", &Problem{Code: CannotWrite, Subject: folder, Err: err}
	}
	return folder, nil
}

func (o *owner) newReceiveRecord(id TransferID, invitation invite.Invitation, folder string, look bool) (*record, error) {
	folder, err := o.downloadFolder(folder, look)
	if err != nil {
		return nil, err
	}
	r := &record{
		Offered:   look,
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
	spec := swarm.Spec{InfoHash: infoHash, Storage: t.sink}
	if t.offered() {
		spec.Storage = store.Preview{}
	}
	torrent, err := o.swarm.Add(spec)
	if err != nil {
		o.fail(t, &Problem{Code: BadShare, Err: err})
		return
	}
	t.infoHash, t.torrent, t.learned = infoHash, torrent, time.Now()
	if !t.record.Paused && !t.offered() {
		torrent.Start()
	}
	ctx := t.placeCtx
	o.background(func() {
		select {
		case <-torrent.GotInfo():
			info, _ := torrent.Info()
			size, err := measure(info)
			o.post(func() { o.gotInfo(t, torrent, info, size, err) })
		case <-ctx.Done():
		}
	})
	o.changed = true
	o.greetMembers(t, true)
}

// shareSize is how large a share is, without what only fills pieces.
type shareSize struct {
	name  string
	files int
	bytes int64
	// listing is what that was counted in.
	listing *store.Listing
}

// measure reads an info, and makes sure that the share can be stored safely. It
// takes its time where there are many files.
func measure(info []byte) (shareSize, error) {
	listing, err := store.List(info)
	if err != nil {
		return shareSize{}, err
	}
	return shareSize{listing.Name, len(listing.Files), listing.Total, listing}, nil
}

func (t *transfer) measure(size shareSize) {
	t.record.Files, t.record.Total = size.files, size.bytes
	if t.offered() {
		t.record.Name = size.name // by which it will be found here
		t.listing = size.listing  // to be asked for soon, and large
	}
}

// gotInfo takes the info that a peer has sent, and keeps it.
func (o *owner) gotInfo(t *transfer, torrent *swarm.Torrent, info []byte, size shareSize, err error) {
	if t.torrent != torrent {
		return
	}
	if err != nil {
		o.fail(t, sinkProblem(t.record.Folder, err))
		return
	}
	t.measure(size)
	o.write(t, infoFile, info, func(err error) {
		switch {
		case t.torrent != torrent:
		case err != nil:
			o.fail(t, &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err})
		default:
			o.keptInfo(t, torrent)
		}
	})
	o.changed = true
	o.wake()
}

// keptInfo notes that what the share contains is known, now and after a restart.
// Of what is offered no more is wanted: its torrent ends.
func (o *owner) keptInfo(t *transfer, torrent *swarm.Torrent) {
	t.known = true
	o.changed = true
	if t.offered() {
		o.saveRecord(t)
		o.detachMembers(t)
		t.torrent, t.progress = nil, swarm.Progress{}
		left := make(chan struct{})
		t.leaving = left
		o.background(func() {
			defer close(left)
			torrent.Drop()
		})
		o.greetMembers(t, true)
	}
}

// readProgress reads how far the torrent is. Of a choice, bytes count that are
// in the chosen files; pieces hold others too.
func (t *transfer) readProgress() {
	t.progress = t.torrent.Progress()
	if t.record.Choice != nil && t.sink != nil {
		t.progress.Have = t.sink.Have()
	}
}

// fraction is the part that a peer has of what it wants.
func (m *member) fraction(progress swarm.PeerProgress) float64 {
	if wants := m.hello.Pieces; wants > 0 {
		return min(1, float64(progress.Pieces)/float64(wants))
	}
	return progress.Fraction
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
	o.arrived(t)
	o.saveRecord(t)
	o.changed = true
	o.greetMembers(t, true)
}

// sinkProblem names what is wrong with the place where a share arrives.
func sinkProblem(folder string, err error) *Problem {
	if room, ok := errors.AsType[*store.RoomError](err); ok {
		return &Problem{Code: NotEnoughRoom, Subject: folder, Err: err, Needed: room.Needed, Free: room.Free}
	}
	return fileProblem(folder, err, sinkCode)
}

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
