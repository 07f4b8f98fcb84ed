// Command packaging makes the packages of a release from what `make build`
// has built: a Debian package and an archive for other Linux systems, in
// dist/. Everything they say comes from FyneApp.toml.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/BurntSushi/toml"
)

// product is FyneApp.toml and what a release adds to it.
type product struct {
	Website string
	Details struct {
		Icon, Name, ID, Version string
	}
	LinuxAndBSD struct {
		GenericName, Comment, ExecParams string
		Categories, Keywords             []string
	}
	Architecture  string    `toml:"-"`
	Date          string    `toml:"-"`
	Released      time.Time `toml:"-"`
	InstalledSize int64     `toml:"-"` // KiB
}

func main() {
	binaries := flag.String("binaries", "bin", "folder with causeway and causeway-cli for Linux")
	out := flag.String("out", "dist", "folder for the packages")
	date := flag.String("date", time.Now().UTC().Format(time.DateOnly), "date of the release")
	flag.Parse()
	made, err := release(".", *binaries, *out, *date)
	for _, file := range made {
		fmt.Println(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

// release makes every package and returns their paths.
func release(root, binaries, out, date string) (made []string, err error) {
	p, err := readProduct(root, date)
	if err != nil {
		return nil, err
	}
	tree, err := linuxTree(root, binaries, &p)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	for name, write := range map[string]func(string, product, []entry) error{
		fmt.Sprintf("causeway_%s_%s.deb", p.Details.Version, p.Architecture):          writeDebian,
		fmt.Sprintf("causeway-%s-linux-%s.tar.gz", p.Details.Version, p.Architecture): writeArchive,
	} {
		file := filepath.Join(out, name)
		if err := write(file, p, tree); err != nil {
			return made, fmt.Errorf("%s: %w", name, err)
		}
		made = append(made, file)
	}
	return made, nil
}

func readProduct(root, date string) (product, error) {
	var p product
	if _, err := toml.DecodeFile(filepath.Join(root, "FyneApp.toml"), &p); err != nil {
		return p, err
	}
	var err error
	if p.Released, err = time.Parse(time.DateOnly, date); err != nil {
		return p, err
	}
	p.Date, p.Architecture = date, runtime.GOARCH
	return p, nil
}
