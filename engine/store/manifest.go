package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Manifest lists what is shared. It can be kept as JSON and must not be changed
// while a Source uses it.
type Manifest struct {
	// Name is the share's name: of the folder, the file, or all items together.
	Name string
	// Single says that the share is one file; it arrives without a folder.
	Single bool
	// Files are in a fixed order, which is that of the torrent.
	Files []File
	// EmptyDirs are the paths, inside the share, of folders with nothing in them.
	EmptyDirs [][]string
	// Skipped is what lies in the folders and is not shared.
	Skipped []Skipped
	// Total is the size of all files, in bytes.
	Total int64
	// Salt, where set before Hash, gives the share an info-hash of its own, so
	// that two shares of the same files are two torrents and nobody can tell
	// from an info-hash what is shared.
	Salt string
}

// File is one file of a share.
type File struct {
	// Path is where the file is inside the share; its components are kept byte
	// for byte as they are on disk.
	Path []string
	// Source is its absolute path on this computer.
	Source string
	// Size is in bytes.
	Size int64
	// ModTime is the modification time when it was listed.
	ModTime time.Time
	// Executable says that its owner may run it.
	Executable bool
}

// Skipped is something that is not shared.
type Skipped struct {
	// Source is its absolute path on this computer.
	Source string
	Reason SkipReason
}

// SkipReason says why something is not shared.
type SkipReason string

// The reasons.
const (
	// SkipLink is a symbolic link inside a folder; it could lead anywhere.
	SkipLink SkipReason = "link"
	// SkipSpecial is a device, socket, pipe or the like.
	SkipSpecial SkipReason = "special"
	// SkipOwn is a folder that the program keeps for itself.
	SkipOwn SkipReason = "own"
)

// Same reports whether both list the same files, unchanged by size and
// modification time, so that the hashes of one are good for the other.
func (m *Manifest) Same(other *Manifest) bool {
	if m == nil || other == nil {
		return m == other
	}
	return m.Name == other.Name && m.Single == other.Single && m.Total == other.Total &&
		slices.EqualFunc(m.Files, other.Files, sameFile) &&
		slices.EqualFunc(m.EmptyDirs, other.EmptyDirs, slices.Equal[[]string])
}

func sameFile(a, b File) bool {
	return a.Source == b.Source && a.Size == b.Size && a.ModTime.Equal(b.ModTime) &&
		a.Executable == b.Executable && slices.Equal(a.Path, b.Path)
}

// rawText is a name in JSON. Names on Linux need not be UTF-8, and JSON would
// silently replace what is not.
type rawText string

func (t rawText) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(map[string][]byte{"base64": []byte(t)})
}

func (t *rawText) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*t = rawText(text)
		return nil
	}
	var raw map[string][]byte
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("store: name in a manifest: %w", err)
	}
	bytes, ok := raw["base64"]
	if !ok {
		return errors.New("store: name in a manifest: no base64")
	}
	*t = rawText(bytes)
	return nil
}

// The JSON forms of Manifest, File and Skipped.
type (
	manifestJSON struct {
		Name      rawText       `json:"name"`
		Single    bool          `json:"single,omitempty"`
		Files     []fileJSON    `json:"files"`
		EmptyDirs [][]rawText   `json:"empty_dirs,omitempty"`
		Skipped   []skippedJSON `json:"skipped,omitempty"`
		Total     int64         `json:"total"`
	}
	fileJSON struct {
		Path       []rawText `json:"path"`
		Source     rawText   `json:"source"`
		Size       int64     `json:"size"`
		ModTime    time.Time `json:"mod_time"`
		Executable bool      `json:"executable,omitempty"`
	}
	skippedJSON struct {
		Source rawText    `json:"source"`
		Reason SkipReason `json:"reason"`
	}
)

// MarshalJSON keeps names that are not UTF-8 byte for byte.
func (m *Manifest) MarshalJSON() ([]byte, error) {
	out := manifestJSON{Name: rawText(m.Name), Single: m.Single, Total: m.Total, Files: []fileJSON{}}
	for _, f := range m.Files {
		out.Files = append(out.Files, fileJSON{
			convertNames[rawText](f.Path), rawText(f.Source), f.Size, f.ModTime, f.Executable})
	}
	for _, dir := range m.EmptyDirs {
		out.EmptyDirs = append(out.EmptyDirs, convertNames[rawText](dir))
	}
	for _, s := range m.Skipped {
		out.Skipped = append(out.Skipped, skippedJSON{rawText(s.Source), s.Reason})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Manifest) UnmarshalJSON(data []byte) error {
	var in manifestJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("store: manifest: %w", err)
	}
	*m = Manifest{Name: string(in.Name), Single: in.Single, Total: in.Total}
	for _, f := range in.Files {
		m.Files = append(m.Files, File{
			convertNames[string](f.Path), string(f.Source), f.Size, f.ModTime, f.Executable})
	}
	for _, dir := range in.EmptyDirs {
		m.EmptyDirs = append(m.EmptyDirs, convertNames[string](dir))
	}
	for _, s := range in.Skipped {
		m.Skipped = append(m.Skipped, Skipped{string(s.Source), s.Reason})
	}
	return nil
}

func convertNames[To, From ~string](names []From) []To {
	out := make([]To, len(names))
	for i, name := range names {
		out[i] = To(name)
	}
	return out
}
