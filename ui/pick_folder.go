package ui

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/causeway-app/causeway/assets/words"
)

// pickEntry is a file or a folder that can be shared.
type pickEntry struct {
	path, name string
	// lower is the name, for searching and ordering.
	lower  string
	folder bool
	// size is in bytes; negative while that of a folder is unknown.
	size int64
}

// readFolder lists the files and folders in a folder, folders first. What is
// neither, like a socket or a link to nowhere, cannot be shared and is left out.
func readFolder(ctx context.Context, folder string) ([]pickEntry, error) {
	found, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	entries := make([]pickEntry, 0, len(found))
	for _, one := range found {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name := filepath.Join(folder, one.Name())
		about, err := one.Info()
		if err == nil && about.Mode()&fs.ModeSymlink != 0 {
			about, err = os.Stat(name)
		}
		if err != nil || !about.IsDir() && !about.Mode().IsRegular() {
			continue
		}
		entry := pickEntry{path: name, name: one.Name(), lower: strings.ToLower(one.Name()), folder: about.IsDir(), size: about.Size()}
		if entry.folder {
			entry.size = -1
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b pickEntry) int {
		switch {
		case a.folder != b.folder && a.folder:
			return -1
		case a.folder != b.folder:
			return 1
		}
		return cmp.Or(strings.Compare(a.lower, b.lower), strings.Compare(a.name, b.name))
	})
	return entries, nil
}

// sizeOf adds up the files in a folder, as far as they can be seen. Links in it
// are not followed, as when it is shared.
func sizeOf(ctx context.Context, folder string) (bytes int64, err error) {
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	err = filepath.WalkDir(folder, func(_ string, one fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return nil // sharing says what is the matter with it
		}
		if one.Type().IsRegular() {
			if about, err := one.Info(); err == nil {
				bytes += about.Size()
			}
		}
		return nil
	})
	return bytes, err
}

// pickName is a word of the chooser, whose text is called "pick." and that.
type pickName string

// The places, and why there is nothing to choose from.
const (
	placeHome        pickName = "home"
	placeDesktop     pickName = "desktop"
	placeDocuments   pickName = "documents"
	placeDownloads   pickName = "downloads"
	folderReading    pickName = "reading"
	folderMissing    pickName = "not-there"
	folderUnreadable pickName = "unreadable"
	folderEmpty      pickName = "empty"
	nothingFound     pickName = "not-found"
)

func (n pickName) say(w *words.Words) string { return w.Say("pick."+string(n), nil) }

// pickPlace is a folder that many begin at.
type pickPlace struct {
	name   pickName
	folder string
}

// pickPlaces are the places that this computer has.
func pickPlaces(home, downloads string) (places []pickPlace) {
	for _, place := range []pickPlace{
		{placeHome, home}, {placeDesktop, userFolder(home, "DESKTOP", "Desktop")},
		{placeDocuments, userFolder(home, "DOCUMENTS", "Documents")}, {placeDownloads, downloads},
	} {
		if about, err := os.Stat(place.folder); place.folder != "" && err == nil && about.IsDir() {
			places = append(places, place)
		}
	}
	return places
}

// userFolder is a folder of the user's, which desktops that follow the XDG user
// directories name in the user's language.
func userFolder(home, kind, usual string) string {
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	if text, err := os.ReadFile(filepath.Join(config, "user-dirs.dirs")); err == nil {
		for line := range strings.Lines(string(text)) {
			value, found := strings.CutPrefix(strings.TrimSpace(line), "XDG_"+kind+"_DIR=")
			if !found {
				continue
			}
			value = strings.Trim(value, `"`)
			if below, found := strings.CutPrefix(value, "$HOME"); found {
				value = home + below
			}
			if value = filepath.Clean(value); value != filepath.Clean(home) {
				return value
			}
			return "" // switched off
		}
	}
	return filepath.Join(home, usual)
}
