package store

import (
	"container/list"
	"os"
	"sync"
)

// handles keeps the files used last open, and no more than limit of them unless
// more are in use at this moment. It is safe for concurrent use.
type handles struct {
	limit int
	mu    sync.Mutex
	open  map[int]*handle
	// used orders the handles, the one used last in front.
	used *list.List
}

// handle is an open file. It stays open until its last user has released it.
type handle struct {
	index   int
	opening sync.Once
	file    *os.File
	err     error
	users   int
	element *list.Element
}

func newHandles(limit int) *handles {
	return &handles{limit: limit, open: map[int]*handle{}, used: list.New()}
}

// acquire returns the file of that index, opened by open where it is not open.
// The caller must release it.
func (h *handles) acquire(index int, open func(int) (*os.File, error)) (*handle, error) {
	h.mu.Lock()
	entry, known := h.open[index]
	if !known {
		entry = &handle{index: index}
		entry.element = h.used.PushFront(entry)
		h.open[index] = entry
	} else {
		h.used.MoveToFront(entry.element)
	}
	entry.users++
	surplus := h.surplus()
	h.mu.Unlock()
	closeAll(surplus)

	entry.opening.Do(func() { entry.file, entry.err = open(index) })
	if entry.err != nil {
		h.forget(entry)
		h.release(entry)
		return nil, entry.err
	}
	return entry, nil
}

func (h *handles) release(entry *handle) {
	h.mu.Lock()
	entry.users--
	last := entry.users == 0 && h.open[entry.index] != entry
	h.mu.Unlock()
	if last && entry.file != nil {
		entry.file.Close()
	}
}

// drop closes the file of that index as soon as nobody uses it, so that the
// next acquire opens it again.
func (h *handles) drop(index int) {
	h.mu.Lock()
	entry := h.open[index]
	if entry == nil {
		h.mu.Unlock()
		return
	}
	delete(h.open, index)
	h.used.Remove(entry.element)
	idle := entry.users == 0
	h.mu.Unlock()
	if idle && entry.file != nil {
		entry.file.Close()
	}
}

func (h *handles) forget(entry *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[entry.index] == entry {
		delete(h.open, entry.index)
		h.used.Remove(entry.element)
	}
}

// closeAll closes every file; those in use, when they are released.
func (h *handles) closeAll() {
	h.mu.Lock()
	var idle []*os.File
	for _, entry := range h.open {
		if entry.users == 0 && entry.file != nil {
			idle = append(idle, entry.file)
		}
	}
	clear(h.open)
	h.used.Init()
	h.mu.Unlock()
	closeAll(idle)
}

// surplus takes idle handles over the limit out and returns them for closing.
func (h *handles) surplus() []*os.File {
	var files []*os.File
	for element := h.used.Back(); element != nil && h.used.Len() > h.limit; {
		entry := element.Value.(*handle)
		element = element.Prev()
		if entry.users > 0 {
			continue
		}
		h.used.Remove(entry.element)
		delete(h.open, entry.index)
		files = append(files, entry.file)
	}
	return files
}

func closeAll(files []*os.File) {
	for _, file := range files {
		if file != nil {
			file.Close()
		}
	}
}
