package engine

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Finished is a transfer that came to its end. It stays when the transfer is
// removed.
type Finished struct {
	ID        TransferID
	Name      string
	Direction Direction
	Files     int
	// Total is in bytes, as are the next three: how the payload went, both ways.
	Total                                 int64
	LANBytes, InternetBytes, RelayedBytes int64
	// Receivers counts those that have had everything; of a received share it is 0.
	Receivers int
	// Peers are the names of the computers it went to or came from.
	Peers []string
	// Began is when it was added, Finished when everything had arrived.
	Began, Finished time.Time
	// Placed is where it lies: of a sent share its first file or folder.
	Placed string
}

// History lists what was finished, the newest first; at most 10,000.
func (e *Engine) History(ctx context.Context) ([]Finished, error) {
	o := e.owner
	var unsaved []historyChange
	if err := e.ask(ctx, func() { unsaved = slices.Clone(o.history.queue) }); err != nil {
		return nil, err
	}
	all, err := o.history.file.load()
	if errors.Is(err, errHistoryDamaged) {
		o.post(func() { o.historyDamaged(err) })
	} else if err != nil {
		return nil, &Problem{Code: Internal, Subject: o.history.file.folder, Err: err}
	}
	for _, change := range unsaved {
		all = change.to(all)
	}
	return newestFirst(all), nil
}

// ForgetHistory takes transfers out of the history, or all where none is named.
// No file is touched.
func (e *Engine) ForgetHistory(ctx context.Context, ids ...TransferID) error {
	o := e.owner
	done := make(chan error, 1)
	err := e.verb(ctx, func() error {
		o.record(historyChange{forgets: slices.Clone(ids), all: len(ids) == 0, done: done})
		return nil
	})
	if err != nil {
		return err
	}
	return e.await(ctx, done)
}

// historyChange is something that becomes of the history: an entry that is new
// or replaces the one of the same transfer, or entries to forget.
type historyChange struct {
	entry   *Finished
	forgets []TransferID
	all     bool
	done    chan<- error // of a verb; nil for an entry
}

// to returns the history with the change made.
func (c historyChange) to(all []Finished) []Finished {
	switch {
	case c.all:
		return nil
	case c.entry == nil:
		return slices.DeleteFunc(all, func(f Finished) bool { return slices.Contains(c.forgets, f.ID) })
	}
	at := slices.IndexFunc(all, func(f Finished) bool { return f.ID == c.entry.ID })
	if at < 0 {
		return append(all, *c.entry)
	}
	all[at] = *c.entry
	return all
}

// history is how the owner keeps what was finished.
type history struct {
	file    *historyFile
	queue   []historyChange // to be made, those being made now included
	making  int             // of the queue, being made now
	retryAt time.Time
	changes int  // see State.History
	broken  bool // the file was damaged, which stays to be shown
	stamp   fileStamp
	looking bool
	lookAt  time.Time
}

const (
	// historyAgain is the pause after a change that could not be made,
	// historyLook how often another process's changes are looked for.
	historyAgain, historyLook = 2 * time.Second, 2 * time.Second
	// namesMost bounds the names of computers that are remembered of a share.
	namesMost = 100
)

// record makes a change to the history, behind the scenes.
func (o *owner) record(change historyChange) {
	o.history.queue = append(o.history.queue, change)
	o.history.changes, o.changed = o.history.changes+1, true
	o.saveHistory()
}

// saveHistory makes the changes that wait, unless that is being done.
func (o *owner) saveHistory() {
	h := &o.history
	if h.making > 0 || len(h.queue) == 0 {
		return
	}
	changes := slices.Clone(h.queue)
	h.making = len(changes)
	o.background(func() {
		err := h.file.apply(changes)
		stamp := h.file.stamp()
		o.post(func() { o.historySaved(err, stamp) })
	})
}

// historySaved takes what has become of the changes. Entries that could not be
// kept are tried again; who wanted to forget is told.
func (o *owner) historySaved(err error, stamp fileStamp) {
	h := &o.history
	made := slices.Clone(h.queue[:h.making])
	h.queue, h.making = slices.Delete(h.queue, 0, h.making), 0
	h.stamp = stamp
	var problem error
	switch {
	case errors.Is(err, errHistoryDamaged):
		o.historyDamaged(err)
	case err != nil:
		told := o.historyProblem(err)
		o.tell(*told)
		problem = told
		h.retryAt = time.Now().Add(historyAgain)
	case !h.broken:
		o.settle(HistoryNotSaved, h.file.folder)
	}
	var again []historyChange
	for _, change := range made {
		if change.done != nil {
			change.done <- problem
		} else if problem != nil {
			again = append(again, change)
		}
	}
	h.queue = append(again, h.queue...)
	if problem == nil {
		h.changes, o.changed = h.changes+1, true
		o.saveHistory()
	}
}

func (o *owner) historyProblem(err error) *Problem {
	return &Problem{Code: HistoryNotSaved, Subject: o.history.file.folder, Err: err}
}

// historyDamaged tells that what was known is gone from the history, until the
// end of this run.
func (o *owner) historyDamaged(err error) {
	o.history.broken = true
	o.history.changes++
	o.tell(*o.historyProblem(err))
}

// tendHistory tries again what could not be kept, and looks whether another
// process has changed the history.
func (o *owner) tendHistory(now time.Time) {
	h := &o.history
	if now.After(h.retryAt) {
		o.saveHistory()
	}
	if h.looking || h.making > 0 || now.Before(h.lookAt) {
		return
	}
	first := h.lookAt.IsZero()
	h.looking, h.lookAt = true, now.Add(historyLook)
	before := h.stamp
	o.background(func() {
		stamp := h.file.stamp()
		o.post(func() {
			h.looking = false
			if h.stamp != before || h.making > 0 {
				return // it was written here meanwhile
			}
			if stamp != before && !first {
				h.changes, o.changed = h.changes+1, true
			}
			h.stamp = stamp
		})
	})
}

// arrived notes that a download has come to its end, the first time.
func (o *owner) arrived(t *transfer) {
	if t.placedBefore || !t.record.Finished.IsZero() {
		return
	}
	t.record.Finished = time.Now()
	for _, m := range t.members {
		if m.counts().in > 0 {
			t.record.met(m.hello.Computer)
		}
	}
	o.remember(t)
}

// remember puts a transfer into the history as it stands.
func (o *owner) remember(t *transfer) {
	r, went := t.record, t.went()
	entry := &Finished{
		ID: t.id, Name: r.Name, Direction: r.Direction, Files: r.Files, Total: r.Total,
		LANBytes: went.lan, InternetBytes: went.internet, RelayedBytes: went.relayed,
		Peers: slices.Clone(r.With), Began: r.Added, Finished: r.Finished, Placed: r.Placed,
	}
	if t.sending() {
		entry.Receivers = len(r.Served)
		if len(r.Paths) > 0 {
			entry.Placed = r.Paths[0]
		}
	}
	o.record(historyChange{entry: entry})
}

// met remembers the name of a computer that a share came from or went to.
func (r *record) met(name string) {
	if name != "" && len(r.With) < namesMost && !slices.Contains(r.With, name) {
		r.With = append(slices.Clip(r.With), name)
	}
}
