package engine

import (
	"context"
	"path"
	"slices"

	"github.com/causeway-app/causeway/engine/store"
	"github.com/causeway-app/causeway/engine/swarm"
)

// Contents is what a share has in it.
type Contents struct {
	Name string
	// Files are in the order of the share.
	Files []ContentFile
	// Total is the size of all files, in bytes.
	Total int64
}

// ContentFile is one file of a share.
type ContentFile struct {
	// Path is inside the share, with slashes. Of a download it is the path that
	// the file gets here: names that this system cannot hold are changed.
	Path string
	// Size and Done, what is here of it, are in bytes.
	Size, Done int64
	// Chosen tells that it is wanted.
	Chosen bool
}

// Look asks what an invitation offers, and fetches nothing of it: a transfer in
// the phase Offered, which waits for Accept, or Remove. One that is offered
// already is returned again; of others it says what Receive says. Nothing is
// written but the transfer's record.
func (e *Engine) Look(ctx context.Context, invitation string) (Transfer, error) {
	return e.transferVerb(ctx, func() (*transfer, error) { return e.owner.addLook(invitation) })
}

// Accept fetches what is offered into folder; empty means the download folder of
// the settings. files are indexes of Contents.Files; nil means all of them, and
// may be said before the contents are known. The Problem has the code
// NotEnoughRoom where the disk is too full, CannotWrite where the folder cannot
// be made or written to, and InvitationInProgress where the transfer was accepted
// before; then nothing has changed. Files that the share does not have, and no
// file at all, give ErrChoice. What failed for want of room, before anything of
// it was written, can be accepted again.
func (e *Engine) Accept(ctx context.Context, id TransferID, folder string, files []int) error {
	accepted, err := e.prepareAccept(ctx, id, folder, files)
	if err != nil {
		return err
	}
	return e.verb(ctx, func() error { return e.owner.accept(id, accepted) })
}

// Contents is what a transfer's share has in it; without Files while that is not
// known. It reads and counts, so it takes its time where there are many files.
func (e *Engine) Contents(ctx context.Context, id TransferID) (Contents, error) {
	var found contentsSource
	err := e.verb(ctx, func() error {
		t, err := e.owner.find(id)
		if err == nil {
			found = t.contentsSource()
		}
		return err
	})
	if err != nil {
		return Contents{}, err
	}
	return found.contents()
}

// FreeSpace is how many bytes can be written to a folder, which need not exist;
// empty means the download folder of the settings.
func (e *Engine) FreeSpace(ctx context.Context, folder string) (int64, error) {
	if folder == "" {
		err := e.verb(ctx, func() error {
			folder = e.owner.settings.DownloadDir
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	free, err := e.owner.free(folder)
	if err != nil {
		return 0, &Problem{Code: CannotWrite, Subject: folder, Err: err}
	}
	return free, nil
}

// contentsSource is what is needed to say what a transfer contains, apart from
// the owner.
type contentsSource struct {
	sending  bool
	complete bool
	name     string
	record   *record         // its files are read, nothing else; nil where it cannot be known
	manifest *store.Manifest // of a share
	sink     *store.Sink
	torrent  *swarm.Torrent
	choice   *choice
	listed   *store.Listing // if it is at hand
}

func (t *transfer) contentsSource() contentsSource {
	if t.offered() && !t.known {
		return contentsSource{name: t.record.Name} // it may be half known, and not kept yet
	}
	return contentsSource{
		sending: t.sending(), complete: t.complete, name: t.record.Name, record: t.record,
		manifest: t.manifest, sink: t.sink, torrent: t.torrent, choice: t.record.Choice,
		listed: t.listing,
	}
}

func (s *contentsSource) contents() (Contents, error) {
	if s.sending {
		return s.shared(), nil
	}
	listing, err := s.listing()
	if err != nil {
		return Contents{}, sinkProblem("", err)
	}
	if listing == nil {
		return Contents{Name: s.name}, nil
	}
	var done []int64
	if s.sink != nil {
		done = s.sink.Done()
	}
	chosen := s.choice.indexes()
	c := Contents{Name: listing.Name, Total: listing.Total, Files: make([]ContentFile, len(listing.Files))}
	for i, f := range listing.Files {
		wanted := s.choice == nil
		if !wanted {
			_, wanted = slices.BinarySearch(chosen, i)
		}
		c.Files[i] = ContentFile{Path: f.Path, Size: f.Size, Chosen: wanted}
		switch {
		case s.complete && wanted:
			c.Files[i].Done = f.Size
		case i < len(done):
			c.Files[i].Done = done[i]
		}
	}
	return c, nil
}

// shared is what a share of this computer contains: all of it is here.
func (s *contentsSource) shared() Contents {
	if s.manifest == nil {
		s.manifest = s.record.manifest()
	}
	c := Contents{Name: s.name}
	if s.manifest == nil {
		return c
	}
	c.Name, c.Total, c.Files = s.manifest.Name, s.manifest.Total, make([]ContentFile, len(s.manifest.Files))
	for i, f := range s.manifest.Files {
		c.Files[i] = ContentFile{Path: path.Join(f.Path...), Size: f.Size, Done: f.Size, Chosen: true}
	}
	return c
}

// listing is what a download contains; nil while that is not known.
func (s *contentsSource) listing() (*store.Listing, error) {
	if s.listed != nil || s.record == nil {
		return s.listed, nil
	}
	if s.sink != nil {
		if listing, err := s.sink.List(); listing != nil || err != nil {
			return listing, err
		}
	}
	var info []byte
	if s.torrent != nil {
		info, _ = s.torrent.Info()
	}
	if info == nil {
		info = s.record.info()
	}
	if info == nil {
		return nil, nil
	}
	return store.List(info)
}
