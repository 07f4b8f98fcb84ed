package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/causeway-app/causeway/engine/store"
	"github.com/causeway-app/causeway/engine/swarm"
)

// place is where a transfer's files are, opened. Opening and closing it reads
// and writes files, so neither is done on the owner's goroutine.
type place struct {
	manifest *store.Manifest // of a share
	source   *store.Source   // of a share
	sink     *store.Sink     // of a download
	info     []byte          // of the torrent, where it is known
	torrent  *swarm.Torrent  // nil before the info-hash is known
	offered  bool            // of a download that was not accepted, so there is no sink
	size     shareSize       // of a download whose info is known
	leaving  chan struct{}   // closed when an earlier torrent of it has ended; may be nil
}

// close ends the torrent and flushes what it wrote.
func (p place) close() {
	p.leave()
	if p.sink != nil {
		p.sink.Close()
	}
}

// leave ends the torrent, so that the swarm can have it again.
func (p place) leave() {
	if p.torrent != nil {
		p.torrent.Drop()
	}
	if p.leaving != nil {
		<-p.leaving
	}
}

// takePlace takes the files away from a transfer; its work on them ends.
func (t *transfer) takePlace() place {
	taken := place{source: t.source, sink: t.sink, torrent: t.torrent, leaving: t.leaving}
	t.source, t.sink, t.torrent, t.leaving, t.listing = nil, nil, nil, nil, nil
	t.progress, t.complete, t.finishing = swarm.Progress{}, false, false
	if t.leavePlace != nil {
		t.leavePlace()
	}
	return taken
}

// start opens a transfer's files behind the scenes, and lets it go on when
// that is done. Files that are open are closed first, so that a transfer that
// has failed begins anew, with what it has.
func (o *owner) start(t *transfer) {
	if t.opening {
		return
	}
	before := t.takePlace()
	t.opening, t.hashed = true, 0
	t.preparing = t.sending() && !t.record.has(infoFile)
	t.placeCtx, t.leavePlace = context.WithCancel(t.ctx)
	r, ctx := *t.record, t.placeCtx // a copy, for the owner goes on writing
	o.changed = true
	o.background(func() {
		before.close()
		var opened place
		var err error
		if r.Direction == Send {
			opened, err = o.openShare(ctx, t, &r)
		} else {
			opened, err = o.openDownload(&r)
		}
		o.post(func() { o.opened(t, opened, err) })
	})
}

// opened takes the outcome of start.
func (o *owner) opened(t *transfer, p place, err error) {
	t.opening, t.preparing = false, false
	o.changed = true
	switch {
	case t.whenOpened != nil: // removed meanwhile
		t.whenOpened(p)
		return
	case t.ctx.Err() != nil: // all is ending
		o.background(func() { p.close(); t.record.release() })
		return
	case p.offered && !t.offered(): // accepted meanwhile
		o.start(t)
		return
	case err != nil && t.sending():
		o.fail(t, sourceProblem(t.record.Folder, err))
		return
	case err != nil:
		o.fail(t, sinkProblem(t.record.Folder, err))
		return
	}
	t.source, t.sink, t.torrent = p.source, p.sink, p.torrent
	if p.sink != nil {
		o.followProblems(t, p.sink.Problems(), sinkProblem)
	} else if t.sending() {
		t.manifest = p.manifest
		t.record.Name, t.record.Total, t.record.Files = p.manifest.Name, p.manifest.Total, len(p.manifest.Files)
		t.record.Skipped = len(p.manifest.Skipped)
		o.saveRecord(t)
		o.followProblems(t, p.source.Problems(), sourceProblem)
	}
	if t.known = p.info != nil; t.known && !t.sending() {
		t.measure(p.size)
	}
	if p.torrent == nil {
		o.hearAll(t)
		return
	}
	t.infoHash = swarm.InfoHash(p.info)
	t.readProgress()
	if !t.record.Paused {
		p.torrent.Start()
	}
	o.greetMembers(t, true)
	o.wake()
}

// openShare makes sure that files are what they were when they were hashed, or
// hashes them, and offers them. It runs behind the scenes.
func (o *owner) openShare(ctx context.Context, t *transfer, r *record) (place, error) {
	manifest, info := r.manifest(), r.info()
	var err error
	if manifest == nil || info == nil {
		manifest, info, err = o.hash(ctx, t, r)
	} else {
		err = o.unchanged(ctx, r.Paths, manifest)
	}
	if err != nil {
		return place{}, err
	}
	p := place{manifest: manifest, info: info, source: store.NewSource(manifest)}
	p.torrent, err = o.swarm.Add(swarm.Spec{InfoHash: swarm.InfoHash(info), Info: info, Storage: p.source})
	return p, err
}

// unchanged lists files again and compares.
func (o *owner) unchanged(ctx context.Context, paths []string, known *store.Manifest) error {
	now, err := store.Scan(ctx, paths, o.config.StateDir)
	if err == nil && !now.Same(known) {
		err = fmt.Errorf("since it was shared: %w", store.ErrChanged)
	}
	return err
}

// hash lists and hashes a share's files and keeps what it found.
func (o *owner) hash(ctx context.Context, t *transfer, r *record) (*store.Manifest, []byte, error) {
	manifest, err := store.Scan(ctx, r.Paths, o.config.StateDir)
	if err != nil {
		return nil, nil, err
	}
	manifest.Salt = string(t.id)
	o.post(func() {
		t.manifest, t.preparing, o.changed = manifest, true, true
		t.record.Skipped = len(manifest.Skipped)
	})
	var shown time.Time
	info, err := manifest.Hash(ctx, func(done int64) {
		if now := time.Now(); now.Sub(shown) >= busyPeriod {
			shown = now
			o.post(func() { o.hashed(t, done) })
		}
	})
	if err != nil {
		return nil, nil, err
	}
	if err = r.saveManifest(manifest); err == nil {
		err = r.saveInfo(info)
	}
	if err != nil {
		return nil, nil, &Problem{Code: CannotWrite, Subject: o.config.StateDir, Err: err}
	}
	return manifest, info, nil
}

func (o *owner) hashed(t *transfer, done int64) {
	t.hashed = done
	o.changed = true
	o.greetMembers(t, false)
}

// openDownload opens the place where a share arrives and, when an earlier run
// learned what the share is, goes on with it. It runs behind the scenes.
func (o *owner) openDownload(r *record) (place, error) {
	r.writer.settle() // the info, or what was chosen, may be on its way to the disk
	p := place{info: r.info(), offered: r.Offered}
	var err error
	if p.info != nil {
		p.size, err = measure(p.info)
	}
	if err != nil || r.Offered {
		return p, err
	}
	var wanted []bool
	if r.Choice != nil {
		if wanted, err = store.Pieces(p.info, r.Choice.indexes()); err != nil {
			return p, err
		}
	}
	p.sink, err = o.openSink(r)
	if err != nil || p.info == nil {
		return p, err
	}
	p.torrent, err = o.swarm.Add(swarm.Spec{
		InfoHash: swarm.InfoHash(p.info), Info: p.info, Storage: p.sink, Wanted: wanted})
	if err != nil {
		p.sink.Close()
		return place{}, err
	}
	return p, nil
}

func (o *owner) openSink(r *record) (*store.Sink, error) {
	return store.OpenSink(store.SinkConfig{
		Dir: r.Folder, Journal: r.journal(), Chosen: r.Choice.indexes(), Free: o.free, Logger: o.log})
}

// followProblems shows what the store has to say of a transfer's files, for as
// long as they are open.
func (o *owner) followProblems(t *transfer, problems <-chan error, name func(string, error) *Problem) {
	ctx := t.placeCtx
	o.background(func() {
		for {
			select {
			case err := <-problems:
				o.post(func() {
					if ctx.Err() == nil {
						o.fail(t, name(t.record.Folder, err))
					}
				})
			case <-ctx.Done():
				return
			}
		}
	})
}

// discard deletes what a removed transfer leaves. Finished files stay.
func (o *owner) discard(t *transfer, p place, answer func(error)) {
	o.removing[t.keys.Room] = true
	o.background(func() {
		p.leave()
		if p.sink == nil && !t.sending() && !t.offered() {
			p.sink, _ = o.openSink(t.record) // it failed, and has left what it had
		}
		if p.sink != nil {
			if err := p.sink.Discard(); err != nil {
				o.post(func() { o.tell(partialProblem(t.record.Folder, err)) })
			}
		}
		err := t.record.delete()
		o.post(func() {
			delete(o.removing, t.keys.Room)
			o.settle(RecordNotSaved, t.record.folder)
			answer(err)
		})
	})
}
