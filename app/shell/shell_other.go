//go:build !linux && !freebsd && !openbsd && !netbsd && !darwin && !windows

package shell

import "context"

func showInFolder(context.Context, string) error { return ErrNobody }

func hasTray(context.Context) bool { return false }

func mayHaveTray() bool { return false }
