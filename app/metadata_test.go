package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestMetadataIsWhatFyneAppTomlSays(t *testing.T) {
	var file struct {
		Details struct {
			Icon, Name, ID, Version string
			Build                   int
		}
	}
	if _, err := toml.DecodeFile("../FyneApp.toml", &file); err != nil {
		t.Fatal(err)
	}
	written, set := file.Details, metadata()
	for _, field := range []struct{ name, written, set string }{
		{"Name", written.Name, set.Name}, {"ID", written.ID, set.ID}, {"Version", written.Version, set.Version},
	} {
		if field.written == "" || field.written != field.set {
			t.Errorf("%s: FyneApp.toml says %q, the program says %q", field.name, field.written, field.set)
		}
	}
	if written.Build != set.Build {
		t.Errorf("Build: FyneApp.toml says %d, the program says %d", written.Build, set.Build)
	}
	picture, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(written.Icon)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(picture, set.Icon.Content()) {
		t.Errorf("%s is not the icon that is built in", written.Icon)
	}
}
