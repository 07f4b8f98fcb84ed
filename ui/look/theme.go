// Package look is how Causeway looks: its theme and the widgets that it draws
// itself. It knows nothing of transfers or peers.
package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Causeway's own colours. The theme has each of them for light and for dark.
const (
	// ColorDirect, ColorRelayed and ColorIdle tell paths apart; words and
	// shapes always say the same.
	ColorDirect  fyne.ThemeColorName = "causewayDirect"
	ColorRelayed fyne.ThemeColorName = "causewayRelayed"
	ColorIdle    fyne.ThemeColorName = "causewayIdle"
	// ColorCard and ColorCardEdge are the surface that content lies on.
	ColorCard     fyne.ThemeColorName = "causewayCard"
	ColorCardEdge fyne.ThemeColorName = "causewayCardEdge"
	// ColorRail is behind the navigation.
	ColorRail fyne.ThemeColorName = "causewayRail"
	// ColorTrack is the empty part of a progress bar.
	ColorTrack fyne.ThemeColorName = "causewayTrack"
	// ColorQuiet is for text that stands back and is still easy to read.
	ColorQuiet fyne.ThemeColorName = "causewayQuiet"

	// Those that only the widgets of this package use.
	colorTip     fyne.ThemeColorName = "causewayTip"
	colorTipText fyne.ThemeColorName = "causewayTipText"
	colorShadow  fyne.ThemeColorName = "causewayShadow"
)

type pair struct{ light, dark uint32 }

// palette holds 0xRRGGBBAA. Text colours have a contrast of 4.5 : 1 or more
// against ColorCard; a test computes it.
var palette = map[fyne.ThemeColorName]pair{
	ColorDirect:   {0x1B7F4BFF, 0x5CD195FF},
	ColorRelayed:  {0x9A5B00FF, 0xF2B65AFF},
	ColorIdle:     {0x5B6873FF, 0x9DAAB5FF},
	ColorCard:     {0xFFFFFFFF, 0x1B2126FF},
	ColorCardEdge: {0xDDE3E7FF, 0x323C43FF},
	ColorRail:     {0xE9EEF1FF, 0x12171AFF},
	ColorTrack:    {0xE1E7EBFF, 0x364048FF},
	ColorQuiet:    {0x56636DFF, 0xA5B1BAFF},
	colorTip:      {0x263238FF, 0xE4EAEEFF},
	colorTipText:  {0xF2F5F7FF, 0x1A2329FF},
	colorShadow:   {0x0000002E, 0x00000073},

	theme.ColorNameBackground:          {0xFFFFFFFF, 0x1B2126FF},
	theme.ColorNameForeground:          {0x1A2329FF, 0xEDF1F4FF},
	theme.ColorNamePrimary:             {0x0B6A85FF, 0x4FBEDAFF},
	theme.ColorNameForegroundOnPrimary: {0xFFFFFFFF, 0x06232CFF},
	theme.ColorNameHyperlink:           {0x0B6A85FF, 0x4FBEDAFF},
	theme.ColorNameFocus:               {0x0B6A8566, 0x4FBEDA66},
	theme.ColorNameSelection:           {0x0B6A8533, 0x4FBEDA33},
	theme.ColorNameButton:              {0xE6ECEFFF, 0x303A41FF},
	theme.ColorNameDisabled:            {0x8C979FFF, 0x78848CFF},
	theme.ColorNameDisabledButton:      {0xE9EEF1FF, 0x2A3339FF},
	theme.ColorNameInputBackground:     {0xFFFFFFFF, 0x171C20FF},
	theme.ColorNameInputBorder:         {0xC3CCD2FF, 0x46525AFF},
	theme.ColorNamePlaceHolder:         {0x66727BFF, 0x8C98A1FF},
	theme.ColorNameError:               {0xB3261EFF, 0xFF8A80FF},
	theme.ColorNameWarning:             {0x9A5B00FF, 0xF2B65AFF},
	theme.ColorNameSuccess:             {0x1B7F4BFF, 0x5CD195FF},
	theme.ColorNameOverlayBackground:   {0xFFFFFFFF, 0x1B2126FF},
	theme.ColorNameMenuBackground:      {0xFFFFFFFF, 0x283137FF},
	theme.ColorNameSeparator:           {0xDDE3E7FF, 0x323C43FF},
}

// Theme returns Causeway's theme. It is light or dark as the desktop is.
func Theme() fyne.Theme { return causewayTheme{theme.DefaultTheme()} }

// ThemeIn returns Causeway's theme, light or dark whatever the desktop is:
// theme.VariantLight or theme.VariantDark.
func ThemeIn(variant fyne.ThemeVariant) fyne.Theme { return fixedTheme{Theme(), variant} }

// fixedTheme does not follow the desktop.
type fixedTheme struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (t fixedTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return t.Theme.Color(name, t.variant)
}

type causewayTheme struct{ fyne.Theme }

func (t causewayTheme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	chosen, ok := palette[name]
	if !ok {
		return t.Theme.Color(name, variant)
	}
	value := chosen.light
	if variant == theme.VariantDark {
		value = chosen.dark
	}
	return color.NRGBA{R: uint8(value >> 24), G: uint8(value >> 16), B: uint8(value >> 8), A: uint8(value)}
}

func (t causewayTheme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 6
	case theme.SizeNameCaptionText:
		return 12
	default:
		return t.Theme.Size(name)
	}
}

// colorOf looks a colour up in the theme that applies to a widget.
func colorOf(of fyne.Widget, name fyne.ThemeColorName) color.Color {
	return themeOf(of).Color(name, fyne.CurrentApp().Settings().ThemeVariant())
}

func themeOf(of fyne.Widget) fyne.Theme {
	if themed, ok := of.(interface{ Theme() fyne.Theme }); ok {
		return themed.Theme()
	}
	return theme.Current()
}

// faded returns c with its opacity multiplied by part.
func faded(c color.Color, part float32) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = uint8(float32(n.A) * part)
	return n
}
