package screen

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"
)

// ErrNotTaken means that a window did not take what was dropped on it.
var ErrNotTaken = errors.New("screen: the drop was not taken")

const dropVersion = 5

// Drop drops files and folders on the middle of the window, as a file manager
// does (the XDND protocol, version 5). It returns when the window has taken
// them.
func (w *Window) Drop(paths ...string) error {
	s := w.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.ownWindow()
	if err != nil {
		return err
	}
	defer xproto.DestroyWindow(s.x, source)
	d := drag{Window: w, source: source, text: uriList(paths)}
	for name, into := range map[string]*xproto.Atom{
		"XdndSelection": &d.selection, "XdndEnter": &d.enter, "XdndPosition": &d.position, "XdndStatus": &d.status,
		"XdndDrop": &d.drop, "XdndFinished": &d.finished, "XdndActionCopy": &d.copying, "text/uri-list": &d.list,
	} {
		if *into, err = s.atom(name); err != nil {
			return err
		}
	}
	return d.run()
}

func uriList(paths []string) string {
	var list strings.Builder
	for _, path := range paths {
		list.WriteString((&url.URL{Scheme: "file", Path: path}).String() + "\r\n")
	}
	return list.String()
}

// ownWindow is a window that nobody sees, which owns selections.
func (s *Screen) ownWindow() (xproto.Window, error) {
	id, err := xproto.NewWindowId(s.x)
	if err != nil {
		return 0, fmt.Errorf("screen: %w", err)
	}
	err = xproto.CreateWindowChecked(s.x, 0, id, s.root, -10, -10, 1, 1, 0, xproto.WindowClassInputOnly, 0,
		xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return 0, fmt.Errorf("screen: %w", err)
	}
	return id, nil
}

// drag is one drag on its way.
type drag struct {
	*Window
	source                                                            xproto.Window
	text                                                              string
	selection, enter, position, status, drop, finished, copying, list xproto.Atom
}

func (d *drag) run() error {
	bounds, err := d.Bounds()
	if err != nil {
		return err
	}
	err = xproto.SetSelectionOwnerChecked(d.screen.x, d.source, d.selection, xproto.TimeCurrentTime).Check()
	if err != nil {
		return fmt.Errorf("screen: %w", err)
	}
	if err := d.send(d.enter, uint32(d.source), dropVersion<<24, uint32(d.list), 0, 0); err != nil {
		return err
	}
	for step := range 5 {
		x, y := bounds.Min.X+bounds.Dx()/2+step, bounds.Min.Y+bounds.Dy()/2+step
		at := uint32(x)<<16 | uint32(y)
		if err := d.send(d.position, uint32(d.source), 0, at, uint32(xproto.TimeCurrentTime), uint32(d.copying)); err != nil {
			return err
		}
	}
	return d.converse()
}

// converse answers the window until it has taken the drop.
func (d *drag) converse() error {
	deadline := time.Now().Add(10 * time.Second)
	dropped := false
	for time.Now().Before(deadline) {
		event, err := d.screen.x.PollForEvent()
		if err != nil {
			return fmt.Errorf("screen: %w", err)
		}
		switch event := event.(type) {
		case nil:
			time.Sleep(5 * time.Millisecond)
		case xproto.SelectionRequestEvent:
			if err := d.hand(event); err != nil {
				return err
			}
		case xproto.ClientMessageEvent:
			switch {
			// The accept bit of XdndFinished is not looked at: GLFW puts the
			// length of the text there.
			case event.Type == d.finished:
				return nil
			case event.Type == d.status && event.Data.Data32[1]&1 != 0 && !dropped:
				dropped = true
				if err := d.send(d.drop, uint32(d.source), 0, uint32(xproto.TimeCurrentTime), 0, 0); err != nil {
					return err
				}
			}
		}
	}
	return ErrNotTaken
}

// hand gives the window the list of what is dropped.
func (d *drag) hand(asked xproto.SelectionRequestEvent) error {
	x := d.screen.x
	err := xproto.ChangePropertyChecked(x, xproto.PropModeReplace, asked.Requestor, asked.Property, asked.Target, 8,
		uint32(len(d.text)), []byte(d.text)).Check()
	if err != nil {
		return fmt.Errorf("screen: %w", err)
	}
	told := xproto.SelectionNotifyEvent{
		Time: asked.Time, Requestor: asked.Requestor, Selection: asked.Selection, Target: asked.Target, Property: asked.Property,
	}
	if err := xproto.SendEventChecked(x, false, asked.Requestor, 0, string(told.Bytes())).Check(); err != nil {
		return fmt.Errorf("screen: %w", err)
	}
	return nil
}

// Clipboard returns the text that somebody has copied.
func (s *Screen) Clipboard() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asker, err := s.ownWindow()
	if err != nil {
		return "", err
	}
	defer xproto.DestroyWindow(s.x, asker)
	clipboard, err := s.atom("CLIPBOARD")
	if err != nil {
		return "", err
	}
	text, err := s.atom("UTF8_STRING")
	if err != nil {
		return "", err
	}
	into, err := s.atom("CAUSEWAY_TEST")
	if err != nil {
		return "", err
	}
	xproto.ConvertSelection(s.x, asker, clipboard, text, into, xproto.TimeCurrentTime)
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		event, err := s.x.PollForEvent()
		if err != nil {
			return "", fmt.Errorf("screen: %w", err)
		}
		if told, ok := event.(xproto.SelectionNotifyEvent); ok {
			if told.Property == 0 {
				return "", nil // nobody has copied anything
			}
			return s.property(asker, "CAUSEWAY_TEST"), nil
		}
		if event == nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return "", errors.New("screen: the clipboard's owner does not answer")
}
