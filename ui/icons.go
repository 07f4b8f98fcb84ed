package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// The icons that Fyne has not. They are 24 by 24 and take the text's colour.
var (
	unfoldIcon     = icon("unfold", `<path d="M12 16.2 5.3 9.5 6.7 8.1 12 13.4 17.3 8.1 18.7 9.5Z"/>`)
	foldIcon       = icon("fold", `<path d="M12 7.8 18.7 14.5 17.3 15.9 12 10.6 6.7 15.9 5.3 14.5Z"/>`)
	qrIcon         = icon("qr", `<path d="M3 3h8v8H3V3zm2 2v4h4V5H5zM13 3h8v8h-8V3zm2 2v4h4V5h-4zM3 13h8v8H3v-8zm2 2v4h4v-4H5zM13 13h3v3h-3v-3zM16 16h3v3h-3v-3zM19 13h2v3h-2v-3zM13 19h3v2h-3v-2zM19 19h2v2h-2v-2z"/>`)
	swapIcon       = icon("swap", `<path d="M8 3.6 13.4 9 12 10.4 9 7.4V20H7V7.4L4 10.4 2.6 9ZM16 20.4 10.6 15 12 13.6 15 16.6V4h2v12.600l3-3L21.400 15Z"/>`)
	netIcon        = icon("network", `<circle cx="12" cy="5" r="3"/><circle cx="4.500" cy="18.500" r="3"/><circle cx="19.500" cy="18.500" r="3"/><path d="M11 7.500 13 7.500 13 11.500 20.500 15 20.500 17 18.700 17 12 13.400 5.300 17 3.500 17 3.500 15 11 11.500Z"/>`)
	historyIcon    = icon("history", `<path d="M12 4a8 8 0 1 1-7.700 5.800l1.900.55A6 6 0 1 0 12 6v3L7.500 5 12 1v3zM11 8h2v4.600l3 1.800-1 1.700-4-2.400V8z"/>`)
	warnIcon       = static("warn", `<path d="M10.600 3.500h2.800l-.4 11h-2zM10.500 17h3v3.200h-3z"/>`)
	autoPathIcon   = static("path-auto", `<circle cx="4.200" cy="15.500" r="3"/><circle cx="19.800" cy="15.500" r="3"/><path d="M8.600 14.500h6.800v2H8.600zM3.700 11C6 3.400 18 3.400 20.300 11l-1.950.600C16.600 6 7.400 6 5.650 11.600z"/>`)
	directPathIcon = static("path-direct", `<circle cx="4.200" cy="12" r="3"/><circle cx="19.800" cy="12" r="3"/><path d="M8.600 11h6.800v2H8.600z"/>`)
	relayPathIcon  = static("path-relay", `<circle cx="4" cy="17.500" r="3"/><circle cx="20" cy="17.500" r="3"/><path d="M8.500 3.500h7v7h-7zM5 14.100 9.300 9.100 10.800 10.400 6.500 15.400zM19 14.100 14.700 9.100 13.200 10.400 17.500 15.400z"/>`)
	serveIcon      = icon("serve", `<path d="M11 10.500h2V21h-2z"/><circle cx="12" cy="9" r="2.600"/><path d="M7.100 4.100 8.500 5.500a5 5 0 0 0 0 7L7.100 13.900a7 7 0 0 1 0-9.800zM16.900 4.100 15.500 5.500a5 5 0 0 1 0 7l1.400 1.400a7 7 0 0 0 0-9.800zM4.200 1.200 5.600 2.600a9 9 0 0 0 0 12.800L4.200 16.800a11 11 0 0 1 0-15.600zM19.800 1.200 18.400 2.600a9 9 0 0 1 0 12.800l1.400 1.400a11 11 0 0 0 0-15.600z"/>`)
	upIcon         = static("up", `<path d="M12 3.200 19.400 10.600 17.900 12.100 13.100 7.300V20.500h-2.200V7.300L6.100 12.100 4.600 10.600Z"/>`)
	downIcon       = static("down", `<path d="M12 20.800 4.600 13.400 6.100 11.900 10.900 16.700V3.500h2.200V16.700L17.900 11.900 19.400 13.400Z"/>`)
)

// directionIcons are kept, because Fyne draws an icon anew whenever it is
// given another resource.
var directionIcons = map[engine.Direction]map[fyne.ThemeColorName]fyne.Resource{
	engine.Send:    inColors(upIcon),
	engine.Receive: inColors(downIcon),
}

func inColors(drawing fyne.Resource) map[fyne.ThemeColorName]fyne.Resource {
	icons := map[fyne.ThemeColorName]fyne.Resource{}
	for _, color := range []fyne.ThemeColorName{theme.ColorNamePrimary, theme.ColorNameError, look.ColorDirect, look.ColorIdle} {
		icons[color] = theme.NewColoredResource(drawing, color)
	}
	return icons
}

func icon(name, drawing string) fyne.Resource { return theme.NewThemedResource(static(name, drawing)) }

func static(name, drawing string) *fyne.StaticResource {
	return fyne.NewStaticResource("causeway-"+name+".svg", []byte(
		`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">`+drawing+`</svg>`))
}
