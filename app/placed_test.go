//go:build window

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/ui"
)

// layout is where everything in the window is now: in front, if something lies
// over the page.
func (r *running) layout() (all []ui.Placed) {
	encoded, err := os.ReadFile(filepath.Join(r.home, "layout.json"))
	if err == nil {
		json.Unmarshal(encoded, &all) // a whole file is put in its place
	}
	return all
}

// find waits until the window has something of a role whose text begins like
// that, and that can be used.
func (r *running) find(t *testing.T, role, text string, patience time.Duration) ui.Placed {
	t.Helper()
	return r.locate(t, role+" "+text, patience, func(p ui.Placed) bool {
		return p.Role == role && strings.HasPrefix(p.Text, text) && !p.Disabled
	})
}

// locate waits until the window has something like that.
func (r *running) locate(t *testing.T, what string, patience time.Duration, like func(ui.Placed) bool) ui.Placed {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		all := r.layout()
		if at := slices.IndexFunc(all, like); at >= 0 {
			return all[at]
		}
		if time.Now().After(deadline) {
			r.photograph(t, "failed-"+strings.ReplaceAll(r.title+"-"+what, " ", "-"))
			t.Fatalf("%s has no %s, but %+v", r.title, what, all)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// says waits until a text stands in the window that holds these words.
func (r *running) says(t *testing.T, words string, patience time.Duration) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		var texts []string
		for _, p := range r.layout() {
			if strings.Contains(p.Text, words) {
				return
			}
			texts = append(texts, p.Text)
		}
		if time.Now().After(deadline) {
			r.photograph(t, "failed-"+strings.ReplaceAll(r.title+"-"+words, " ", "-"))
			t.Fatalf("%s does not say %q, but %q", r.title, words, texts)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// press clicks the middle of a button, once it stays where it is.
func (r *running) press(t *testing.T, text string) {
	t.Helper()
	for p := r.find(t, "button", text, patience); ; {
		time.Sleep(300 * time.Millisecond)
		again := r.find(t, "button", text, patience)
		if again == p {
			r.clickOn(t, p)
			return
		}
		p = again
	}
}

func (r *running) clickOn(t *testing.T, p ui.Placed) {
	t.Helper()
	r.clickAt(t, p.X+p.Width/2, p.Y+p.Height/2)
}

// clickAt clicks a place that is given in units of the toolkit.
func (r *running) clickAt(t *testing.T, x, y float32) {
	t.Helper()
	scale := float32(r.desktop.scale)
	must(t, r.Click(int(x*scale), int(y*scale)))
}

// beside clicks what stands right or left of a line of text, that many units from where
// the text begins.
func (r *running) beside(t *testing.T, text string, right float32) {
	t.Helper()
	p := r.locate(t, "text "+text, patience, func(p ui.Placed) bool {
		return p.Role == "text" && p.Text == text && p.Height < 30 // a list has a text as well
	})
	r.clickAt(t, p.X+right, p.Y+p.Height/2)
}

// rates are rates worth a look, as "806 kB/s".
var rates = regexp.MustCompile(`^[\d.]+ [kMG]B/s`)

// rests waits until no rate is shown.
func (r *running) rests(t *testing.T, patience time.Duration) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		moving := slices.ContainsFunc(r.layout(), func(p ui.Placed) bool { return rates.MatchString(p.Text) })
		if !moving {
			return
		}
		if time.Now().After(deadline) {
			r.photograph(t, "failed-"+strings.ReplaceAll(r.title, " ", "-")+"-rests")
			t.Fatalf("%s never rests", r.title)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// percents are how far a transfer is, as "45 %" or "45%".
var percents = regexp.MustCompile(`(\d+)(?:\.\d+)?\s*%`)

// reaches waits until some transfer is that far, in percent, and not further
// than another.
func (r *running) reaches(t *testing.T, least, most int, patience time.Duration) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		for _, p := range r.layout() {
			found := percents.FindStringSubmatch(p.Text)
			if found == nil {
				continue
			}
			if part, err := strconv.Atoi(found[1]); err == nil && part >= least && part <= most {
				return
			}
		}
		if time.Now().After(deadline) {
			r.photograph(t, "failed-"+strings.ReplaceAll(r.title, " ", "-")+"-percent")
			t.Fatalf("%s never stands between %d and %d %%", r.title, least, most)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lacks waits until no text holds these words.
func (r *running) lacks(t *testing.T, words string, patience time.Duration) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		if !slices.ContainsFunc(r.layout(), func(p ui.Placed) bool { return strings.Contains(p.Text, words) }) {
			return
		}
		if time.Now().After(deadline) {
			r.photograph(t, "failed-"+strings.ReplaceAll(r.title+"-"+words, " ", "-"))
			t.Fatalf("%s still says %q", r.title, words)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
