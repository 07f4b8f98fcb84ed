package ui

import (
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine/path"
)

// TestPhotographsOfTheDrawer paints it for people to look at, where
// CAUSEWAY_PHOTOS names a folder. It judges nothing.
func TestPhotographsOfTheDrawer(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for variantName, variant := range variants {
		for _, language := range []string{"en", "zh"} {
			d := drawerDesk(t, language, variant, onceRelayed())
			take := func(name string) {
				t.Helper()
				photograph(t, d, filepath.Join(folder, name+"-"+language+"-"+variantName+".png"))
			}
			take("drawer")
			d.window.Resize(fyne.NewSize(980, 900))
			take("drawer-high")
			relayed := stillRelayed()
			d.show(one(moving(sending(""), path.Relayed), relayed))
			d.openDrawer(relayed.Transfer, relayed.ID)
			take("drawer-relayed")
			d.show(one(sending("")))
			take("drawer-gone")
			d.window.Resize(minimum)
			take("drawer-small")
		}
	}
}
