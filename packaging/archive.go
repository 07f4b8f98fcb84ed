package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// writeArchive writes the tree as a tar.gz to be unpacked below a prefix.
func writeArchive(file string, p product, tree []entry) error {
	content, err := tarball(p, "causeway-"+p.Details.Version, tree)
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

// writeDebian writes a binary package: an ar archive of its version, what it
// says of itself and its files (deb(5)).
func writeDebian(file string, p product, tree []entry) error {
	control, err := render("control", p)
	if err != nil {
		return err
	}
	said, err := tarball(p, ".", []entry{{"control", 0o644, control}})
	if err != nil {
		return err
	}
	files, err := tarball(p, "./usr", tree)
	if err != nil {
		return err
	}
	var deb bytes.Buffer
	deb.WriteString("!<arch>\n")
	for _, member := range []struct {
		name    string
		content []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", said}, {"data.tar.gz", files}} {
		fmt.Fprintf(&deb, "%-16s%-12d%-6d%-6d%-8s%-10d`\n",
			member.name, p.Released.Unix(), 0, 0, "100644", len(member.content))
		deb.Write(member.content)
		if len(member.content)%2 == 1 {
			deb.WriteByte('\n') // members begin at even offsets
		}
	}
	return os.WriteFile(file, deb.Bytes(), 0o644)
}

// tarball packs entries below prefix, each folder before what is in it, owned
// by root and dated at the release, so that the same input gives the same bytes.
func tarball(p product, prefix string, tree []entry) ([]byte, error) {
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	folders := map[string]bool{}
	sorted := slices.SortedFunc(slices.Values(tree), func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for _, e := range sorted {
		name := strings.TrimSuffix(prefix, "/") + "/" + e.name
		if err := addFolders(archive, p, folders, path.Dir(name), prefix); err != nil {
			return nil, err
		}
		header := &tar.Header{
			Name: name, Mode: e.mode, Size: int64(len(e.content)), ModTime: p.Released,
			Uname: "root", Gname: "root", Format: tar.FormatGNU,
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return compress(packed.Bytes())
}

func compress(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(content); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func addFolders(archive *tar.Writer, p product, done map[string]bool, folder, prefix string) error {
	if folder == "." || folder == "/" || done[folder] {
		return nil
	}
	done[folder] = true
	if err := addFolders(archive, p, done, path.Dir(folder), prefix); err != nil {
		return err
	}
	name := folder + "/"
	if strings.HasPrefix(prefix, "./") {
		name = "./" + name // path.Dir has cleaned it away
	}
	return archive.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir, Name: name, Mode: 0o755, ModTime: p.Released,
		Uname: "root", Gname: "root", Format: tar.FormatGNU,
	})
}
