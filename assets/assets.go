// Package assets holds what is built into the programs: their name and
// version, icons and translations. It imports nothing, so every program can
// have it.
package assets

import "embed"

// What FyneApp.toml says. Go cannot embed a file from above its own folder, so
// it is repeated here, and a test in app holds the two together.
const (
	// Name is the product's name, and the window's title.
	Name = "Causeway"
	// ID is the application id, as desktops know it.
	ID = "io.github.causeway_app.Causeway"
	// Version is a semantic version without a leading v.
	Version = "0.1.0"
	// Build counts the packages made of Version.
	Build = 1
)

// Scheme begins an invitation, with its colon.
const Scheme = "causeway:"

// Translations holds one JSON file a language: translations/en.json and
// translations/zh.json, flat maps from a key to text/template text. Package
// assets/words reads them.
//
//go:embed translations/*.json
var Translations embed.FS

// IconPNG is the application's icon, 512 pixels square.
//
//go:embed icon/causeway-512.png
var IconPNG []byte

// IconSVG is the drawing that IconPNG was made from.
//
//go:embed icon/causeway.svg
var IconSVG []byte
