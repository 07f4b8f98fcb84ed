// Package screen drives real windows on an X display, for tests: it finds them,
// drops files on them, types, clicks, reads the clipboard and takes
// photographs. It needs no window manager and no C.
package screen

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// ErrNoServer means that Xvfb is not installed or does not start.
var ErrNoServer = errors.New("screen: no X server")

// Server is an Xvfb of one's own.
type Server struct {
	// Display is what clients put into the DISPLAY variable.
	Display string
	command *exec.Cmd
}

// StartServer starts Xvfb with one screen of that many pixels, on a display
// number that is free.
func StartServer(width, height int) (*Server, error) {
	program, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	numbers, chosen, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	defer numbers.Close()
	command := exec.Command(program, "-displayfd", "3", "-nolisten", "tcp", "-noreset",
		"-screen", "0", fmt.Sprintf("%dx%dx24", width, height))
	command.ExtraFiles = []*os.File{chosen}
	err = command.Start()
	chosen.Close()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	numbers.SetReadDeadline(time.Now().Add(20 * time.Second))
	number, err := bufio.NewReader(numbers).ReadString('\n')
	if err != nil {
		command.Process.Kill()
		command.Wait()
		return nil, fmt.Errorf("%w: Xvfb did not come up: %w", ErrNoServer, err)
	}
	return &Server{Display: ":" + strings.TrimSpace(number), command: command}, nil
}

// Close ends the server, and with it every window on it.
func (s *Server) Close() {
	s.command.Process.Signal(os.Interrupt)
	s.command.Wait()
}

// Screen is a connection to a display. Its methods may be called from several
// goroutines, one gesture at a time.
type Screen struct {
	mu       sync.Mutex
	x        *xgb.Conn
	root     xproto.Window
	keyboard map[xproto.Keysym]keystroke
	atoms    map[string]xproto.Atom
}

// Open connects to a display such as ":5". A server that has just come up may
// refuse its first callers, so it is called again for a while.
func Open(display string) (*Screen, error) {
	xgb.Logger.SetOutput(io.Discard) // it talks about every missing file
	var x *xgb.Conn
	var err error
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if x, err = xgb.NewConnDisplay(display); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("screen: %w", err)
		}
	}
	if err := xtest.Init(x); err != nil {
		x.Close()
		return nil, fmt.Errorf("screen: %w", err)
	}
	s := &Screen{x: x, root: xproto.Setup(x).DefaultScreen(x).Root, atoms: map[string]xproto.Atom{}}
	if err := s.readKeyboard(); err != nil {
		x.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the connection.
func (s *Screen) Close() { s.x.Close() }

func (s *Screen) atom(name string) (xproto.Atom, error) {
	if atom, found := s.atoms[name]; found {
		return atom, nil
	}
	reply, err := xproto.InternAtom(s.x, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0, fmt.Errorf("screen: atom %s: %w", name, err)
	}
	s.atoms[name] = reply.Atom
	return reply.Atom, nil
}
