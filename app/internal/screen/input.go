package screen

import (
	"fmt"
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// keystroke is a key, and whether Shift is needed.
type keystroke struct {
	code  xproto.Keycode
	shift bool
}

// Keys that have no letter.
const (
	Return  xproto.Keysym = 0xff0d
	Escape  xproto.Keysym = 0xff1b
	Tab     xproto.Keysym = 0xff09
	Delete  xproto.Keysym = 0xffff
	F1      xproto.Keysym = 0xffbe
	Control xproto.Keysym = 0xffe3
	shift   xproto.Keysym = 0xffe1
)

func (s *Screen) readKeyboard() error {
	setup := xproto.Setup(s.x)
	count := byte(setup.MaxKeycode - setup.MinKeycode + 1)
	reply, err := xproto.GetKeyboardMapping(s.x, setup.MinKeycode, count).Reply()
	if err != nil {
		return fmt.Errorf("screen: keyboard: %w", err)
	}
	s.keyboard = map[xproto.Keysym]keystroke{}
	each := int(reply.KeysymsPerKeycode)
	for i := range int(count) {
		code := setup.MinKeycode + xproto.Keycode(i)
		for column, sym := range reply.Keysyms[i*each : (i+1)*each] {
			if _, known := s.keyboard[sym]; sym != 0 && column < 2 && !known {
				s.keyboard[sym] = keystroke{code: code, shift: column == 1}
			}
		}
	}
	return nil
}

// Type presses and releases the keys of a text of Latin letters.
func (s *Screen) Type(text string) error {
	for _, letter := range text {
		if err := s.Press(xproto.Keysym(letter)); err != nil {
			return err
		}
	}
	return nil
}

// Press presses a key while others are held, and releases all.
func (s *Screen) Press(key xproto.Keysym, held ...xproto.Keysym) error {
	stroke, found := s.keyboard[key]
	if !found {
		return fmt.Errorf("screen: no key for %#x", key)
	}
	if stroke.shift {
		held = append(held, shift)
	}
	for _, other := range held {
		s.key(xproto.KeyPress, s.keyboard[other].code)
	}
	s.key(xproto.KeyPress, stroke.code)
	s.key(xproto.KeyRelease, stroke.code)
	for i := len(held) - 1; i >= 0; i-- {
		s.key(xproto.KeyRelease, s.keyboard[held[i]].code)
	}
	time.Sleep(10 * time.Millisecond) // as fast as anybody types
	return nil
}

func (s *Screen) key(kind byte, code xproto.Keycode) {
	xtest.FakeInput(s.x, kind, byte(code), 0, s.root, 0, 0, 0)
}

// The buttons of a mouse, of which X takes the wheel for two.
const buttonLeft, wheelUp, wheelDown = 1, 4, 5

// Click presses the left button at a place of the window.
func (w *Window) Click(x, y int) error {
	if err := w.point(x, y); err != nil {
		return err
	}
	w.push(buttonLeft, 40*time.Millisecond)
	return nil
}

// Wheel turns the wheel of the mouse at a place of the window, that many notches
// downwards; less than zero is upwards.
func (w *Window) Wheel(x, y, notches int) error {
	if err := w.point(x, y); err != nil {
		return err
	}
	button := byte(wheelDown)
	if notches < 0 {
		button, notches = wheelUp, -notches
	}
	for range notches {
		w.push(button, 5*time.Millisecond)
	}
	return nil
}

// point moves the pointer to a place of the window.
func (w *Window) point(x, y int) error {
	bounds, err := w.Bounds()
	if err != nil {
		return err
	}
	x, y = bounds.Min.X+x, bounds.Min.Y+y
	// The toolkit looks where the pointer is when it next draws.
	for _, step := range []int{3, 0} {
		xtest.FakeInput(w.screen.x, xproto.MotionNotify, 0, 0, w.screen.root, int16(x-step), int16(y-step), 0)
		time.Sleep(40 * time.Millisecond)
	}
	return nil
}

// push presses and releases a button where the pointer is.
func (w *Window) push(button byte, pause time.Duration) {
	for _, kind := range []byte{xproto.ButtonPress, xproto.ButtonRelease} {
		xtest.FakeInput(w.screen.x, kind, button, 0, w.screen.root, 0, 0, 0)
		time.Sleep(pause)
	}
}
