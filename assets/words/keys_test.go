package words

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// speakers are the folders whose programs speak through this package.
var speakers = []string{"../../ui", "../../app", "../../assets/words"}

// families are the keys that are put together in the program: each prefix, and
// where its endings are constants.
var families = []struct{ prefix, file, typeName string }{
	{"problem.", "../../engine/problem.go", "ProblemCode"},
	{"policy.", "../../engine/path/path.go", "Policy"},
	{"fault.", "../../ui/checks.go", "fault"},
	{"status.waiting-", "../../engine/state.go", "Direction"},
	{"server.", "../../engine/netcheck/report.go", "Reason"},
	{"stage.", "../../engine/netcheck/report.go", "Stage"},
	{"cause.", "../../engine/netcheck/explanation.go", "Cause"},
	{"remedy.", "../../engine/netcheck/explanation.go", "Remedy"},
	{"opening.", "../../engine/netcheck/explanation.go", "Opening"},
	{"verdict.", "../../engine/netcheck/verdict.go", "Verdict"},
	{"mapping.", "../../engine/netcheck/findings.go", "Behaviour"},
	{"filtering.", "../../engine/netcheck/findings.go", "Behaviour"},
	{"question.", "../../engine/state.go", "RelayLimit"},
	{"policy-title.", "../../engine/path/path.go", "Policy"},
	{"policy-means.", "../../engine/path/path.go", "Policy"},
	{"serving.is-", "../../ui/serving.go", "servingMode"},
	{"fault.", "../../ui/serving_checks.go", "fault"},
	{"timeline.", "../../engine/link/timeline.go", "EventKind"},
	{"pick.", "../../ui/pick_folder.go", "pickName"},
	{"why.", "../../engine/speed.go", "SpeedReason"},
}

// pathsWithMeaning are the paths that a sentence explains.
var pathsWithMeaning = []string{"path-means.direct-lan", "path-means.direct-internet", "path-means.relayed"}

func TestNoTextIsMissingAndNoneIsLeftOver(t *testing.T) {
	used := usedKeys(t)
	for _, language := range files {
		texts, err := read(language)
		if err != nil {
			t.Fatal(err)
		}
		for key, at := range used {
			if texts[key] == nil && texts[key+".other"] == nil {
				t.Errorf("%s has no text for %q, which %s says", language, key, at)
			}
		}
		for key := range texts {
			base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
			if _, found := used[key]; found {
				continue
			}
			if _, found := used[base]; !found {
				t.Errorf("%s has %q, which nothing says", language, key)
			}
		}
	}
}

func TestEveryProblemHasASentenceThatSaysWhatToDo(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		speaker := In(language)
		for _, code := range constants(t, "../../engine/problem.go", "ProblemCode") {
			for _, subject := range []string{"", "“Böse” {{.}} <b>", "direct"} {
				about := map[string]string{"Subject": subject, "Detail": "", "Needed": "", "Free": ""}
				if subject != "" {
					about["Needed"], about["Free"] = "1.2 GB", "540 MB"
				}
				said := speaker.Say("problem."+code, about)
				if said == "problem."+code {
					t.Errorf("%s: nothing is said of %s about %q", language, code, subject)
				}
				if strings.Count(said, ".")+strings.Count(said, "。")+strings.Count(said, "，") < 2 && language == "en" {
					t.Errorf("%s: %s is one sentence only, so it cannot say what happened and what to do: %s", language, code, said)
				}
				if strings.Contains(said, "<no value>") || strings.Contains(said, "  ") {
					t.Errorf("%s: %s comes out as %q", language, code, said)
				}
			}
		}
	}
}

func TestTheLanguagesFillTheSameFields(t *testing.T) {
	english, err := read(files[0])
	if err != nil {
		t.Fatal(err)
	}
	field := regexp.MustCompile(`\.[A-Z][A-Za-z]*`)
	fields := func(text string) []string {
		found := map[string]bool{}
		for _, name := range field.FindAllString(text, -1) {
			found[name] = true
		}
		return slices.Sorted(maps.Keys(found))
	}
	for _, language := range files[1:] {
		texts, err := read(language)
		if err != nil {
			t.Fatal(err)
		}
		for key, text := range texts {
			if english[key] == nil {
				t.Errorf("%s has %q, English has not", language, key)
				continue
			}
			if want, got := fields(english[key].Root.String()), fields(text.Root.String()); !slices.Equal(want, got) {
				t.Errorf("%s: %q fills %v, in English %v", language, key, got, want)
			}
		}
	}
}

// usedKeys finds every key in the programs, with the place that says it.
func usedKeys(t *testing.T) map[string]string {
	used := map[string]string{}
	for _, family := range families {
		for _, ending := range constants(t, family.file, family.typeName) {
			used[family.prefix+ending] = family.file
		}
	}
	for _, key := range pathsWithMeaning {
		used[key] = "pathSentence"
	}
	for _, folder := range speakers {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			return findKeys(name, used)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return used
}

// findKeys looks for calls of Say, say and Count with a written key. A key that
// is put together must belong to one of the families.
func findKeys(name string, used map[string]string) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, 0)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		method := ""
		switch f := call.Fun.(type) {
		case *ast.SelectorExpr:
			method = f.Sel.Name
		case *ast.Ident:
			method = f.Name
		}
		if method == "section" {
			if key, err := written(call.Args[0]); err == nil {
				used["settings."+key], used["settings."+key+"-hint"] = name, name
			}
		}
		if method != "Say" && method != "say" && method != "Count" {
			return true
		}
		at := fmt.Sprint(set.Position(call.Pos()))
		switch key := call.Args[0].(type) {
		case *ast.BasicLit:
			if text, err := written(key); err == nil {
				used[text] = at
			}
		case *ast.BinaryExpr:
			first := key.X
			for sum, ok := first.(*ast.BinaryExpr); ok; sum, ok = first.(*ast.BinaryExpr) {
				first = sum.X
			}
			prefix, err := written(first)
			if err != nil || !knownPrefix(prefix) {
				used["put together at "+at] = at
			}
		}
		return true
	})
	return nil
}

func knownPrefix(prefix string) bool {
	if prefix == "settings." || prefix == "path-means." {
		return true
	}
	for _, family := range families {
		if family.prefix == prefix {
			return true
		}
	}
	return false
}

func written(e ast.Expr) (string, error) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", fmt.Errorf("not written out")
	}
	return strconv.Unquote(literal.Value)
}

// constants lists the values of a file's string constants of a type, except
// the empty one.
func constants(t *testing.T, name, typeName string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			if kind, ok := constant.Type.(*ast.Ident); !ok || kind.Name != typeName {
				continue
			}
			for _, value := range constant.Values {
				if text, err := written(value); err == nil && text != "" {
					values = append(values, text)
				}
			}
		}
	}
	if len(values) == 0 {
		t.Fatalf("%s has no constants of type %s", name, typeName)
	}
	return values
}
