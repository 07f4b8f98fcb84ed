package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

const (
	// service is what the program's entries in the keyring are filed under.
	service = "io.github.causeway_app.Causeway"
	// keyringTime bounds each call: behind the keyring may be a service that
	// hangs or a question that nobody answers.
	keyringTime = 2 * time.Second
)

// ErrSecrets: a password could not be read or stored.
var ErrSecrets = errors.New("settings: secrets unavailable")

// errNoSecret: there is no such secret.
var errNoSecret = errors.New("settings: no such secret")

// Place says where secrets are kept.
type Place string

// The places.
const (
	// InKeyring is the keyring of the operating system.
	InKeyring Place = "keyring"
	// InFile is the file Locations.SecretsFile, readable by its owner alone.
	InFile Place = "file"
)

// Secrets keeps passwords by key. Its methods are safe for concurrent use.
type Secrets interface {
	// Get returns "" and no error if there is no such secret.
	Get(key string) (string, error)
	// Set keeps a secret.
	Set(key, secret string) error
	// Delete forgets a secret; one that is not there is no error.
	Delete(key string) error
	// Place is where Set keeps secrets now.
	Place() Place
}

// OpenSecrets chooses where secrets are kept: the keyring if it answers within
// two seconds, otherwise the file. The keyring is probed once in a process.
func OpenSecrets(locations Locations) Secrets {
	file := &fileSecrets{name: locations.SecretsFile}
	if locations.OwnSecrets || !ring.answers() {
		return file
	}
	return &bothSecrets{ring: ring, file: file}
}

// SecretsPlace is where Save keeps passwords now, for a window to say:
// InKeyring, or InFile, which is Locations.SecretsFile. The first call in a
// process may take two seconds, while the keyring is asked.
func SecretsPlace(locations Locations) Place { return OpenSecrets(locations).Place() }

// key tells a server's secrets from those of others.
func (t TURN) key() string { return t.URL + " " + t.Username }

// passwordKey and secretKey are apart, for a server may change from one kind of
// credentials to the other.
func (t TURN) passwordKey() string { return "password " + t.key() }
func (t TURN) secretKey() string   { return "secret " + t.key() }

// fillSecrets puts the secrets of the servers into them.
func fillSecrets(secrets Secrets, servers []TURN) error {
	var failed []error
	for i := range servers {
		password, err := secrets.Get(servers[i].passwordKey())
		failed = append(failed, err)
		secret, err := secrets.Get(servers[i].secretKey())
		failed = append(failed, err)
		servers[i].Password, servers[i].Secret = password, secret
	}
	return errors.Join(failed...)
}

// storeSecrets keeps the servers' secrets.
func storeSecrets(secrets Secrets, servers []TURN) error {
	for _, server := range servers {
		for key, secret := range map[string]string{server.passwordKey(): server.Password, server.secretKey(): server.Secret} {
			if secret == "" {
				continue
			}
			if err := secrets.Set(key, secret); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteSecrets forgets what belonged to the old servers and to none of now.
// A server that has neither secret now keeps the one it has.
func deleteSecrets(secrets Secrets, old, now []TURN) error {
	needed := map[string]bool{}
	for _, server := range now {
		kept := server.Password == "" && server.Secret == ""
		needed[server.passwordKey()] = kept || server.Password != ""
		needed[server.secretKey()] = kept || server.Secret != ""
	}
	var failed []error
	for _, server := range old {
		for _, key := range []string{server.passwordKey(), server.secretKey()} {
			if !needed[key] {
				failed = append(failed, secrets.Delete(key))
			}
		}
	}
	return errors.Join(failed...)
}

// serveKey is the key of Serve.Password: there is one account for others.
const serveKey = "serve password"

func (s *Serve) fillSecret(secrets Secrets) (err error) {
	if s.Username != "" {
		s.Password, err = secrets.Get(serveKey)
	}
	return err
}

func (s Serve) storeSecret(secrets Secrets) error {
	if s.Username == "" || s.Password == "" {
		return nil
	}
	return secrets.Set(serveKey, s.Password)
}

// keepsSecretOf reports whether an account that was saved has no password now
// only because the keyring was locked.
func (s Serve) keepsSecretOf(earlier Serve) bool {
	return s.Password == "" && s.Username != "" && s.Username == earlier.Username
}

// deleteSecret forgets the password of an account that is gone.
func (s Serve) deleteSecret(secrets Secrets, earlier Serve) error {
	present := s.Username != "" && s.Password != ""
	if present || earlier.Username == "" || s.keepsSecretOf(earlier) {
		return nil
	}
	return secrets.Delete(serveKey)
}

// ring is the keyring of this process.
var ring = &keyringSecrets{}

// keyringSecrets is the operating system's keyring.
type keyringSecrets struct {
	probe sync.Once

	mu     sync.Mutex
	silent bool // it did not answer, or not in time
}

// answers probes the keyring at the first call.
func (k *keyringSecrets) answers() bool {
	k.probe.Do(func() {
		_, err := k.Get("probe")
		k.mu.Lock()
		defer k.mu.Unlock()
		k.silent = k.silent || err != nil
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.silent
}

// bounded runs a call that cannot be cancelled. After one that took too long,
// no other is made: each would leave a goroutine behind.
func (k *keyringSecrets) bounded(call func() (string, error)) (string, error) {
	k.mu.Lock()
	silent := k.silent
	k.mu.Unlock()
	if silent {
		return "", fmt.Errorf("%w: the keyring does not answer", ErrSecrets)
	}
	type answer struct {
		secret string
		err    error
	}
	answered := make(chan answer, 1)
	go func() {
		secret, err := call()
		answered <- answer{secret, err}
	}()
	timer := time.NewTimer(keyringTime)
	defer timer.Stop()
	select {
	case a := <-answered:
		switch {
		case errors.Is(a.err, keyring.ErrNotFound):
			return "", errNoSecret
		case a.err != nil:
			return "", fmt.Errorf("%w: keyring: %w", ErrSecrets, a.err)
		}
		return a.secret, nil
	case <-timer.C:
		k.mu.Lock()
		k.silent = true
		k.mu.Unlock()
		return "", fmt.Errorf("%w: the keyring does not answer", ErrSecrets)
	}
}

func (k *keyringSecrets) Get(key string) (string, error) {
	secret, err := k.bounded(func() (string, error) { return keyring.Get(service, key) })
	return secret, orNone(err)
}

func (k *keyringSecrets) Set(key, secret string) error {
	_, err := k.bounded(func() (string, error) { return "", keyring.Set(service, key, secret) })
	return err
}

func (k *keyringSecrets) Delete(key string) error {
	_, err := k.bounded(func() (string, error) { return "", keyring.Delete(service, key) })
	return orNone(err)
}

func (k *keyringSecrets) Place() Place { return InKeyring }

func orNone(err error) error {
	if errors.Is(err, errNoSecret) {
		return nil
	}
	return err
}

// bothSecrets prefers the keyring and knows what an earlier run without one
// left in the file.
type bothSecrets struct {
	ring *keyringSecrets
	file *fileSecrets
}

func (b *bothSecrets) Get(key string) (string, error) {
	secret, ringErr := b.ring.Get(key)
	if secret != "" {
		return secret, nil
	}
	secret, err := b.file.Get(key)
	if secret != "" {
		return secret, nil
	}
	return "", errors.Join(ringErr, err)
}

// Set uses the file where the keyring fails, for instance because it takes no
// secret that long.
func (b *bothSecrets) Set(key, secret string) error {
	if err := b.ring.Set(key, secret); err != nil {
		// An older secret in the keyring would be found first.
		b.ring.Delete(key)
		return b.file.Set(key, secret)
	}
	return b.file.Delete(key)
}

func (b *bothSecrets) Delete(key string) error {
	return errors.Join(b.ring.Delete(key), b.file.Delete(key))
}

func (b *bothSecrets) Place() Place {
	if b.ring.answers() {
		return InKeyring
	}
	return InFile
}

// fileLock is held while any secrets file is read and replaced.
var fileLock sync.Mutex

// fileSecrets is a file that its owner alone may read.
type fileSecrets struct{ name string }

func (f *fileSecrets) read() (map[string]string, error) {
	secrets := map[string]string{}
	encoded, err := readFile(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return secrets, nil
	}
	if err == nil {
		err = json.Unmarshal(encoded, &secrets)
	}
	if err != nil {
		// Not the decoder's words: they may quote what they stumbled over.
		if _, unreadable := errors.AsType[*fs.PathError](err); !unreadable {
			err = errors.New("not in the form it must have")
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrSecrets, f.name, err)
	}
	return secrets, nil
}

func (f *fileSecrets) change(edit func(map[string]string) bool) error {
	fileLock.Lock()
	defer fileLock.Unlock()
	secrets, err := f.read()
	if err != nil {
		return err
	}
	if !edit(secrets) {
		return nil
	}
	encoded, err := json.MarshalIndent(secrets, "", "\t")
	if err == nil {
		err = writeFile(f.name, writeBytes(encoded))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSecrets, err)
	}
	return nil
}

func (f *fileSecrets) Get(key string) (string, error) {
	fileLock.Lock()
	defer fileLock.Unlock()
	secrets, err := f.read()
	return secrets[key], err
}

func (f *fileSecrets) Set(key, secret string) error {
	return f.change(func(secrets map[string]string) bool {
		changed := secrets[key] != secret
		secrets[key] = secret
		return changed
	})
}

func (f *fileSecrets) Delete(key string) error {
	return f.change(func(secrets map[string]string) bool {
		_, there := secrets[key]
		delete(secrets, key)
		return there
	})
}

func (f *fileSecrets) Place() Place { return InFile }
