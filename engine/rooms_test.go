package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/causeway-app/causeway"

// room is what `go list` says of one package.
type room struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

// listRooms returns every package that a program or a room is built from.
func listRooms(t *testing.T) map[string]room {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-e", "-tags", "nosqlite",
		"-json=ImportPath,Standard,Imports,Deps,CgoFiles", module+"/...")
	// With C allowed, so that a package which would use it shows its C files.
	list.Env = append(os.Environ(), "CGO_ENABLED=1")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	rooms := map[string]room{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var r room
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading what go list says: %v", err)
		}
		rooms[r.ImportPath] = r
	}
	if len(rooms) < 100 {
		t.Fatalf("go list names only %d packages", len(rooms))
	}
	return rooms
}

// ours returns the packages of this module, by their path in it.
func ours(rooms map[string]room) map[string]room {
	own := map[string]room{}
	for path, r := range rooms {
		if inside, found := strings.CutPrefix(path, module+"/"); found {
			own[inside] = r
		}
	}
	return own
}

// within reports whether a package is root or lies below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestRoomsImportOneWay(t *testing.T) {
	rooms := ours(listRooms(t))
	// What each room may import of this module, by prefix. The longest match
	// counts; a package not listed is a new room, which has to be placed here.
	allowed := map[string][]string{
		"app":                {"app", "ui", "engine", "assets"},
		"app/cli":            {"engine", "assets"},
		"ui":                 {"ui", "engine", "assets"},
		"assets":             {"assets"},
		"packaging":          {"packaging", "assets"},
		"engine":             {"engine"},
		"engine/watch":       nil,
		"engine/path":        nil,
		"engine/invite":      nil,
		"engine/store":       nil,
		"engine/rendezvous":  nil,
		"engine/settings":    {"engine/path"},
		"engine/signaling":   {"engine/invite", "engine/watch"},
		"engine/link":        {"engine/path", "engine/watch"},
		"engine/portmap":     {"engine/watch"},
		"engine/netcheck":    {"engine/path", "engine/portmap", "engine/watch"},
		"engine/lab":         nil,
		"engine/swarm":       {"engine/watch"},
		"engine/swarm/noutp": nil,
	}
	for path, r := range rooms {
		place := ""
		for candidate := range allowed {
			if within(path, candidate) && len(candidate) > len(place) {
				place = candidate
			}
		}
		if place == "" || place == "engine" && path != "engine" {
			t.Errorf("%s is a room that the import rules do not name", path)
			continue
		}
		for _, imported := range r.Imports {
			inside, own := strings.CutPrefix(imported, module+"/")
			if !own || within(inside, place) && place != "engine" && place != "app" {
				continue
			}
			if !slices.ContainsFunc(allowed[place], func(root string) bool { return within(inside, root) }) {
				t.Errorf("%s must not import %s", path, inside)
			}
		}
	}
}

func TestRoomsKeepTheirLibrariesToThemselves(t *testing.T) {
	rooms := ours(listRooms(t))
	// Who may import a library or anything below it.
	owners := map[string][]string{
		"fyne.io/fyne/v2/app":           {"app"},
		"github.com/pion/webrtc/v4":     {"engine/link"},
		"github.com/anacrolix/torrent":  {"engine/swarm", "engine/store"},
		"github.com/coder/websocket":    {"engine/signaling", "engine/rendezvous"},
		"github.com/pion/turn/v5":       {"engine/rendezvous", "engine/netcheck"},
		"github.com/zalando/go-keyring": {"engine/settings"},
		"github.com/alecthomas/kong":    {"app", "app/cli"},
	}
	if runtime.GOOS == "linux" {
		owners["github.com/vishvananda/netlink"] = []string{"engine/lab"}
	}
	for library, owner := range owners {
		used := false
		for path, r := range rooms {
			for _, imported := range r.Imports {
				if !within(imported, library) {
					continue
				}
				used = true
				if !slices.Contains(owner, path) {
					t.Errorf("%s must not import %s", path, imported)
				}
			}
		}
		if !used {
			t.Errorf("nothing imports %s, so its rule holds nothing", library)
		}
	}
}

// listRooms leaves test files out, so what it finds would be in a program.
func TestRoomsOnlyTestsUseTheLab(t *testing.T) {
	for path, r := range ours(listRooms(t)) {
		if within(path, "engine/lab") {
			continue
		}
		for _, imported := range r.Imports {
			if within(imported, module+"/engine/lab") {
				t.Errorf("%s must not import %s, except in tests", path, imported)
			}
		}
	}
}

func TestRoomsEngineAndCommandLineNeedNoC(t *testing.T) {
	rooms := listRooms(t)
	for path, r := range ours(rooms) {
		if !within(path, "engine") && path != "app/cli" {
			continue
		}
		for _, needed := range r.Deps {
			if strings.HasPrefix(needed, "fyne.io/") {
				t.Errorf("%s needs the window's toolkit: %s", path, needed)
			}
			if d := rooms[needed]; !d.Standard && len(d.CgoFiles) > 0 {
				t.Errorf("%s needs C: %s", path, needed)
			}
		}
	}
}

func TestRoomsWindowPartsNeedNoC(t *testing.T) {
	rooms := listRooms(t)
	for path, r := range ours(rooms) {
		if !within(path, "ui") {
			continue
		}
		for _, needed := range r.Deps {
			if needed == "fyne.io/fyne/v2/app" {
				t.Errorf("%s needs the graphics driver: %s", path, needed)
			}
			if d := rooms[needed]; !d.Standard && len(d.CgoFiles) > 0 {
				t.Errorf("%s needs C: %s", path, needed)
			}
		}
	}
}
