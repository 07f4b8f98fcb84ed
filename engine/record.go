package engine

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/store"
)

// errInUse means that another process works on a transfer.
var errInUse = errors.New("engine: another Causeway works on this transfer")

const recordVersion = 1

// record is what survives of a transfer. It lies in a folder of its own,
// readable by its user only, because it holds the share's secret.
type record struct {
	Version    int              `json:"version"`
	Direction  Direction        `json:"direction"`
	Secret     string           `json:"secret"`
	Rendezvous []string         `json:"rendezvous,omitempty"`
	LAN        []netip.AddrPort `json:"lan,omitempty"`
	Added      time.Time        `json:"added"`
	// Paths are what the user shared; Folder is where a share arrives.
	Paths  []string `json:"paths,omitempty"`
	Folder string   `json:"folder,omitempty"`
	Name   string   `json:"name,omitempty"`
	Total  int64    `json:"total,omitempty"`
	Files  int      `json:"files,omitempty"`
	// Skipped counts what lies in the folders and is not shared.
	Skipped int  `json:"skipped,omitempty"`
	Paused  bool `json:"paused,omitempty"`
	// Placed is the final path of a finished download.
	Placed string `json:"placed,omitempty"`
	// Receiver is how a receiver is known to the sender, in this share alone.
	Receiver string `json:"receiver,omitempty"`
	// Served are the receivers that have had everything.
	Served []string `json:"served,omitempty"`
	// Relayed counts the payload that relays carried; Grant is what the user has
	// allowed beyond the limit of a transfer, RelayDenied that there is no more.
	Relayed     int64  `json:"relayed,omitempty"`
	Grant       *grant `json:"relay_grant,omitempty"`
	RelayDenied bool   `json:"relay_denied,omitempty"`
	// Offered means that the user has not accepted yet what is to be fetched;
	// Choice is what was chosen of it, nil for all; Sender is who shares it.
	Offered bool    `json:"offered,omitempty"`
	Choice  *choice `json:"choice,omitempty"`
	Sender  string  `json:"sender,omitempty"`
	// ByLAN and ByInternet count the payload that went directly.
	ByLAN      int64 `json:"lan_bytes,omitempty"`
	ByInternet int64 `json:"internet_bytes,omitempty"`
	// Finished is when everything had arrived, here or at the last receiver; With
	// are the names of the computers that it came from or went to.
	Finished time.Time `json:"finished,omitzero"`
	With     []string  `json:"with,omitempty"`

	folder string        // where the record lies
	lock   *flock.Flock  // held while this process works on the transfer
	writer *recordWriter // of what changes while the transfer runs
}

// The files of a record's folder.
const (
	recordFile   = "transfer.json"
	lockFile     = "lock"
	infoFile     = "info"          // the torrent's info dictionary, once known
	manifestFile = "manifest.json" // what a share was hashed from
	journalFile  = "pieces"        // which pieces of a download are finished
)

// damagedRecord is a record that cannot be read and was moved aside, so that it
// counts as none.
type damagedRecord struct {
	folder string // where it lies now
	err    error
}

func (d *damagedRecord) Error() string {
	return fmt.Sprintf("engine: record %s: %v", d.folder, d.err)
}

func (d *damagedRecord) Unwrap() []error { return []error{d.err, fs.ErrNotExist} }

// recordShelf is the folder of all records.
type recordShelf struct{ folder string }

func newRecordShelf(stateDir string) *recordShelf {
	return &recordShelf{folder: filepath.Join(stateDir, "transfers")}
}

func transferID(room invite.Room) TransferID { return TransferID(hex.EncodeToString(room[:8])) }

// create locks and saves a new record.
func (s *recordShelf) create(id TransferID, r *record) error {
	r.Version = recordVersion
	if r.Direction == Receive {
		r.Receiver = rand.Text()
	}
	if err := s.take(id, r); err != nil {
		return err
	}
	if err := r.save(); err != nil {
		r.delete()
		return err
	}
	return nil
}

// open locks and loads the record of a transfer; fs.ErrNotExist where there is
// none, errInUse where another process has it. A record that cannot be read is
// moved aside, for it would be in the way for ever; that gives a damagedRecord.
func (s *recordShelf) open(id TransferID) (*record, error) {
	at := s.at(id)
	if _, err := os.Stat(filepath.Join(at, recordFile)); err != nil {
		return nil, err
	}
	var r record
	if err := s.take(id, &r); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(at, recordFile))
	if err != nil {
		r.release()
		return nil, err
	}
	damaged := json.Unmarshal(text, &r)
	if damaged == nil && r.Version > recordVersion {
		r.release()
		return nil, fmt.Errorf("engine: record %s was written by a newer Causeway", id)
	}
	if damaged == nil {
		damaged = r.check(id)
	}
	if damaged != nil {
		r.release()
		aside := fmt.Sprintf("%s.damaged-%d", at, time.Now().Unix())
		if err := os.Rename(at, aside); err != nil {
			return nil, fmt.Errorf("engine: record %s: %w", id, damaged)
		}
		return nil, &damagedRecord{aside, damaged}
	}
	return &r, nil
}

// check makes sure that a record is whole, and not a copy of another.
func (r *record) check(id TransferID) error {
	invitation, err := r.invitation()
	if err != nil {
		return err
	}
	if transferID(invitation.Secret.Keys().Room) != id {
		return errors.New("it is of another transfer")
	}
	if err := r.Choice.check(); err != nil {
		return err
	}
	if r.Direction != Send && r.Direction != Receive || r.Direction == Send && len(r.Paths) == 0 {
		return errors.New("it does not say what to do")
	}
	return nil
}

func (s *recordShelf) take(id TransferID, r *record) error {
	r.folder, r.writer = s.at(id), newRecordWriter()
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return err
	}
	r.lock = flock.New(filepath.Join(r.folder, lockFile), flock.SetPermissions(0o600))
	locked, err := r.lock.TryLock()
	if err == nil && !locked {
		err = errInUse
	}
	return err
}

func (s *recordShelf) at(id TransferID) string { return filepath.Join(s.folder, string(id)) }

// knownRecord is what can be said of a record that is not opened.
type knownRecord struct {
	id        TransferID
	direction Direction // empty where the record is damaged, as all that follows
	name      string
	paths     []string
	added     time.Time
}

// all lists the transfers that have a record, damaged ones too, the oldest
// first.
func (s *recordShelf) all() []knownRecord {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return nil
	}
	var all []knownRecord
	for _, entry := range entries {
		known := knownRecord{id: TransferID(entry.Name())}
		if decoded, err := hex.DecodeString(entry.Name()); err != nil || len(decoded) != 8 {
			continue // not ours, or moved aside
		}
		text, err := os.ReadFile(filepath.Join(s.at(known.id), recordFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var r record
		if err == nil && json.Unmarshal(text, &r) == nil {
			known.direction, known.name, known.paths, known.added = r.Direction, r.Name, r.Paths, r.Added
		}
		all = append(all, known)
	}
	slices.SortStableFunc(all, func(a, b knownRecord) int { return a.added.Compare(b.added) })
	return all
}

// sharing finds and locks the newest record that shares exactly these paths
// and is in nobody's use; nil where there is none.
func (s *recordShelf) sharing(paths []string) *record {
	for _, known := range slices.Backward(s.all()) {
		if known.direction != Send || !slices.Equal(known.paths, paths) {
			continue
		}
		if r, err := s.open(known.id); err == nil {
			return r
		}
	}
	return nil
}

func (r *record) invitation() (invite.Invitation, error) {
	i := invite.Invitation{Rendezvous: r.Rendezvous, LAN: r.LAN}
	secret, err := hex.DecodeString(r.Secret)
	if err != nil || len(secret) != len(i.Secret) {
		return i, fmt.Errorf("engine: the record in %s has no usable secret", r.folder)
	}
	copy(i.Secret[:], secret)
	return i, nil
}

// save writes the record at once, before the transfer runs.
func (r *record) save() error {
	text, err := r.encode()
	if err != nil {
		return err
	}
	return r.write(recordFile, text)
}

func (r *record) encode() ([]byte, error) { return json.MarshalIndent(r, "", "  ") }

func (r *record) journal() string { return filepath.Join(r.folder, journalFile) }

func (r *record) info() []byte {
	info, err := os.ReadFile(filepath.Join(r.folder, infoFile))
	if err != nil {
		return nil
	}
	return info
}

func (r *record) saveInfo(info []byte) error { return r.write(infoFile, info) }

func (r *record) manifest() *store.Manifest {
	var m store.Manifest
	text, err := os.ReadFile(filepath.Join(r.folder, manifestFile))
	if err != nil || json.Unmarshal(text, &m) != nil {
		return nil
	}
	return &m
}

func (r *record) saveManifest(m *store.Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return r.write(manifestFile, text)
}

// write replaces a file of the record as a whole or not at all.
func (r *record) write(name string, content []byte) error {
	return replaceFile(r.folder, name, content)
}

// replaceFile writes a file of the state folder, for its user alone, as a whole
// or not at all.
func replaceFile(folder, name string, content []byte) error {
	temporary, err := os.CreateTemp(folder, name+".new-*") // created 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Sync()
	}
	if closing := temporary.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), filepath.Join(folder, name))
}

// release lets other processes have the transfer, once all is written. Like
// delete it runs behind the scenes, except where nothing can be waiting.
func (r *record) release() {
	r.writer.end()
	if r.lock != nil {
		r.lock.Unlock()
	}
}

// has reports whether a file of the record exists.
func (r *record) has(name string) bool {
	_, err := os.Stat(filepath.Join(r.folder, name))
	return err == nil
}

// delete forgets the transfer. The record itself goes first, while it is
// locked, so that nobody opens what is about to vanish.
func (r *record) delete() error {
	r.writer.end()
	if err := os.Remove(filepath.Join(r.folder, recordFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.release()
		return err
	}
	r.release() // or Windows would not delete the lock file
	if err := os.RemoveAll(r.folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
