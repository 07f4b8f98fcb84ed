package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace moves a file or folder and fails with fs.ErrExist where the
// new name is taken.
func renameNoReplace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return renameOverPlaceholder(from, to) // NFS and some FUSE file systems
	}
	return err
}

// syncFileSystem writes back all that the folder's file system holds, which is
// much faster than one file after the other when there are many.
func syncFileSystem(folder *os.File) (done bool, err error) {
	return true, unix.Syncfs(int(folder.Fd()))
}
