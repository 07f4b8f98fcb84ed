package store

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// nameRules say which names a folder can hold. A name that is legal by them and
// shows as what it is stays as it is, byte for byte; any other is changed. They
// are chosen once for each download and kept in its journal, so that a share
// gets the same names again after a restart.
type nameRules struct {
	// windows forbids what Windows forbids: characters, device names, and dots
	// and spaces at the end.
	windows bool
	// utf16 measures names in UTF-16 units instead of bytes.
	utf16 bool
	// fold says that names which differ only by case or by Unicode
	// normalisation are the same.
	fold bool
}

// maxNameLength is the longest name, in the unit of the rules.
const maxNameLength = 255

// systemRules are the rules of this system's usual file systems.
func systemRules() nameRules {
	switch runtime.GOOS {
	case "windows":
		return nameRules{windows: true, utf16: true, fold: true}
	case "darwin":
		return nameRules{fold: true}
	default:
		return nameRules{}
	}
}

// bits and rulesOf are the rules' form in the journal.
func (r nameRules) bits() uint32 {
	var bits uint32
	for i, set := range []bool{r.windows, r.utf16, r.fold} {
		if set {
			bits |= 1 << i
		}
	}
	return bits
}

func rulesOf(bits uint32) nameRules {
	return nameRules{windows: bits&1 != 0, utf16: bits&2 != 0, fold: bits&4 != 0}
}

// safe returns name, changed only where the rules ask for it.
func (r nameRules) safe(name string, dir bool) string {
	name = strings.ToValidUTF8(name, "_")
	name = strings.Map(func(c rune) rune {
		if r.forbidden(c) {
			return '_'
		}
		return c
	}, name)
	if name == "" || name == "." || name == ".." {
		return "_"
	}
	if r.windows {
		if isDeviceName(name) {
			name = "_" + name
		}
		name = endVisibly(name)
	}
	return r.fit(name, "", dir)
}

func (r nameRules) forbidden(c rune) bool {
	switch {
	case c == '/', unicode.IsControl(c), c == '\u2028', c == '\u2029':
		return true
	case c >= '\u202a' && c <= '\u202e', c >= '\u2066' && c <= '\u2069':
		return true // turns text around: evil\u202Efdp.exe shows as evilexe.pdf
	default:
		return r.windows && strings.ContainsRune(`<>:"|?*\`, c)
	}
}

// endVisibly replaces the dots and spaces that Windows drops from a name's end.
func endVisibly(name string) string {
	kept := strings.TrimRight(name, ". ")
	return kept + strings.Repeat("_", len(name)-len(kept))
}

// isDeviceName reports names such as NUL, com1.txt and "CON .log", which open a
// device on Windows in every folder.
func isDeviceName(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	digit, isPort := strings.CutPrefix(base, "COM")
	if !isPort {
		digit, isPort = strings.CutPrefix(base, "LPT")
	}
	return isPort && utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit)
}

func (r nameRules) length(s string) int {
	if !r.utf16 {
		return len(s)
	}
	n := 0
	for _, c := range s {
		n++
		if c > 0xffff {
			n++
		}
	}
	return n
}

// fit puts suffix before the name's extension and shortens what is before it
// until the whole is no longer than a name may be.
func (r nameRules) fit(name, suffix string, dir bool) string {
	stem, extension := name, ""
	if !dir {
		stem, extension = splitExtension(name)
	}
	room := maxNameLength - r.length(suffix) - r.length(extension)
	if r.length(stem) > room {
		for r.length(stem) > room {
			_, size := utf8.DecodeLastRuneInString(stem)
			stem = stem[:len(stem)-size]
		}
		if r.windows && suffix+extension == "" {
			stem = endVisibly(stem)
		}
	}
	return stem + suffix + extension
}

// numbered is the nth name to try: "report (2).pdf".
func (r nameRules) numbered(name string, n int, dir bool) string {
	if n < 2 {
		return name
	}
	return r.fit(name, fmt.Sprintf(" (%d)", n), dir)
}

// splitExtension splits "a.tar.gz" into "a" and ".tar.gz". What is long or has
// spaces is not an extension, nor is the name of a hidden file.
func splitExtension(name string) (stem, extension string) {
	extension = filepath.Ext(name)
	stem = strings.TrimSuffix(name, extension)
	if stem == "" || len(extension) < 2 || len(extension) > 32 || strings.Contains(extension, " ") {
		return name, ""
	}
	if before, isTar := strings.CutSuffix(stem, ".tar"); isTar && before != "" {
		return before, ".tar" + extension
	}
	return stem, extension
}

// key is the same for names that the folder cannot tell apart.
func (r nameRules) key(name string) string {
	if !r.fold {
		return name
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}

// nameSet are the names in one folder.
type nameSet struct {
	rules nameRules
	taken map[string]struct{}
	// next is the number to try next for a name, so that a thousand equal
	// names do not take a million tries.
	next map[string]int
}

func newNameSet(rules nameRules) *nameSet {
	return &nameSet{rules: rules, taken: map[string]struct{}{}, next: map[string]int{}}
}

// take reports whether the name was free, and takes it.
func (s *nameSet) take(name string) bool {
	key := s.rules.key(name)
	if _, taken := s.taken[key]; taken {
		return false
	}
	s.taken[key] = struct{}{}
	return true
}

// claim takes the name, or the first free one with a number.
func (s *nameSet) claim(name string, dir bool) string {
	key := s.rules.key(name)
	for n := max(1, s.next[key]); ; n++ {
		if candidate := s.rules.numbered(name, n, dir); s.take(candidate) {
			s.next[key] = n + 1
			return candidate
		}
	}
}

// Limits of a path inside a share, so that it can be opened and removed again.
const (
	maxDepth      = 255
	maxPathLength = 4000
)

// treeNode is a file or folder that a share asks for.
type treeNode struct {
	name     string
	dir      bool
	children []*treeNode
	// folders finds those children which are folders, by the name asked for.
	folders map[string]*treeNode
	// file is the index of the path, or negative.
	file int
}

// safePaths returns, for each path of a share, where it is stored below the
// share's folder. dirs says which paths are folders. The same paths give the
// same result, in every run.
func safePaths(rules nameRules, paths [][]string, dirs []bool) ([]string, error) {
	root := &treeNode{dir: true, file: -1}
	for i, path := range paths {
		if err := root.insert(path, dirs[i], i); err != nil {
			return nil, err
		}
	}
	stored := make([]string, len(paths))
	if err := root.assign(rules, "", stored); err != nil {
		return nil, err
	}
	return stored, nil
}

func (n *treeNode) insert(path []string, dir bool, index int) error {
	if len(path) == 0 || len(path) > maxDepth {
		return fmt.Errorf("%w: a path of %d folders", ErrBadShare, len(path))
	}
	for i, name := range path {
		last := i == len(path)-1
		if last && !dir {
			n.children = append(n.children, &treeNode{name: name, file: index})
			return nil
		}
		child, known := n.folders[name]
		if !known {
			child = &treeNode{name: name, dir: true, file: -1}
			if n.folders == nil {
				n.folders = map[string]*treeNode{}
			}
			n.folders[name] = child
			n.children = append(n.children, child)
		}
		n = child
	}
	n.file = index
	return nil
}

// assign names the children and theirs. Names that are legal as they are come
// first, so that a name made safe never takes one of theirs.
func (n *treeNode) assign(rules nameRules, at string, stored []string) error {
	names := newNameSet(rules)
	final := make(map[*treeNode]string, len(n.children))
	for _, child := range n.children {
		if rules.safe(child.name, child.dir) == child.name && names.take(child.name) {
			final[child] = child.name
		}
	}
	for _, child := range n.children {
		name, named := final[child]
		if !named {
			name = names.claim(rules.safe(child.name, child.dir), child.dir)
		}
		path := filepath.Join(at, name)
		if len(path) > maxPathLength {
			return fmt.Errorf("%w: a path of %d bytes", ErrBadShare, len(path))
		}
		if child.file >= 0 {
			stored[child.file] = path
		}
		if child.dir {
			if err := child.assign(rules, path, stored); err != nil {
				return err
			}
		}
	}
	return nil
}

// isSingleName reports whether name can only be an entry of one folder. It
// guards what comes from a journal.
func isSingleName(name string) bool {
	return name != "" && filepath.IsLocal(name) && name != "." &&
		!slices.ContainsFunc([]byte(name), func(c byte) bool { return c == 0 || isSeparator(c) })
}

func isSeparator(c byte) bool { return c == '/' || c == filepath.Separator }
