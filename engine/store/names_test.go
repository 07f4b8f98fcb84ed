package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	linuxRules   = nameRules{}
	windowsRules = nameRules{windows: true, utf16: true, fold: true}
	darwinRules  = nameRules{fold: true}
)

func TestLegalNamesStayByteForByte(t *testing.T) {
	everywhere := []string{
		"report.pdf", "Ünïcödé", "日本語のファイル.txt", "emoji 👩‍👩‍👧‍👦.png", "e\u0301 decomposed", "\u00e9 composed",
		".hidden", "no extension", "a.tar.gz", "עברית\u200f.txt", "-rf", "~", "$HOME", "100%", "a;b&c", "COM10", "console",
		strings.Repeat("x", 251) + ".txt",
	}
	onlyUnix := []string{`a\b`, "what?", "a:b", "a*", `"quoted"`, "<tag>", "pipe|", "CON", "nul.txt", "ends with dot.", "ends with space ", "..."}
	for _, name := range everywhere {
		for _, rules := range []nameRules{linuxRules, darwinRules, windowsRules} {
			if got := rules.safe(name, false); got != name {
				t.Errorf("%+v: %q became %q", rules, name, got)
			}
		}
	}
	for _, name := range onlyUnix {
		if got := linuxRules.safe(name, false); got != name {
			t.Errorf("on Linux %q became %q", name, got)
		}
		if got := windowsRules.safe(name, false); got == name {
			t.Errorf("on Windows %q stayed", name)
		}
	}
}

func TestHostileNamesBecomeHarmless(t *testing.T) {
	for _, c := range []struct{ name, linux, windows string }{
		{"", "_", "_"},
		{".", "_", "_"},
		{"..", "_", "_"},
		{"/etc/passwd", "_etc_passwd", "_etc_passwd"},
		{"../../x", ".._.._x", ".._.._x"},
		{`..\..\x`, `..\..\x`, ".._.._x"},
		{`C:\x`, `C:\x`, "C__x"},
		{"a\x00b", "a_b", "a_b"},
		{"a\nb\x1b[31m\x7f\u0085", "a_b_[31m__", "a_b_[31m__"},
		{"evil\u202efdp.exe", "evil_fdp.exe", "evil_fdp.exe"},
		{"isolate\u2066x\u2069", "isolate_x_", "isolate_x_"},
		{"line\u2028sep", "line_sep", "line_sep"},
		{"bad\xff\xfeutf8", "bad_utf8", "bad_utf8"},
		{"CON", "CON", "_CON"},
		{"con.tar.gz", "con.tar.gz", "_con.tar.gz"},
		{"Com¹", "Com¹", "_Com¹"},
		{"LPT9 .log", "LPT9 .log", "_LPT9 .log"},
		{"file.txt:stream", "file.txt:stream", "file.txt_stream"},
		{"dots...", "dots...", "dots___"},
		{"space ", "space ", "space_"},
	} {
		if got := linuxRules.safe(c.name, false); got != c.linux {
			t.Errorf("Linux: %q became %q, want %q", c.name, got, c.linux)
		}
		if got := windowsRules.safe(c.name, false); got != c.windows {
			t.Errorf("Windows: %q became %q, want %q", c.name, got, c.windows)
		}
	}
}

func TestLongNamesAreShortenedBeforeTheExtension(t *testing.T) {
	long := strings.Repeat("語", 200) + ".tar.gz"
	got := linuxRules.safe(long, false)
	if len(got) > 255 || len(got) < 250 || !strings.HasSuffix(got, "語.tar.gz") || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if got := windowsRules.safe(long, false); got != long {
		t.Errorf("Windows holds 255 UTF-16 units, but this became %q", got)
	}
	if got := linuxRules.numbered(strings.Repeat("x", 251)+".pdf", 12, false); len(got) != 255 || !strings.HasSuffix(got, "x (12).pdf") {
		t.Errorf("%q", got)
	}
	if got := linuxRules.fit(strings.Repeat("x", 255), partSuffix, true); len(got) != 255 || !strings.HasSuffix(got, ".part") {
		t.Errorf("%q", got)
	}
}

func TestNumbersStandBeforeTheExtensionOfAFile(t *testing.T) {
	for _, c := range []struct {
		name string
		dir  bool
		want string
	}{
		{"report.pdf", false, "report (2).pdf"},
		{"backup.tar.gz", false, "backup (2).tar.gz"},
		{".bashrc", false, ".bashrc (2)"},
		{"v1.2", true, "v1.2 (2)"},
		{"Mr. Smith's notes", false, "Mr. Smith's notes (2)"},
		{"ends.", false, "ends. (2)"},
	} {
		if got := linuxRules.numbered(c.name, 2, c.dir); got != c.want {
			t.Errorf("%q: %q, want %q", c.name, got, c.want)
		}
	}
}

func paths(slashed ...string) (all [][]string, dirs []bool) {
	for _, p := range slashed {
		all = append(all, strings.Split(p, "/"))
	}
	return all, make([]bool, len(all))
}

func TestNamesThatClashAreNumberedAndLegalOnesKeepTheirs(t *testing.T) {
	for _, c := range []struct {
		story string
		rules nameRules
		paths []string
		want  []string
	}{
		{"a safe version never takes a legal name", linuxRules, []string{"a\x01", "a_", "a\x02"}, []string{"a_ (2)", "a_", "a_ (3)"}},
		{"case differs, Linux", linuxRules, []string{"README", "readme"}, []string{"README", "readme"}},
		{"case differs, elsewhere", darwinRules, []string{"README", "readme"}, []string{"README", "readme (2)"}},
		{"normalisation differs", darwinRules, []string{"\u00e9.txt", "e\u0301.txt"}, []string{"\u00e9.txt", "e\u0301 (2).txt"}},
		{"folded letters differ", windowsRules, []string{"straße", "STRASSE"}, []string{"straße", "STRASSE (2)"}},
		{"the same file twice", linuxRules, []string{"x", "x", "x"}, []string{"x", "x (2)", "x (3)"}},
		{"a number is taken", linuxRules, []string{"x", "x", "x (2)"}, []string{"x", "x (3)", "x (2)"}},
		{"a file and a folder", linuxRules, []string{"x", "x/y"}, []string{"x", "x (2)/y"}},
		{"folders merge only with themselves", darwinRules, []string{"A/x", "a/x", "A/y"}, []string{"A/x", "a (2)/x", "A/y"}},
		{"climbing out", linuxRules, []string{"ok/../../sib", "/etc/passwd"}, []string{"ok/_/_/sib", "_/etc/passwd"}},
	} {
		all, dirs := paths(c.paths...)
		got, err := safePaths(c.rules, all, dirs)
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v, want %q", c.story, got, err, c.want)
		}
	}
}

func TestPathsThatAreTooDeepOrLongAreRefused(t *testing.T) {
	long := slices.Repeat([]string{strings.Repeat("x", 200)}, 21)
	for _, path := range [][]string{{}, slices.Repeat([]string{"d"}, 300), long} {
		if _, err := safePaths(linuxRules, [][]string{path}, []bool{false}); err == nil {
			t.Errorf("a path of %d parts was taken", len(path))
		}
	}
}

func TestAHundredThousandEqualNamesDoNotTakeMinutes(t *testing.T) {
	all := slices.Repeat([][]string{{"same.txt"}}, 100_000)
	got, err := safePaths(linuxRules, all, make([]bool, len(all)))
	if err != nil || got[99_999] != "same (100000).txt" {
		t.Errorf("%v, %v", got[99_999:], err)
	}
}

func FuzzSafePaths(f *testing.F) {
	f.Add("a/b", "a/b", "A/B", uint8(0))
	f.Add("../x", "CON", "con", uint8(7))
	f.Add("x\x00/\xff", "", "...", uint8(4))
	f.Add(strings.Repeat("é", 300), strings.Repeat("é", 300)+".txt", "\u202e", uint8(1))
	f.Fuzz(func(t *testing.T, a, b, c string, bits uint8) {
		rules := rulesOf(uint32(bits) & 7)
		all, dirs := paths(a, b, c)
		dirs[2] = bits&8 != 0
		stored, err := safePaths(rules, all, dirs)
		if err != nil {
			return
		}
		again, _ := safePaths(rules, all, dirs)
		if !slices.Equal(stored, again) {
			t.Fatalf("not the same twice: %q %q", stored, again)
		}
		files := map[string]bool{}
		for i, path := range stored {
			if !filepath.IsLocal(path) || filepath.Clean(path) != path {
				t.Fatalf("%q is stored at %q", all[i], path)
			}
			key := ""
			for _, name := range strings.Split(path, string(filepath.Separator)) {
				checkSafeName(t, rules, name)
				key += "/" + rules.key(name)
			}
			if files[key] && !dirs[i] {
				t.Fatalf("two at %q: %q", path, stored)
			}
			files[key] = true
		}
	})
}

func checkSafeName(t *testing.T, rules nameRules, name string) {
	switch {
	case !utf8.ValidString(name), rules.length(name) > maxNameLength, name == "", name == ".", name == "..",
		strings.ContainsFunc(name, rules.forbidden),
		rules.windows && (isDeviceName(name) || strings.TrimRight(name, ". ") != name):
		t.Fatalf("%+v: unsafe name %q", rules, name)
	}
}
