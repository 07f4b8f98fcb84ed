package engine

import "sync"

// recordWriter writes the files of one record behind the scenes, in order and
// one at a time: a write waits for the disk, which may take its time. Of a file
// that is to be written again before its turn came, only the newest is written.
// Its methods are safe for concurrent use.
type recordWriter struct {
	mu      sync.Mutex
	idle    sync.Cond
	waiting []recordChange // at most one for each file
	running bool           // somebody runs run
	ended   bool           // nothing is taken any more
}

// recordChange is a file of a record that is to be written.
type recordChange struct {
	name    string
	content []byte
	written func(error)
}

func newRecordWriter() *recordWriter {
	w := &recordWriter{}
	w.idle.L = &w.mu
	return w
}

// add queues a change, and reports whether the caller has to see to it that
// run is called. After end it does nothing.
func (w *recordWriter) add(change recordChange) (runs bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return false
	}
	for i := range w.waiting {
		if w.waiting[i].name == change.name {
			w.waiting[i] = change
			return false
		}
	}
	w.waiting = append(w.waiting, change)
	runs = !w.running
	w.running = true
	return runs
}

// run writes what waits until nothing does.
func (w *recordWriter) run(write func(name string, content []byte) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) > 0 {
		next := w.waiting[0]
		w.waiting = w.waiting[1:]
		w.mu.Unlock()
		next.written(write(next.name, next.content))
		w.mu.Lock()
	}
	w.running = false
	w.idle.Broadcast()
}

// settle returns when all that was added is written. The owner's goroutine must
// not call it while a run has something to write, for run reports to the owner.
func (w *recordWriter) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.running {
		w.idle.Wait()
	}
}

// end is settle, after which nothing is taken any more.
func (w *recordWriter) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.settle()
}

// saveRecord keeps what has changed of a transfer. It returns at once; the end
// of the engine waits for the disk.
func (o *owner) saveRecord(t *transfer) {
	t.record.setWent(t.went())
	text, err := t.record.encode()
	if err != nil {
		o.recordWritten(t, err)
		return
	}
	o.write(t, recordFile, text, func(err error) { o.recordWritten(t, err) })
}

// write replaces a file of a transfer's record behind the scenes. written runs
// on the owner's goroutine.
func (o *owner) write(t *transfer, name string, content []byte, written func(error)) {
	r := t.record
	change := recordChange{name, content, func(err error) { o.post(func() { written(err) }) }}
	if r.writer.add(change) {
		o.background(func() { r.writer.run(r.write) })
	}
}

func (o *owner) recordWritten(t *transfer, err error) {
	if err != nil {
		o.tell(Problem{Code: RecordNotSaved, Subject: t.record.folder, Err: err})
		return
	}
	o.settle(RecordNotSaved, t.record.folder)
}
