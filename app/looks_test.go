//go:build window

package main

import (
	"image"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"github.com/causeway-app/causeway/app/internal/screen"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/ui"
)

// The window at its smallest.
const leastWidth, leastHeight = 720, 480

// pages are the keys of the pages that differ, and what they all begin with.
var pages = []struct {
	key  rune
	name string
	says string
}{{'1', "transfers", "receive.hint"}, {'2', "network", "check.title"}, {'4', "settings", "settings.language"}}

// A screen of small pixels has a window of as many more, in which everything is
// where it is clicked.
func TestTheWindowOnAScreenOfSmallPixels(t *testing.T) {
	d := newDesktopOf(t, 2*windowWidth, 2*windowHeight, 2)
	w := d.start(t, "Causeway of Ada", 0)
	shareFolder(t, d, w)
	bounds, err := w.Bounds()
	must(t, err)
	if size := bounds.Size(); size != image.Pt(2*windowWidth, 2*windowHeight) {
		t.Errorf("the window has %v pixels", size)
	}
	w.tour(t, d, "hidpi")
	// Still on the settings, the mouse chooses among what is offered there.
	w.clickOn(t, w.find(t, "text", "As the desktop", patience))
	w.clickOn(t, w.find(t, "text", "Dark", patience))
	w.find(t, "text", "Dark", patience)
	// Whoever draws four times the pixels by software ends later.
	w.within(t, 3*time.Second, func() error { return w.command.Process.Signal(syscall.SIGTERM) })
}

// Nothing is lost in the smallest window; what has no room is scrolled to.
func TestTheWindowAtItsSmallest(t *testing.T) {
	d := newDesktop(t)
	w := d.start(t, "Causeway of Ada", 0)
	shareFolder(t, d, w)
	must(t, w.Resize(leastWidth, leastHeight))
	w.tour(t, d, "smallest")
	for _, p := range w.layout() {
		if p.X < 0 || p.X+p.Width > leastWidth+1 {
			t.Errorf("%q lies between %v and %v, partly outside the window", p.Text, p.X, p.X+p.Width)
		}
	}
	w.clickOn(t, w.find(t, "text", "Sending and receiving", patience))
	w.scrollTo(t, "Other limits at certain hours")
	for range 12 { // a box is cut by the upper edge
		must(t, w.Wheel(leastWidth*2/3, leastHeight/2, 1))
		time.Sleep(settled)
		if slices.ContainsFunc(w.layout(), func(p ui.Placed) bool { return p.Role == "entry" && p.Y < 62 && p.Y+p.Height > 66 }) {
			break
		}
	}
	w.photograph(t, "smallest-settings-scrolled")
	w.end(t)
}

// Another theme and another language are chosen by the mouse, are there at once
// on each page, and are still there after the next start.
func TestTheLooksAreChosenInTheSettings(t *testing.T) {
	d := newDesktop(t)
	w := d.start(t, "Causeway of Ada", 0)
	shareFolder(t, d, w)
	light := brightness(w.photograph(t, "looks-before"))
	must(t, d.screen.Press('4', screen.Control))
	w.clickOn(t, w.find(t, "text", "As the desktop", patience))
	w.clickOn(t, w.find(t, "text", "Dark", patience))
	w.clickOn(t, w.find(t, "text", "As the system", patience))
	w.clickOn(t, w.find(t, "text", "简体中文", patience))
	chinese := words.In("zh")
	w.says(t, chinese.Say("settings.language", nil), patience)
	for _, page := range pages {
		must(t, d.screen.Press(xproto.Keysym(page.key), screen.Control))
		w.says(t, chinese.Say(page.says, nil), patience)
		time.Sleep(settled)
		if dark := brightness(w.photograph(t, "looks-dark-chinese-"+page.name)); dark > light/3 {
			t.Errorf("the page %s has a brightness of %d in the dark theme, before it was %d", page.name, dark, light)
		}
	}
	w.end(t)

	again := d.restart(t, w)
	again.says(t, chinese.Say("receive.hint", nil), patience)
	time.Sleep(settled)
	if dark := brightness(again.photograph(t, "looks-again")); dark > light/3 {
		t.Errorf("after the next start the brightness is %d, before it was %d", dark, light)
	}
	again.end(t)
}

// shareFolder has something in the list.
func shareFolder(t *testing.T, d *desktop, w *running) {
	t.Helper()
	must(t, w.Focus())
	w.find(t, "entry", "causeway:", patience)
	must(t, w.Drop(makeFolder(t)))
	w.find(t, "button", "Copy invitation", patience)
}

// tour looks at each page, and keeps pictures.
func (r *running) tour(t *testing.T, d *desktop, name string) {
	t.Helper()
	english := words.In("en")
	for _, page := range pages {
		must(t, d.screen.Press(xproto.Keysym(page.key), screen.Control))
		r.says(t, english.Say(page.says, nil), patience)
		time.Sleep(settled)
		r.photograph(t, name+"-"+page.name)
	}
}

// scrollTo turns the wheel until a text is in sight.
func (r *running) scrollTo(t *testing.T, text string) {
	t.Helper()
	bounds, err := r.Bounds()
	must(t, err)
	for deadline := time.Now().Add(patience); ; {
		if time.Now().After(deadline) {
			r.photograph(t, "failed-scroll")
			t.Fatalf("%q is not in sight", text)
		}
		all := r.layout()
		at := slices.IndexFunc(all, func(p ui.Placed) bool { return p.Text == text })
		if at >= 0 && int(all[at].Y+all[at].Height) < bounds.Dy()/r.desktop.scale-statusHeight {
			return
		}
		must(t, r.Wheel(bounds.Dx()*2/3, bounds.Dy()/2, 1))
		time.Sleep(150 * time.Millisecond) // until it is told where all is now
	}
}

// statusHeight is that of the line below all pages, and a margin.
const statusHeight = 40

// end ends the program, which has to do so in time.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.within(t, time.Second, func() error { return r.command.Process.Signal(syscall.SIGTERM) })
}

// brightness is the mean of a picture, from 0 to 255.
func brightness(picture image.Image) int {
	bounds, sum, count := picture.Bounds(), 0, 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y += 4 {
		for x := bounds.Min.X; x < bounds.Max.X; x += 4 {
			_, green, _, _ := picture.At(x, y).RGBA()
			sum, count = sum+int(green>>8), count+1
		}
	}
	return sum / max(count, 1)
}
