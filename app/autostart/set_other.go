//go:build !linux && !freebsd && !openbsd && !netbsd && !darwin && !windows

package autostart

func set(Entry, bool) error { return ErrUnsupported }
