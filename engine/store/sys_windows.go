package store

import (
	"errors"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

func isDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED) || errors.Is(err, syscall.ENOSPC)
}

// renameNoReplace moves a file or folder and fails with fs.ErrExist where the
// new name is taken.
func renameNoReplace(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	target, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(old, target, windows.MOVEFILE_WRITE_THROUGH)
}

// syncFileSystem is not to be had here.
func syncFileSystem(*os.File) (done bool, err error) { return false, nil }

// syncFolder and syncOpenFolder do nothing: Windows cannot sync a folder, and
// NTFS journals its entries.
func syncFolder(string) error { return nil }

func syncOpenFolder(*os.File) error { return nil }

// freeBytes asks the file system that an existing folder is on.
func freeBytes(folder string) (int64, error) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(min(free, math.MaxInt64)), nil
}
