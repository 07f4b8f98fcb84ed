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
)

// preparedShare is what Share finds out before it asks the owner.
type preparedShare struct {
	paths   []string
	running *transfer // shares the same unchanged files already
	earlier *record   // a locked record of the same unchanged files
}

// release gives back what addShare has not used.
func (p *preparedShare) release() {
	if p.earlier != nil {
		p.earlier.release()
	}
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
		if _, err := os.Stat(absolute); errors.Is(err, fs.ErrNotExist) {
			return nil, &Problem{Code: NoSuchFile, Subject: given, Err: err}
		} else if err != nil {
			return nil, sourceProblem(given, err)
		}
		p.paths = append(p.paths, absolute)
	}
	if running, manifest := o.sharing(ctx, p.paths); running != nil {
		if now, err := store.Scan(ctx, p.paths, o.config.StateDir); manifest == nil || err == nil && now.Same(manifest) {
			p.running = running
		}
		return p, nil
	}
	earlier := o.records.sharing(p.paths)
	if earlier == nil {
		return p, nil
	}
	if known := earlier.manifest(); known != nil && earlier.info() != nil {
		now, err := store.Scan(ctx, p.paths, o.config.StateDir)
		if err != nil || !now.Same(known) {
			earlier.release()
			return p, nil // other content needs another invitation
		}
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
			if t.sending() && slices.Equal(t.record.Paths, paths) && !t.failed() {
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
		p.earlier.Paused = false
		t, err := o.reopen(p.earlier)
		if err == nil {
			o.start(t)
		}
		return t, err
	}
	invitation := o.newInvitation()
	keys := invitation.Secret.Keys()
	r := &record{
		Direction: Send, Secret: hex.EncodeToString(invitation.Secret[:]), Added: time.Now(),
		Rendezvous: invitation.Rendezvous,
		Paths:      p.paths, Folder: filepath.Dir(p.paths[0]), Name: shareName(p.paths),
	}
	if err := o.records.create(transferID(keys.Room), r); err != nil {
		return nil, recordProblem(o.config.StateDir, err)
	}
	t, err := o.reopen(r)
	if err != nil {
		r.release()
		return nil, err
	}
	o.start(t)
	return t, nil
}

// shareName is the name shown before the files are listed.
func shareName(paths []string) string {
	if len(paths) == 1 && filepath.Dir(paths[0]) != paths[0] { // not a whole disk
		return filepath.Base(paths[0])
	}
	return ""
}

func (o *owner) newInvitation() invite.Invitation {
	i := invite.Invitation{Secret: invite.NewSecret()}
	if !sameURLs(o.settings.Rendezvous, settings.Default().Rendezvous) {
		i.Rendezvous = o.settings.Rendezvous
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
	if o.rooms[keys.Room] != nil || o.removing[keys.Room] {
		return nil, &Problem{Code: StateInUse, Subject: o.config.StateDir}
	}
	if r.Direction == Send && o.lan != nil {
		// Where this computer is now, not where it was when the share was made.
		invitation.LAN = o.lan.addresses()
	}
	t := &transfer{
		id: transferID(keys.Room), record: r, text: invitation.String(), keys: keys,
		members: map[link.Identity]*member{}, served: map[link.Identity]bool{},
		answering: map[link.Identity]bool{},
	}
	t.meeting = meeting{others: map[string]int{}}
	t.earlier, t.rates.began, t.placedBefore = r.went(), time.Now(), r.Placed != ""
	t.ctx, t.cancel = context.WithCancel(o.ctx)
	o.transfers = append(o.transfers, t)
	o.rooms[keys.Room] = t
	o.roomsChanged++
	o.changed = true
	if !r.Paused {
		o.join(t)
	}
	return t, nil
}

// sourceProblem names what is wrong with a file that is shared.
func sourceProblem(folder string, err error) *Problem { return fileProblem(folder, err, sourceCode) }

func sourceCode(err error) ProblemCode {
	switch {
	case errors.Is(err, store.ErrNothing):
		return NothingToShare
	case errors.Is(err, store.ErrTooLarge):
		return ShareTooLarge
	case errors.Is(err, store.ErrChanged):
		return SourceChanged
	case errors.Is(err, store.ErrMissing), errors.Is(err, fs.ErrNotExist):
		return SourceMissing
	case errors.Is(err, store.ErrUnreadable), errors.Is(err, fs.ErrPermission):
		return SourceUnreadable
	default:
		return Internal
	}
}
