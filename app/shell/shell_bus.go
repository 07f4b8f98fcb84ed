//go:build linux || freebsd || openbsd || netbsd

package shell

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

// busAddress is where the bus of the session is; empty for none. The library
// would start a bus of its own, to which no desktop listens.
func busAddress() string {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return address
	}
	if folder := os.Getenv("XDG_RUNTIME_DIR"); folder != "" {
		if info, err := os.Stat(filepath.Join(folder, "bus")); err == nil && info.Mode()&os.ModeSocket != 0 {
			return "unix:path=" + filepath.Join(folder, "bus")
		}
	}
	return ""
}

// withBus calls use with a connection of its own to the bus of the session.
func withBus(ctx context.Context, use func(*dbus.Conn) error) error {
	address := busAddress()
	if address == "" {
		return fmt.Errorf("%w: there is no session bus", ErrNobody)
	}
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNobody, err)
	}
	defer bus.Close()
	return use(bus)
}

// showInFolder asks the file manager (freedesktop.org File Manager D-Bus
// Interface).
func showInFolder(ctx context.Context, name string) error {
	if strings.ContainsRune(name, 0) || !filepath.IsAbs(name) {
		return errors.New("shell: not an absolute path: " + name)
	}
	link := (&url.URL{Scheme: "file", Path: name}).String()
	return withBus(ctx, func(bus *dbus.Conn) error {
		manager := bus.Object("org.freedesktop.FileManager1", "/org/freedesktop/FileManager1")
		if err := manager.CallWithContext(ctx, "org.freedesktop.FileManager1.ShowItems", 0, []string{link}, "").Err; err != nil {
			return fmt.Errorf("%w: %w", ErrNobody, err)
		}
		return nil
	})
}

// hasTray asks whether somebody shows what registers with the watcher
// (StatusNotifierItem specification).
func hasTray(ctx context.Context) bool {
	shown := false
	err := withBus(ctx, func(bus *dbus.Conn) error {
		watcher := bus.Object("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
		return watcher.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart,
			"org.kde.StatusNotifierWatcher", "IsStatusNotifierHostRegistered").Store(&shown)
	})
	return err == nil && shown
}

func mayHaveTray() bool { return busAddress() != "" }
