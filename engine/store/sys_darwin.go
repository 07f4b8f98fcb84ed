package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace moves a file or folder and fails with fs.ErrExist where the
// new name is taken.
func renameNoReplace(from, to string) error {
	err := unix.RenamexNp(from, to, unix.RENAME_EXCL)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return renameOverPlaceholder(from, to)
	}
	return err
}

// syncFileSystem is not to be had here.
func syncFileSystem(*os.File) (done bool, err error) { return false, nil }
