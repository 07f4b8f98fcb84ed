package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/store"
	"github.com/causeway-app/causeway/engine/swarm"
)

// preparedShare is what Share finds out before it asks the owner.
type preparedShare struct {
	paths    []string
	running  *transfer       // shares the same unchanged files already
	earlier  *record         // a locked record of the same unchanged files
	manifest *store.Manifest // of earlier, nil if it was never hashed
}

// prepareShare runs on the caller's goroutine: it looks at the paths and finds
// out whether they are shared already.
func (o *owner) prepareShare(ctx context.Context, paths []string) (*preparedShare, error) {
	if len(paths) == 0 {
		return nil, &Problem{Code: NothingToShare}
	}
	p := &preparedShare{}
	for _, given := range paths {
		absolute, err := filepath.Abs(given)
		if err != nil {
			return nil, &Problem{Code: SourceUnreadable, Subject: given, Err: err}
		}
		if _, err := os.Stat(absolute); err != nil {
			return nil, sourceProblem(given, err)
		}
		p.paths = append(p.paths, absolute)
	}
	if running, manifest := o.sharing(ctx, p.paths); running != nil {
		if now, err := store.Scan(ctx, p.paths); manifest == nil || err == nil && now.Same(manifest) {
			p.running = running
		}
		return p, nil
	}
	earlier := o.records.sharing(p.paths)
	if earlier == nil {
		return p, nil
	}
	if known := earlier.manifest(); known != nil && earlier.info() != nil {
		now, err := store.Scan(ctx, p.paths)
		if err != nil || !now.Same(known) {
			earlier.release()
			return p, nil // other content needs another invitation
		}
		p.manifest = now
	}
	p.earlier = earlier
	return p, nil
}

// sharing finds what shares exactly these paths in this process, and what it
// was hashed from; the manifest is nil while that goes on. It asks the owner.
func (o *owner) sharing(ctx context.Context, paths []string) (*transfer, *store.Manifest) {
	type found struct {
		*transfer
		*store.Manifest
	}
	answer := make(chan found, 1)
	err := o.postVerb(ctx, func() {
		for _, t := range slices.Backward(o.transfers) {
			if t.sending() && slices.Equal(t.record.Paths, paths) && (t.problem == nil || !t.problem.stops()) {
				answer <- found{t, t.manifest}
				return
			}
		}
		answer <- found{}
	})
	if err != nil {
		return nil, nil
	}
	select {
	case f := <-answer:
		return f.transfer, f.Manifest
	case <-ctx.Done():
	case <-o.stopped:
	}
	return nil, nil
}

func (o *owner) addShare(p *preparedShare) (*transfer, error) {
	if p.running != nil && p.running.ctx.Err() == nil {
		return p.running, o.resume(p.running.id)
	}
	if p.earlier != nil {
		t, err := o.reopen(p.earlier)
		if err != nil {
			p.earlier.release()
			return nil, err
		}
		if p.manifest != nil {
			return t, o.seed(t, p.manifest, p.earlier.info())
		}
		o.prepare(t)
		return t, nil
	}
	invitation := o.newInvitation()
	keys := invitation.Secret.Keys()
	r := &record{
		Direction: Send, Secret: hex.EncodeToString(invitation.Secret[:]), Added: time.Now(),
		Rendezvous: invitation.Rendezvous, LAN: invitation.LAN,
		Paths: p.paths, Folder: filepath.Dir(p.paths[0]), Name: shareName(p.paths),
	}
	if err := o.records.create(transferID(keys.Room), r); err != nil {
		return nil, &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err}
	}
	t, err := o.reopen(r)
	if err != nil {
		return nil, err
	}
	o.prepare(t)
	return t, nil
}

// shareName is the name shown before the files are listed.
func shareName(paths []string) string {
	if len(paths) == 1 {
		return filepath.Base(paths[0])
	}
	return ""
}

func (o *owner) newInvitation() invite.Invitation {
	i := invite.Invitation{Secret: invite.NewSecret()}
	if !sameURLs(o.settings.Rendezvous, settings.Default().Rendezvous) {
		i.Rendezvous = o.settings.Rendezvous
	}
	if o.lan != nil {
		i.LAN = o.lan.addresses()
	}
	return i
}

// reopen makes a transfer of a locked record and joins its room.
func (o *owner) reopen(r *record) (*transfer, error) {
	invitation, err := r.invitation()
	if err != nil {
		return nil, &Problem{Code: Internal, Err: err}
	}
	keys := invitation.Secret.Keys()
	t := &transfer{
		id: transferID(keys.Room), record: r, invitation: invitation, keys: keys,
		members: map[link.Identity]*member{}, served: map[link.Identity]bool{},
		answering: map[link.Identity]bool{},
	}
	t.ctx, t.cancel = context.WithCancel(o.ctx)
	o.transfers = append(o.transfers, t)
	o.rooms[keys.Room] = t
	o.changed = true
	if !r.Paused {
		o.join(t)
	}
	return t, nil
}

// prepare lists and hashes a share's files behind the scenes.
func (o *owner) prepare(t *transfer) {
	t.preparing = true
	t.hashed = 0
	paths, ctx, salt := t.record.Paths, t.ctx, string(t.id)
	o.tasks.Go(func() {
		manifest, err := store.Scan(ctx, paths)
		if err != nil {
			o.post(func() { o.prepared(t, nil, nil, err) })
			return
		}
		manifest.Salt = salt
		o.post(func() { t.manifest = manifest; o.changed = true })
		var shown time.Time
		info, err := manifest.Hash(ctx, func(done int64) {
			if now := time.Now(); now.Sub(shown) >= busyPeriod {
				shown = now
				o.post(func() { o.hashed(t, done) })
			}
		})
		o.post(func() { o.prepared(t, manifest, info, err) })
	})
}

func (o *owner) hashed(t *transfer, done int64) {
	t.hashed = done
	o.changed = true
	o.greetMembers(t, false)
}

// prepared takes the outcome of prepare.
func (o *owner) prepared(t *transfer, manifest *store.Manifest, info []byte, err error) {
	t.preparing = false
	o.changed = true
	if t.ctx.Err() != nil {
		return // removed meanwhile
	}
	if err == nil {
		err = t.record.saveManifest(manifest)
	}
	if err == nil {
		err = t.record.saveInfo(info)
	}
	if err == nil {
		err = o.seed(t, manifest, info)
	}
	if err != nil {
		o.fail(t, sourceProblem(t.record.Folder, err))
	}
}

// seed offers hashed files to whoever is in the room.
func (o *owner) seed(t *transfer, manifest *store.Manifest, info []byte) error {
	t.manifest = manifest
	t.record.Name, t.record.Total, t.record.Files = manifest.Name, manifest.Total, len(manifest.Files)
	if err := t.record.save(); err != nil {
		return &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err}
	}
	t.source = store.NewSource(manifest)
	t.infoHash = swarm.InfoHash(info)
	torrent, err := o.swarm.Add(swarm.Spec{InfoHash: t.infoHash, Info: info, Storage: t.source})
	if err != nil {
		return &Problem{Code: Internal, Err: err}
	}
	t.torrent = torrent
	torrent.Start()
	o.followProblems(t, t.source.Problems(), sourceProblem)
	o.greetMembers(t, true)
	return nil
}

// followProblems shows what the store has to say of a transfer's files.
func (o *owner) followProblems(t *transfer, problems <-chan error, name func(string, error) *Problem) {
	o.tasks.Go(func() {
		for {
			select {
			case err := <-problems:
				o.post(func() { o.fail(t, name(t.record.Folder, err)) })
			case <-t.ctx.Done():
				return
			}
		}
	})
}

// sourceProblem names what is wrong with a file that is shared.
func sourceProblem(subject string, err error) *Problem {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		subject = at.Path
	}
	code := Internal
	switch {
	case errors.Is(err, store.ErrNothing):
		code = NothingToShare
	case errors.Is(err, store.ErrTooLarge):
		code = ShareTooLarge
	case errors.Is(err, store.ErrChanged):
		code = SourceChanged
	case errors.Is(err, store.ErrMissing), errors.Is(err, fs.ErrNotExist):
		code = SourceMissing
	case errors.Is(err, store.ErrUnreadable), errors.Is(err, fs.ErrPermission):
		code = SourceUnreadable
	}
	return &Problem{Code: code, Subject: subject, Err: err}
}
