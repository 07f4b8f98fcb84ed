package ui

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew: the pages are right as they are now")

// master is how a state is known to look, in a file: the markup in English and
// light in full, and each other look as edits of a look before it, because most
// lines are the same.
//
// In Chinese, what depends on the size of letters is left out: Causeway brings no
// Chinese font, and another machine has another one.
type master struct{ state string }

// looks are the parts of a master, in the order of its file, with the part that
// each is edits of.
var looks = []struct{ name, base string }{
	{"en light", ""}, {"en dark", "en light"}, {"zh light", "en light"}, {"zh dark", "zh light"},
}

const mastersFolder = "testdata/pages"

func (m master) file() string { return filepath.Join(mastersFolder, m.state+".txt") }

// check compares a state as it was drawn with its master, or writes the master.
func (m master) check(t *testing.T, drawn map[string]string) {
	t.Helper()
	lines := map[string][]string{}
	for look, markup := range drawn {
		lines[look] = markupLines(markup)
		if strings.HasPrefix(look, "zh") {
			lines[look] = withoutSizes(lines[look])
		}
	}
	if *update {
		if err := m.write(lines); err != nil {
			t.Fatal(err)
		}
		return
	}
	known, err := m.read()
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("this state has no master: run this test with -update, and look at what it looks like")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, look := range looks {
		if difference := firstDifference(known[look.name], lines[look.name]); difference != "" {
			t.Errorf("%s, %s: %s", m.state, look.name, difference)
		}
	}
}

func (m master) write(lines map[string][]string) error {
	var file bytes.Buffer
	for _, look := range looks {
		fmt.Fprintf(&file, "== %s\n", look.name)
		part := lines[look.name]
		if look.base != "" {
			part = edits(baseOf(look.name, look.base, lines), part)
		}
		for _, line := range part {
			file.WriteString(line + "\n")
		}
	}
	if err := os.MkdirAll(mastersFolder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(m.file(), file.Bytes(), 0o644)
}

func (m master) read() (map[string][]string, error) {
	file, err := os.ReadFile(m.file())
	if err != nil {
		return nil, err
	}
	parts, name := map[string][]string{}, ""
	for line := range strings.Lines(strings.ReplaceAll(string(file), "\r\n", "\n")) {
		line = strings.TrimSuffix(line, "\n")
		if heading, found := strings.CutPrefix(line, "== "); found {
			name = heading
			continue
		}
		parts[name] = append(parts[name], line)
	}
	known := map[string][]string{}
	for _, look := range looks {
		known[look.name] = parts[look.name]
		if look.base == "" {
			continue
		}
		if known[look.name], err = edited(baseOf(look.name, look.base, known), parts[look.name]); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", m.file(), look.name, err)
		}
	}
	return known, nil
}

// baseOf is what a look is edits of.
func baseOf(look, base string, lines map[string][]string) []string {
	if strings.HasPrefix(look, "zh") && strings.HasPrefix(base, "en") {
		return withoutSizes(lines[base])
	}
	return lines[base]
}

// forgetOtherMasters removes masters of no state, or complains of them.
func forgetOtherMasters(t *testing.T, states map[string]goldenState) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(mastersFolder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if states[strings.TrimSuffix(filepath.Base(file), ".txt")] != nil {
			continue
		}
		if !*update {
			t.Errorf("%s is of no state: run this test with -update", file)
		} else if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

func markupLines(markup string) []string {
	return strings.Split(strings.TrimSuffix(markup, "\n"), "\n")
}

var (
	placed  = regexp.MustCompile(` (pos|size)="[^"]*"`)
	letters = regexp.MustCompile(`^(\t*<text[^>]*>)(.*)</text>$`)
)

// withoutSizes leaves out of markup what depends on the size of letters: places,
// sizes, and where a sentence is broken into lines.
func withoutSizes(markup []string) (lines []string) {
	opening := ""
	for _, line := range markup {
		line = placed.ReplaceAllString(line, "")
		found := letters.FindStringSubmatch(line)
		if found == nil {
			opening, lines = "", append(lines, line)
			continue
		}
		words := strings.ReplaceAll(found[2], " ", "")
		switch {
		case words == "":
		case found[1] == opening:
			last := &lines[len(lines)-1]
			*last = strings.TrimSuffix(*last, "</text>") + words + "</text>"
		default:
			opening, lines = found[1], append(lines, found[1]+words+"</text>")
		}
	}
	return lines
}

// edits are what makes other lines of some: "@ LINE GONE NEW", counted from zero,
// and then the new lines.
func edits(from, to []string) (made []string) {
	at, next := 0, 0
	for _, same := range append(commonLines(from, to), [2]int{len(from), len(to)}) {
		if gone, came := same[0]-at, same[1]-next; gone > 0 || came > 0 {
			made = append(made, fmt.Sprintf("@ %d %d %d", at, gone, came))
			made = append(made, to[next:same[1]]...)
		}
		at, next = same[0]+1, same[1]+1
	}
	return made
}

// edited applies edits.
func edited(from, made []string) (to []string, err error) {
	at := 0
	for len(made) > 0 {
		var line, gone, came int
		if _, err := fmt.Sscanf(made[0], "@ %d %d %d", &line, &gone, &came); err != nil {
			return nil, fmt.Errorf("%s is no edit: %w", strconv.Quote(made[0]), err)
		}
		if line < at || line+gone > len(from) || came < 0 || 1+came > len(made) {
			return nil, fmt.Errorf("%s does not fit", strconv.Quote(made[0]))
		}
		to = append(append(to, from[at:line]...), made[1:1+came]...)
		at, made = line+gone, made[1+came:]
	}
	return append(to, from[at:]...), nil
}

// commonLines are the places of a longest common subsequence.
func commonLines(a, b []string) (places [][2]int) {
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); x == y {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			places = append(places, [2]int{i, j})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return places
}

// firstDifference shows the lines about the first that differ, or nothing.
func firstDifference(want, got []string) string {
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	if at == len(want) && at == len(got) {
		return ""
	}
	const before, after = 2, 4
	var said strings.Builder
	fmt.Fprintf(&said, "line %d of %d differs (now %d lines)\n", at+1, len(want), len(got))
	for _, side := range []struct {
		mark  string
		lines []string
	}{{"  ", want[max(0, at-before):at]}, {"- ", want[at:min(len(want), at+after)]}, {"+ ", got[at:min(len(got), at+after)]}} {
		for _, line := range side.lines {
			said.WriteString(side.mark + line + "\n")
		}
	}
	return said.String() + "If that is right, run this test with -update, and look at the pages."
}
