// Package instance lets one program work on a folder. A second start hands its
// arguments to the first and ends.
package instance

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// What Claim returns when this program is not the first.
var (
	// ErrHandedOver: the first has taken the arguments.
	ErrHandedOver = errors.New("instance: handed over")
	// ErrSilent: another one holds the folder and does not answer.
	ErrSilent = errors.New("instance: the running one does not answer")
)

const (
	lockFile = "window.lock"
	// addressFile says where the first listens, and holds the token that proves
	// that whoever calls may read this user's files. A loopback port is used
	// because it works alike on every system, and the paths of Unix sockets
	// must be short.
	addressFile = "window.json"

	callTime   = 2 * time.Second
	patience   = 3 * time.Second
	maxMessage = 1 << 20
)

// Instance is the first on its folder.
type Instance struct {
	folder   string
	lock     *flock.Flock
	listener net.Listener
	token    string
}

type address struct {
	Address string `json:"address"`
	Token   string `json:"token"`
}

type message struct {
	Token     string   `json:"token"`
	Arguments []string `json:"arguments"`
}

type answer struct {
	Taken bool `json:"taken"`
}

// Claim makes this program the first on folder, or hands arguments to the one
// that is, and returns ErrHandedOver.
func Claim(folder string, arguments []string) (*Instance, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	lock := flock.New(filepath.Join(folder, lockFile))
	deadline := time.Now().Add(patience)
	for {
		first, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("instance: %w", err)
		}
		if first {
			return listen(folder, lock)
		}
		// The other may be just starting or just ending.
		if err := handOver(folder, arguments); err == nil {
			return nil, ErrHandedOver
		} else if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: %w", ErrSilent, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func listen(folder string, lock *flock.Flock) (_ *Instance, err error) {
	i := &Instance{folder: folder, lock: lock, token: newToken()}
	defer func() {
		if err != nil {
			i.Release()
		}
	}()
	if i.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	encoded, err := json.Marshal(address{Address: i.listener.Addr().String(), Token: i.token})
	if err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	if err := replace(filepath.Join(folder, addressFile), encoded); err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	return i, nil
}

// replace writes a file that only its owner may read.
func replace(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

func newToken() string {
	var token [16]byte
	rand.Read(token[:]) // never fails
	return hex.EncodeToString(token[:])
}

func handOver(folder string, arguments []string) error {
	encoded, err := os.ReadFile(filepath.Join(folder, addressFile))
	if err != nil {
		return err
	}
	var to address
	if err := json.Unmarshal(encoded, &to); err != nil {
		return err
	}
	connection, err := net.DialTimeout("tcp", to.Address, callTime)
	if err != nil {
		return err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(callTime))
	if err := json.NewEncoder(connection).Encode(message{Token: to.Token, Arguments: arguments}); err != nil {
		return err
	}
	var said answer
	if err := json.NewDecoder(io.LimitReader(connection, maxMessage)).Decode(&said); err != nil {
		return err
	}
	if !said.Taken {
		return errors.New("refused")
	}
	return nil
}

// Serve calls take with the arguments of each later start, one after another,
// until ctx ends.
func (i *Instance) Serve(ctx context.Context, take func(arguments []string)) error {
	defer context.AfterFunc(ctx, func() { i.listener.Close() })()
	for {
		connection, err := i.listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("instance: %w", err)
		}
		i.answer(connection, take)
	}
}

func (i *Instance) answer(connection net.Conn, take func([]string)) {
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(callTime))
	var asked message
	if err := json.NewDecoder(io.LimitReader(connection, maxMessage)).Decode(&asked); err != nil {
		return
	}
	allowed := subtle.ConstantTimeCompare([]byte(asked.Token), []byte(i.token)) == 1
	if err := json.NewEncoder(connection).Encode(answer{Taken: allowed}); err == nil && allowed {
		take(asked.Arguments)
	}
}

// Release lets another program be the first.
func (i *Instance) Release() {
	if i.listener != nil {
		i.listener.Close()
		os.Remove(filepath.Join(i.folder, addressFile))
	}
	i.lock.Close()
}
