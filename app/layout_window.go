//go:build window

package main

import (
	"encoding/json"
	"os"
	"time"

	"fyne.io/fyne/v2"
)

// layoutVariable names a file that a test wants to read.
const layoutVariable = "CAUSEWAY_TEST_LAYOUT"

// tellLayout keeps in a file where everything in the window is, for the tests
// that drive it: a JSON list of ui.Placed, replaced as a whole.
func (p *program) tellLayout() {
	name := os.Getenv(layoutVariable)
	if name == "" {
		return
	}
	p.running.Go(func() {
		for last := ""; ; {
			select {
			case <-p.ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			var encoded []byte
			fyne.DoAndWait(func() { encoded, _ = json.Marshal(p.window.Layout()) })
			if text := string(encoded); text != last && os.WriteFile(name+".new", encoded, 0o600) == nil && os.Rename(name+".new", name) == nil {
				last = text
			}
		}
	})
}
