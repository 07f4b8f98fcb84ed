// Package shell asks the desktop for what the toolkit does not.
package shell

import (
	"context"
	"errors"
	"time"
)

// ErrNobody means that no program answers for what is asked.
var ErrNobody = errors.New("shell: no program does this")

// patience is how long a program of the desktop may take to answer; it may have
// to be started first.
const patience = 5 * time.Second

// ShowInFolder shows a file or folder in the file manager, chosen among what
// else is in its folder.
func ShowInFolder(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return showInFolder(ctx, name)
}

// HasTray reports whether the desktop shows the icons of programs without a
// window just now. A desktop that has just come up may show them later.
func HasTray(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return hasTray(ctx)
}

// MayHaveTray reports whether it is worth making such an icon at all. It asks
// nobody.
func MayHaveTray() bool { return mayHaveTray() }
