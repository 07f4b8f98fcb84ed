package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/ui/look"
)

// pictureSize is how large the pictures of the first-run page are.
var pictureSize = fyne.NewSize(120, 48)

// screens are two computers, one at each end.
const screens = `<path fill-rule="evenodd" d="M3 9h30a3 3 0 0 1 3 3v18a3 3 0 0 1-3 3H3a3 3 0 0 1-3-3V12a3 3 0 0 1 3-3zm1 4v16h28V13z"/>` +
	`<path d="M14 33h8v4h5v3H9v-3h5z"/>` +
	`<path fill-rule="evenodd" d="M87 9h30a3 3 0 0 1 3 3v18a3 3 0 0 1-3 3H87a3 3 0 0 1-3-3V12a3 3 0 0 1 3-3zm1 4v16h28V13z"/>` +
	`<path d="M98 33h8v4h5v3H93v-3h5z"/>`

// The pictures. They say by shape what their colour repeats.
var (
	directPicture  = picture("direct", look.ColorDirect, screens+`<path d="M42 19h28v-5l9 7-9 7v-5H42z"/>`)
	relayedPicture = picture("relayed", look.ColorRelayed, screens+
		`<path d="M40 19h8v4h-8zM72 19h3v-4l7 6-7 6v-4h-3z"/>`+
		`<path fill-rule="evenodd" d="M52 10h16a2 2 0 0 1 2 2v18a2 2 0 0 1-2 2H52a2 2 0 0 1-2-2V12a2 2 0 0 1 2-2zm2 4v5h12v-5zm0 9v5h12v-5z"/>`)
	keyPicture = picture("key", theme.ColorNamePrimary,
		`<path fill-rule="evenodd" d="M15 8a15 15 0 0 1 14.500 11H78v8h-5v9h-8v-9h-6v6h-8v-6H29.500A15 15 0 1 1 15 8zM15 15 9.300 17.300 7 23 9.300 28.700 15 31 20.700 28.700 23 23 20.700 17.300z"/>`)
)

func picture(name string, color fyne.ThemeColorName, drawing string) fyne.Resource {
	return theme.NewColoredResource(fyne.NewStaticResource("causeway-picture-"+name+".svg", []byte(
		`<svg xmlns="http://www.w3.org/2000/svg" width="120" height="48" viewBox="0 0 120 48">`+drawing+`</svg>`)), color)
}
