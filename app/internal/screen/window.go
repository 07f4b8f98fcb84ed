package screen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"time"

	"github.com/jezek/xgb/xproto"
)

// ErrNoWindow means that no window has the title.
var ErrNoWindow = errors.New("screen: no such window")

// Window is a window of some program.
type Window struct {
	screen *Screen
	id     xproto.Window
}

// Find waits until there is a visible window with that title that takes drops.
func (s *Screen) Find(title string, patience time.Duration) (*Window, error) {
	deadline := time.Now().Add(patience)
	for {
		if id, found := s.search(s.root, title); found {
			return &Window{screen: s, id: id}, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: %q", ErrNoWindow, title)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Screen) search(under xproto.Window, title string) (xproto.Window, bool) {
	tree, err := xproto.QueryTree(s.x, under).Reply()
	if err != nil {
		return 0, false
	}
	for _, child := range tree.Children {
		if s.property(child, "_NET_WM_NAME") == title && s.property(child, "XdndAware") != "" && s.visible(child) {
			return child, true
		}
		if found, ok := s.search(child, title); ok {
			return found, true
		}
	}
	return 0, false
}

func (s *Screen) visible(id xproto.Window) bool {
	attributes, err := xproto.GetWindowAttributes(s.x, id).Reply()
	return err == nil && attributes.MapState == xproto.MapStateViewable
}

func (s *Screen) property(id xproto.Window, name string) string {
	atom, err := s.atom(name)
	if err != nil {
		return ""
	}
	reply, err := xproto.GetProperty(s.x, false, id, atom, xproto.GetPropertyTypeAny, 0, 1<<16).Reply()
	if err != nil {
		return ""
	}
	return string(reply.Value)
}

// MoveTo puts the window's upper left corner at a place of the screen, above
// all others.
func (w *Window) MoveTo(x, y int) error {
	err := xproto.ConfigureWindowChecked(w.screen.x, w.id,
		xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowStackMode,
		[]uint32{uint32(x), uint32(y), xproto.StackModeAbove}).Check()
	if err != nil {
		return fmt.Errorf("screen: moving: %w", err)
	}
	return nil
}

// Resize gives the window another size in pixels, as dragging its corner does.
func (w *Window) Resize(width, height int) error {
	err := xproto.ConfigureWindowChecked(w.screen.x, w.id, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
		[]uint32{uint32(width), uint32(height)}).Check()
	if err != nil {
		return fmt.Errorf("screen: resizing: %w", err)
	}
	return nil
}

// Focus gives the window the keyboard, as a window manager would.
func (w *Window) Focus() error {
	err := xproto.SetInputFocusChecked(w.screen.x, xproto.InputFocusPointerRoot, w.id, xproto.TimeCurrentTime).Check()
	if err != nil {
		return fmt.Errorf("screen: focus: %w", err)
	}
	return nil
}

// Close asks the window to close, as the button of its frame does.
func (w *Window) Close() error {
	protocols, err := w.screen.atom("WM_PROTOCOLS")
	if err != nil {
		return err
	}
	deleting, err := w.screen.atom("WM_DELETE_WINDOW")
	if err != nil {
		return err
	}
	return w.send(protocols, uint32(deleting), uint32(xproto.TimeCurrentTime), 0, 0, 0)
}

// send sends the window a client message.
func (w *Window) send(kind xproto.Atom, data ...uint32) error {
	message := xproto.ClientMessageEvent{
		Format: 32, Window: w.id, Type: kind, Data: xproto.ClientMessageDataUnionData32New(data),
	}
	err := xproto.SendEventChecked(w.screen.x, false, w.id, xproto.EventMaskNoEvent, string(message.Bytes())).Check()
	if err != nil {
		return fmt.Errorf("screen: sending: %w", err)
	}
	return nil
}

// Bounds is where the window is on the screen.
func (w *Window) Bounds() (image.Rectangle, error) {
	size, err := xproto.GetGeometry(w.screen.x, xproto.Drawable(w.id)).Reply()
	if err != nil {
		return image.Rectangle{}, fmt.Errorf("screen: %w", err)
	}
	corner, err := xproto.TranslateCoordinates(w.screen.x, w.id, w.screen.root, 0, 0).Reply()
	if err != nil {
		return image.Rectangle{}, fmt.Errorf("screen: %w", err)
	}
	x, y := int(corner.DstX), int(corner.DstY)
	return image.Rect(x, y, x+int(size.Width), y+int(size.Height)), nil
}

// Photograph is what the window shows now. It must lie on the screen, and no
// other window above it.
func (w *Window) Photograph() (image.Image, error) {
	bounds, err := w.Bounds()
	if err != nil {
		return nil, err
	}
	picture := image.NewRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	// In strips: one reply must not be longer than the protocol's limit.
	const strip = 64
	for top := 0; top < bounds.Dy(); top += strip {
		height := min(strip, bounds.Dy()-top)
		reply, err := xproto.GetImage(w.screen.x, xproto.ImageFormatZPixmap, xproto.Drawable(w.id),
			0, int16(top), uint16(bounds.Dx()), uint16(height), ^uint32(0)).Reply()
		if err != nil {
			return nil, fmt.Errorf("screen: photograph: %w", err)
		}
		for i := 0; i+4 <= len(reply.Data); i += 4 {
			pixel := binary.LittleEndian.Uint32(reply.Data[i:]) // 0x00RRGGBB
			at := top*picture.Stride + i
			picture.Pix[at], picture.Pix[at+1], picture.Pix[at+2], picture.Pix[at+3] = byte(pixel>>16), byte(pixel>>8), byte(pixel), 255
		}
	}
	return picture, nil
}
