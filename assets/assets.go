// Package assets holds the bytes that are built into the programs: icons and
// translations. It imports nothing, so every program can have it.
package assets

import "embed"

// Translations holds one JSON file a language: translations/en.json and
// translations/zh.json, flat maps from a key to text/template text.
//
//go:embed translations/*.json
var Translations embed.FS
