//go:build !linux && !freebsd && !openbsd && !netbsd && !windows

package links

import "context"

func register(context.Context, Handler) error { return ErrUnsupported }
