package ui

import (
	"strings"

	"github.com/causeway-app/causeway/engine"
)

// offerTree is what a share offers, as folders and files of which some are
// chosen. It holds 100,000 files.
type offerTree struct {
	// nodes are in the order in which they are shown: a folder is followed by
	// all that is in it.
	nodes []offerNode
	// visible are indexes of nodes: what no fold and no search hides.
	visible []int
	sought  string
	// files and bytes are all that is offered; chosenFiles and chosenBytes what
	// is chosen of it.
	files, chosenFiles int
	bytes, chosenBytes int64
}

// offerNode is a file, or a folder with everything in it.
type offerNode struct {
	name  string
	depth int
	// parent is the index of the folder that it is in; -1 for none. end is the
	// index after all that is in it.
	parent, end int
	// file is the index in Contents.Files; -1 for a folder.
	file int
	// lower is the path of a file, for searching.
	lower string
	open  bool
	// files and bytes are in it, chosen of the files are wanted.
	files, chosen int
	bytes         int64
}

// unfoldUpTo is how many files and folders there may be that all folders are
// open at first.
const unfoldUpTo = 200

// offerFolder is a folder while the tree is made.
type offerFolder struct {
	name    string
	folders map[string]*offerFolder
	// inside are folders and, as indexes of Contents.Files, files, in the order
	// of the share.
	inside []any
}

func newOfferTree(contents engine.Contents) *offerTree {
	root := &offerFolder{folders: map[string]*offerFolder{}}
	for i, file := range contents.Files {
		at := root
		parts := strings.Split(file.Path, "/")
		for _, name := range parts[:len(parts)-1] {
			below, found := at.folders[name]
			if !found {
				below = &offerFolder{name: name, folders: map[string]*offerFolder{}}
				at.folders[name] = below
				at.inside = append(at.inside, below)
			}
			at = below
		}
		at.inside = append(at.inside, i)
	}
	t := &offerTree{}
	t.add(root, contents.Files, -1, 0)
	unfold := len(t.nodes) <= unfoldUpTo
	for i := range t.nodes {
		t.nodes[i].open = unfold || i == 0 && t.nodes[0].end == len(t.nodes)
	}
	t.search("")
	return t
}

func (t *offerTree) add(folder *offerFolder, files []engine.ContentFile, parent, depth int) {
	for _, inside := range folder.inside {
		at := len(t.nodes)
		switch inside := inside.(type) {
		case *offerFolder:
			t.nodes = append(t.nodes, offerNode{name: inside.name, depth: depth, parent: parent, file: -1})
			t.add(inside, files, at, depth+1)
		case int:
			file := files[inside]
			node := offerNode{name: file.Path[strings.LastIndex(file.Path, "/")+1:], depth: depth, parent: parent,
				file: inside, lower: strings.ToLower(file.Path), files: 1, bytes: file.Size}
			if file.Chosen {
				node.chosen = 1
				t.chosenFiles++
				t.chosenBytes += file.Size
			}
			t.files++
			t.bytes += file.Size
			t.nodes = append(t.nodes, node)
		}
		node := &t.nodes[at]
		node.end = len(t.nodes)
		if parent >= 0 {
			above := &t.nodes[parent]
			above.files += node.files
			above.chosen += node.chosen
			above.bytes += node.bytes
		}
	}
}

// search shows the files that have a text in their path, or with an empty text
// everything that is not folded away.
func (t *offerTree) search(text string) {
	t.sought = strings.ToLower(strings.TrimSpace(text))
	t.visible = t.visible[:0]
	if t.sought != "" {
		for i, node := range t.nodes {
			if node.file >= 0 && strings.Contains(node.lower, t.sought) {
				t.visible = append(t.visible, i)
			}
		}
		return
	}
	for i := 0; i < len(t.nodes); {
		t.visible = append(t.visible, i)
		if node := t.nodes[i]; node.file < 0 && !node.open {
			i = node.end
		} else {
			i++
		}
	}
}

// fold opens a folder or closes it.
func (t *offerTree) fold(at int, open bool) {
	if node := &t.nodes[at]; node.file < 0 && node.open != open {
		node.open = open
		t.search(t.sought)
	}
}

// toggle chooses a file, or all of a folder; or none of it when all of it was
// chosen.
func (t *offerTree) toggle(at int) {
	t.choose(at, t.nodes[at].chosen < t.nodes[at].files)
}

func (t *offerTree) choose(at int, want bool) {
	end := t.nodes[at].end
	for i := at; i < end; i++ {
		if t.nodes[i].file >= 0 {
			t.chooseFile(i, want)
		}
	}
}

// chooseShown chooses all that is shown, or none of it.
func (t *offerTree) chooseShown(want bool) {
	if t.sought == "" {
		for at := 0; at < len(t.nodes); at = t.nodes[at].end {
			t.choose(at, want)
		}
		return
	}
	for _, at := range t.visible {
		t.chooseFile(at, want)
	}
}

func (t *offerTree) chooseFile(at int, want bool) {
	change := 0
	switch file := &t.nodes[at]; {
	case want && file.chosen == 0:
		change = 1
	case !want && file.chosen == 1:
		change = -1
	default:
		return
	}
	t.chosenFiles += change
	t.chosenBytes += int64(change) * t.nodes[at].bytes
	for i := at; i >= 0; i = t.nodes[i].parent {
		t.nodes[i].chosen += change
	}
}

// chosen are the indexes of the files that are wanted, in the order of the
// share; nil where all are.
func (t *offerTree) chosen() []int {
	if t.chosenFiles == t.files {
		return nil
	}
	wanted := make([]bool, t.files)
	for _, node := range t.nodes {
		if node.file >= 0 {
			wanted[node.file] = node.chosen == 1
		}
	}
	files := make([]int, 0, t.chosenFiles)
	for i, want := range wanted {
		if want {
			files = append(files, i)
		}
	}
	return files
}
