package ui

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
)

// TestPhotographsOfNetworkAndHistory paints these pages in every state, where
// CAUSEWAY_PHOTOS names a folder. It judges nothing.
func TestPhotographsOfNetworkAndHistory(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for variantName, variant := range variants {
		for _, language := range []string{"en", "zh"} {
			photograph := func(name string, d *desk) {
				t.Helper()
				file, err := os.Create(filepath.Join(folder, name+"-"+language+"-"+variantName+".png"))
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				if err := png.Encode(file, d.window.Canvas().Capture()); err != nil {
					t.Fatal(err)
				}
			}
			for name, finished := range historyStates() {
				d := historyDesk(t, language, variant, finished)
				d.show(one(sending("")))
				photograph("history-"+name, d)
			}
			d := historyDesk(t, language, variant, longHistory(312))
			d.history.search.SetText("grace 1")
			photograph("history-searching", d)
			d.history.search.SetText("nobody")
			photograph("history-none-found", d)
			d.history.search.SetText("")
			d.window.Resize(minimum)
			photograph("history-small", d)
			d.window.Resize(fyne.NewSize(980, 640))
			d.history.askToClear()
			photograph("history-clearing", d)
		}
	}
}
