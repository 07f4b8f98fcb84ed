package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"

	"github.com/causeway-app/causeway/engine/path"
)

// version is the format of the settings file that this program writes.
const version = 1

// maxFile is far more than any settings need.
const maxFile = 1 << 20

// What can be wrong with the settings file.
var (
	// ErrBroken: the file could not be understood and was set aside.
	ErrBroken = errors.New("settings: broken file")
	// ErrNewer: the file was written by a newer version of this program.
	ErrNewer = errors.New("settings: file of a newer version")
)

// Default returns the settings of a fresh installation.
func Default() Settings {
	name, err := os.Hostname()
	if err != nil {
		name = ""
	}
	return Settings{
		Name:        name,
		DownloadDir: xdg.UserDirs.Download,
		Rendezvous: []string{
			"wss://tracker.openwebtorrent.com",
			"wss://tracker.webtorrent.dev",
			"wss://tracker.btorrent.xyz",
		},
		STUN: []string{
			"stun:stun.l.google.com:19302",
			"stun:stun.cloudflare.com:3478",
		},
		Policy:      path.Auto,
		PortMapping: true,
		LimitLAN:    true,
		Schedule:    Schedule{From: 8 * 60, To: 18 * 60, Days: 0b0111110},
		Serve:       Serve{TrackerPort: 8000, TURNPort: 3478, RelayMin: 49152, RelayMax: 49407},
		AskFirst:    true,
		Notify:      true,
	}
}

func defaultIn(locations Locations) Settings {
	s := Default()
	if locations.DownloadDir != "" {
		s.DownloadDir = locations.DownloadDir
	}
	return s
}

// strictIn are the settings to work by while nobody knows what the user's own
// are: the defaults, but bytes do not leave the own network.
func strictIn(locations Locations) Settings {
	s := defaultIn(locations)
	s.Policy = path.LANOnly
	return s
}

// Load reads the settings file and the passwords that belong to it. What the
// file does not mention, or all where there has never been a file, is as in
// Default.
//
// With ErrBroken the file has been renamed to Locations.BrokenFile; so says
// each Load until Save has written another, or the user has taken the broken
// one away. With this and every other error that hides what the file says, the
// settings are the defaults with path.LANOnly: a policy that cannot be read
// must not turn into one that allows more. With ErrNewer and ErrSecrets they
// are what was understood, with FieldErrors what the file says.
func Load(locations Locations) (Settings, error) {
	s := defaultIn(locations)
	encoded, err := readFile(locations.SettingsFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return loadNothing(locations)
	case err != nil:
		return strictIn(locations), fmt.Errorf("settings: %w", err)
	}
	found, err := decode(encoded, &s)
	switch {
	case found > version && err != nil:
		return strictIn(locations), fmt.Errorf("%w: version %d", ErrNewer, found)
	case err != nil:
		if renameErr := os.Rename(locations.SettingsFile, locations.BrokenFile()); renameErr != nil {
			err = errors.Join(err, renameErr)
		}
		return strictIn(locations), fmt.Errorf("%w: see %s: %w", ErrBroken, locations.BrokenFile(), err)
	}
	s = Normalize(s)
	secrets := OpenSecrets(locations)
	err = errors.Join(fillSecrets(secrets, s.TURN), s.Serve.fillSecret(secrets), Validate(s))
	if found > version {
		err = errors.Join(fmt.Errorf("%w: version %d", ErrNewer, found), err)
	}
	return s, err
}

// loadNothing is Load where there is no settings file: a fresh installation,
// unless an earlier Load has set a broken file aside.
func loadNothing(locations Locations) (Settings, error) {
	switch _, err := os.Lstat(locations.BrokenFile()); {
	case errors.Is(err, fs.ErrNotExist):
		return defaultIn(locations), nil
	case err != nil:
		return strictIn(locations), fmt.Errorf("settings: %w", err)
	}
	return strictIn(locations), fmt.Errorf("%w: see %s", ErrBroken, locations.BrokenFile())
}

// decode reads a settings file over s and returns the file's version.
func decode(encoded []byte, s *Settings) (found int, err error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(encoded, &head); err != nil {
		return 0, err
	}
	if head.Version < 1 {
		return head.Version, fmt.Errorf("there is no version %d", head.Version)
	}
	return head.Version, json.Unmarshal(encoded, s)
}

// Save writes the settings file, for its owner alone, and puts the passwords
// into the keyring or the secrets file; passwords of servers that are gone are
// deleted. A crash leaves the old file or the new one. Fields that this program
// does not know are kept. A server that was saved before keeps its password if
// s has none for it, as when the keyring is locked.
//
// It refuses to write over the file of a newer version, with ErrNewer, and
// settings that Validate refuses.
func Save(locations Locations, s Settings) error {
	s = Normalize(s)
	fields, earlier, err := readEarlier(locations.SettingsFile)
	if err != nil {
		return err
	}
	if err := validateOver(s, earlier); err != nil {
		return err
	}
	encoded, err := encode(s, fields)
	if err != nil {
		return err
	}
	secrets := OpenSecrets(locations)
	if err := errors.Join(storeSecrets(secrets, s.TURN), s.Serve.storeSecret(secrets)); err != nil {
		return err
	}
	if err := writeFile(locations.SettingsFile, writeBytes(encoded)); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return errors.Join(deleteSecrets(secrets, earlier.TURN, s.TURN), s.Serve.deleteSecret(secrets, earlier.Serve))
}

// readEarlier returns what the file that will be replaced says, as fields and as
// settings without secrets; nothing if there is none or it is broken.
func readEarlier(file string) (fields map[string]json.RawMessage, earlier Settings, err error) {
	encoded, err := readFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Settings{}, nil
	}
	if err != nil {
		return nil, Settings{}, fmt.Errorf("settings: %w", err)
	}
	found, err := decode(encoded, &earlier)
	switch {
	case found > version:
		return nil, Settings{}, fmt.Errorf("%w: version %d", ErrNewer, found)
	case err != nil || json.Unmarshal(encoded, &fields) != nil:
		return nil, Settings{}, nil
	}
	return fields, Normalize(earlier), nil
}

// validateOver is Validate, except that what had a password earlier needs none.
func validateOver(s, earlier Settings) error {
	if s.Serve.keepsSecretOf(earlier.Serve) {
		s.Serve.Password = "kept"
	}
	known := map[string]bool{}
	for _, server := range earlier.TURN {
		known[server.key()] = true
	}
	servers := make([]TURN, len(s.TURN))
	for i, server := range s.TURN {
		if known[server.key()] && server.Password == "" && server.Secret == "" {
			server.Secret = "kept"
		}
		servers[i] = server
	}
	s.TURN = servers
	return Validate(s)
}

func encode(s Settings, fields map[string]json.RawMessage) ([]byte, error) {
	encoded, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	all := maps.Clone(fields)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	if err := json.Unmarshal(encoded, &all); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	all["version"] = json.RawMessage(fmt.Sprint(version))
	return json.MarshalIndent(all, "", "\t")
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	encoded, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(encoded) > maxFile {
		err = fmt.Errorf("%s: larger than %d bytes", name, maxFile)
	}
	return encoded, err
}

func writeBytes(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// writeFile puts what write writes in place of a file, for its owner alone. The
// old file stays until the new one is on the disk.
func writeFile(name string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(name)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if err = write(file); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename last. Windows does it by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
