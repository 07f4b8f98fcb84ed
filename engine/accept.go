package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/causeway-app/causeway/engine/store"
)

// ErrChoice is returned by Accept where the files are none of the share's, or
// none at all, or not known yet.
var ErrChoice = errors.New("engine: unusable choice of files")

// offered reports whether a download waits to be accepted.
func (t *transfer) offered() bool { return t.record.Offered }

// acceptable says why a transfer cannot be accepted; nil if it can. What failed
// for want of room has written nothing, and may be accepted once more, into
// another folder.
func (t *transfer) acceptable() error {
	switch {
	case t.sending():
		return &Problem{Code: InvitationIsOwn, Subject: t.record.Name}
	case t.failed() && t.problem.Code == BadShare:
		return t.problem
	case t.offered(), t.failed() && t.problem.Code == NotEnoughRoom && !t.opening && !t.record.has(journalFile):
		return nil
	default:
		return &Problem{Code: InvitationInProgress, Subject: t.record.Name}
	}
}

// acceptance is what Accept has found out before it asks the owner again.
type acceptance struct {
	folder string
	choice *choice
}

// prepareAccept looks at the disk, on the caller's goroutine.
func (e *Engine) prepareAccept(ctx context.Context, id TransferID, folder string, files []int) (acceptance, error) {
	var found contentsSource
	err := e.verb(ctx, func() error {
		t, err := e.owner.find(id)
		if err == nil {
			err = t.acceptable()
		}
		if err != nil {
			return err
		}
		if folder == "" {
			folder = e.owner.settings.DownloadDir
		}
		found = t.contentsSource()
		return nil
	})
	if err != nil {
		return acceptance{}, err
	}
	a := acceptance{}
	if a.folder, err = filepath.Abs(folder); err != nil {
		return a, &Problem{Code: CannotWrite, Subject: folder, Err: err}
	}
	listing, err := found.listing()
	if err != nil {
		return a, sinkProblem(a.folder, err)
	}
	switch {
	case listing == nil && files != nil:
		return a, fmt.Errorf("%w: what the share contains is not known yet", ErrChoice)
	case listing == nil: // the room is looked at when its size is known
	default:
		if a.choice, err = e.choose(listing, a.folder, files); err != nil {
			return a, err
		}
	}
	return a, tryFolder(a.folder)
}

// choose makes sure that the files exist, and fit into the folder.
func (e *Engine) choose(listing *store.Listing, folder string, files []int) (*choice, error) {
	needed, err := listing.Size(files)
	if err == nil {
		files, err = listing.Choose(files)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChoice, err)
	}
	if free, err := e.owner.free(folder); err != nil {
		e.owner.log.Info("cannot find out how much room there is", "folder", folder, "error", err)
	} else if free < needed {
		return nil, sinkProblem(folder, &store.RoomError{Needed: needed, Free: free})
	}
	return newChoice(files, needed), nil
}

// tryFolder makes a folder, and a file in it for a moment.
func tryFolder(folder string) error {
	err := os.MkdirAll(folder, 0o777)
	if err == nil {
		var file *os.File
		if file, err = os.CreateTemp(folder, ".causeway-*"); err == nil {
			file.Close()
			err = os.Remove(file.Name())
		}
	}
	if err != nil {
		return &Problem{Code: CannotWrite, Subject: folder, Err: err}
	}
	return nil
}

// accept lets the fetching begin.
func (o *owner) accept(id TransferID, a acceptance) error {
	t, err := o.find(id)
	if err == nil {
		err = t.acceptable() // somebody else may have been quicker
	}
	if err != nil {
		return err
	}
	paused := t.record.Paused
	t.record.Offered, t.record.Folder, t.record.Choice = false, a.folder, a.choice
	t.record.Paused, t.problem = false, nil
	o.saveRecord(t)
	o.detachMembers(t)
	for _, m := range t.members {
		m.openTries = 0
	}
	o.start(t)
	o.meetAgain(t, paused)
	return nil
}

// acceptAll is accept of everything, by Receive.
func (o *owner) acceptAll(t *transfer, folder string) error {
	folder, err := o.downloadFolder(folder, false)
	if err != nil {
		return err
	}
	return o.accept(t.id, acceptance{folder: folder})
}
