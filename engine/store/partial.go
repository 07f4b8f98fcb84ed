package store

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

const (
	// maxOpenParts bounds the files held open for writing.
	maxOpenParts = 128
	// manyToSync is the number of files from which one sync of the whole file
	// system is cheaper.
	manyToSync = 32
	// parallelSyncs lets the file system join several syncs into one.
	parallelSyncs = 8
)

// partial is the folder that a share is received in. Files are made when they
// are first written to. It is safe for concurrent use.
type partial struct {
	path   string
	root   *os.Root
	folder *os.File // opened before anything is written, so that no error is missed
	layout *layout
	names  []string // of each entry, below the folder
	// rest is the file of bytes that belong to none of them, with the index
	// len(names); empty where there are none.
	rest    string
	handles *handles
	fsync   func(*os.File) error // (*os.File).Sync; tests let it fail

	mu sync.Mutex
	// exists says which files have been made.
	exists []bool
	// folders are known to exist. changed are those with new entries that were
	// not synced yet; "." is the top.
	folders, changed map[string]struct{}
	// dirty files have been written to since their last sync.
	dirty map[int]struct{}
	// suspect files have had a failed sync. The kernel may have dropped what
	// was written and will not say so again.
	suspect map[int]struct{}
}

func openPartial(path string, l *layout, names []string, rest string) (*partial, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, writeError("open", path, err)
	}
	folder, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, writeError("open", path, err)
	}
	p := &partial{
		path: path, root: root, folder: folder, layout: l, names: names, rest: rest,
		handles: newHandles(maxOpenParts), fsync: (*os.File).Sync,
		exists: make([]bool, len(names)+1), folders: map[string]struct{}{".": {}},
		changed: map[string]struct{}{".": {}}, dirty: map[int]struct{}{}, suspect: map[int]struct{}{},
	}
	p.exists[len(names)] = rest != ""
	return p, nil
}

func (p *partial) close() {
	p.handles.closeAll()
	p.folder.Close()
	p.root.Close()
}

// survey looks which files an earlier run has left, and returns their sizes.
func (p *partial) survey() []int64 {
	sizes := make([]int64, len(p.names)+1)
	for i, name := range p.names {
		if info, err := p.root.Lstat(name); err == nil && info.Mode().IsRegular() {
			p.exists[i], sizes[i] = true, info.Size()
			p.dirty[i] = struct{}{} // written by a process that may have died
		}
	}
	if info, err := os.Lstat(p.rest); p.rest != "" && err == nil {
		sizes[len(p.names)] = info.Size()
		p.dirty[len(p.names)] = struct{}{}
	}
	return sizes
}

func (p *partial) fullPath(file int) string {
	if file == len(p.names) {
		return p.rest
	}
	return filepath.Join(p.path, p.names[file])
}

func (p *partial) made(file int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exists[file]
}

// open opens a file for reading and writing and makes it where it was never
// made. A file that has vanished is not made again: its bytes would be missing.
func (p *partial) open(file int) (*os.File, error) {
	if file == len(p.names) {
		f, err := os.OpenFile(p.rest, os.O_RDWR, 0)
		if err != nil {
			return nil, writeError("open", p.rest, err)
		}
		return f, nil
	}
	name, made := p.names[file], p.made(file)
	if made {
		f, err := p.root.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return nil, writeError("open", p.fullPath(file), err)
		}
		return f, nil
	}
	f, err := p.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		if err = p.makeFolder(filepath.Dir(name)); err == nil {
			f, err = p.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		}
	}
	if err != nil {
		return nil, writeError("create", p.fullPath(file), err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exists[file] = true
	p.changed[filepath.Dir(name)] = struct{}{}
	return f, nil
}

// makeFolder makes a folder and those above it.
func (p *partial) makeFolder(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var missing []string
	for dir := name; ; dir = filepath.Dir(dir) {
		if _, known := p.folders[dir]; known {
			break
		}
		missing = append(missing, dir)
	}
	for _, dir := range slices.Backward(missing) {
		if err := p.root.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		p.folders[dir] = struct{}{}
		p.changed[filepath.Dir(dir)] = struct{}{}
	}
	return nil
}

// writeAt writes the torrent's bytes from offset on.
func (p *partial) writeAt(b []byte, offset int64) (int, error) {
	written := 0
	for s := range p.layout.spans(offset, int64(len(b))) {
		if s.file != noFile {
			n, err := p.writeFile(b[written:written+int(s.length)], s.file, s.offset)
			if err != nil {
				return written + n, err
			}
		}
		written += int(s.length)
	}
	if written < len(b) {
		return written, io.ErrShortWrite
	}
	return written, nil
}

func (p *partial) writeFile(b []byte, file int, offset int64) (int, error) {
	h, err := p.handles.acquire(file, p.open)
	if err != nil {
		return 0, err
	}
	defer p.handles.release(h)
	n, err := h.file.WriteAt(b, offset)
	// Only now: a sync between a mark and its write would take the mark away.
	p.mark(file)
	if err != nil {
		return n, writeError("write", p.fullPath(file), err)
	}
	return n, nil
}

func (p *partial) mark(file int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirty[file] = struct{}{}
}

// readAt reads the torrent's bytes from offset on. What was never written gives
// io.EOF, unless the bytes are expected to be there.
func (p *partial) readAt(b []byte, offset int64, expected bool) (int, error) {
	read := 0
	for s := range p.layout.spans(offset, int64(len(b))) {
		part := b[read : read+int(s.length)]
		if s.file == noFile {
			clear(part)
			read += len(part)
			continue
		}
		n, err := p.readFile(part, s.file, s.offset)
		read += n
		if errors.Is(err, io.EOF) && expected {
			err = fileError(ErrChanged, "read", p.fullPath(s.file), io.ErrUnexpectedEOF)
		}
		if err != nil {
			return read, err
		}
	}
	if read < len(b) {
		return read, io.EOF
	}
	return read, nil
}

func (p *partial) readFile(b []byte, file int, offset int64) (int, error) {
	if !p.made(file) {
		return 0, io.EOF
	}
	h, err := p.handles.acquire(file, p.open)
	if err != nil {
		return 0, err
	}
	defer p.handles.release(h)
	n, err := h.file.ReadAt(b, offset)
	switch {
	case n == len(b):
		return n, nil
	case errors.Is(err, io.EOF):
		return n, io.EOF
	default:
		return n, readError("read", p.fullPath(file), err)
	}
}

// filesOf returns the files that the pieces lie in.
func (p *partial) filesOf(pieces []int) map[int]struct{} {
	files := map[int]struct{}{}
	for _, piece := range pieces {
		offset, length := p.layout.piece(piece)
		for s := range p.layout.spans(offset, length) {
			if s.file != noFile {
				files[s.file] = struct{}{}
			}
		}
	}
	return files
}

// suspicious reports whether a piece lies in a file that had a failed sync.
func (p *partial) suspicious(piece int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.suspect) == 0 {
		return false
	}
	for file := range p.filesOf([]int{piece}) {
		if _, suspect := p.suspect[file]; suspect {
			return true
		}
	}
	return false
}

// sync returns when what was written to the files, and every folder's entries,
// are on the disk. After an error the files stay suspect.
func (p *partial) sync(wanted map[int]struct{}) error {
	p.mu.Lock()
	var files []int
	for file := range wanted {
		if _, dirty := p.dirty[file]; dirty {
			files = append(files, file)
			delete(p.dirty, file)
		}
	}
	folders := slices.Collect(maps.Keys(p.changed))
	clear(p.changed)
	p.mu.Unlock()

	err := p.checkFolder()
	if err == nil {
		err = p.syncThese(files, folders)
	}
	if err == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, file := range files {
		p.dirty[file] = struct{}{}
	}
	for file := range p.dirty {
		p.suspect[file] = struct{}{}
	}
	for _, folder := range folders {
		p.changed[folder] = struct{}{}
	}
	return err
}

// checkFolder notices that the folder was deleted or moved away: open files
// would let themselves be written to and synced all the same.
func (p *partial) checkFolder() error {
	now, err := os.Lstat(p.path)
	if err != nil {
		return writeError("find", p.path, err)
	}
	if ours, err := p.folder.Stat(); err != nil || !os.SameFile(ours, now) {
		return fileError(ErrMissing, "find", p.path, errors.New("another folder is in its place"))
	}
	return nil
}

func (p *partial) syncThese(files []int, folders []string) error {
	if len(files)+len(folders) >= manyToSync {
		if done, err := syncFileSystem(p.folder); err != nil {
			return writeError("sync", p.path, err)
		} else if done {
			if slices.Contains(files, len(p.names)) { // it may be on another
				return p.syncFile(len(p.names))
			}
			return nil
		}
	}
	next := make(chan func() error)
	failed := make(chan error, parallelSyncs)
	var workers sync.WaitGroup
	for range min(parallelSyncs, len(files)+len(folders)) {
		workers.Go(func() {
			var first error
			for work := range next {
				if err := work(); first == nil {
					first = err
				}
			}
			failed <- first
		})
	}
	for _, file := range files {
		next <- func() error { return p.syncFile(file) }
	}
	for _, folder := range folders {
		next <- func() error { return p.syncFolder(folder) }
	}
	close(next)
	workers.Wait()
	close(failed)
	var err error
	for e := range failed {
		err = errors.Join(err, e)
	}
	return err
}

func (p *partial) syncFile(file int) error {
	h, err := p.handles.acquire(file, p.open)
	if err != nil {
		return err
	}
	defer p.handles.release(h)
	if err := p.fsync(h.file); err != nil {
		return writeError("sync", p.fullPath(file), err)
	}
	return nil
}

func (p *partial) syncFolder(name string) error {
	folder, err := p.root.Open(name)
	if err != nil {
		return writeError("sync", filepath.Join(p.path, name), err)
	}
	defer folder.Close()
	if err := syncOpenFolder(folder); err != nil {
		return writeError("sync", folder.Name(), err)
	}
	return nil
}
