package store

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Free returns how many bytes this user can still write to dir. A folder that
// does not exist yet counts as the one it would be made in.
func Free(dir string) (int64, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return 0, readError("measure", dir, err)
	}
	for {
		free, err := freeBytes(dir)
		parent := filepath.Dir(dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || parent == dir {
			if err != nil {
				return 0, readError("measure", dir, err)
			}
			return free, nil
		}
		dir = parent
	}
}
