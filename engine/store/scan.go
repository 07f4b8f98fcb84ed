package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Scan lists the files and folders at paths. One folder gives a share named
// after it, one file a single-file share; several items lie below a share with
// a name made of the first. A symbolic link among paths is followed, one inside
// a folder is not. Nothing is read but the names and the first open of each
// file, so that an unreadable one is known before anything is hashed. Folders
// in except, which are absolute, are not shared; one of them among paths gives
// ErrUnreadable.
func Scan(ctx context.Context, paths []string, except ...string) (*Manifest, error) {
	items, err := findItems(paths)
	if err != nil {
		return nil, err
	}
	s := &scan{ctx: ctx, manifest: &Manifest{}, except: findFolders(except)}
	if len(items) == 1 {
		s.manifest.Name, s.manifest.Single = items[0].name, !items[0].dir
		err = s.add(items[0], nil)
	} else {
		s.manifest.Name = itemsName(items)
		taken := newNameSet(nameRules{fold: true})
		for _, item := range items {
			if err = s.add(item, []string{taken.claim(item.name, item.dir)}); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return s.manifest, nil
}

// findFolders are the folders that exist, by what they are and not by name.
func findFolders(paths []string) (found []fs.FileInfo) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			found = append(found, info)
		}
	}
	return found
}

// item is a path that the user gave.
type item struct {
	name string
	// path is absolute, with a link at its end resolved.
	path string
	dir  bool
}

func findItems(paths []string) ([]item, error) {
	if len(paths) == 0 {
		return nil, ErrNothing
	}
	var items []item
	for _, given := range paths {
		found, err := findItem(given)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(items, found) {
			items = append(items, found)
		}
	}
	return items, nil
}

func findItem(given string) (item, error) {
	path, err := filepath.Abs(given)
	if err != nil {
		return item{}, readError("find", given, err)
	}
	name := filepath.Base(path)
	if name == string(filepath.Separator) || name == "." {
		name = "files" // a whole disk
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			info, err = os.Lstat(path)
		}
	}
	if err != nil {
		return item{}, readError("find", given, err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return item{}, fileError(ErrUnreadable, "find", given, errors.New("neither a file nor a folder"))
	}
	return item{name: name, path: path, dir: info.IsDir()}, nil
}

// itemsName names a share of several items after the first.
func itemsName(items []item) string {
	first := items[0].name
	if !items[0].dir {
		first, _ = splitExtension(first)
	}
	runes := []rune(first)
	if len(runes) > 40 {
		first = strings.TrimSpace(string(runes[:40]))
	}
	return fmt.Sprintf("%s + %d more", first, len(items)-1)
}

// scan is a Scan under way.
type scan struct {
	ctx      context.Context
	manifest *Manifest
	// filled are folders, by path, that have something shared in them.
	filled map[string]struct{}
	except []fs.FileInfo
}

// add lists one item below the prefix inside the share.
func (s *scan) add(it item, prefix []string) error {
	if !it.dir {
		info, err := os.Lstat(it.path)
		if err != nil {
			return readError("list", it.path, err)
		}
		if len(prefix) == 0 {
			prefix = []string{it.name}
		}
		return s.addFile(it.path, prefix, info)
	}
	s.filled = map[string]struct{}{}
	var dirs []string
	err := filepath.WalkDir(it.path, func(path string, entry fs.DirEntry, err error) error {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			return s.walkError(it.path, path, err)
		}
		if entry.IsDir() && s.excepted(entry) {
			if path == it.path {
				return fileError(ErrUnreadable, "list", path, errOwnFolder)
			}
			s.manifest.Skipped = append(s.manifest.Skipped, Skipped{path, SkipOwn})
			s.filled[filepath.Dir(path)] = struct{}{}
			return fs.SkipDir
		}
		if entry.IsDir() {
			dirs = append(dirs, path)
			if path != it.path {
				s.filled[filepath.Dir(path)] = struct{}{}
			}
			return nil
		}
		return s.visit(it.path, path, prefix, entry)
	})
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if _, filled := s.filled[dir]; filled || dir == it.path && len(prefix) == 0 {
			continue
		}
		s.manifest.EmptyDirs = append(s.manifest.EmptyDirs, insidePath(it.path, dir, prefix))
	}
	return s.checkCount()
}

var errOwnFolder = errors.New("it holds the secrets of all shares")

func (s *scan) excepted(folder fs.DirEntry) bool {
	if len(s.except) == 0 {
		return false
	}
	info, err := folder.Info()
	return err == nil && slices.ContainsFunc(s.except, func(e fs.FileInfo) bool { return os.SameFile(e, info) })
}

// walkError decides about a folder or entry that cannot be listed. What has
// gone since its parent was read might as well never have been there.
func (s *scan) walkError(root, path string, err error) error {
	if path != root && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return readError("list", path, err)
}

// visit lists one entry of a folder that is not a folder.
func (s *scan) visit(root, path string, prefix []string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return readError("list", path, err)
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		s.manifest.Skipped = append(s.manifest.Skipped, Skipped{path, SkipLink})
		return nil
	case !info.Mode().IsRegular():
		s.manifest.Skipped = append(s.manifest.Skipped, Skipped{path, SkipSpecial})
		return nil
	}
	s.filled[filepath.Dir(path)] = struct{}{}
	return s.addFile(path, insidePath(root, path, prefix), info)
}

func (s *scan) addFile(path string, inside []string, info fs.FileInfo) error {
	file, err := os.Open(path)
	if err != nil {
		return readError("open", path, err)
	}
	file.Close()
	s.manifest.Files = append(s.manifest.Files, File{
		Path: inside, Source: path, Size: info.Size(), ModTime: info.ModTime(),
		Executable: info.Mode()&0o100 != 0,
	})
	s.manifest.Total += info.Size()
	return s.checkCount()
}

func (s *scan) checkCount() error {
	if n := len(s.manifest.Files) + len(s.manifest.EmptyDirs); n > MaxFiles {
		return fmt.Errorf("%w: more than %d", ErrTooLarge, MaxFiles)
	}
	return nil
}

// insidePath is where path, which lies below root, is inside the share.
func insidePath(root, path string, prefix []string) []string {
	below := strings.TrimPrefix(path[len(root):], string(filepath.Separator))
	inside := slices.Clone(prefix)
	if below == "" {
		return inside
	}
	return append(inside, strings.Split(below, string(filepath.Separator))...)
}
