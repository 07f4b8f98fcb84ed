package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"github.com/causeway-app/causeway/assets"
)

// clientName is what peers are told.
const clientName = assets.Name + " " + assets.Version

var icon = fyne.NewStaticResource("causeway.png", assets.IconPNG)

// metadata is what FyneApp.toml says; Fyne cannot read that file once the
// program is installed. TestMetadataIsWhatFyneAppTomlSays holds them together.
// Migrations are left to build tags, so that builds without the tag
// migrated_fynedo still check which goroutine calls Fyne.
func metadata() fyne.AppMetadata {
	return fyne.AppMetadata{
		ID: assets.ID, Name: assets.Name, Version: assets.Version, Build: assets.Build, Icon: icon,
	}
}

func init() { app.SetMetadata(metadata()) }
