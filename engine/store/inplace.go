package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// recheckPeriod is how long a look at a file's size and time is good for.
const recheckPeriod = time.Second

// maxOpenSources bounds the files held open for reading in place.
const maxOpenSources = 64

// placedFile is a user's file that is read where it is.
type placedFile struct {
	path string
	size int64
	// modTime is its modification time or, where latest is set, the time after
	// which it must not have been modified.
	modTime time.Time
	latest  bool
}

var errNotTheSame = errors.New("its size or modification time is not what it was")

func (f *placedFile) check(info fs.FileInfo) error {
	same := info.Mode().IsRegular() && info.Size() == f.size
	if f.latest {
		same = same && !info.ModTime().After(f.modTime)
	} else {
		same = same && info.ModTime().Equal(f.modTime)
	}
	if !same {
		return fileError(ErrChanged, "read", f.path, errNotTheSame)
	}
	return nil
}

// inPlace reads a torrent's bytes out of the user's files. It opens them for
// reading only and refuses what has changed. It is safe for concurrent use.
type inPlace struct {
	layout   layout
	files    []placedFile
	checked  []atomic.Int64 // when each was last found good, in Unix nanoseconds
	handles  *handles
	problems *problems
}

func newInPlace(l layout, files []placedFile, problems *problems) *inPlace {
	return &inPlace{
		layout: l, files: files, checked: make([]atomic.Int64, len(files)),
		handles: newHandles(maxOpenSources), problems: problems,
	}
}

// readAt fills b from the torrent's offset on. Its errors are never io.EOF,
// but at the torrent's end, because torrent clients take that for a piece that
// was not received.
func (p *inPlace) readAt(b []byte, offset int64) (int, error) {
	read := 0
	for s := range p.layout.spans(offset, int64(len(b))) {
		part := b[read : read+int(s.length)]
		if s.file == noFile {
			clear(part)
		} else if err := p.readFile(part, s.file, s.offset); err != nil {
			p.problems.report(p.files[s.file].path, err)
			return read, err
		}
		read += len(part)
	}
	if read < len(b) {
		return read, io.EOF
	}
	return read, nil
}

func (p *inPlace) readFile(b []byte, index int, offset int64) error {
	if err := p.recheck(index); err != nil {
		p.handles.drop(index)
		return err
	}
	h, err := p.handles.acquire(index, p.open)
	if err != nil {
		return err
	}
	defer p.handles.release(h)
	n, err := h.file.ReadAt(b, offset)
	switch {
	case n == len(b):
		return nil
	case err == nil, errors.Is(err, io.EOF):
		return fileError(ErrChanged, "read", p.files[index].path, errNotTheSame)
	default:
		return readError("read", p.files[index].path, err)
	}
}

// recheck looks at the file's size and time, but not more often than they can
// matter. A file that is good again is served again.
func (p *inPlace) recheck(index int) error {
	now := time.Now().UnixNano()
	if age := now - p.checked[index].Load(); age >= 0 && age < int64(recheckPeriod) {
		return nil
	}
	file := &p.files[index]
	info, err := os.Stat(file.path)
	if err != nil {
		return readError("read", file.path, err)
	}
	if err := file.check(info); err != nil {
		return err
	}
	p.checked[index].Store(now)
	p.problems.over(file.path)
	return nil
}

func (p *inPlace) open(index int) (*os.File, error) {
	return openPlaced(&p.files[index])
}

// openPlaced opens a file and makes sure that it is the one that was listed.
func openPlaced(placed *placedFile) (*os.File, error) {
	file, err := os.Open(placed.path)
	if err != nil {
		return nil, readError("open", placed.path, err)
	}
	info, err := file.Stat()
	if err != nil {
		err = readError("open", placed.path, err)
	} else {
		err = placed.check(info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (p *inPlace) close() { p.handles.closeAll() }
