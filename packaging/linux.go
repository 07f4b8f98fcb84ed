package main

import (
	"embed"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed linux/*.tmpl
var templates embed.FS

// entry is one installed file, by its path below /usr.
type entry struct {
	name    string
	mode    int64
	content []byte
}

// iconSizes are the sizes that desktops look for, in pixels.
var iconSizes = []int{16, 24, 32, 48, 64, 128, 256, 512}

// linuxTree is what a package installs below /usr.
func linuxTree(root, binaries string, p *product) ([]entry, error) {
	var tree []entry
	for _, program := range []string{"causeway", "causeway-cli"} {
		content, err := os.ReadFile(filepath.Join(binaries, program))
		if err != nil {
			return nil, fmt.Errorf("%w; run make build first", err)
		}
		tree = append(tree, entry{"bin/" + program, 0o755, content})
	}
	for _, size := range iconSizes {
		content, err := os.ReadFile(filepath.Join(root, "assets", "icon", fmt.Sprintf("causeway-%d.png", size)))
		if err != nil {
			return nil, err
		}
		folder := fmt.Sprintf("share/icons/hicolor/%dx%d/apps", size, size)
		tree = append(tree, entry{path.Join(folder, p.Details.ID+".png"), 0o644, content})
	}
	for from, to := range map[string]string{
		"assets/icon/causeway.svg": "share/icons/hicolor/scalable/apps/" + p.Details.ID + ".svg",
		"LICENSE":                  "share/doc/causeway/copyright",
		"README.md":                "share/doc/causeway/README.md",
		"CHANGELOG.md":             "share/doc/causeway/changelog.gz",
	} {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(from)))
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(to, ".gz") {
			if content, err = compress(content); err != nil {
				return nil, err
			}
		}
		tree = append(tree, entry{to, 0o644, content})
	}
	for name, to := range map[string]string{
		"desktop":        "share/applications/" + p.Details.ID + ".desktop",
		"metainfo":       "share/metainfo/" + p.Details.ID + ".metainfo.xml",
		"causeway.1":     "share/man/man1/causeway.1.gz",
		"causeway-cli.1": "share/man/man1/causeway-cli.1.gz",
	} {
		content, err := render(name, *p)
		if err == nil && strings.HasSuffix(to, ".gz") {
			content, err = compress(content)
		}
		if err != nil {
			return nil, err
		}
		tree = append(tree, entry{to, 0o644, content})
	}
	for _, e := range tree {
		p.InstalledSize += int64(len(e.content)+1023) / 1024
	}
	return tree, nil
}

// render fills in one of linux/*.tmpl.
func render(name string, p product) ([]byte, error) {
	t, err := template.New(name+".tmpl").Funcs(template.FuncMap{
		// A list of a desktop entry ends with a semicolon as well.
		"list": func(items []string) string { return strings.Join(items, ";") + ";" },
	}).ParseFS(templates, "linux/"+name+".tmpl")
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := t.Execute(&text, p); err != nil {
		return nil, err
	}
	return []byte(text.String()), nil
}
